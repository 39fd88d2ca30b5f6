"""Replace and void: a claim that its payer has decided, or is working on, is sent again with frequency 7 or 8 (CLM05-3)
and the payer's own number of it (REF*F8), where the payer takes that (R1.60, table payer_frequency).

The new claim enters at intake, as one of the same source and under the same number, and goes through its chain like any
other. The old one stays what it is; what the payer makes of it comes with the remittance.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ...config import Config
from ..clock import business_date
from ..model.payer_frequency import REPLACEMENT, TABLE, VOID, takes
from ..model.states import ClaimState
from ..store import requests, timeline
from ..store.archive import Archive
from ..store.tables import claim_payments
from ..x12.claim import Claim
from ..x12.correcting import Change, NotCorrected
from ..x12.correcting import correct as edited
from ..x12.edit_words import told
from ..x12.editing import EditError
from ..x12.stored import StoredClaim
from ..x12.writer import ClaimHead, ClaimSet, InterchangeHead, write_claims
from .again import Again, CannotBeDone, asked_before, needs_who_and_why, sentence
from .columns import in_words
from .receive import MADE_HERE, register
from .resubmit import locked_claim
from .submitter import per

_VERBS = {REPLACEMENT: "replace", VOID: "void"}
_DONE = {REPLACEMENT: "replacement", VOID: "void"}
_WITH_PAYER = (ClaimState.ACCEPTED, ClaimState.PAID, ClaimState.DENIED, ClaimState.CLOSED)
_WHY_NOT = {
    ClaimState.FAULTY: "it was never sent; correct it in place (gateway claim correct), or have the billing system "
    "send it again, corrected",
    ClaimState.HELD: "it was never sent; correct it in place (gateway claim correct)",
    ClaimState.READY: "it has not left; correct it in place (gateway claim correct)",
    ClaimState.BATCHED: "it has not left; dissolve its batch, then correct it in place",
    ClaimState.SENT: "the payer has not taken it yet; wait for its answer",
    ClaimState.ACKNOWLEDGED: "the payer has not taken it yet; wait for its answer",
    ClaimState.REJECTED: "the payer never took it; correct it in place (gateway claim correct), and it goes as new",
    ClaimState.CANCELLED: "it was withdrawn",
}


def replace(
    connection: Connection,
    archive: Archive,
    config: Config,
    claim_id: int,
    frequency: str,
    changes: Sequence[Change],
    who: str,
    reason: str,
    now: dt.datetime,
) -> Again:
    """Make the replacement (frequency `7`) or the void (`8`) of a claim. `changes`: what is otherwise in it.

    Raises:
        CannotBeDone: who or why is missing; there is no such claim, or the payer does not have it; the payer does not
            take this (the message says what to do instead); its own number of the claim is not known; a change cannot
            be made.
    """
    needs_who_and_why(who, reason)
    row = locked_claim(connection, claim_id)
    state = ClaimState(row.state)
    if state not in _WITH_PAYER:
        raise CannotBeDone(f"Claim {row.claim_number} is {state.value}: {_WHY_NOT[state]}.")
    today = business_date(now, config.gateway.organisation.time_zone)
    taken = takes(config.tables.get(TABLE), row.filing_code, row.payer_id, frequency, today)
    if not taken.taken:
        raise CannotBeDone(f"Claim {row.claim_number} cannot be sent as a {_DONE[frequency]} (R1.60). {taken.instead}")
    claim, what = _made(connection, row, frequency, changes, who)
    content = claim.stored.pack()
    key = f"{_VERBS[frequency]}:{claim_id}:{hashlib.blake2b(content, digest_size=8).hexdigest()}"
    before = requests.find(connection, key)
    if before is not None:
        return asked_before(before)
    new = requests.NewRequest(_VERBS[frequency], "claim", claim_id, key, reason, who, stood=row.version)
    request_id = requests.add(connection, new, now)
    at = now.astimezone(ZoneInfo(config.gateway.organisation.time_zone))
    stored = archive.put(b"".join(_document(claim.stored, config, row.usage, request_id, at)))
    name = f"{_DONE[frequency]}-of-{claim_id}-{request_id}.837"
    file_id = register(connection, row.source, name, stored, now, MADE_HERE).file_id
    outcome = (
        f"The {_DONE[frequency]} enters as file {file_id} ({name}), and goes with the next batch if nothing holds it."
    )
    requests.done(connection, request_id, outcome, now, stands=row.version)
    words = f"{_DONE[frequency].capitalize()} made (frequency {frequency}): {sentence(reason)}{what} {outcome}"
    timeline.add(connection, [timeline.Entry("claim", claim_id, _VERBS[frequency], words, who=who)], now)
    return Again(request_id, claim_id, True, outcome)


def _made(connection: Connection, row: Any, frequency: str, changes: Sequence[Change], who: str) -> tuple[Claim, str]:
    """The new claim, and what is changed in it, in words."""
    claim = Claim(StoredClaim.unpack(row.content), who)
    number = row.claim_number
    what = ""
    if frequency == VOID and changes:
        raise CannotBeDone("A void is the claim as it was; nothing else of it can be changed.")
    if changes:
        try:
            claim, edits = edited(claim, changes, who)
        except NotCorrected as error:
            raise CannotBeDone(f"Nothing was sent: {error}.") from error
        what = " Changed: " + "; ".join(str(told(edit, claim.delimiters)) for edit in edits) + "."
    claim = claim.handle(who)
    theirs = claim.payer_control_number if any("F8" in one.what or "payer claim" in one.what for one in changes) else ""
    theirs = theirs or _payers_number(connection, row)
    if not theirs:
        raise CannotBeDone(
            f"The payer's own number of claim {number} is not known (neither its 277CA nor a remittance has told it), "
            f"and a {_DONE[frequency]} must quote it (REF*F8). Ask the payer for it, then give it: "
            "--set 'payer claim number=...'."
        )
    try:
        claim.set("CLM01", row.source_claim_number or number)
        claim.set("CLM05-3", frequency)
        claim.set("REF[F8]02", theirs)
    except EditError as error:
        raise CannotBeDone(f"Nothing was sent: {error}.") from error
    faults = claim.faults()
    if faults:
        raise CannotBeDone(f"Nothing was sent; like that the claim could not be read: {in_words(faults)}")
    return claim, what


def _payers_number(connection: Connection, row: Any) -> str:
    """The payer's number of a claim: of its last remittance, else of its 277CA."""
    found = connection.execute(
        select(claim_payments.c.payer_claim_number)
        .where(
            claim_payments.c.claim_id == row.id,
            claim_payments.c.state == "posted",
            claim_payments.c.payer_claim_number != "",
        )
        .order_by(claim_payments.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return str(found or row.payer_claim_number)


def _document(stored: StoredClaim, config: Config, usage: str, number: int, at: dt.datetime) -> list[bytes]:
    """An 837P with this one claim, as intake reads it."""
    name = config.gateway.organisation.name.upper()
    sender = "".join(letter if letter.isalnum() else " " for letter in name)[:60].strip() or "GATEWAY"
    head = InterchangeHead(
        sender_qualifier="ZZ",
        sender="GATEWAY",
        receiver_qualifier="ZZ",
        receiver="GATEWAY",
        group_sender="GATEWAY",
        group_receiver="GATEWAY",
        isa13=f"{number % 10**9:09d}",
        gs06=str(number % 10**9),
        usage=usage or config.gateway.usage,
        at=at,
    )
    start = ClaimHead(
        f"GW{number}",
        (("NM1", "41", "2", sender, "", "", "", "", "46", "GATEWAY"), per(config.contact, stored.delimiters)),
        (("NM1", "40", "2", "GATEWAY", "", "", "", "", "46", "GATEWAY"),),
    )
    return list(write_claims(head, start, [ClaimSet("0001", [stored])], stored.delimiters, line_ending="\n"))
