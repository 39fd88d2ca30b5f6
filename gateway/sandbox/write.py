"""Files of generated claims, as a billing system would hand them over: an 837P, or JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from gateway.core.clock import SystemClock, business_date
from gateway.core.model.json_claim import MOST_CLAIMS
from gateway.core.x12.stored import StoredClaim
from gateway.core.x12.writer import MAX_CLAIMS_PER_SET, ClaimHead, ClaimSet, InterchangeHead, write_claims

from .biller_faults import BILLER_FAULTS
from .documents import document
from .generate import FAULT_SHARE, claim_prefix, generate_claims
from .loops import stored
from .records import Claim

ZONE = "America/New_York"
_SENDER, _RECEIVER = "STILLWATERPM", "GATEWAY"
# What JSON cannot say is refused before anybody looks at the claim.
NOT_IN_JSON = frozenset({"pointer_to_no_diagnosis"})


@dataclass(slots=True)
class Written:
    """What was written, and what a scrubber must find in it, by claim number."""

    paths: list[Path] = field(default_factory=list)
    claims: int = 0
    lines: int = 0
    charge: int = 0
    expected_faults: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, claim: Claim) -> None:
        self.claims += 1
        self.lines += len(claim.lines)
        self.charge += claim.charge
        if claim.expected_faults:
            self.expected_faults[claim.number] = claim.expected_faults


def business_day(today: dt.date | None) -> dt.date:
    """The day that was named, or the supplier's of now."""
    return today or business_date(SystemClock().now(), ZONE)


def faults_in(kind: str) -> tuple[str, ...]:
    """The faults of a biller that a file of this kind (837, json) can carry."""
    return tuple(name for name in BILLER_FAULTS if kind != "json" or name not in NOT_IN_JSON)


def _counted(claims: Iterator[Claim], written: Written) -> Iterator[Claim]:
    for claim in claims:
        written.add(claim)
        yield claim


def _sets(claims: Iterator[Claim], size: int) -> Iterator[ClaimSet]:
    """Sets of so many claims; in each, those of a billing provider together, a patient's in a row."""
    number = 0
    while part := list(islice(claims, size)):
        number += 1
        part.sort(key=lambda claim: claim.biller.npi)
        ready: list[StoredClaim] = [stored(claim) for claim in part]
        yield ClaimSet(f"{number:04d}", ready)


def _pieces(
    claims: Iterator[Claim], day: dt.date, reference: str, number: int, claims_per_set: int, usage: str
) -> Iterator[bytes]:
    head = InterchangeHead(
        sender_qualifier="ZZ",
        sender=_SENDER,
        receiver_qualifier="ZZ",
        receiver=_RECEIVER,
        group_sender=_SENDER,
        group_receiver=_RECEIVER,
        isa13=f"{number % 10**9:09d}",
        gs06=str(number % 10**9 or 1),
        usage=usage,
        at=dt.datetime.combine(day, dt.time(18, 30), tzinfo=dt.UTC),
    )
    start = ClaimHead(
        reference=reference,
        submitter=(
            ("NM1", "41", "2", "STILLWATER HOME MEDICAL", "", "", "", "", "46", _SENDER),
            ("PER", "IC", "BILLING OFFICE", "TE", "6145550100"),
        ),
        receiver=(("NM1", "40", "2", "CLAIMS GATEWAY", "", "", "", "", "46", _RECEIVER),),
    )
    return write_claims(head, start, _sets(claims, claims_per_set))


def as_837(
    claims: Iterable[Claim], today: dt.date, *, control_number: int = 1, claims_per_set: int = MAX_CLAIMS_PER_SET
) -> bytes:
    """Claims as one 837P interchange, as a billing system sends it on that day."""
    reference = f"BATCH{control_number:09d}"
    return b"".join(_pieces(iter(claims), today, reference, control_number, claims_per_set, "T"))


def as_json(claims: Iterable[Claim]) -> bytes:
    """Claims as one JSON document, 5,000 at most. A fault that JSON cannot carry is taken out, also of what is
    expected of the claim.

    Raises:
        ValueError: there are more claims than one document may have.
    """
    found = [_sayable(claim) for claim in claims]
    if len(found) > MOST_CLAIMS:
        raise ValueError(f"a JSON document has room for {MOST_CLAIMS} claims, not {len(found)}")
    return json.dumps([document(claim) for claim in found], separators=(",", ":")).encode()


def _sayable(claim: Claim) -> Claim:
    """The claim without faults that JSON cannot carry."""
    if not NOT_IN_JSON.isdisjoint(claim.expected_faults):
        claim.expected_faults = tuple(name for name in claim.expected_faults if name not in NOT_IN_JSON)
        for line in claim.lines:
            line.pointers = [pointer for pointer in line.pointers if pointer <= len(claim.diagnoses)] or [1]
    return claim


def write_837(
    path: Path,
    n: int,
    seed: int,
    *,
    today: dt.date | None = None,
    fault_share: float = FAULT_SHARE,
    faults: tuple[str, ...] | None = None,
    families: tuple[str, ...] | None = None,
    references: float = 0.88,
    claims_per_set: int = MAX_CLAIMS_PER_SET,
    usage: str = "T",
    control_number: int | None = None,
) -> Written:
    """Write `n` generated claims as one 837P interchange, as a billing system sends it.

    Args:
        today: services lie in the two months before; the business date without it.
        claims_per_set: claims in one ST; the file has as many ST as it takes.
        control_number: ISA13 and GS06; the seed without it.

    Raises:
        ValueError: see `generate_claims`.
    """
    day = business_day(today)
    number = (seed if control_number is None else control_number) % 10**9
    written = Written([path])
    claims = generate_claims(
        n, seed, day, fault_share=fault_share, faults=faults, families=families, references=references
    )
    reference = f"{claim_prefix(seed)}{number}"
    with path.open("wb") as stream:
        for piece in _pieces(_counted(claims, written), day, reference, number, claims_per_set, usage):
            stream.write(piece)
    return written


def write_json(
    path: Path,
    n: int,
    seed: int,
    *,
    today: dt.date | None = None,
    fault_share: float = FAULT_SHARE,
    faults: tuple[str, ...] | None = None,
    families: tuple[str, ...] | None = None,
    references: float = 0.88,
) -> Written:
    """Write `n` generated claims as JSON, 5,000 to a file; further files are numbered (`claims-2.json`).

    Raises:
        ValueError: see `generate_claims`; or a fault that JSON cannot carry.
    """
    names = faults_in("json") if faults is None else faults
    if NOT_IN_JSON.intersection(names):
        raise ValueError(f"JSON cannot carry {', '.join(sorted(NOT_IN_JSON.intersection(names)))}")
    written = Written()
    claims = generate_claims(
        n, seed, business_day(today), fault_share=fault_share, faults=names, families=families, references=references
    )
    counted = _counted(claims, written)
    while part := list(islice(counted, MOST_CLAIMS)):
        number = len(written.paths) + 1
        target = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        target.write_bytes(as_json(part))
        written.paths.append(target)
    return written
