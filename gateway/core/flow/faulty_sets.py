"""Which claim of a refused transaction set is at fault, and where: the places of a 999, looked up in the interchange as
it was sent. The other claims of the set are to go again as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from sqlalchemy import Connection, select

from ..model.answers import ElementError
from ..store.archive import Archive, ArchiveDamaged
from ..store.tables import batches, files
from ..x12.claim import Claim
from ..x12.claim_fields import field_at
from ..x12.guides.answer_codes import AK9_CODES, IK3_CODES, IK4_CODES, IK5_CODES
from ..x12.reader import read
from ..x12.segment import display
from ..x12.transactions import ReadClaim, transactions
from .faulty_places import CORRECT, WHOLE, Fault
from .refusals import Refusal


class _Part(NamedTuple):
    """A part of a claim as it was sent: the loop level it is (2000A, 2000B, 2000C, 2300), and where it stood in its
    transaction set."""

    level: str
    start: int
    segments: Sequence[str]


def of_set(
    connection: Connection, archive: Archive | None, refusal: Refusal, claim: Claim | None, *, values: bool
) -> Iterator[Fault]:
    """What a 999 says of a claim whose set, or whole group, was refused. `archive` None: places are told as they were
    named, whosever they are."""
    errors = [ElementError(**error) for error in refusal.details.get("errors") or ()]
    if not errors:
        codes = [str(code) for code in refusal.details.get("codes") or ()]
        known = IK5_CODES if "st02" in refusal.details else AK9_CODES
        said = "; ".join(known.get(code, f"code {code}") for code in codes) or "no reason is given"
        yield Fault("", "", 0, refusal.edit, said, WHOLE["999"])
        return
    number = claim.id if claim is not None else ""
    parts = _as_sent(connection, archive, refusal, number)
    own = [error for error in errors if parts is None or _within(parts, error.position)]
    if not own:
        yield Fault("", "", 0, refusal.edit, "other claims of its transaction set are faulty", WHOLE["999"])
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
