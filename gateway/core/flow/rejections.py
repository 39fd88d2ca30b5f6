"""A rejection as the person sees it who works it: each faulty place of the claim in a biller's words, what was said of
it, and what to do; with the value that stands there only where that is asked for.

Places come from what the partner named: the element of a 999 (which claim of the set it stands in is looked up in the
interchange as it was sent), the status of a 277CA, the finding of our own check.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ...config import Config
from ..model.answers import ElementError, StatusCode, Verdict
from ..model.states import ClaimState, Hop
from ..store import timeline
from ..store.archive import Archive, ArchiveDamaged
from ..store.tables import batches, files
from ..x12 import acknowledgment
from ..x12.answers.status_places import place_of
from ..x12.claim import Claim
from ..x12.claim_fields import NoSuchPlace, field_at, value_at
from ..x12.editing import EditError, parse_place
from ..x12.guides.answer_codes import AK9_CODES, IK3_CODES, IK4_CODES, IK5_CODES, TA1_NOTES
from ..x12.reader import read
from ..x12.segment import display
from ..x12.stored import StoredClaim
from ..x12.transactions import ReadClaim, transactions
from . import refusals
from .ack_words import code_words
from .again import CannotBeDone
from .commit_claims import CHECK
from .correct import claim_row
from .refusals import Refusal

EDIT_RULES = "edit_rules"
NO_RULE = "no rule of ours; write one (docs/plugins.md)"
CORRECT = "Correct it, and it goes again."
_DO = {
    "33": "Verify the member number and the cover with the payer, then correct it.",
    "54": "The payer has this claim already: do not send it again; wait for its answer, or trace it.",
    "78": "The payer has this claim already: do not send it again; wait for its answer, or trace it.",
    "746": "The payer has this claim already: do not send it again; wait for its answer, or trace it.",
    "88": "Verify the cover on the date of service; bill the payer that covered the patient then.",
    "97": "Verify the member number, the name and the birth date with the payer, then correct them.",
    "109": "Verify the cover on the date of service; bill the payer that covered the patient then.",
    "116": "Find out who covers the patient, and correct the payer.",
    "132": "Complete the ordering provider's name and NPI.",
    "496": "Have this NPI linked to your submitter at the clearinghouse (enrollment), then resubmit it as it is.",
    "562": "Check the digits of the NPI. Where they are right, it is not enrolled with the payer: ask enrollment.",
    "698": "Take the certificate out: it must not be on claims for services from 2023 on.",
}
_WHOLE = {
    "TA1": "The whole interchange was refused: the EDI team mends the cause; then resubmit the claim as it is.",
    "999": "Its whole transaction set was refused. Nothing that was named stands in this claim: resubmit it as it is.",
    "277CA": "All of the batch was refused, or all of one billing provider: mend the cause, then resubmit as it is.",
}


class Fault(NamedTuple):
    """One faulty place. `field`: its name (empty: it has none); `place` as `2010BA NM109` (empty: none was named);
    `line` 0: the claim. `value`: what stands there now, where it was asked for; None: nothing is known."""

    field: str
    place: str
    line: int
    code: str
    said: str
    do: str
    value: str | None = None

    @property
    def where(self) -> str:
        """`subscriber id, 2010BA NM109`; `line 2 modifiers, 2400 SV101-3`."""
        parts = [part for part in (self.field, self.place) if part]
        on = f"line {self.line} " if self.line else ""
        return on + ", ".join(parts) if parts else ""


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
    """The same for a person: `R1.24 (the form of a Medicare number)`."""
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
    found = list(_by_our_check(connection, row, _readable(row), values=values))
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
        yield Fault("", "", 0, f"TA1:{note}", TA1_NOTES.get(note, f"note {note}"), _WHOLE["TA1"])
    elif refusal.kind == "999":
        yield from _of_set(connection, archive, refusal, claim, values=values)
    else:
        yield from _of_status(refusal, claim, values=values)


# --- 277CA -----------------------------------------------------------------------------------------


def _of_status(refusal: Refusal, claim: Claim | None, *, values: bool) -> Iterator[Fault]:
    details, whole = refusal.details, not refusal.own
    lines = [(str(number), codes) for number, codes in details.get("lines") or ()]
    for text in details.get("codes") or ():
        code = StatusCode(*str(text).split(":")[:3])
        if code.status == refusals.POINTER and lines:
            continue
        yield _status(code, 0, claim, refusal, whole=whole, values=values)
    for number, codes in lines:
        line = _line_of(claim, number)
        for text in codes:
            code = StatusCode(*str(text).split(":")[:3])
            yield _status(code, line, claim, refusal, whole=whole, values=values)


def _line_of(claim: Claim | None, number: str) -> int:
    """The line that a 277CA means by our number of it (REF*6R), or by its number."""
    lines = claim.lines if claim is not None else ()
    for at, line in enumerate(lines, 1):
        if number and line.control_number == number:
            return at
    return int(number) if number.isdecimal() and 0 < int(number[:4]) <= len(lines) else 0


def _status(code: StatusCode, line: int, claim: Claim | None, refusal: Refusal, *, whole: bool, values: bool) -> Fault:
    patient = claim is not None and bool(claim.stored.patient)
    status = acknowledgment.StatusCode(code.category, code.status, code.entity)
    at = place_of(status, of_line=bool(line), own_patient=patient)
    do = _DO.get(code.status, CORRECT)
    if refusal.verdict is Verdict.INVESTIGATE:
        do = "Ask the partner where the claim is; where it has none, resubmit it."
    elif whole:
        do = _WHOLE["277CA"] if code.status not in _DO else _DO[code.status]
    if at is None:
        return Fault("", "", line, str(code), code_words(code), do)
    where = parse_place(str(at))
    if at.of_line and not line and claim is not None and len(claim.lines) == 1:
        line = 1
    field = field_at(where.loop, where.tag, where.element, where.component, where.qualifier)
    value = _value(claim, str(at), line if at.of_line else 0) if values and (line or not at.of_line) else None
    return Fault(
        field.name if field is not None else "",
        str(at),
        line if at.of_line else 0,
        str(code),
        code_words(code),
        do,
        value,
    )


def _value(claim: Claim | None, place: str, line: int) -> str | None:
    if claim is None:
        return None
    try:
        return display(value_at(claim, parse_place(place), line))
    except (EditError, NoSuchPlace):
        return None


# --- 999 -------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """A part of a claim as it was sent: the loop level it is (2000A, 2000B, 2000C, 2300), and where it stood in its
    transaction set."""

    level: str
    start: int
    segments: Sequence[str]


def _of_set(
    connection: Connection, archive: Archive | None, refusal: Refusal, claim: Claim | None, *, values: bool
) -> Iterator[Fault]:
    errors = [ElementError(**error) for error in refusal.details.get("errors") or ()]
    if not errors:
        codes = [str(code) for code in refusal.details.get("codes") or ()]
        known = IK5_CODES if "st02" in refusal.details else AK9_CODES
        said = "; ".join(known.get(code, f"code {code}") for code in codes) or "no reason is given"
        yield Fault("", "", 0, refusal.edit, said, _WHOLE["999"])
        return
    number = claim.id if claim is not None else ""
    parts = _as_sent(connection, archive, refusal, number)
    own = [error for error in errors if parts is None or _within(parts, error.position)]
    if not own:
        yield Fault("", "", 0, refusal.edit, "other claims of its transaction set are faulty", _WHOLE["999"])
    for error in own:
        yield _error(error, parts or [], values=values and parts is not None)


def _within(parts: Sequence[_Part], position: int) -> bool:
    return any(part.start <= position < part.start + len(part.segments) for part in parts)


def _as_sent(connection: Connection, archive: Archive | None, refusal: Refusal, number: str) -> list[_Part] | None:
    """The parts of a claim in the interchange as it was sent; None where that cannot be looked at."""
    sha256 = connection.execute(
        select(files.c.sha256).join(batches, batches.c.file_id == files.c.id).where(batches.c.id == refusal.batch_id)
    ).scalar_one_or_none()
    if archive is None or sha256 is None or not number:
        return None
    try:
        with closing(archive.open(sha256)) as stream:
            for item in transactions(read(stream)):
                if isinstance(item, ReadClaim) and item.set.st02 == refusal.st02 and item.claim.id == number:
                    stored, at = item.stored, item.claim.numbers
                    whole = (
                        ("2000A", at.billing, stored.billing),
                        ("2000B", at.subscriber, stored.subscriber),
                        ("2000C", at.patient, stored.patient),
                        ("2300", at.claim, stored.claim),
                    )
                    return [
                        _Part(level, item.set.position(start), segments) for level, start, segments in whole if start
                    ]
    except (ArchiveDamaged, OSError):
        return None
    return None


def _error(error: ElementError, parts: Sequence[_Part], *, values: bool) -> Fault:
    part = next((one for one in parts if one.start <= error.position < one.start + len(one.segments)), None)
    line, raw = 0, ""
    if part is not None:
        at = error.position - part.start
        raw = part.segments[at]
        if part.level == "2300":
            line = sum(text[:2] == "LX" for text in part.segments[: at + 1])
    mark = raw[len(error.segment) : len(error.segment) + 1] if raw.startswith(error.segment) else ""
    elements = raw.split(mark) if mark else []
    qualifier = elements[1] if len(elements) > 1 and error.segment in ("REF", "DTP", "NTE") else ""
    place = f"{error.loop} {error.segment}".strip()
    field = None
    if error.element:
        place += (f"[{qualifier}]" if qualifier else "") + f"{error.element:02d}"
        place += f"-{error.component}" if error.component else ""
        field = field_at(error.loop, error.segment, error.element, error.component, qualifier)
        code, words = error.element_code, IK4_CODES.get(error.element_code, f"code {error.element_code}")
    else:
        code, words = error.segment_code, IK3_CODES.get(error.segment_code, f"code {error.segment_code}")
    value = None
    if values and error.element and error.element < len(elements):
        value = display(elements[error.element])
    return Fault(field.name if field is not None else "", place, line, f"999:{code}", words, CORRECT, value)


# --- our own check ---------------------------------------------------------------------------------


def _by_our_check(connection: Connection, row: Any, claim: Claim | None, *, values: bool) -> Iterator[Rejection]:
    """What the guides find in a claim that is kept back because of it."""
    if ClaimState(row.state) not in (ClaimState.FAULTY, ClaimState.HELD):
        return
    entries = [one for one in timeline.of(connection, "claim", row.id) if one["station"] == CHECK]
    if not entries:
        return
    entry = entries[-1]
    stops = [one for one in entry["steps"] or () if isinstance(one, Mapping) and one.get("action") != "report"]
    if not stops:
        return
    faults = [_found(one, claim, values=values) for one in stops]
    edit = f"guide:{stops[0]['code']}"
    yield Rejection("guide", "our own check", "", 0, entry["at"], 0, edit, f"guide level {stops[0]['level']}", faults)


def _found(one: Mapping[str, Any], claim: Claim | None, *, values: bool) -> Fault:
    place, line = str(one["place"]), int(one["line"])
    name, value = "", None
    try:
        where = parse_place(place)
        field = field_at(where.loop, where.tag, where.element, where.component, where.qualifier)
        name = field.name if field is not None else ""
        value = _value(claim, place, line if where.loop[:2] == "24" else 0) if values else None
    except EditError:
        pass
    said, _, do = str(one["words"]).partition(". ")
    return Fault(name, place, line, f"guide:{one['code']}", said, do or CORRECT, value)


def require(found: Sequence[Rejection], number: str) -> None:
    """Raises CannotBeDone where a claim was never refused."""
    if not found:
        raise CannotBeDone(f"Claim {number} was not rejected by anybody. What did happen to it: gateway trace {number}")
