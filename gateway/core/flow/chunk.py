"""A received file of claims (837P, or JSON), looked through once, then cut into chunks.

Whether a transaction set can be trusted is known only at its end, so the file is read twice: the first time for its
envelopes, counts and faults alone, the second time for its claims. Neither holds more than a chunk in memory.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, BinaryIO

import msgspec

from ..model.json_claim import to_stored
from ..store.archive import Archive
from ..x12.events import Event, InterchangeStart, SetStart
from ..x12.fault import Fault
from ..x12.reader import read
from ..x12.stored import StoredClaim
from ..x12.transactions import ClaimSetEnd, FileFault, ReadClaim, transactions
from .columns import in_words
from .deciding import Asked
from .json_file import MOST_BYTES, JsonClaimError, NotJson, begins_like_json, read_claims

FINDINGS_KEPT = 1000
FIRST_FINDINGS = 20
PEEK = 256
_FORMATS = {"837": "837 files", "json": "JSON claims"}
PROFESSIONAL = "005010X222"
"""Versions of the 837 that are taken in; institutional and dental claims are others."""


class Survey(msgspec.Struct):
    """What a file holds, before any of its claims is worked on.

    `kind`: 837P, JSON, or what else it is. `problem`: what a person must know, `refused`: nothing of it is taken in.
    `unsound`: the sets (counted from 1) of which no claim can be worked on, with why. `interchanges`: sender,
    receiver, ISA13 and ISA15 of each ISA.
    """

    kind: str = ""
    sets: int = 0
    claims: int = 0
    problem: str = ""
    refused: bool = False
    unsound: dict[int, str] = {}
    interchanges: list[tuple[str, str, str, str]] = []
    findings: list[dict[str, Any]] = []
    finding_count: int = 0

    def facts(self) -> dict[str, Any]:
        """What a step may remember of it: everything but the findings themselves."""
        return {
            "kind": self.kind,
            "sets": self.sets,
            "claims": self.claims,
            "problem": self.problem,
            "refused": self.refused,
            "unsound": [[number, why] for number, why in self.unsound.items()],
            "interchanges": [list(one) for one in self.interchanges],
            "finding_count": self.finding_count,
            "first_findings": self.findings[:FIRST_FINDINGS],
        }

    @staticmethod
    def unsound_of(facts: dict[str, Any]) -> dict[int, str]:
        """`unsound`, from what a step remembered."""
        return {int(number): str(why) for number, why in facts["unsound"]}


def survey(stream: BinaryIO, format: str = "auto") -> Survey:
    """Look a file through; never raises on its bytes. `format` is what the source may send: 837, json or auto."""
    start = stream.read(PEEK)
    stream.seek(0)
    json = begins_like_json(start)
    if format != "auto" and json != (format == "json"):
        return Survey(
            kind="JSON" if json else "unknown",
            refused=True,
            problem=f"It is {'' if json else 'no '}JSON, and its source is set to send {_FORMATS[format]} (`format` in "
            "gateway.yaml). Its bytes are kept; mend the setting, or what the source drops, and send it again.",
        )
    if json:
        return _survey_json(stream)
    found = Survey()
    others: dict[str, int] = {}
    faults: list[Fault] = []

    def watched(events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, InterchangeStart):
                found.interchanges.append(event.names)
            elif isinstance(event, SetStart):
                found.sets += 1
                if not is_professional(event.kind, event.version):
                    name = f"{event.kind} {event.version}".strip()
                    others[name] = others.get(name, 0) + 1
            yield event

    for item in transactions(watched(read(stream))):
        if isinstance(item, ReadClaim):
            if is_professional(item.set.kind, item.set.version):
                found.claims += 1
        elif isinstance(item, FileFault):
            found.finding_count += 1
            faults.append(item.fault)
        elif isinstance(item, ClaimSetEnd):
            found.finding_count += item.set.fault_count
            faults += item.set.faults
            if not item.sound:
                stopping = [fault for fault in item.set.faults if fault.stops_set] or item.set.faults
                found.unsound[item.set.ordinal] = in_words(stopping) or "its end does not fit its beginning."
        del faults[FINDINGS_KEPT:]
    found.findings = [fault._asdict() for fault in faults]
    _judge(found, others)
    return found


def _survey_json(stream: BinaryIO) -> Survey:
    """A document of JSON claims: good as a whole, or refused as a whole with its faults."""
    found = Survey(kind="JSON")
    data = stream.read(MOST_BYTES + 1)
    try:
        if len(data) > MOST_BYTES:
            raise NotJson(f"It has more than {MOST_BYTES >> 20} MB; split it.")
        found.claims = len(read_claims(data))
    except NotJson as error:
        found.problem = f"It is no JSON that can be read. {error} Its bytes are kept; ask the source for it again."
    except JsonClaimError as error:
        found.problem = f"Nothing of it was taken in, so that it can be mended and sent again. {error}"
    found.refused = bool(found.problem)
    return found


def is_professional(kind: str, version: str) -> bool:
    """Whether a transaction set holds professional claims (837P), as its ST and GS say; silence is taken for yes."""
    return kind == "837" and (not version or version.startswith(PROFESSIONAL))


def _judge(found: Survey, others: dict[str, int]) -> None:
    """Say what the file is, and what a person must know about it."""
    taken = found.sets - sum(others.values())
    words = []
    if not found.sets:
        first = found.findings[0]["message"] if found.findings else "it holds no transaction set."
        found.kind, found.refused = "unknown", True
        words.append(f"Nothing can be read in it: {first} Its bytes are kept; ask the source what it is.")
    elif not taken:
        found.kind, found.refused = next(iter(others)).split(" ")[0], True
        words.append(
            f"It holds {', '.join(others)}, where professional claims (837P) are wanted. Ask the source what it is for."
        )
    else:
        found.kind = "837P"
        if others:
            words.append(f"It also holds {', '.join(others)}, of which nothing is taken in.")
    for number, why in found.unsound.items():
        words.append(f"Transaction set {number} cannot be trusted and none of its claims is worked on: {why}")
        if len(words) > 4:
            words.append(f"{len(found.unsound)} transaction sets are like that.")
            break
    if found.unsound:
        words.append("Ask the source to send these claims again, corrected.")
    if taken and not found.claims:
        words.append("It holds no claim.")
    found.problem = " ".join(words)


def chunks(archive: Archive, sha256: str, unsound: dict[int, str], size: int) -> Generator[list[Asked], None, None]:
    """The claims of a file in chunks of about `size`, in order; the same each time it is read.

    A patient's claims that stand in a row are not parted if few: a chunk that is decided before the one with the
    patient's other claims is committed does not know them, and would have to be decided again.
    """
    chunk: list[Asked] = []
    last: Sequence[str] = ()
    with closing(archive.open(sha256)) as stream:
        for asked, whose in cut(stream, unsound):
            if len(chunk) >= size and (whose != last or len(chunk) >= size + size // 4):
                yield chunk
                chunk = []
            chunk.append(asked)
            last = whose
    if chunk:
        yield chunk


def cut(stream: BinaryIO, unsound: dict[int, str]) -> Iterator[tuple[Asked, Sequence[str]]]:
    """The claims of a file (its stream at the start), each with what names its patient."""
    start = stream.read(PEEK)
    stream.seek(0)
    return _from_json(stream) if begins_like_json(start) else _from_x12(stream, unsound)


def _whose(stored: StoredClaim) -> Sequence[str]:
    """What names the patient of a claim; the same in all claims of one, as a source writes them."""
    start = f"NM1{stored.delimiters.element}IL"
    return [raw for raw in stored.subscriber if raw.startswith(start)] + stored.patient[:1]


def _from_x12(stream: BinaryIO, unsound: dict[int, str]) -> Iterator[tuple[Asked, Sequence[str]]]:
    for event in transactions(read(stream)):
        if not isinstance(event, ReadClaim) or not is_professional(event.set.kind, event.set.version):
            continue
        why = unsound.get(event.set.ordinal, "")
        stored = event.stored
        asked = Asked(
            event.ordinal,
            stored.pack(),
            event.set.envelope.usage[:1],
            f"Its transaction set cannot be trusted: {why}" if why else in_words(event.faults),
            alone=not why,
        )
        yield asked, _whose(stored)


def _from_json(stream: BinaryIO) -> Iterator[tuple[Asked, Sequence[str]]]:
    # JSON says nothing of test or production: its claims go as this gateway is set.
    for ordinal, claim in enumerate(read_claims(stream.read()), 1):
        stored = to_stored(claim)
        yield Asked(ordinal, stored.pack(), ""), _whose(stored)
