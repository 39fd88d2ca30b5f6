"""A rejection as the person sees it who works it: each faulty place of the claim in a biller's words, what was said of
it, and what to do; with the value that stands there only where that is asked for.

Places come from what the partner named: the status of a 277CA (`faulty_places`), the element of a 999 (`faulty_sets`);
and from the findings of our own check.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ...config import Config
from ..model.states import ClaimState, Hop
from ..store import timeline
from ..store.archive import Archive
from ..x12.claim import Claim
from ..x12.guides.answer_codes import TA1_NOTES
from ..x12.stored import StoredClaim
from . import refusals
from .again import CannotBeDone
from .commit_claims import CHECK
from .correct import claim_row
from .faulty_claims import is_faulty, item_of, why_not
from .faulty_edits import UNREADABLE, is_own, unread
from .faulty_places import CORRECT, TAKEN_IN, WHOLE, Fault, of_finding, of_status, of_unread
from .faulty_sets import of_set
from .refusals import Refusal

EDIT_RULES = "edit_rules"
OUR_OWN = "our own check: it never left"
NO_RULE = "no rule of ours; write one (docs/plugins.md)"


class Rejection(NamedTuple):
    """Why a claim was refused once: by whom, with which answer, and where. `edit` is what is counted; `rule` the rule
    of ours that would have caught it, in words."""

    kind: str
    by: str
    file: str
    file_id: int
    at: dt.datetime
    submission_id: int
    edit: str
    rule: str
    faults: list[Fault]

    def as_data(self) -> dict[str, Any]:
        """For a program."""
        data = self._asdict()
        return data | {"at": self.at.isoformat(), "faults": [one._asdict() for one in self.faults]}


def rule_for(config: Config, edit: str, day: dt.date) -> tuple[str, str]:
    """The rule that would have caught an edit, and what it looks at; empty where the table has none."""
    table = config.tables.get(EDIT_RULES)
    if table is None:
        return "", ""
    parts = edit.split(":")
    names = [edit]
    if edit[:2] not in ("99", "TA"):
        category, status, entity = (*parts, "", "")[:3]
        names += [f"{category}:{status}:{entity}", f"{category}:{status}:*"]
        names += [f"*:{status}:{entity}", f"*:{status}:*"]
    else:
        names.append(f"{parts[0]}:*")
    for name in names:
        row = table.find(day, name)
        if row is not None:
            return row.values["rule"], row.values.get("words", "")
    return "", ""


def suggestion(config: Config, edit: str, day: dt.date) -> str:
    """The same for a person: `R1.24 (the form of a Medicare number)`. What our own door refuses was caught."""
    if is_own(edit):
        return OUR_OWN
    rule, words = rule_for(config, edit, day)
    return (f"{rule} ({words})" if words else rule) if rule else NO_RULE


def of_claim(
    connection: Connection, archive: Archive | None, config: Config, claim_id: int, *, values: bool = False
) -> list[Rejection]:
    """Every refusal of a claim, the newest first; what our own check holds it for comes first of all.

    `archive`: where interchanges stand that a 999 spoke of (None: places in them are told as they were named).
    `values`: with what stands at each place now; the caller notes the look.

    Raises:
        CannotBeDone: there is no such claim.
    """
    row = claim_row(connection, claim_id)
    found = list(by_our_check(connection, row, values=values))
    return found + told(connection, archive, config, row, refusals.of_claim(connection, claim_id), values=values)


def told(
    connection: Connection,
    archive: Archive | None,
    config: Config,
    row: Any,
    refused: Sequence[Refusal],
    *,
    values: bool = False,
) -> list[Rejection]:
    """The refusals of a claim (its row) as a person sees them, in the same order; see `of_claim`."""
    claim = _readable(row)
    found = []
    for refusal in refused:
        faults = list(_faults(connection, archive, refusal, claim, values=values))
        edit = refusal.edit
        by = _by(refusal)
        rule = suggestion(config, edit, refusal.at.date())
        found.append(
            Rejection(
                refusal.kind, by, refusal.file, refusal.file_id, refusal.at, refusal.submission_id, edit, rule, faults
            )
        )
    return found


def _readable(row: Any) -> Claim | None:
    try:
        return Claim(StoredClaim.unpack(row.content))
    except ValueError:
        return None


def _by(refusal: Refusal) -> str:
    who = {Hop.CLEARINGHOUSE: "the clearinghouse", Hop.PAYER: "the payer"}.get(refusal.hop, "the partner")
    return f"{who} ({refusal.partner})"


def _faults(
    connection: Connection, archive: Archive | None, refusal: Refusal, claim: Claim | None, *, values: bool
) -> Iterator[Fault]:
    details = refusal.details
    if refusal.kind == "TA1":
        note = details.get("note", "")
        yield Fault("", "", 0, f"TA1:{note}", TA1_NOTES.get(note, f"note {note}"), WHOLE["TA1"])
    elif refusal.kind == "999":
        yield from of_set(connection, archive, refusal, claim, values=values)
    else:
        yield from of_status(refusal, claim, values=values)


def by_our_check(connection: Connection, row: Any, *, values: bool = False) -> Iterator[Rejection]:
    """What the guides find in a claim (its row) that is kept back because of it; and what nobody can read in one that
    was not taken in."""
    claim = _readable(row)
    faulty = is_faulty(row)
    if not faulty and ClaimState(row.state) is not ClaimState.HELD:
        return
    entries = timeline.of(connection, "claim", row.id, CHECK)
    entry = entries[-1] if entries else {"steps": (), "at": row.created_at}
    stops = [one for one in entry["steps"] or () if isinstance(one, Mapping) and one.get("action") != "report"]
    do = TAKEN_IN if faulty else CORRECT
    faults = [of_finding(one, claim, values=values, do=do) for one in stops]
    rule = f"guide level {stops[0]['level']}" if stops else OUR_OWN
    if faulty:
        known = {(one.place, one.line) for one in faults}
        read = [of_unread(one, claim, values=values) for one in unread(claim)] if claim is not None else []
        faults += [one for one in read if (one.place, one.line) not in known]
        faults = _at_the_door(connection, row, faults)
    if faults:
        yield Rejection("guide", "our own check", "", 0, entry["at"], 0, faults[0].code, rule, faults)


def _at_the_door(connection: Connection, row: Any, faults: list[Fault]) -> list[Fault]:
    """The faults of a claim that was not taken in; where it cannot be corrected here, with what to do instead."""
    why = why_not(connection, row)
    if not faults:
        item = item_of(connection, row.id)
        said = item.reason.partition(". ")[0] if item is not None else "its transaction set cannot be trusted"
        faults = [Fault("", "", 0, UNREADABLE, said, TAKEN_IN)]
    if not why:
        return faults
    return [one._replace(do=f"It cannot be corrected here: {why}.") for one in faults]


def require(found: Sequence[Rejection], number: str) -> None:
    """Raises CannotBeDone where a claim was never refused."""
    if not found:
        raise CannotBeDone(f"Claim {number} was not rejected by anybody. What did happen to it: gateway trace {number}")
