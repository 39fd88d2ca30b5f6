"""Replay is asked for here: claims from a station of their chain, payments that wait, files of which nothing was taken.

The work itself is that of the stations: `replay_claims` and `replay_payments` run on the engine, a file goes to the
station that reads it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import drop_documents, requests, timeline
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..store.tables import claim_payments, claims, files, holds, work_items
from . import bank, confirm, hold, plugin_drop, scrub
from .again import Again, CannotBeDone, asked_before, needs_who_and_why, sentence, standing
from .resubmit import locked_claim

AS_IT_CAME = "intake"
CORRECTED = "check"
"""As a person has corrected it (`correct`): held against the guides again, then its whole chain."""
CLAIM_STATIONS = (AS_IT_CAME, confirm.STATION, scrub.STATION, hold.STATION)
"""From where a claim can be run again; `intake`: with its content as its source sent it, without any step's edits."""
TODAY, ORIGINAL = "today", "original"
REPLAYED = (ClaimState.HELD, ClaimState.READY, ClaimState.REJECTED)
"""States of a claim about which something can still be decided inside."""
_WHY_NOT = {
    ClaimState.FAULTY: "it was not taken in; correct it in place (gateway claim correct), or have the billing system "
    "send it again, corrected",
    ClaimState.BATCHED: "it is in a batch already; dissolve the batch first",
    ClaimState.CANCELLED: "it was withdrawn",
}


def replay_claims(
    connection: Connection,
    claim_ids: Sequence[int],
    who: str,
    reason: str,
    now: dt.datetime,
    config_hash: str,
    *,
    station: str = confirm.STATION,
    configuration: str = TODAY,
    even_so: bool = False,
) -> list[Again]:
    """Ask that claims run through their chain again, from a station on.

    `configuration`: `today` (the one in force, whose hash is `config_hash`) or `original` (the one that decided the
    claim last). `even_so`: although it was asked for before and nothing has changed since. What comes of it is known
    when the engine has run it (`requests`).

    Raises:
        CannotBeDone: who or why is missing, or one of the claims cannot be replayed; then none is.
    """
    if station not in CLAIM_STATIONS:
        raise CannotBeDone(f"A claim is replayed from {', '.join(CLAIM_STATIONS)}; not from {station!r}.")
    at = f"{station}/{configuration}"
    _asked_rightly(who, reason, configuration)
    # All of them before any number is taken: everybody locks claims first, and counters then.
    locked = [locked_claim(connection, claim_id) for claim_id in claim_ids]
    part_of = _part(connection)
    asked = []
    for claim_id, claim in zip(claim_ids, locked, strict=True):
        state = ClaimState(claim.state)
        if state not in REPLAYED:
            why = _WHY_NOT.get(state, "it is with the payer, and nothing that is decided here changes what was sent")
            raise CannotBeDone(f"Claim {claim.claim_number} is {state.value}: {why}. Nothing was replayed.")
        key = f"replay:claim:{claim_id}:{at}:{claim.version}:{config_hash[:12]}:{now:%Y%m%d}"
        new = requests.NewRequest("replay", "claim", claim_id, key, reason, who, part_of, at[:16], claim.version)
        used = config_hash if configuration == TODAY else claim.config_hash
        asked.append(_ask(connection, new, used, even_so, now))
    if any(one.new for one in asked):
        put_outbox(connection, "replay", part_of, {"part_of": part_of}, now)
    return asked


def _asked_rightly(who: str, reason: str, configuration: str) -> None:
    """Raises CannotBeDone where it is not asked for rightly."""
    needs_who_and_why(who, reason)
    if configuration not in (TODAY, ORIGINAL):
        raise CannotBeDone(f"The configuration is {TODAY} or {ORIGINAL}; not {configuration!r}.")


def _part(connection: Connection) -> str:
    """A name for what is asked for in one go."""
    return f"replay-{allocate(connection, 'replays', 1)}"


def _ask(connection: Connection, new: requests.NewRequest, config_hash: str, even_so: bool, now: dt.datetime) -> Again:
    last = requests.latest(connection, new.verb, new.subject_kind, new.subject_id, new.station)
    if last is not None and last.done_at is None:
        return asked_before(last)
    if not even_so:
        before = requests.find(connection, new.key)
        if before is None and standing(last, new.stood, now) and last is not None and last.config_hash == config_hash:
            before = last
        if before is not None:
            return asked_before(before)
    elif requests.find(connection, new.key) is not None:
        new = new._replace(key=f"{new.key}:{new.part_of}")
    return Again(requests.add(connection, new, now), new.subject_id, True, "It is run again.")


def held_claims(connection: Connection, *, plugin: str = "", rule: str = "") -> list[int]:
    """The claims that are kept back by a plugin, or by a rule (both, where both are named)."""
    statement = (
        select(holds.c.claim_id)
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(holds.c.released_at.is_(None), claims.c.state == ClaimState.HELD)
        .distinct()
        .order_by(holds.c.claim_id)
    )
    if plugin:
        statement = statement.where(holds.c.plugin == plugin)
    if rule:
        statement = statement.where(holds.c.rule == rule)
    return list(connection.execute(statement).scalars())


# --- payments --------------------------------------------------------------------------------------


def waiting_payments(connection: Connection, remittance_id: int) -> list[int]:
    """The claim payments of a remittance that are posting exceptions."""
    return list(
        connection.execute(
            select(claim_payments.c.id)
            .where(claim_payments.c.remittance_id == remittance_id, claim_payments.c.state == "exception")
            .order_by(claim_payments.c.id)
        ).scalars()
    )


def replay_payments(
    connection: Connection,
    payment_ids: Sequence[int],
    who: str,
    reason: str,
    now: dt.datetime,
    config_hash: str,
    *,
    configuration: str = TODAY,
    even_so: bool = False,
) -> list[Again]:
    """Ask that claim payments that wait (posting exceptions) are matched and posted again.

    Raises:
        CannotBeDone: who or why is missing, or one of the payments does not wait; then none is.
    """
    at = f"match/{configuration}"
    _asked_rightly(who, reason, configuration)
    found = [
        connection.execute(
            select(claim_payments.c.state, claim_payments.c.claim_id)
            .where(claim_payments.c.id == payment_id)
            .with_for_update()
        ).one_or_none()
        for payment_id in payment_ids
    ]
    part_of = _part(connection)
    asked = []
    for payment_id, row in zip(payment_ids, found, strict=True):
        if row is None:
            raise CannotBeDone(f"There is no claim payment {payment_id}. Nothing was replayed.")
        if row.state != "exception":
            raise CannotBeDone(
                f"Claim payment {payment_id} is {row.state}: only one that waits (a posting exception) is posted "
                "again. Nothing was replayed."
            )
        claim = claim_store.get(connection, row.claim_id) if row.claim_id is not None else None
        version = claim.version if claim is not None else 0
        key = f"replay:payment:{payment_id}:{at}:{version}:{config_hash[:12]}:{now:%Y%m%d}"
        new = requests.NewRequest("replay", "claim_payment", payment_id, key, reason, who, part_of, at[:16], version)
        asked.append(_ask(connection, new, config_hash, even_so, now))
    if any(one.new for one in asked):
        put_outbox(connection, "replay_payments", part_of, {"part_of": part_of}, now)
    return asked


# --- files -----------------------------------------------------------------------------------------


def replay_file(connection: Connection, file_id: int, who: str, reason: str, now: dt.datetime) -> Again:
    """Let a received file of which nothing was taken in be read again, for instance after a setting was mended.

    Raises:
        CannotBeDone: who or why is missing, there is no such file, or something of it was taken in.
    """
    needs_who_and_why(who, reason)
    row = connection.execute(select(files).where(files.c.id == file_id).with_for_update()).one_or_none()
    if row is None or row.direction != "in":
        raise CannotBeDone(f"There is no received file {file_id}.")
    last = requests.latest(connection, "replay", "file", file_id, "read")
    if row.state != "quarantined":
        if last is not None and row.state in ("received", "reading", "read"):
            return asked_before(last)
        raise CannotBeDone(
            f"File {row.name} is {row.state}: only a file of which nothing was taken in is read again. Replay its "
            "claims or payments instead."
        )
    number = last.id if last is not None else 0
    new = requests.NewRequest("replay", "file", file_id, f"replay:file:{file_id}:after:{number}", reason, who)
    request_id = requests.add(connection, new._replace(station="read"), now)
    requests.done(connection, request_id, "It is read again.", now)
    _set_aside_item(connection, file_id, request_id, now)
    connection.execute(update(files).where(files.c.id == file_id).values(state="received", reason="", finished_at=None))
    kind = "read" if row.origin in ("partner", "keyed") else "intake"
    kind = "bank" if row.party.startswith(bank.PARTY) else kind
    begins = plugin_drop.KIND if row.kind == drop_documents.KIND else kind
    put_outbox(connection, begins, f"{file_id}:again:{request_id}", {"file_id": file_id}, now)
    words = f"Read again: {sentence(reason)}"
    timeline.add(connection, [timeline.Entry("file", file_id, kind, words, who=who)], now)
    return Again(request_id, file_id, True, "It is read again.")


def _set_aside_item(connection: Connection, file_id: int, request_id: int, now: dt.datetime) -> None:
    """The work item of the first reading is over; the next reading opens one of its own, where it must."""
    connection.execute(
        update(work_items)
        .where(work_items.c.key == f"file:{file_id}")
        .values(
            key=f"file:{file_id}:before:{request_id}", state="closed", outcome="The file is read again.", closed_at=now
        )
    )


def of_files(connection: Connection, file_ids: Iterable[int]) -> dict[int, Any]:
    """The rows of files, by id."""
    return {row.id: row for row in connection.execute(select(files).where(files.c.id.in_(sorted(set(file_ids))))).all()}
