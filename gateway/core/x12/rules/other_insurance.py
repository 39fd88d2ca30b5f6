"""Level 4: the other payers of a claim (2320, 2330) and what they decided on its lines (2430)."""

from __future__ import annotations

from collections.abc import Iterator

from .laid import Group, Laid
from .rule import DOES_NOT_AGREE, NO_SUCH_VALUE, SEGMENT_MISSING, RuleFinding, declare

RANK = declare(
    "G4.50",
    "No two payers of a claim have the same rank, but for U (not known). 2000B and 2320 SBR01.",
    ik403=DOES_NOT_AGREE,
    status="A8:171",
)
PAID = declare(
    "G4.51",
    "An other payer that has decided on the claim has the amount that it paid. 2320 AMT D.",
    ik304=SEGMENT_MISSING,
    status="A6:183:PR",
)
DECIDED_ON = declare(
    "G4.52",
    "An other payer that has decided on the claim has the day, in 2330B where no line has it. 2330B DTP 573.",
    ik304=SEGMENT_MISSING,
    status="A6:516:PR",
)
PAYER_OF_LINE = declare(
    "G4.53",
    "A payer that decided on a line is one of the claim's other payers. 2430 SVD01: an NM109 of 2330B.",
    ik403=NO_SUCH_VALUE,
    status="A7:479",
)
PAYER_OF_NUMBER = declare(
    "G4.54",
    "A number that an other payer gave names one of the claim's other payers. 2400 and 2420 REF04-2: an NM109 of "
    "2330B.",
    ik403=NO_SUCH_VALUE,
    status="A7:479",
)
NO_PRIMARY = declare(
    "G4.55",
    "A claim to a secondary payer names the payer before it. 2320: required when other payers are known.",
    ik304=SEGMENT_MISSING,
    status="A6:171",
)
_LATER = {"S": "secondary", "T": "tertiary"}


def payer_id(other: Group) -> str:
    """NM109 of the 2330B of an other insurance; empty where it is not there."""
    name = other.first("NM1", "PR", "2330B")
    return name[9] if name is not None else ""


def ranks(laid: Laid) -> Iterator[RuleFinding]:
    """G4.50, G4.55."""
    seen: set[str] = set()
    for sbr in laid.payers():
        rank = sbr[1]
        if rank in seen and rank != "U":
            words = (
                f"Two payers of the claim have the rank {rank}. Give each its own: P primary, S secondary, T tertiary."
            )
            yield laid.wrong(RANK, sbr, 1, words)
        seen.add(rank)
    own = laid.subscriber.first("SBR")
    if own is not None and own[1] in _LATER and not laid.others and laid.head:
        words = (
            f"The payer is {_LATER[own[1]]}, and no other insurance is on the claim. Add the payer before it, or "
            "correct the rank."
        )
        yield laid.missing(NO_PRIMARY, "SBR", laid.head[-1], words, loop="2320", by=laid.trigger(own, 1))


def decided(laid: Laid) -> Iterator[RuleFinding]:
    """G4.51, G4.52."""
    on_lines: dict[str, bool] = {}
    for line in laid.lines:
        payer = ""
        for seg in line:
            if seg.tag == "SVD":
                payer = seg[1]
                on_lines.setdefault(payer, False)
            elif seg.tag == "DTP" and seg.loop == "2430" and seg[1] == "573":
                on_lines[payer] = True
    for other in laid.others:
        payer = payer_id(other)
        day = other.first("DTP", "573", "2330B")
        paid = other.first("AMT", "D")
        adjusted = other.first("CAS")
        name = other.first("NM1", "PR", "2330B")
        sign = adjusted or day or (name if payer in on_lines else None)
        if paid is None and sign is not None:
            words = (
                "The other payer has decided on the claim, and the amount that it paid is missing. Add it, also where "
                "it is zero."
            )
            yield laid.missing(PAID, "AMT", other[0], words, by=laid.trigger(sign))
        sign = paid or adjusted
        if day is None and sign is not None and name is not None and not on_lines.get(payer, False):
            words = "The other payer has decided on the claim, and the date is missing. Add the date of its remittance."
            yield laid.missing(DECIDED_ON, "DTP", name, words, by=laid.trigger(sign))


def payers_named(laid: Laid) -> Iterator[RuleFinding]:
    """G4.53, G4.54."""
    known = {payer_id(other) for other in laid.others}
    for line in laid.lines:
        for seg in line:
            if seg.tag == "SVD" and seg[1] and seg[1] not in known:
                words = (
                    "The line was decided on by a payer that is not on the claim. Use the payer id of one of the "
                    "other insurances."
                )
                yield laid.wrong(PAYER_OF_LINE, seg, 1, words)
            elif seg.tag == "REF" and seg[4] and seg.component(4, 1) == "2U" and seg.component(4, 2) not in known:
                words = (
                    "The number is said to be of a payer that is not on the claim. Use the payer id of one of the "
                    "other insurances."
                )
                yield laid.wrong(PAYER_OF_NUMBER, seg, 4, words, component=2)


RULES_OF_OTHERS = (ranks, decided, payers_named)
