"""What the back office does in the demo, hour by hour, through the gateway's API: papers, orders, refill requests,
visits, a hold by hand, a correction."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .office import SOURCE, Office
from .papers import KINDS, Papers, Rows
from .records import Claim
from .scans import visits_of
from .stories import Stories, requests_of

Say = Callable[[str], None]


def both(first: Rows, second: Rows) -> Rows:
    """The rows of two, by kind."""
    return {kind: [*first[kind], *second[kind]] for kind in KINDS}


async def morning(office: Office, papers: Papers, stories: Stories, say: Say) -> None:
    """What claims rest on comes in, and the orders that were delivered."""
    brought, _ = await office.bring(both(papers.now, stories.papers.now))
    say(f"The billing system brings what its claims rest on: {brought}.")
    said = await office.drop("order_confirmation", "orders", stories.orders)
    counted = Counter(row[1] for row in said["rows"])
    say(
        f"The warehouse hands in {len(stories.orders)} delivered orders: {counted['billed']} become claims, "
        f"{counted['waits']} wait for a team."
    )


async def afternoon(
    office: Office, papers: Papers, stories: Stories, made: Sequence[Claim], source_of: Mapping[str, str], say: Say
) -> None:
    """What was missing comes in, what was refused is corrected, and a person lets go of what a person held.

    `made`: the claims that were dropped; `source_of`: by whom, where it was not the billing system.
    """
    by_hand = await _hold(office, stories.watched)
    brought, again = await office.bring(both(papers.late, stories.papers.late))
    scans = 0
    for scan in visits_of(made):
        about = {"source": source_of.get(scan.claim_number, SOURCE), "claim_number": scan.claim_number}
        more = await office.paper(
            "visit", "visit.pdf", scan.data, dated=scan.dated.isoformat(), codes=scan.code, **about
        )
        if more is not None:
            scans, again = scans + 1, again + more
    say(f"\nWhat was missing comes in: {brought}, scanned papers {scans}. Held claims that are decided again: {again}.")
    requests = [*requests_of(made), *stories.refills]
    kept = await office.drop("resupply", "refills", requests)
    say(f"What patients said to their refills is recorded: {sum(row[-1] == 'kept' for row in kept['rows'])} requests.")
    visits = await office.drop("maintenance", "visits", stories.visits)
    for row in visits["rows"]:
        say(f"A maintenance visit is recorded: {f'claim {row[2]} is made' if row[2] else row[3]}.")
    said = await office.drop("order_confirmation", "orders", [stories.corrected_order])
    for row in said["rows"]:
        say(f"Order {row[0]} comes again, with its proof of delivery: {row[1]}.")
    if await _correct(office, stories):
        say(f"Claim {stories.refused}, refused for its subscriber id, is corrected as on the card, and goes again.")
    if by_hand is not None:
        await office.release(by_hand, "the patient has chosen to rent")
        say(f"A biller lets go of the hold put by hand on claim {stories.watched}.")


async def evening(office: Office, statement: bytes, today: dt.date, say: Say) -> None:
    """The bank's file of the day comes in and is matched; the day closes."""
    taken = await office.bank("statement.bai", statement)
    say(f"The bank sends its file: {taken['new']} lines, {taken['matched']} matched to remittances by their trace.")
    closed = await office.close_day(today)
    (last,) = closed["closings"][-1:]
    why = f": {last['reason']}" if last["reason"] else "."
    say(f"The day closes at a variance of ${last['variance']}{why}")


async def _hold(office: Office, number: str) -> int | None:
    """A biller holds the claim back; None where it has left."""
    claim_id = next((one["claim_id"] for one in await office.holds() if one["claim"] == number), None)
    if claim_id is None:
        return None
    return await office.hold(claim_id, "The patient is asked whether to rent or to buy.")


async def _correct(office: Office, stories: Stories) -> bool:
    """The claim with the mistyped member id, corrected; False where it was not refused."""
    found: list[dict[str, Any]] = await office.rejections()
    claim_id = next((one["claim_id"] for one in found if one["number"] == stories.refused), None)
    if claim_id is None:
        return False
    await office.correct(claim_id, {"subscriber id": stories.card}, "as on the card", "wrong-id")
    return True
