"""What the database learns while a batch is sent: each try, each doubt, and that it is gone.

Every function here is one transaction of the workflow in `send`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, update

from ..model.money import to_dollars
from ..model.states import ClaimState
from ..store import archive, timeline
from ..store import batches as batch_store
from ..store import claims as claim_store
from ..store.outbox import put_outbox
from ..store.tables import files, work_items
from ..work.items import WorkItem, close_items, open_items
from . import lines
from .services import Services

WRONG_USAGE = (
    "Its ISA15 is not what this gateway and this partner are set to (test or production). Nothing was sent. Set the "
    "partner's environment right and send its claims in a new batch."
)
SAME_BYTES_AGAIN = (
    "Neither the file nor an acknowledgment for it has shown up in the partner's time: the same bytes go once more."
)
_AGAIN = "Sent again: the same bytes, the same control numbers."


def _tell(connection: Connection, batch_id: int, what: str, now: dt.datetime, who: str = "") -> None:
    timeline.add(connection, [timeline.Entry("batch", batch_id, "send", what, who=who)], now)


def note(connection: Connection, services: Services, batch_id: int, what: str) -> None:
    """One more line on the batch's timeline."""
    _tell(connection, batch_id, what, services.clock.now())


def note_wire(connection: Connection, services: Services, batch_id: int, wrapped: dict[str, Any]) -> None:
    """The bytes as they travel (encrypted, signed) belong to the file too."""
    now = services.clock.now()
    archive.record(connection, archive.Stored(wrapped["wire"], wrapped["size"]), "outbound", now)
    file_id = batch_store.get(connection, batch_id).file_id
    connection.execute(update(files).where(files.c.id == file_id).values(wire_sha256=wrapped["wire"]))
    _tell(connection, batch_id, "Encrypted as the partner wants it.", now)


def mark_try(connection: Connection, services: Services, batch_id: int, life: str, again: bool) -> str:
    """A try to send begins, in this life of the workflow; returns the life that marked it."""
    batch = batch_store.get(connection, batch_id, lock=True)
    if batch.state not in batch_store.GONE:
        tried = batch.tried_at or services.clock.now()
        batch_store.set_state(connection, batch_id, "sending", reason="", tried_at=tried)
    if again:
        _tell(connection, batch_id, _AGAIN, services.clock.now())
    return life


def sent(connection: Connection, services: Services, batch_id: int, how: str) -> None:
    """The batch is with its partner, and so are its claims."""
    now = services.clock.now()
    batch = batch_store.get(connection, batch_id, lock=True)
    if batch.state == "sent":
        return
    batch_store.set_state(connection, batch_id, "sent", sent_at=now, reason="")
    batch_store.submitted(connection, batch_id, now)
    connection.execute(update(files).where(files.c.id == batch.file_id).values(state="delivered", finished_at=now))
    what = f"Sent to {batch.partner} as {batch.remote_name}, interchange {batch.isa13}."
    entries = [timeline.Entry("batch", batch_id, "send", f"{what} {how}")]
    entries += [
        timeline.Entry("claim", claim_id, "send", f"{what} It is in batch {batch_id}.")
        for claim_id in batch_store.claim_ids(connection, batch_id)
    ]
    timeline.add(connection, entries, now)
    lines.went_well(connection, batch.partner, now)
    close_items(connection, [f"batch:{batch_id}:send"], "It was sent.", now)


def unknown(connection: Connection, services: Services, batch_id: int, what: str, wait: float) -> str:
    """Nobody knows whether the file arrived. Returns until when an acknowledgment may prove it (ISO, UTC)."""
    now = services.clock.now()
    until = now + dt.timedelta(seconds=wait)
    batch_store.set_state(connection, batch_id, "unknown", reason=what[:1000])
    words = f"Whether it arrived is not known. {what} An acknowledgment is waited for until {until:%Y-%m-%d %H:%M} UTC."
    _tell(connection, batch_id, words, now)
    return until.isoformat()


def failed(connection: Connection, services: Services, batch_id: int, error: dict[str, str]) -> str:
    """A try failed, and surely nothing arrived. Returns the state in which the batch ends, or an empty string where
    it is tried again by itself."""
    now = services.clock.now()
    batch = batch_store.get(connection, batch_id, lock=True)
    settings = services.partner(batch.partner)
    sign_ins = settings.stop_after_auth_failures if settings else lines.SIGN_INS_BEFORE_STOP
    stopped = lines.went_wrong(connection, batch.partner, error, now, sign_ins)
    _tell(connection, batch_id, f"Not sent. {error['what']}", now)
    if stopped:
        return _wait(connection, batch_id, now)
    if error["kind"] == "refused":
        return _refuse(connection, services, batch_id, error["what"], now)
    batch_store.set_state(connection, batch_id, "written", reason=error["what"][:1000])
    return ""


def look_failed(connection: Connection, services: Services, partner: str, error: dict[str, str]) -> None:
    """The partner could not be asked whether a file is there; counted like every failed call."""
    lines.went_wrong(connection, partner, error, services.clock.now())


def wait_for_partner(connection: Connection, services: Services, batch_id: int) -> str:
    """The partner is stopped: the batch waits until somebody starts it again."""
    return _wait(connection, batch_id, services.clock.now())


def _wait(connection: Connection, batch_id: int, now: dt.datetime) -> str:
    batch = batch_store.get(connection, batch_id)
    batch_store.set_state(connection, batch_id, "waiting", reason="The partner is stopped.")
    _tell(connection, batch_id, f"It waits until {batch.partner} is started again.", now)
    return "waiting"


def refuse(connection: Connection, services: Services, batch_id: int, why: str) -> str:
    """The batch must not or cannot leave until a person has looked."""
    return _refuse(connection, services, batch_id, why, services.clock.now())


def _refuse(connection: Connection, services: Services, batch_id: int, why: str, now: dt.datetime) -> str:
    batch = batch_store.get(connection, batch_id)
    batch_store.set_state(connection, batch_id, "refused", reason=why[:1000])
    item = stuck(batch, why, now)
    if not open_items(connection, [item], now):
        # It was refused before and sent again: the same item opens with today's reason.
        connection.execute(
            update(work_items)
            .where(work_items.c.key == item.key)
            .values(state="open", reason=item.reason, opened_at=now, closed_at=None, outcome="")
        )
    _tell(connection, batch_id, f"It does not leave. {why}", now)
    return "refused"


def stuck(batch: Any, why: str, now: dt.datetime) -> WorkItem:
    """The work item of a batch (its row) that does not leave."""
    reason = f"Batch {batch.id} to {batch.partner} ({batch.claims} claims, ${to_dollars(batch.cents):,}): {why}"
    ways = []
    if batch.file_id is not None:
        ways.append(f"gateway batches retransmit {batch.id} sends it as it is")
    if batch.file_id is None or batch.tried_at is None:
        ways.append(f"gateway batches dissolve {batch.id} gives its claims back for another")
    reason = f"{reason[:800].rstrip('.')}. When the cause is mended: {', or '.join(ways)}."
    return WorkItem(
        kind="file_problem",
        key=f"batch:{batch.id}:send",
        reason=reason[:1000],
        team="edi",
        subject_kind="batch",
        subject_id=batch.id,
        cents=batch.cents,
        work_by=now.date(),
        partner=batch.partner,
    )


def send_again(connection: Connection, batch_id: int, who: str, why: str, now: dt.datetime) -> None:
    """Let a batch that waits or was refused be sent: the same bytes under the same numbers (retransmit).

    Raises:
        ValueError: it is on its way already, or the partner has answered it.
    """
    batch = batch_store.get(connection, batch_id, lock=True)
    if batch.ta1 or batch.group_ack or batch.claim_acks:
        raise ValueError("the partner has answered this interchange; resubmit its claims in a new one instead")
    if batch.file_id is None:
        raise ValueError("the batch was never written; dissolve it, and its claims go in another")
    if batch.state not in ("waiting", "refused"):
        raise ValueError(f"the batch is {batch.state}; only one that waits or was refused is sent again")
    batch_store.set_state(connection, batch_id, "written", reason="")
    put_outbox(connection, "send", f"{batch_id}:{now.isoformat()}", {"batch_id": batch_id}, now)
    close_items(connection, [f"batch:{batch_id}:send"], why[:200], now)
    _tell(connection, batch_id, f"To be sent: {why}", now, who)


def dissolve(connection: Connection, batch_id: int, who: str, why: str, now: dt.datetime) -> int:
    """Give the claims of a batch that was refused and that nobody has tried to send back, to be batched anew.
    Returns how many.

    Raises:
        ValueError: it is not refused, or somebody has tried to send it.
    """
    batch = batch_store.get(connection, batch_id, lock=True)
    if batch.state != "refused":
        raise ValueError(f"the batch is {batch.state}; only one that was refused is dissolved")
    if batch.tried_at is not None:
        raise ValueError("it was tried to send it, and it may have reached its partner; ask there, then retransmit it")
    if batch.file_id is not None:
        connection.execute(update(files).where(files.c.id == batch.file_id).values(state="withdrawn", finished_at=now))
    claim_ids = batch_store.claim_ids(connection, batch_id)
    claim_store.set_state(connection, claim_ids, ClaimState.READY, now, only_from=[ClaimState.BATCHED])
    batch_store.take_out(connection, batch_id, claim_ids)
    batch_store.set_state(connection, batch_id, "empty", reason=f"Dissolved: {why}"[:1000])
    entries = [timeline.Entry("batch", batch_id, "batch", f"Dissolved: {why}", who=who)]
    words = f"Batch {batch_id} was dissolved before it left; it goes with the next."
    entries += [timeline.Entry("claim", claim_id, "batch", words, who=who) for claim_id in claim_ids]
    timeline.add(connection, entries, now)
    close_items(connection, [f"batch:{batch_id}:send"], f"Dissolved: {why}"[:200], now)
    return len(claim_ids)


def resume_partner(connection: Connection, partner: str, who: str, now: dt.datetime) -> int:
    """The partner was started again: what waits for it is sent. Returns how many batches."""
    waiting = batch_store.in_state(connection, partner, ["waiting"])
    for batch_id in waiting:
        send_again(connection, batch_id, who, f"{partner} was started again.", now)
    return len(waiting)
