"""What is looked at when the gateway starts, stops, or takes another configuration."""

import datetime as dt
from decimal import Decimal

from gateway.plugins import Desk

from .rentals import TABLE as RENTALS
from .settings import DeskSettings

TABLE_ENDS = "bluegrass_table_end"
LEFT_READY = "bluegrass_left_ready"
NEARLY = dt.timedelta(days=30)


def look_at_table(desk: Desk[DeskSettings]) -> None:
    """A work item for each item whose last row of the table of rentals ends within a month; closed when it has a
    successor."""
    last: dict[str, dt.date | None] = {}
    for row in desk.table(RENTALS).rows:
        code = row.values["code"]
        before = last.get(code, row.valid_to)
        last[code] = None if before is None or row.valid_to is None else max(before, row.valid_to)
    for code, day in last.items():
        if day is not None and day <= desk.today + NEARLY:
            desk.open_item(
                kind=TABLE_ENDS,
                key=f"{code}:{day}",
                reason=f"In the table {RENTALS}, what stands for {code} ends on {day:%m/%d/%Y}, and nothing follows: BG-4 "
                "will no longer count its months. Enter the next row, from the payer's manual.",
                team="edi",
                rule="BG-4",
                work_by=max(day, desk.today),
            )
    for item in desk.items(kinds=(TABLE_ENDS,)):
        code, _, day_text = item.key.partition(":")
        if item.own and (last.get(code) is None or last[code] != dt.date.fromisoformat(day_text)):
            desk.close_item(item.key, "The table goes on.")


def look_at_claims(desk: Desk[DeskSettings]) -> None:
    """The gateway stops: whoever looks at the work items meanwhile sees what did not leave."""
    ready = [claim.charge for claim in desk.claims(states=("ready",), payer_ids=desk.settings.payer_ids)]
    if ready:
        dollars = sum(ready, Decimal(0))
        desk.open_item(
            kind=LEFT_READY,
            key=desk.now.isoformat(),
            reason=f"The gateway was stopped with {len(ready):,} Bluegrass claims of ${dollars:,.2f} ready to leave. They "
            "leave when it is started again.",
            team="edi",
            amount=dollars,
            work_by=desk.today,
        )


def forget_the_stop(desk: Desk[DeskSettings]) -> None:
    """It runs again: what was left leaves now."""
    for item in desk.items(kinds=(LEFT_READY,)):
        if item.own:
            desk.close_item(item.key, "The gateway runs again.")
