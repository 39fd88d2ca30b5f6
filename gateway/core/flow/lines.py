"""What a failed call to a partner means: counted, and after a refusal that repeats, stopped for a person.

Sign-in refused three times in a row stops the partner (accounts lock), a host key that is not the pinned one at
once. Everything else is tried again with back-off; a line that stays down becomes a work item too.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, update

from ...plugins.transport import (
    AuthenticationRefused,
    HostKeyRefused,
    Refused,
    TransportError,
)
from ..store import partners, timeline
from ..store.tables import work_items
from ..work.items import WorkItem, close_items, open_items

SIGN_INS_BEFORE_STOP = 3
FAILURES_BEFORE_TOLD = 5
AFTER_THE_CHANGE = (
    "After the change have the gateway read its configuration again (kill -HUP its process, or systemctl reload)."
)
"""A running gateway knows nothing of a key that was only written down: started again, the line would stop again."""


class LineStopped(TransportError):
    """Nothing was tried: the partner is stopped until a person starts it again."""


def problem(error: TransportError) -> dict[str, str]:
    """An error as a step may return it: its kind and its sentence, without a secret."""
    if isinstance(error, HostKeyRefused):
        kind = "host_key"
    elif isinstance(error, AuthenticationRefused):
        kind = "sign_in"
    elif isinstance(error, LineStopped):
        return {"kind": "stopped", "what": error.what}
    else:
        kind = "refused" if isinstance(error, Refused) else "failed"
    return {"kind": kind, "what": str(error)}


def stopped(connection: Connection, partner: str) -> str:
    """Why nothing is tried with this partner; empty while it runs."""
    return partners.line(connection, partner).stopped


def went_well(connection: Connection, partner: str, now: dt.datetime) -> None:
    """A call went through: counts start again, and what waited because of the line is closed."""
    partners.succeeded(connection, partner, now)
    close_items(connection, [f"partner:{partner}:down"], "The line works again.", now)


def went_wrong(
    connection: Connection,
    partner: str,
    error: dict[str, str],
    now: dt.datetime,
    sign_ins: int = SIGN_INS_BEFORE_STOP,
) -> str:
    """Count a failed call; stop the partner where that is due (after `sign_ins` refused ones in a row). Returns why it
    is stopped, or an empty string."""
    kind, what = error["kind"], error["what"]
    if kind == "stopped":
        return what
    line = partners.failed(connection, partner, what, now, auth=kind == "sign_in")
    reason = ""
    if kind == "host_key":
        reason = f"Stopped: {what} {AFTER_THE_CHANGE}"
    elif kind == "sign_in" and line.auth_failures >= sign_ins:
        reason = f"Stopped after {line.auth_failures} refused sign-ins, before the account locks: {what}"
    if reason:
        partners.stop(connection, partner, reason, now)
        _tell(connection, partner, "stopped", f"{reason} Then: gateway partner start {partner}", now)
    elif kind == "refused" or line.failures >= FAILURES_BEFORE_TOLD:
        _tell(connection, partner, "down", f"{what} ({line.failures} failure(s) in a row)", now)
    return reason


def restart(connection: Connection, partner: str, who: str, now: dt.datetime) -> None:
    """A person has mended the cause: try the partner again."""
    partners.start(connection, partner)
    close_items(connection, [f"partner:{partner}:stopped", f"partner:{partner}:down"], "Started again.", now)
    timeline.add(connection, [timeline.Entry("partner", 0, "line", f"{partner} started again.", who=who)], now)


def _tell(connection: Connection, partner: str, state: str, reason: str, now: dt.datetime) -> None:
    key = f"partner:{partner}:{state}"
    item = WorkItem(
        kind="partner_stopped",
        key=key,
        reason=reason[:1000],
        team="edi",
        subject_kind="partner",
        partner=partner,
        work_by=now.date(),
    )
    if open_items(connection, [item], now):
        return
    known = (work_items.c.key == key) & (work_items.c.state == "open")
    again = {"reason": reason[:1000]}
    if not connection.execute(update(work_items).where(known).values(again)).rowcount:
        # It happened before and was mended: the same item opens again.
        opened = again | {"state": "open", "opened_at": now, "closed_at": None, "outcome": "", "work_by": now.date()}
        connection.execute(update(work_items).where(work_items.c.key == key).values(opened))
