"""What hypothesis draws from: any legal claim of a home-medical-equipment supplier, any payment of one, any denial.

    @given(claims())
    def test_my_rule_never_raises(claim: Claim) -> None: ...

Legal is meant as the guides mean it: whatever a billing system may send and a payer may answer, not only what is
sensible to bill. `contract` draws from these for any plugin. hypothesis is imported when they are called, and comes
with `pip install 'hme-edi-gateway[testing]'`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.core.model.money import parse_cents, x12_amount
from gateway.core.model.posting import Denial, Match, OpenClaim
from gateway.core.x12.claim import Claim
from gateway.core.x12.remittance import ClaimPayment
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.stored import StoredClaim

from .testing import (
    TODAY,
    make_claim,
    make_denial,
    make_line,
    make_match,
    make_open_claim,
    make_other_payer,
    make_payment,
    make_service,
)

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

INSTALL = (
    "hypothesis is not installed, and any legal claim is drawn with it. Run: pip install 'hme-edi-gateway[testing]'"
)

RENTED = ("E1390", "E1392", "E0431", "E0439", "K0738", "E0601", "E0470", "E0260", "E0277", "K0001", "K0823", "E0570")
SOLD = (
    *("A7030", "A7034", "A7035", "A7037", "A7038", "A4604", "E0562", "A4253", "A4259", "A4239", "E2103", "A7003"),
    *("E0443", "E0441", "A4222", "B4150", "L0650", "E0143"),
)
UNLISTED = ("E1399", "K0108", "A9999")
"""Codes that stand for anything, so the line says what it is."""
LABOR = "K0739"
MODIFIERS = (
    *("RR", "NU", "UE", "KH", "KI", "KJ", "KX", "MS", "RA", "RB", "GA", "GZ", "GY", "BP", "BR", "BU", "KR", "LT", "RT"),
    *("QE", "QF", "QG", "N1", "N2", "N3", "CG", "EY", "NR", "TW", "99"),
)
DIAGNOSES = (
    *("J449", "J9611", "J8410", "G4733", "I10", "E669", "I69354", "M6281", "G8220", "L89153", "M170", "R2689", "J4540"),
    *("E119", "E1165", "Z794", "Z9981", "I5022", "R0602", "S72001A"),
)
PAYERS = (
    *(("17013", "DME MAC JURISDICTION B", "MB"), ("00751", "OH MEDICAL ASSISTANCE", "MC")),
    *(("90101", "NORTHBRIDGE HEALTH PLAN", "CI"), ("00123", "BLUE HARBOR OF THE MIDWEST", "BL")),
    *(("NO", "NORTHERN OPTION PLAN", "HM"), ("90305", "TRADES COMPENSATION FUND", "WC")),
)
PEOPLE = (("FERNSBY", "POSY"), ("O'DARBY", "THADDEUS"), ("QUILLFEATHER", "ZELDA"), ("ST. ORMOND-HALE", "MARY ANN"))
PLACES = ("12", "11", "13", "14", "31", "32", "33", "04", "54", "99")
NPIS = ("1999999018", "1999999026", "1999999034")
NOTES = (
    *("PATIENT MOVED TO A NEW HOME", "SECOND UNIT FOR SCHOOL", "REPLACED AFTER A HOUSE FIRE, REPORT ON FILE"),
    *("99 KX RA RR", "MSRP 1250.00", "delivered by courier; signed", "X"),
)
MARKS = (Delimiters(), Delimiters(), Delimiters("|", ">", "^", "~"), Delimiters("*", "<", "!", "'"))
"""Separators of files: not every billing system and payer writes `*` and `:`."""
LINES = (1, 1, 1, 2, 2, 3, 6)
"""How many lines a claim has: few as a rule."""
EARLIER = "18003"
"""The payer that decided first, where the claim is for the one after it."""


class PaymentCase(NamedTuple):
    """A claim payment with what it was matched to."""

    payment: ClaimPayment
    match: Match


def hypothesis_strategies() -> Any:
    """The module `hypothesis.strategies`.

    Raises:
        ModuleNotFoundError: hypothesis is not installed; the message says how to install it.
    """
    try:
        from hypothesis import strategies
    except ImportError:
        raise ModuleNotFoundError(INSTALL, name="hypothesis") from None
    return strategies


def _several(st: Any, pool: tuple[str, ...], most: int, least: int = 0) -> SearchStrategy[list[str]]:
    drawn: SearchStrategy[list[str]] = st.lists(st.sampled_from(pool), min_size=least, max_size=most, unique=True)
    return drawn


def _maybe(draw: DrawFn, st: Any, *segments: str) -> list[str]:
    """Some of these segments, in their order."""
    which = draw(st.integers(0, 2 ** len(segments) - 1))
    return [segment for at, segment in enumerate(segments) if which >> at & 1]


def _days(st: Any) -> SearchStrategy[dt.date]:
    drawn: SearchStrategy[dt.date] = st.dates(dt.date(TODAY.year - 6, 1, 1), TODAY)
    return drawn


def _cents(st: Any, most: int = 2_000_000) -> SearchStrategy[int]:
    drawn: SearchStrategy[int] = st.one_of(st.sampled_from((0, 1, 10_000, 26_000)), st.integers(0, most))
    return drawn


def _number(st: Any, prefix: str) -> SearchStrategy[str]:
    drawn: SearchStrategy[str] = st.integers(0, 10**9).map(lambda number: f"{prefix}{number}")
    return drawn


def _written(segments: list[str], marks: Delimiters) -> list[str]:
    """Segments with other separators."""
    return [
        text.translate(str.maketrans("*:^", marks.element + marks.component + marks.repetition)) for text in segments
    ]


# --- claims ----------------------------------------------------------------------------------------


def _code(st: Any, codes: Sequence[str], others: Sequence[str]) -> SearchStrategy[str]:
    """Of the codes that are asked for, every other time, or of the others."""
    drawn: SearchStrategy[str] = st.sampled_from(others)
    return st.booleans().flatmap(lambda asked: st.sampled_from(codes) if asked else drawn) if codes else drawn


def _line(draw: DrawFn, st: Any, diagnoses: int, after: bool, codes: Sequence[str]) -> list[str]:
    """One line; `after`: another payer has decided on it before."""
    code = draw(_code(st, codes, (*RENTED, *RENTED, *SOLD, *UNLISTED, LABOR)))
    modifiers = draw(_several(st, MODIFIERS, 4))
    if code in RENTED and draw(st.booleans()):
        modifiers = ["RR", *[one for one in modifiers if one != "RR"][:3]]
    start = draw(_days(st))
    end = draw(st.none() | st.integers(0, 92).map(lambda days: min(start + dt.timedelta(days=days), TODAY)))
    cents = draw(_cents(st))
    return make_line(
        code,
        *modifiers,
        charge=x12_amount(cents),
        units=draw(st.sampled_from(("1", "1", "2", "3", "30", "100", "0.5", "1.25"))),
        from_date=start,
        thru_date=end,
        pointers=draw(st.lists(st.integers(1, diagnoses), min_size=1, max_size=min(4, diagnoses), unique=True)),
        control_number=draw(st.just("") | _number(st, "L")),
        description="UNLISTED ITEM AS DESCRIBED" if code in UNLISTED else "",
        ahead=_equipment(draw, st, code, modifiers, cents),
        more=_rest_of_line(draw, st, code) + (_decided(draw, st, code, modifiers, cents) if after else []),
    )


def _equipment(draw: DrawFn, st: Any, code: str, modifiers: list[str], cents: int) -> list[str]:
    """Segments of 2400 between SV1 and DTP."""
    price = _maybe(draw, st, f"SV5*HC:{code}*DA*30*{x12_amount(cents)}*0*4") if "RR" in modifiers else []
    return price + _maybe(draw, st, "PWK*CT*AD", "CR3*I*MO*12", "CRC*09*N*ZV")


def _rest_of_line(draw: DrawFn, st: Any, code: str) -> list[str]:
    """Segments of 2400 after REF*6R, the drug and the ordering provider."""
    segments = _maybe(draw, st, f"REF*G1*{draw(_number(st, 'PA'))}", f"NTE*ADD*{draw(st.sampled_from(NOTES))}")
    if code in SOLD and draw(st.booleans()):
        segments += ["LIN**N4*00999123401", "CTP****1*UN"]
    return segments + _maybe(draw, st, f"NM1*DK*1*ALDERMAN*IVO****XX*{draw(st.sampled_from(NPIS))}")


def _decided(draw: DrawFn, st: Any, code: str, modifiers: list[str], cents: int) -> list[str]:
    """2430: how the payer before decided on the line."""
    paid = draw(st.integers(0, cents))
    left = [f"CAS*PR*2*{x12_amount(cents - paid)}"] if paid < cents else []
    procedure = ":".join(("HC", code, *modifiers))
    return [f"SVD*{EARLIER}*{x12_amount(paid)}*{procedure}**1", *left, f"DTP*573*D8*{TODAY:%Y%m%d}"]


def _head(draw: DrawFn, st: Any, frequency: str, day: dt.date) -> list[str]:
    """Segments of 2300 from DTP to NTE."""
    segments = _maybe(draw, st, f"DTP*431*D8*{day:%Y%m%d}", "PWK*OZ*FX***AC*ATT0001")
    segments += _maybe(draw, st, f"AMT*F5*{x12_amount(draw(st.integers(0, 5000)))}")
    if frequency != "1":
        segments.append(f"REF*F8*{draw(_number(st, 'PCN'))}")
    segments += _maybe(draw, st, f"REF*9F*{draw(_number(st, 'RF'))}", f"REF*G1*{draw(_number(st, 'PA'))}")
    segments += _maybe(draw, st, f"REF*EA*{draw(_number(st, 'MR'))}")
    return segments + _maybe(draw, st, f"NTE*ADD*{draw(st.sampled_from(NOTES))}")


def _providers(draw: DrawFn, st: Any) -> list[str]:
    npi = st.sampled_from(NPIS)
    return _maybe(
        draw,
        st,
        f"NM1*DN*1*ALDERMAN*IVO****XX*{draw(npi)}",
        f"NM1*82*1*BIRCHAM*GRETA****XX*{draw(npi)}",
    )


def _other_payers(lines: list[list[str]], before: bool, after: bool) -> list[list[str]]:
    """2320 of the payer that decided before, with what its lines say that it paid, and of one that comes after."""
    made = []
    if before:
        paid = sum(
            parse_cents(raw.split("*")[2]) or 0 for line in lines for raw in line if raw.startswith("SVD*")
        )  # fmt: skip
        made.append(make_other_payer("P", filing_code="MB", payer_id=EARLIER, paid=x12_amount(paid)))
    if after:
        made.append(make_other_payer("T", payer_id="90202", payer_name="GOLDEN OAK MEDIGAP"))
    return made


def _claim(draw: DrawFn, st: Any, codes: Sequence[str]) -> Claim:
    payer_id, payer_name, filing_code = draw(st.sampled_from(PAYERS))
    last, first = draw(st.sampled_from(PEOPLE))
    diagnoses = draw(_several(st, DIAGNOSES, 12, 1))
    frequency = draw(st.sampled_from(("1", "1", "7", "8")))
    before, after = draw(st.booleans()), draw(st.booleans())
    lines = [_line(draw, st, len(diagnoses), before, codes) for _ in range(draw(st.sampled_from(LINES)))]
    claim = make_claim(
        *lines,
        claim_number=draw(_number(st, "SW")),
        frequency=frequency,
        place_of_service=draw(st.sampled_from(PLACES)),
        diagnoses=diagnoses,
        filing_code=filing_code,
        payer_id=payer_id,
        payer_name=payer_name,
        member_id="1A23C45DE67" if filing_code == "MB" else draw(_number(st, "SWT9")),
        born=draw(st.dates(dt.date(1925, 1, 1), dt.date(TODAY.year - 6, 1, 1))),
        last=last,
        first=first,
        relationship=draw(st.sampled_from(("18", "18", "19", "01"))),
        more=_head(draw, st, frequency, draw(_days(st))),
        providers=_providers(draw, st),
        other_payers=_other_payers(lines, before, after),
    )
    claim.set("CLM07", draw(st.sampled_from(("A", "B", "C"))))
    if filing_code == "WC":
        claim.set("CLM11", "EM")
    # As it would be read: from a file with its own separators, nothing on its edit log.
    marks = draw(st.sampled_from(MARKS))
    return Claim(StoredClaim(marks, *[_written(part, marks) for part in claim.stored[1:]]), "test")


def claims(codes: Sequence[str] = ()) -> SearchStrategy[Claim]:
    """Any legal professional claim of equipment and supplies: one to six lines, with spans, spare modifiers, notes,
    certifications, replaced and voided claims, patients that are not the subscriber, payers before and after, and
    with the separators of its file. Every other line is of one of `codes`, where some are given."""
    st = hypothesis_strategies()
    made: SearchStrategy[Claim] = st.composite(lambda draw: _claim(draw, st, codes))()
    return made


# --- payments and denials --------------------------------------------------------------------------

_REDUCTIONS = (
    *(("CO", "45"), ("PR", "1"), ("PR", "2"), ("PR", "3"), ("CO", "253"), ("OA", "23"), ("CO", "97"), ("CO", "50")),
    *(("PR", "96"), ("CO", "16"), ("CO", "109"), ("CO", "18"), ("PI", "45"), ("OA", "94"), ("CO", "A1"), ("CR", "45")),
)


def _service(draw: DrawFn, st: Any, number: int, sign: int, codes: Sequence[str]) -> list[str]:
    cents = draw(_cents(st))
    left, adjustments = cents, []
    for group, reason in draw(st.lists(st.sampled_from(_REDUCTIONS), max_size=4, unique=True)):
        taken = draw(st.integers(0, left))
        left -= taken
        if taken:
            adjustments.append((group, reason, x12_amount(sign * taken)))
    return make_service(
        draw(_code(st, codes, (*RENTED, *SOLD))),
        *draw(_several(st, MODIFIERS, 4)),
        charge=x12_amount(sign * cents),
        adjustments=adjustments,
        control_number=f"L{number}" if draw(st.booleans()) else "",
        date=draw(st.none() | _days(st)),
        billed=draw(st.sampled_from(("", "", "E1399"))),
        remarks=draw(_several(st, ("N115", "M51", "N130", "MA04", "M124"), 2)),
    )


def _payment_case(draw: DrawFn, st: Any, codes: Sequence[str]) -> PaymentCase:
    status = draw(st.sampled_from(("1", "1", "2", "3", "4", "19", "20", "21", "22", "23", "25")))
    sign = -1 if status == "22" else 1
    several = range(1, draw(st.sampled_from((0, *LINES))) + 1)
    services = [_service(draw, st, number, sign, codes) for number in several]
    more = _maybe(draw, st, "NM1*TT*2*LANTERN SUPPLEMENT*****PI*90201", "MOA***MA18*N89", "MOA***MA01")[:2]
    if services:
        payment = make_payment(*services, status=status, more=more)
    else:
        cents = draw(_cents(st)) + 1
        off = draw(st.integers(0, cents))
        adjustments = [("CO", "45", x12_amount(sign * off))] if off else []
        payment = make_payment(charge=x12_amount(sign * cents), status=status, adjustments=adjustments, more=more)
    marks = draw(st.sampled_from(MARKS))
    payment = ClaimPayment(_written(list(payment.raw), marks), marks)
    return PaymentCase(payment, _match(draw, st, payment))


def _match(draw: DrawFn, st: Any, payment: ClaimPayment) -> Match:
    if draw(st.integers(0, 5)) == 0:
        return make_match(payment, found=False)
    claim: OpenClaim = make_open_claim(payment, other_payers=draw(st.integers(0, 2)))
    return make_match(payment, claim)


def payments(codes: Sequence[str] = ()) -> SearchStrategy[PaymentCase]:
    """Any claim payment that balances, with its match: processed as primary to tertiary, denied, forwarded, reversed,
    pre-determined; by line or as a whole; found among our claims, or not. `codes` as for `claims`."""
    st = hypothesis_strategies()
    made: SearchStrategy[PaymentCase] = st.composite(lambda draw: _payment_case(draw, st, codes))()
    return made


def denials(codes: Sequence[str] = ()) -> SearchStrategy[Denial]:
    """Any denial: of a line or of the whole claim, known reasons and others, with and without remarks. `codes` as
    for `claims`."""
    st = hypothesis_strategies()
    made: SearchStrategy[Denial] = st.builds(
        make_denial,
        _code(st, codes, (*RENTED, *SOLD)),
        amount=st.integers(1, 2_000_000).map(x12_amount),
        group=st.sampled_from(("CO", "PR", "OA", "PI")),
        reason=st.sampled_from(("50", "16", "29", "18", "97", "109", "197", "A1", "999")),
        remark=st.sampled_from(("", "N115", "M51", "N130")),
        line=st.integers(0, 9),
        category=st.sampled_from(("MEDICAL_NECESSITY", "CODING", "TIMELY_FILING", "AUTHORIZATION", "UNMAPPED")),
    )
    return made
