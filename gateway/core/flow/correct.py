"""Correct: a person changes a claim in place, and it is decided again.

Asked for here, in one transaction; the engine then decides on the corrected claim as at intake (`replay_claims`) and
commits it (`correct_commit`): a claim that was held goes on, one that was refused goes again in a new interchange, and
one that was not taken in at our door (`faulty_claims`) is, once nothing is wrong with it. The segments as they came
stay in the archive, every version in between in `corrections`.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from ...config import Config
from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import requests
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..store.tables import claims, corrections
from ..store.tables import requests as request_table
from ..x12.claim import Claim
from ..x12.correcting import Change, NotCorrected
from ..x12.correcting import correct as edited
from ..x12.edit_words import Told, told
from ..x12.stored import StoredClaim
from . import faulty_claims, refusals
from .again import Again, CannotBeDone, asked_before, needs_who_and_why
from .columns import in_words
from .replay import CORRECTED, TODAY
from .resubmit import locked_claim, unprocessable

VERB = "correct"
ROOT_CAUSES = "root_causes"
_OPEN = (ClaimState.HELD, ClaimState.READY, ClaimState.REJECTED)
_WHY_NOT = {
    ClaimState.BATCHED: "it is in a batch that is about to leave; dissolve the batch first (gateway batches)",
    ClaimState.SENT: "it is with the partner, which has not answered yet; wait for its answer",
    ClaimState.ACKNOWLEDGED: "the clearinghouse has it; wait for the payer's answer, or ask for it back",
    ClaimState.ACCEPTED: "the payer is working on it; wait for the decision, then replace it (gateway claim replace) "
    "or have it reopened",
    ClaimState.PAID: "the payer has decided it. Send a replacement where the payer takes one (gateway claim replace), "
    "else ask for a reopening",
    ClaimState.DENIED: "the payer has decided it. Send a replacement where the payer takes one (gateway claim "
    "replace), else ask for a reopening or appeal",
    ClaimState.CLOSED: "nothing is open on it",
    ClaimState.CANCELLED: "it was withdrawn; have the billing system send it again",
}


class Corrected(NamedTuple):
    """A claim as it would be: its row, the claim before and after, and what was changed, in words."""

    row: Any
    before: Claim
    after: Claim
    told: list[Told]


def why_not(connection: Connection, row: Any) -> str:
    """Why a claim cannot be corrected in place, and what to do instead; empty where it can be."""
    state = ClaimState(row.state)
    if state is ClaimState.FAULTY:
        return faulty_claims.why_not(connection, row)
    if state in _OPEN or (state is ClaimState.DENIED and unprocessable(connection, row.id)):
        return ""
    return _WHY_NOT[state]


def corrected(row: Any, changes: Sequence[Change], who: str) -> Corrected:
    """A claim with changes made to a copy of it.

    Raises:
        CannotBeDone: a change cannot be made, or a claim that could be read could not be any more after it.
    """
    before = Claim(StoredClaim.unpack(row.content), who)
    try:
        after, edits = edited(before, changes, who)
    except NotCorrected as error:
        raise CannotBeDone(f"Nothing was corrected: {error}.") from error
    faults = after.faults() if not faulty_claims.is_faulty(row) else ()
    if faults:
        raise CannotBeDone(f"Nothing was corrected; like that the claim could not be read: {in_words(faults)}")
    return Corrected(row, before, after, [told(edit, after.delimiters) for edit in edits])


def known_cause(config: Config, cause: str, today: dt.date) -> str:
    """A root cause as the table has it.

    Raises:
        CannotBeDone: the table has none of this code today; those that are near are named.
    """
    if not cause:
        return ""
    table = config.tables.get(ROOT_CAUSES)
    codes = [row.values["code"] for row in table.on(today)] if table is not None else []
    code = cause.strip().lower()
    if code in codes:
        return code
    near = difflib.get_close_matches(code, codes, 3) or codes
    raise CannotBeDone(
        f"There is no root cause {cause!r} in config/tables/root_causes.yaml. It has: {', '.join(near) or 'none'}."
    )


def correct(
    connection: Connection,
    config: Config,
    claim_id: int,
    changes: Sequence[Change],
    who: str,
    reason: str,
    now: dt.datetime,
    *,
    today: dt.date,
    root_cause: str = "",
    version: int = 0,
) -> Again:
    """Ask that a claim is corrected, decided again, and sent where nothing holds it.

    `version`: the one that the person saw (0: not said). What comes of it is known when the engine has run it
    (`requests`).

    Raises:
        CannotBeDone: who or why is missing; the claim is not one to be corrected; somebody else has changed it since,
            or is changing it; a change cannot be made; there is no such root cause.
    """
    needs_who_and_why(who, reason)
    row = locked_claim(connection, claim_id)
    cause = known_cause(config, root_cause, today)
    why = why_not(connection, row)
    if why:
        raise CannotBeDone(f"Claim {row.claim_number} is {row.state}: {why}.")
    _alone(connection, row, version)
    made = corrected(row, changes, who)
    after = made.after.stored.pack()
    print_ = hashlib.blake2b(after, digest_size=8).hexdigest()
    key = f"{VERB}:{claim_id}:{row.version}:{print_}"
    before = requests.find(connection, key)
    if before is not None:
        return asked_before(before)
    part_of = f"{VERB}-{allocate(connection, 'replays', 1)}"
    station = f"{CORRECTED}/{TODAY}"
    new = requests.NewRequest(VERB, "claim", claim_id, key, reason, who, part_of, station, row.version)
    request_id = requests.add(connection, new, now)
    refusal = refusals.last_of(connection, claim_id)
    edit = refusal.edit if refusal is not None else _kept_back_by(connection, row)
    connection.execute(
        insert(corrections).values(
            id=allocate(connection, "corrections", 1),
            claim_id=claim_id,
            request_id=request_id,
            submission_id=refusal.submission_id if refusal is not None else None,
            edit=edit[:40],
            root_cause=cause,
            who=who[:80],
            state="asked",
            told=[str(one) for one in made.told],
            before=row.content,
            after=after,
            at=now,
        )
    )
    put_outbox(connection, "replay", part_of, {"part_of": part_of}, now)
    changed = "; ".join(str(one) for one in made.told)
    return Again(request_id, claim_id, True, f"It is corrected and decided again: {changed}.")


def _kept_back_by(connection: Connection, row: Any) -> str:
    """The edit or rule that keeps back a claim that no partner has refused; empty where none does."""
    if faulty_claims.is_faulty(row):
        item = faulty_claims.item_of(connection, row.id)
        return str(item.rule) if item is not None else ""
    kept_back = claim_store.open_holds(connection, row.id)
    return str(kept_back[0].rule) if kept_back else ""


def _alone(connection: Connection, row: Any, version: int) -> None:
    """Raises CannotBeDone where somebody else has changed the claim, or is about to."""
    if version and version != row.version:
        raise CannotBeDone(
            f"Claim {row.claim_number} has changed since you looked at it (it was version {version}, and is "
            f"{row.version} now). Look at it again, then correct it."
        )
    under_way = connection.execute(
        select(request_table.c.who, request_table.c.asked_at)
        .where(
            request_table.c.verb == VERB,
            request_table.c.subject_kind == "claim",
            request_table.c.subject_id == row.id,
            request_table.c.done_at.is_(None),
        )
        .order_by(request_table.c.id.desc())
    ).first()
    if under_way is not None:
        raise CannotBeDone(
            f"{under_way.who} corrects claim {row.claim_number} just now (since {under_way.asked_at:%H:%M} UTC). Look "
            "at it again when that is done."
        )


def claim_row(connection: Connection, claim_id: int) -> Any:
    """The row of a claim, to look at. Raises CannotBeDone where there is none."""
    row = connection.execute(select(claims).where(claims.c.id == claim_id)).one_or_none()
    if row is None:
        raise CannotBeDone(f"There is no claim {claim_id}.")
    return row
