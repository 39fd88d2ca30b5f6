"""Builders of claim payments, of the claims they are matched to, and of denials; used through `testing`.

Amounts are dollars as text, as X12 writes them. Everybody here is invented.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from gateway.core.model.money import parse_cents, x12_amount
from gateway.core.model.posting import (
    Denial,
    How,
    LineMatch,
    Match,
    OpenClaim,
    OpenLine,
    PostedAdjustment,
    PostedLine,
    PostedPayment,
)
from gateway.core.x12.remittance import ClaimPayment
from gateway.core.x12.segment import Delimiters

_DELIMITERS = Delimiters()
_SERVED = dt.date(2026, 2, 1)
_PAID = dt.date(2026, 3, 2)

Adjusted = Iterable[tuple[str, str, str]]
"""Adjustments as group, reason and dollars: `[("CO", "45", "50"), ("PR", "2", "20")]`."""


def _cents(text: str) -> int:
    found = parse_cents(text)
    if found is None:
        raise ValueError(f"{text!r} is no amount of dollars; write it like 150 or 98.40")
    return found


def _cas(adjustments: Adjusted) -> list[str]:
    return [f"CAS*{group}*{reason}*{amount}" for group, reason, amount in adjustments]


def make_service(
    code: str,
    *modifiers: str,
    charge: str = "100",
    paid: str = "",
    adjustments: Adjusted = (),
    control_number: str = "",
    date: dt.date | None = _SERVED,
    billed: str = "",
    remarks: Sequence[str] = (),
) -> list[str]:
    """A service line of a payment, as the segments of its loop 2110.

    `paid` is the charge less the adjustments unless it is given (then it may be wrong, on purpose). `billed` is the
    code that was billed, where the payer decided on another; `remarks` are RARC.
    """
    adjustments = list(adjustments)
    paid = paid or x12_amount(_cents(charge) - sum(_cents(amount) for _, _, amount in adjustments))
    original = f"***HC:{billed}" if billed else ""
    segments = [f"SVC*{':'.join(('HC', code, *modifiers))}*{charge}*{paid}{original}"]
    if date is not None:
        segments.append(f"DTM*472*{date:%Y%m%d}")
    segments += _cas(adjustments)
    if control_number:
        segments.append(f"REF*6R*{control_number}")
    return segments + [f"LQ*HE*{remark}" for remark in remarks]


def make_payment(
    *services: list[str],
    claim_number: str = "SW1001",
    status: str = "1",
    charge: str = "",
    paid: str = "",
    adjustments: Adjusted = (),
    payer_claim_number: str = "PCN0001",
    member_id: str = "SWT900000001",
    last: str = "FERNSBY",
    first: str = "POSY",
    more: Iterable[str] = (),
) -> ClaimPayment:
    """A claim payment with `make_service`s; one oxygen concentrator, paid in part, without any.

    With a `charge` and no service the payer decided on the claim as a whole. `adjustments` are those of the claim
    itself; `paid` is what adds up unless it is given. `more` are further segments, after the names.
    """
    if not services and not charge:
        services = (make_service("E1390", "RR", charge="150", adjustments=[("CO", "45", "50"), ("PR", "2", "20")]),)
    adjustments = list(adjustments)
    lines = [service[0].split("*") for service in services]
    charge = charge or x12_amount(sum(_cents(svc[2]) for svc in lines))
    if not paid:
        before = sum(_cents(svc[3]) for svc in lines) if services else _cents(charge)
        paid = x12_amount(before - sum(_cents(amount) for _, _, amount in adjustments))
    own = [amount for group, _, amount in adjustments if group == "PR"]
    found = [raw.split("*") for service in services for raw in service if raw.startswith("CAS*PR*")]
    patient = x12_amount(sum(_cents(amount) for amount in [*own, *(cas[3] for cas in found)]))
    raw = [
        f"CLP*{claim_number}*{status}*{charge}*{paid}*{patient}*12*{payer_claim_number}*12*1",
        *_cas(adjustments),
        f"NM1*QC*1*{last}*{first}****MI*{member_id}",
        *more,
        *(segment for service in services for segment in service),
    ]
    return ClaimPayment(raw, _DELIMITERS)


def make_open_line(
    number: int,
    code: str,
    *modifiers: str,
    charge: str = "100",
    insurance: str | None = None,
    denied: str = "0",
    control_number: str = "",
    date: dt.date | None = _SERVED,
) -> OpenLine:
    """A line of our claim as a payment meets it. `insurance` is what is open with the payer: the charge unless it is
    given; `denied` what stands open as a denial."""
    cents = _cents(charge)
    return OpenLine(
        line_id=number,
        number=number,
        control_number=control_number,
        code=code,
        modifiers=modifiers,
        charge_cents=cents,
        from_date=date,
        thru_date=date,
        insurance_cents=cents if insurance is None else _cents(insurance),
        denied_cents=_cents(denied),
    )


def make_open_claim(
    payment: ClaimPayment,
    *lines: OpenLine,
    state: str = "accepted",
    payer_id: str = "90101",
    other_payers: int = 0,
    posted: Sequence[PostedPayment] = (),
) -> OpenClaim:
    """The claim of ours that a payment is for: with `make_open_line`s, or a line for each of the payment's services,
    its whole charge open. Of a reversal, what it takes back was posted before, and nothing is open."""
    reversal = payment.is_reversal
    made = tuple(
        OpenLine(
            line_id=number,
            number=number,
            control_number=service.control_number,
            code=service.code,
            modifiers=service.modifiers,
            charge_cents=abs(service.charge_cents),
            from_date=service.dates.start,
            thru_date=service.dates.end,
            insurance_cents=0 if reversal else service.charge_cents,
        )
        for number, service in enumerate(payment.lines, 1)
    )
    whole = 0 if payment.lines or reversal or lines else payment.charge_cents
    return OpenClaim(
        claim_id=1,
        claim_number=payment.claim_id,
        version=1,
        state=state,
        payer_id=payer_id,
        charge_cents=sum(line.charge_cents for line in lines) if lines else abs(payment.charge_cents),
        other_payers=other_payers,
        payer_claim_number=payment.payer_control_number,
        lines=lines or made,
        claim=OpenLine(0, 0, "", "", (), 0, insurance_cents=whole),
        posted=tuple(posted) or ((_taken_back(payment),) if reversal else ()),
    )


def _taken_back(reversal: ClaimPayment) -> PostedPayment:
    """The payment that a reversal is the exact negative of."""
    found = [(None, one) for one in reversal.adjustments]
    found += [(number, one) for number, line in enumerate(reversal.lines, 1) for one in line.adjustments]  # type: ignore[misc]
    return PostedPayment(
        claim_payment_id=1,
        status="1",
        payer_claim_number=reversal.payer_control_number,
        charge_cents=-reversal.charge_cents,
        paid_cents=-reversal.paid_cents,
        lines=tuple(
            PostedLine(number, line.code, -line.charge_cents, -line.paid_cents)
            for number, line in enumerate(reversal.lines, 1)
        ),
        adjustments=tuple(PostedAdjustment(line_id, one.group, one.reason, -one.cents) for line_id, one in found),
    )


def make_match(payment: ClaimPayment, claim: OpenClaim | None = None, *, found: bool = True) -> Match:
    """The match of a payment: its claim (`make_open_claim(payment)` unless one is given), each service with the line
    at its place; or, not `found`, no claim at all."""
    if not found:
        return Match(None, How.NOTHING, "No claim of ours has this number.")
    claim = make_open_claim(payment) if claim is None else claim
    lines = tuple(
        LineMatch(service, line.line_id, line.number, How.LINE_NUMBER, "Found by its line control number.")
        for service, (_, line) in enumerate(zip(payment.lines, claim.lines, strict=False))
    )
    lines += tuple(
        LineMatch(service, None, why="No line fits.") for service in range(len(lines), len(payment.lines))
    )  # fmt: skip
    return Match(claim, How.CLAIM_NUMBER, f"Found by its claim number {payment.claim_id} (CLP01).", lines)


def make_denial(
    code: str = "E0601",
    *,
    amount: str = "150",
    group: str = "CO",
    reason: str = "50",
    remark: str = "N115",
    line: int = 1,
    category: str = "MEDICAL_NECESSITY",
    team: str = "appeals",
    action: str = "Send the records with an appeal.",
    why: str = "The payer does not hold the item to be medically necessary.",
    claim_number: str = "SW1001",
) -> Denial:
    """A refused amount of a line (`line` 0: of the whole claim), with what the code table says about its reason."""
    return Denial(
        line_id=line or None,
        line_number=line,
        code=code,
        group=group,
        reason=reason,
        remark=remark,
        cents=_cents(amount),
        category=category,
        team=team,
        action=action,
        why=why,
        remarks=(remark,) if remark else (),
        status="1",
        claim_number=claim_number,
    )


def make_remittance(
    *payments: ClaimPayment,
    trace: str = "EFT0001",
    day: dt.date = _PAID,
    payer_id: str = "90101",
    payer_name: str = "NORTHBRIDGE HEALTH PLAN",
    number: int = 901,
) -> bytes:
    """An 835 file with these claim payments, in balance with what they pay: to drop, to explain, to read again."""
    paid = sum(payment.paid_cents for payment in payments)
    method = "ACH" if paid > 0 else "NON"
    date, body = f"{day:%Y%m%d}", [raw for payment in payments for raw in payment.raw]
    segments = [
        "ST*835*0001",
        f"BPR*I*{x12_amount(paid)}*C*{method}*CCP*01*999999999*DA*1*1960000022**01*999999999*DA*2*{date}",
        f"TRN*1*{trace}*1960000022",
        f"DTM*405*{date}",
        f"N1*PR*{payer_name}*XV*{payer_id}",
        *("N3*1 PAYER PLAZA", "N4*COLUMBUS*OH*43215", "PER*BL*SERVICE*TE*6145550100"),
        *("N1*PE*STILLWATER HOME MEDICAL*XX*1999999000", "LX*1"),
        *body,
    ]
    segments.append(f"SE*{len(segments) + 1}*0001")
    isa = (
        f"ISA*00*          *00*          *ZZ*{'PRACTICE':<15}*ZZ*{'STILLWATER':<15}*{day:%y%m%d}*1200*^*00501*"
        f"{number:09d}*0*T*:"
    )
    gs = f"GS*HP*PRACTICE*STILLWATER*{date}*1200*{number}*X*005010X221A1"
    return "".join(f"{one}~\n" for one in (isa, gs, *segments, f"GE*1*{number}", f"IEA*1*{number:09d}")).encode("ascii")
