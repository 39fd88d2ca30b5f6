"""What stands within a service line: equipment, certification, drugs, forms, and how other payers decided on it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from .loop import Loop, amount_cents, number
from .procedure import Procedure, procedure
from .values import dollars, parse_date, parse_number


class DmeService(NamedTuple):
    """SV5: equipment for rent or sale. Days of need, and prices in cents (0 where not given)."""

    code: str
    days: Decimal
    rental_cents: int
    purchase_cents: int
    frequency: str


class Certification(NamedTuple):
    """CR3: initial, renewed or revised (I, R, S), and for how many months."""

    type: str
    months: Decimal


class FormAnswer(NamedTuple):
    """FRM: one answer on a form; yes or no, text, date or percentage."""

    question: str
    answer: str
    text: str
    date: dt.date | None
    percent: Decimal | None


class Form(Loop):
    """2440: a certificate or information form (CMN, DIF)."""

    __slots__ = ()

    @property
    def qualifier(self) -> str:
        """LQ01: UT for a form of the DME contractors."""
        return self._element("LQ", 1)

    @property
    def code(self) -> str:
        """LQ02: the number of the form (04.04, 484.03)."""
        return self._element("LQ", 2)

    @property
    def answers(self) -> tuple[FormAnswer, ...]:
        """Every FRM, in order."""
        return tuple(
            FormAnswer(frm[1], frm[2], frm[3], parse_date(frm[4]), parse_number(frm[5])) for frm in self.find_all("FRM")
        )


class Drug(Loop):
    """2410: the drug of a line."""

    __slots__ = ()

    @property
    def qualifier(self) -> str:
        """LIN02: N4 for an NDC."""
        return self._element("LIN", 2)

    @property
    def code(self) -> str:
        """LIN03."""
        return self._element("LIN", 3)

    @property
    def quantity(self) -> Decimal:
        """CTP04."""
        return number(self._element("CTP", 4))

    @property
    def unit(self) -> str:
        """CTP05-1: F2, GR, ME, ML, UN."""
        return self._element("CTP", 5).split(self.delimiters.component)[0]

    @property
    def prescription_number(self) -> str:
        """REF*XZ, or REF*VY (a link for compounds)."""
        return self.reference("XZ") or self.reference("VY")


class Adjudication(Loop):
    """2430: how another payer decided on the line."""

    __slots__ = ()

    @property
    def payer_id(self) -> str:
        """SVD01: the NM109 of that payer's 2330B."""
        return self._element("SVD", 1)

    @property
    def paid_cents(self) -> int:
        """SVD02, in cents."""
        return amount_cents(self._element("SVD", 2))

    @property
    def paid(self) -> Decimal:
        """SVD02, in dollars."""
        return dollars(self.paid_cents)

    @property
    def procedure(self) -> Procedure:
        """SVD03."""
        return procedure(self._element("SVD", 3), self.delimiters.component)

    @property
    def units(self) -> Decimal:
        """SVD05: units paid."""
        return number(self._element("SVD", 5))

    @property
    def bundled_line(self) -> str:
        """SVD06: the line into which this one was bundled."""
        return self._element("SVD", 6)

    @property
    def paid_date(self) -> dt.date | None:
        """DTP*573."""
        return self.date("573").start

    @property
    def remaining_cents(self) -> int | None:
        """AMT*EAF: what the patient still owes, in cents."""
        return self.amount_cents("EAF")
