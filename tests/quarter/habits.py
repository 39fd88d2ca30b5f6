"""What each payer makes of a claim: how it decides, and how it writes that down."""

from __future__ import annotations

import random
from collections import Counter

from gateway.sandbox.records import Claim, Line, Payer

from ..posting.made import Cas, Clp, Svc, cents, dollars
from .claims import MEDICARE, SPLITTER, TAKER, WHOLE

DENIALS = {
    MEDICARE.id: (("CO", "50"), ("CO", "151"), ("CO", "16"), ("CO", "176")),
    SPLITTER.id: (("CO", "197"), ("PI", "B7"), ("CO", "29")),
    WHOLE.id: (("CO", "96"), ("OA", "18"), ("CO", "22")),
    TAKER.id: (("CO", "97"), ("CO", "252"), ("CO", "ZZ9"), ("CO", "16")),
}
"""ZZ9 is a reason that no list has."""

Split = list[tuple[str, str, int]]
"""What is not paid of a line: group, reason, cents."""


def pays(rng: random.Random, payer: Payer, line: Line) -> Split:
    """An ordinary decision about a line."""
    allowed = line.charge * rng.randrange(40, 96) // 100
    found: Split = [("CO", "45", line.charge - allowed)]
    if payer is MEDICARE:
        deductible = min(allowed, rng.randrange(500, 9_000)) if rng.random() < 0.1 else 0
        shared = (allowed - deductible) // 5
        found += [("PR", "1", deductible), ("PR", "2", shared)]
        found.append(("CO", "253", (allowed - deductible - shared) * 2 // 100))
    elif payer is SPLITTER:
        found.append(("PR", "3", min(allowed, rng.choice((0, 1_000, 2_000)))))
    elif payer is WHOLE:
        found.append(("PR", "2", allowed // 10))
    else:
        found += [("PR", "1", allowed // 20), ("PR", "2", allowed // 10)]
        if rng.random() < 0.1:
            found.append(("CO", "131", allowed // 25))
    return [one for one in found if one[2]]


def denies(rng: random.Random, payer: Payer, line: Line) -> Split:
    """A denial of a line, sometimes with the contract's part beside it."""
    group, reason = rng.choice(DENIALS[payer.id])
    contract = line.charge // 4 if rng.random() < 0.3 else 0
    return [one for one in (("CO", "45", contract), (group, reason, line.charge - contract)) if one[2]]


def denies_part(rng: random.Random, payer: Payer, line: Line) -> Split:
    """Some of the line is paid, some denied."""
    group, reason = rng.choice(DENIALS[payer.id])
    return [("CO", "45", line.charge // 3), (group, reason, line.charge // 4)]


def written(rng: random.Random, payer: Payer, claim: Claim, splits: list[Split], icn: str, status: str = "1") -> Clp:
    """The payment as this payer writes it."""
    who = {"last": claim.patient.last, "first": claim.patient.first, "member": claim.coverage.member_id}
    if payer is WHOLE:
        sums: Counter[tuple[str, str]] = Counter()
        for split in splits:
            for group, reason, amount in split:
                sums[group, reason] += amount
        charge = claim.charge
        cas = [Cas(group, reason, dollars(amount)) for (group, reason), amount in sums.items()]
        paid = dollars(charge - sum(sums.values()))
        return Clp(claim.number, (), status, dollars(charge), paid, payer_number=icn, cas=cas, **who)
    services: list[Svc] = []
    refers = payer is not SPLITTER or rng.random() < 0.7
    for line, split in zip(claim.lines, splits, strict=True):
        services += _services(rng, payer, line, split, refers)
    more = ["MOA***MA18"] if status == "19" and rng.random() < 0.5 else []
    if more and rng.random() < 0.3:
        status = "1"  # forwarded, and only the remark says so
    return Clp(claim.number, services, status, payer_number=icn, more=more, **who)


def _services(rng: random.Random, payer: Payer, line: Line, split: Split, refers: bool) -> list[Svc]:
    ref, modifiers, code, original = line.reference if refers else "", tuple(line.modifiers), line.code, ""
    if payer is SPLITTER:
        modifiers = ()
        if refers and line.charge > 100 and rng.random() < 0.15:
            return _halves(line, split)
    elif payer is TAKER and rng.random() < 0.1:
        code, original, ref = "A9999", line.code, ""
    return [service(line, split, ref, modifiers, code, original)]


def service(
    line: Line, split: Split, ref: str, modifiers: tuple[str, ...] = (), code: str = "", original: str = ""
) -> Svc:
    """One SVC of a line."""
    paid = line.charge - sum(amount for _, _, amount in split)
    cas = [Cas(group, reason, dollars(amount)) for group, reason, amount in split]
    day = f"{line.start:%Y%m%d}"
    return Svc(code or line.code, dollars(line.charge), dollars(paid), cas, ref, modifiers, day, original)


def _halves(line: Line, split: Split) -> list[Svc]:
    """A line that comes back as two, each with its part of everything."""
    made = []
    for part in (0, 1):
        mine = [(group, reason, amount // 2 + amount % 2 * part) for group, reason, amount in split]
        charge = line.charge // 2 + line.charge % 2 * part
        paid = charge - sum(amount for _, _, amount in mine)
        cas = [Cas(group, reason, dollars(amount)) for group, reason, amount in mine if amount]
        made.append(Svc(line.code, dollars(charge), dollars(paid), cas, line.reference, (), f"{line.start:%Y%m%d}"))
    return made


def after_the_first(rng: random.Random, claim: Claim, splits: list[Split], icn: str) -> Clp:
    """What the next payer makes of what the first left: it pays all of it, most, or nothing."""
    how = rng.choices(("pays", "shares", "takes off", "denies"), (60, 20, 12, 8))[0]
    services = []
    for line, split in zip(claim.lines, splits, strict=True):
        left = sum(amount for group, _, amount in split if group == "PR")
        mine: Split = [("OA", "23", line.charge - left)] if line.charge > left else []
        rest = {"pays": 0, "shares": left // 4, "takes off": left // 2, "denies": left}[how]
        reason = {"shares": ("PR", "3"), "takes off": ("CO", "45"), "denies": ("CO", "96")}.get(how, ("PR", "3"))
        mine += [(*reason, rest)] if rest else []
        services.append(service(line, mine, line.reference))
    who = {"last": claim.patient.last, "first": claim.patient.first}
    assert claim.other is not None
    return Clp(claim.number, services, "2", payer_number=icn, member=claim.other.member_id, **who)


def turned(text: str) -> str:
    """An amount with the other sign."""
    return dollars(-cents(text)) if text else text


def reversal(paid: Clp) -> Clp:
    """The same payment, taken back."""
    services = [
        one._replace(charge=turned(one.charge), paid=turned(one.paid), cas=_turned(one.cas)) for one in paid.services
    ]
    return paid._replace(
        services=services,
        status="22",
        charge=turned(paid.charge),
        paid=turned(paid.paid),
        cas=_turned(paid.cas),
        more=(),
    )


def _turned(cas: object) -> list[Cas]:
    return [one._replace(amount=turned(one.amount)) for one in cas]  # type: ignore[attr-defined]
