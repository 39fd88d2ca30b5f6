"""Level 3 of a claim: sums that must come out, to the cent (005010X222A1, 1.4.4 and 1.4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..loop import adjustments_in
from ..values import cents
from .laid import Group, Laid, Seg
from .other_insurance import payer_id
from .rule import DOES_NOT_AGREE, RuleFinding, declare

CHARGES = declare(
    "G3.01",
    "The charges of the lines (SV102) add up to the charge of the claim (CLM02).",
    ik403=DOES_NOT_AGREE,
    status="A7:400",
)
LINE_DECIDED = declare(
    "G3.02",
    "What another payer paid on a line (SVD02) and its adjustments (2430 CAS) add up to the charge of the line "
    "(SV102).",
    ik403=DOES_NOT_AGREE,
    status="A7:672",
)
CLAIM_DECIDED = declare(
    "G3.03",
    "What another payer paid on the claim (2320 AMT D) is what it paid on the lines (SVD02) less its adjustments of "
    "the "
    "claim (2320 CAS); where it decided on no line, payment and adjustments add up to the charge of the claim (CLM02).",
    ik403=DOES_NOT_AGREE,
    status="A7:672",
)


def dollars(amount: int) -> str:
    """Cents as people write dollars: $1,234.50."""
    return f"{'-' if amount < 0 else ''}${abs(amount) // 100:,}.{abs(amount) % 100:02d}"


def _adjusted(segments: Iterable[Seg], separator: str) -> int:
    return sum(one.cents for one in adjustments_in([separator.join(seg.elements) for seg in segments], separator))


def charges(laid: Laid) -> Iterator[RuleFinding]:
    """G3.01."""
    clm = laid.head.first("CLM")
    if clm is None or not laid.lines:
        return
    stated = cents(clm[2])
    found = [cents(sv1[2]) for line in laid.lines for sv1 in line.all("SV1")]
    if stated is None or None in found:
        return  # told at the element that cannot be read
    total = sum(one for one in found if one is not None)
    if total != stated:
        words = (
            f"The claim is for {dollars(stated)}, and its lines add up to {dollars(total)}. Correct the total charge "
            "or the charges of the lines."
        )
        yield laid.wrong(CHARGES, clm, 2, words)


def _by_payer(line: Group) -> dict[str, list[Seg]]:
    """The 2430s of a line by payer: SVDs and what follows them."""
    found: dict[str, list[Seg]] = {}
    payer: list[Seg] | None = None
    for seg in line:
        if seg.tag == "SVD":
            payer = found.setdefault(seg[1], [])
        if payer is not None and seg.loop == "2430":
            payer.append(seg)
    return found


def decided(laid: Laid) -> Iterator[RuleFinding]:
    """G3.02, G3.03."""
    separator = laid.delimiters.element
    paid_on_lines: dict[str, int] = {}
    payers = [payer_id(other) for other in laid.others]
    # Of two payers with one id nobody can tell which decided on a line, and of one without a 2320 nothing is known.
    unsure = {payer for payer in payers if payers.count(payer) > 1}
    for line in laid.lines:
        sv1 = line.first("SV1")
        for payer, segments in _by_payer(line).items():
            svds = [seg for seg in segments if seg.tag == "SVD"]
            paid = sum(cents(svd[2]) or 0 for svd in svds)
            paid_on_lines[payer] = paid_on_lines.get(payer, 0) + paid
            charge = cents(sv1[2]) if sv1 is not None else None
            adjusted = _adjusted((seg for seg in segments if seg.tag == "CAS"), separator)
            if charge is not None and paid + adjusted != charge:
                words = (
                    f"The line is for {dollars(charge)}; what the other payer paid and adjusted on it is "
                    f"{dollars(paid + adjusted)}. Take both from its remittance."
                )
                yield laid.wrong(LINE_DECIDED, svds[0], 2, words)
                unsure.add(payer)  # the sum of its lines is wrong for that
    if set(paid_on_lines) - set(payers):
        return
    clm = laid.head.first("CLM")
    for other, payer in zip(laid.others, payers, strict=True):
        amount = other.first("AMT", "D")
        if amount is None or clm is None or payer in unsure:
            continue
        adjusted = _adjusted(other.all("CAS"), separator)
        base = paid_on_lines.get(payer, cents(clm[2]) or 0)
        paid = cents(amount[2]) or 0
        if base - adjusted != paid:
            words = (
                f"The other payer is said to have paid {dollars(paid)}; its payments and adjustments give "
                f"{dollars(base - adjusted)}. Take all of them from its remittance."
            )
            yield laid.wrong(CLAIM_DECIDED, amount, 2, words)


RULES_OF_SUMS = (charges, decided)
