"""One claim of a remittance (835, 2100) and its service lines (2110), as views over their segments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from .checks import payment_faults
from .fault import Fault
from .loop import Adjustment, Loop, adjustments_in, amount_cents, number
from .party import Contact, Party
from .procedure import Procedure, procedure
from .segment import Delimiters, Segment
from .values import NO_PERIOD, Period, cents, dollars, money, parse_date, parse_number, parse_period

# CLP and SVC are padded to their full length once, so that an element that is not there reads as empty.
_NO_ELEMENTS = [""] * 15
_ONE = Decimal(1)


def _days(raw: Sequence[str], separator: str, day: str, start: str, end: str) -> Period:
    """The DTM with qualifier `day`, else the span from `start` to `end`; empty where there is none."""
    first = last = None
    for text in raw:
        if text[:3] == "DTM":
            parts = text.split(separator, 3)
            if len(parts) < 3:
                continue
            if parts[1] == day:
                return parse_period("D8", parts[2]) or NO_PERIOD
            if parts[1] == start:
                first = first or parse_date(parts[2])
            elif parts[1] == end:
                last = last or parse_date(parts[2])
    return Period(first, last or first) if first or last else NO_PERIOD


class ServicePayment(Loop):
    """2110: one service line as the payer decided on it."""

    __slots__ = ("_svc",)

    def __init__(self, raw: Sequence[str], delimiters: Delimiters) -> None:
        self._raw = raw
        self.delimiters = delimiters
        svc = raw[0].split(delimiters.element)
        self._svc = svc + _NO_ELEMENTS[len(svc) :]

    def _part(self, position: int) -> str:
        return self._svc[position]

    @property
    def procedure(self) -> Procedure:
        """SVC01: what was decided on."""
        return procedure(self._part(1), self.delimiters.component)

    @property
    def code(self) -> str:
        """SVC01-2."""
        return self.procedure.code

    @property
    def modifiers(self) -> tuple[str, ...]:
        """SVC01-3 to -6."""
        return self.procedure.modifiers

    @property
    def charge_cents(self) -> int:
        """SVC02, in cents."""
        return cents(self._svc[2]) or 0

    @property
    def charge(self) -> Decimal:
        """SVC02, in dollars."""
        return money(self._svc[2])

    @property
    def paid_cents(self) -> int:
        """SVC03, in cents."""
        return cents(self._svc[3]) or 0

    @property
    def paid(self) -> Decimal:
        """SVC03, in dollars."""
        return money(self._svc[3])

    @property
    def revenue_code(self) -> str:
        """SVC04."""
        return self._part(4)

    @property
    def units(self) -> Decimal:
        """SVC05: units paid; 1 where it is empty (005010X221A1)."""
        return number(self._svc[5]) if self._svc[5] else _ONE

    @property
    def original_procedure(self) -> Procedure | None:
        """SVC06: what was billed, where the payer decided on something else."""
        text = self._part(6)
        return procedure(text, self.delimiters.component) if text else None

    @property
    def original_units(self) -> Decimal | None:
        """SVC07: units billed, where they differ from those paid."""
        return parse_number(self._part(7)) if self._part(7) else None

    @property
    def dates(self) -> Period:
        """DTM*472, or DTM*150 to 151."""
        return _days(self._raw, self.delimiters.element, "472", "150", "151")

    @property
    def control_number(self) -> str:
        """REF*6R: our number of the line."""
        return self.reference("6R")

    @property
    def allowed_cents(self) -> int | None:
        """AMT*B6, in cents; None where it is not given."""
        return self.amount_cents("B6")

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """Every adjustment of every CAS of the line."""
        return adjustments_in(self._raw, self.delimiters.element)

    @property
    def remark_codes(self) -> tuple[str, ...]:
        """LQ*HE: remark codes (RARC)."""
        found = [raw.split(self.delimiters.element) for raw in self._raw if raw[:2] == "LQ"]
        return tuple([lq[2] for lq in found if len(lq) > 2 and lq[0] == "LQ" and lq[1] == "HE"])


class Remarks(NamedTuple):
    """MIA or MOA: the amounts by element number (cents), and the remark codes."""

    codes: tuple[str, ...]
    amounts: tuple[tuple[int, int], ...]

    def cents(self, element: int) -> int | None:
        """Cents of one element (8 of a MOA: the ESRD payment); None where it is empty."""
        return next((value for at, value in self.amounts if at == element), None)


_MIA_CODES = (5, 20, 21, 22, 23)
_MIA_NUMBERS = (1, 3, 15)
_MOA_CODES = (3, 4, 5, 6, 7)


class ClaimPayment(Loop):
    """2100: one claim as the payer decided on it, with its lines.

    `find`, `reference`, `date` and their like ask the claim itself, not its lines.
    """

    __slots__ = ("_clp", "_first_number", "_head", "_lines")

    def __init__(self, raw: Sequence[str], delimiters: Delimiters, first_number: int = 0) -> None:
        """`raw`: the segments from CLP on; `first_number`: the number in the file of the first (0: not known)."""
        self._raw = raw
        self.delimiters = delimiters
        self._first_number = first_number
        separator = delimiters.element
        svc = "SVC" + separator
        starts = [at for at, text in enumerate(raw) if text[:4] == svc]
        self._head = raw
        lines: list[ServicePayment] = []
        if starts:
            self._head = raw[: starts[0]]
            starts.append(len(raw))
            for start, end in pairwise(starts):
                lines.append(ServicePayment(raw[start:end], delimiters))
        self._lines = tuple(lines)
        clp = raw[0].split(separator) if raw else ["CLP"]
        self._clp = clp + _NO_ELEMENTS[len(clp) :]

    def _own(self) -> Sequence[str]:
        return self._head

    def _part(self, position: int) -> str:
        return self._clp[position]

    @property
    def raw(self) -> Sequence[str]:
        """The text of the segments, without terminators: `ClaimPayment(raw, delimiters)` is the same view again."""
        return self._raw

    @property
    def claim_id(self) -> str:
        """CLP01: our CLM01."""
        return self._part(1)

    @property
    def status(self) -> str:
        """CLP02: 1, 2, 3 processed as primary ...; 4 denied; 19-21 forwarded; 22 reversal; 23; 25."""
        return self._part(2)

    @property
    def is_reversal(self) -> bool:
        """CLP02 is 22: it takes back an earlier payment."""
        return self._part(2) == "22"

    @property
    def charge_cents(self) -> int:
        """CLP03, in cents."""
        return cents(self._clp[3]) or 0

    @property
    def charge(self) -> Decimal:
        """CLP03, in dollars."""
        return money(self._clp[3])

    @property
    def paid_cents(self) -> int:
        """CLP04, in cents."""
        return cents(self._clp[4]) or 0

    @property
    def paid(self) -> Decimal:
        """CLP04, in dollars."""
        return money(self._clp[4])

    @property
    def patient_cents(self) -> int:
        """CLP05: what the patient owes, in cents."""
        return amount_cents(self._part(5))

    @property
    def patient_responsibility(self) -> Decimal:
        """CLP05, in dollars."""
        return dollars(self.patient_cents)

    @property
    def filing_code(self) -> str:
        """CLP06: 12 PPO, 13, MA, MB, MC ..."""
        return self._part(6)

    @property
    def payer_control_number(self) -> str:
        """CLP07: the payer's number of the claim (ICN)."""
        return self._part(7)

    @property
    def facility_code(self) -> str:
        """CLP08."""
        return self._part(8)

    @property
    def frequency(self) -> str:
        """CLP09."""
        return self._part(9)

    @property
    def patient_status(self) -> str:
        """CLP10."""
        return self._part(10)

    @property
    def drg_code(self) -> str:
        """CLP11."""
        return self._part(11)

    @property
    def drg_weight(self) -> Decimal | None:
        """CLP12."""
        return parse_number(self._part(12)) if self._part(12) else None

    @property
    def discharge_fraction(self) -> Decimal | None:
        """CLP13."""
        return parse_number(self._part(13)) if self._part(13) else None

    @property
    def lines(self) -> tuple[ServicePayment, ...]:
        """The service lines, in order; empty where the payer decided on the claim as a whole."""
        return self._lines

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """Every adjustment of every CAS of the claim itself; those of the lines stand with the lines."""
        return adjustments_in(self._head, self.delimiters.element)

    def party(self, entity: str) -> Party:
        """The NM1 with this NM101; an empty party where there is none."""
        start = f"NM1{self.delimiters.element}{entity}{self.delimiters.element}"
        return Party([text for text in self._head if text.startswith(start)][:1], self.delimiters)

    @property
    def parties(self) -> tuple[Party, ...]:
        """Every NM1."""
        start = "NM1" + self.delimiters.element
        return tuple(Party([text], self.delimiters) for text in self._head if text.startswith(start))

    @property
    def patient(self) -> Party:
        """NM1*QC."""
        return self.party("QC")

    @property
    def insured(self) -> Party:
        """NM1*IL: the subscriber, where the patient is not."""
        return self.party("IL")

    @property
    def corrected(self) -> Party:
        """NM1*74: the patient or subscriber as the payer has them."""
        return self.party("74")

    @property
    def rendering_provider(self) -> Party:
        """NM1*82."""
        return self.party("82")

    @property
    def crossover_carrier(self) -> Party:
        """NM1*TT: the payer to whom the claim was sent on."""
        return self.party("TT")

    @property
    def corrected_payer(self) -> Party:
        """NM1*PR: the payer who should have had the claim first."""
        return self.party("PR")

    @property
    def other_subscriber(self) -> Party:
        """NM1*GB."""
        return self.party("GB")

    @property
    def member_id(self) -> str:
        """The id of the insured, else of the patient."""
        return self.insured.id or self.patient.id

    @property
    def inpatient(self) -> Remarks | None:
        """MIA."""
        mia = self.find("MIA")
        return _remarks(mia, _MIA_CODES, _MIA_NUMBERS) if mia else None

    @property
    def outpatient(self) -> Remarks | None:
        """MOA."""
        moa = self.find("MOA")
        return _remarks(moa, _MOA_CODES, (1,)) if moa else None

    @property
    def remark_codes(self) -> tuple[str, ...]:
        """The remark codes (RARC) of MIA and MOA."""
        found: list[str] = []
        for remarks in (self.inpatient, self.outpatient):
            found += remarks.codes if remarks else ()
        return tuple(found)

    @property
    def dates(self) -> Period:
        """DTM*232 to 233: the statement's dates."""
        return _days(self._head, self.delimiters.element, "", "232", "233")

    @property
    def received_date(self) -> dt.date | None:
        """DTM*050: when the payer received the claim."""
        return self.date("050").start

    @property
    def coverage_end_date(self) -> dt.date | None:
        """DTM*036."""
        return self.date("036").start

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Every PER."""
        return Party(self._head, self.delimiters).contacts

    def faults(self) -> list[Fault]:
        """Every typed value that cannot be read, and what a payment cannot be without; empty where it is sound."""
        return payment_faults(self._raw, len(self._head), self.delimiters, self._first_number)


def _remarks(segment: Segment, codes: tuple[int, ...], numbers: tuple[int, ...]) -> Remarks:
    amounts = tuple(
        (at, amount_cents(value))
        for at, value in enumerate(segment.elements)
        if at and value and at not in codes and at not in numbers
    )
    return Remarks(tuple(segment[at] for at in codes if segment[at]), amounts)
