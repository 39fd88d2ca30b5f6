"""Acknowledgments in a biller's words: one sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

from ..model.answers import (
    BatchStatus,
    ClaimAnswer,
    ElementError,
    GroupAnswer,
    InterchangeAnswer,
    SetAnswer,
    StatusCode,
    Verdict,
)
from ..model.code_words import CATEGORIES, ENTITIES, STATUSES
from ..model.states import Hop
from ..x12.acknowledgment import StatusCode as WireCode
from ..x12.answers.status_map import READ_THE_LINE
from ..x12.answers.status_places import place_of
from ..x12.claim_fields import field_at
from ..x12.editing import parse_place
from ..x12.guides.answer_codes import AK9_CODES, IK3_CODES, IK4_CODES, IK5_CODES, TA1_NOTES

_MORE = 3
_BY = {Hop.CLEARINGHOUSE: "The clearinghouse", Hop.PAYER: "The payer"}


def code_words(code: StatusCode) -> str:
    """One STC composite: `rejected, something is not valid: the NPI of the entity, billing provider (A7:562:85)`."""
    words = CATEGORIES.get(code.category, f"category {code.category}")
    if code.status:
        words += f": {STATUSES.get(code.status, f'status {code.status}')}"
    if code.entity:
        words += f", {ENTITIES.get(code.entity, f'entity {code.entity}')}"
    return f"{words} ({code})"


def error_words(error: ElementError) -> str:
    """One IK3/IK4 fault: `loop 2010BA NM1 09 (segment 22): the value is too short`."""
    place = f"loop {error.loop} " if error.loop else ""
    place += error.segment
    if error.element:
        place += f"{error.element:02d}" + (f"-{error.component}" if error.component else "")
        words = IK4_CODES.get(error.element_code, f"code {error.element_code}")
        field = field_at(error.loop, error.segment, error.element, error.component)
        words += f" ({field.name})" if field is not None else ""
    else:
        words = IK3_CODES.get(error.segment_code, f"code {error.segment_code}")
    return f"{place} (segment {error.position}): {words}" if error.position else f"{place}: {words}"


def _list(words: list[str]) -> str:
    shown = "; ".join(words[:_MORE])
    return f"{shown}; and {len(words) - _MORE} more" if len(words) > _MORE else shown


def file_reason(answer: InterchangeAnswer | SetAnswer | GroupAnswer | BatchStatus, isa13: str, count: int) -> str:
    """Why a whole interchange, set, group or batch was refused (or noted), and what to do about it."""
    claims = "1 claim" if count == 1 else f"{count} claims"
    if isinstance(answer, InterchangeAnswer):
        note = TA1_NOTES.get(answer.note, f"note {answer.note}")
        if answer.verdict is Verdict.REJECTED:
            return (
                f"The partner refused interchange {isa13} with {claims} (TA1 {answer.note}): {note}. Mend the "
                "cause and resubmit its claims in a new interchange."
            )
        return f"The partner took interchange {isa13} with a remark (TA1 {answer.code} {answer.note}): {note}."
    if isinstance(answer, SetAnswer):
        words = [error_words(error) for error in answer.errors] or [
            IK5_CODES.get(code, f"code {code}") for code in answer.codes
        ]
        what = _list(words) or "no reason is given"
        if answer.verdict is Verdict.REJECTED:
            return (
                f"Transaction set {answer.st02} of interchange {isa13} with {claims} was refused (999 "
                f"{answer.code}): {what}. Correct the claims concerned and resubmit."
            )
        return f"Transaction set {answer.st02} of interchange {isa13} was taken with errors noted: {what}."
    if isinstance(answer, GroupAnswer):
        what = _list([AK9_CODES.get(code, f"code {code}") for code in answer.codes]) or "no reason is given"
        return (
            f"The group of interchange {isa13} with {claims} was refused (999 {answer.code}): {what}. Mend the "
            "cause and resubmit its claims in a new interchange."
        )
    whose = f"of billing provider {answer.provider} " if answer.provider else ""
    return (
        f"{_BY.get(answer.hop, 'The partner')} refused {claims} {whose}in interchange {isa13}: "
        f"{_list([code_words(code) for code in answer.codes])}. Mend the cause and resubmit."
    )


def status_words(answer: ClaimAnswer) -> str:
    """What a hop said of a claim, for its timeline."""
    said = _list([code_words(code) for code in answer.codes]) or "no status given"
    return f"{_BY.get(answer.hop, 'The partner')} says: {said}."


def place_words(code: StatusCode, *, of_line: bool = False) -> str:
    """What a status speaks of, in a biller's words and with its place: `subscriber id, 2010BA NM109`; empty where it
    speaks of none."""
    at = place_of(WireCode(code.category, code.status, code.entity), of_line=of_line)
    if at is None:
        return ""
    where = parse_place(str(at))
    field = field_at(where.loop, where.tag, where.element, where.component, where.qualifier)
    return f"{field.name}, {at}" if field is not None else str(at)


def _faulty_places(answer: ClaimAnswer) -> list[str]:
    """Where to look in the claim, in the order in which it was said, the first few."""
    places = [place_words(code) for code in answer.codes if not (answer.lines and code.status == READ_THE_LINE.status)]
    for number, codes in answer.lines:
        said = (place_words(code, of_line=True) for code in codes)
        places += [f"line {number or '?'} {words}" for words in said if words]
    return list(dict.fromkeys(filter(None, places)))[:_MORE]


def claim_reason(answer: ClaimAnswer, partner: str) -> str:
    """Why a claim was rejected, with what its lines say."""
    who = _BY.get(answer.hop, "The partner")
    words = [code_words(code) for code in answer.codes]
    for number, codes in answer.lines:
        words += [f"line {number or '?'}: {code_words(code)}" for code in codes]
    end = "Ask the partner where the claim is, or resubmit it."
    if answer.verdict is not Verdict.INVESTIGATE:
        at = _faulty_places(answer)
        end = f"Correct it ({'; '.join(at)}) and resubmit." if at else "Correct it and resubmit."
    return f"{who} ({partner}) did not take this claim: {_list(words) or 'no reason is given'}. {end}"
