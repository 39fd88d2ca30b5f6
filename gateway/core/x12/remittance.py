"""Remittances (835) as views over their segments: the payment itself with payer and payee, and the adjustments of
the provider. Claim payments stand in `claim_payment`, and are at hand here too.

Amounts are integer cents inside and Decimal at the faces. What cannot be read is zero, None or empty, and a fault.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from .checks import remittance_faults
from .claim_payment import ClaimPayment, Remarks, ServicePayment
from .fault import Fault
from .loop import Loop, amount_cents, number
from .party import Address, Contact, Party
from .segment import Delimiters, Segment
from .values import dollars, parse_date

__all__ = [
    "ClaimPayment",
    "Header",
    "ProviderAdjustment",
    "Remarks",
    "Remittance",
    "RemittanceParty",
    "ServicePayment",
    "provider_adjustments",
]


class ProviderAdjustment(NamedTuple):
    """One pair of a PLB. A positive amount takes from the payment, a negative one adds to it."""

    provider: str
    fiscal_date: dt.date | None
    code: str
    reference: str
    cents: int

    @property
    def amount(self) -> Decimal:
        return dollars(self.cents)


def provider_adjustments(segment: Segment) -> list[ProviderAdjustment]:
    """The pairs of a PLB, up to six."""
    found = []
    fiscal_date = parse_date(segment[2])
    for at in range(3, min(len(segment.elements), 15), 2):
        if segment[at] or segment[at + 1]:
            code, reference = segment.component(at, 1), segment.component(at, 2)
            found.append(ProviderAdjustment(segment[1], fiscal_date, code, reference, amount_cents(segment[at + 1])))
    return found


class RemittanceParty(Loop):
    """1000A (payer) or 1000B (payee): an N1 with what follows."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return bool(self._raw)

    @property
    def name(self) -> str:
        """N102."""
        return self._element("N1", 2)

    @property
    def id_qualifier(self) -> str:
        """N103: XV (payer); XX (NPI), FI (tax id) of the payee."""
        return self._element("N1", 3)

    @property
    def id(self) -> str:
        """N104."""
        return self._element("N1", 4)

    @property
    def npi(self) -> str:
        return self.id if self.id_qualifier == "XX" else ""

    @property
    def tax_id(self) -> str:
        """N104 where it is a tax id, else REF*TJ."""
        return self.id if self.id_qualifier == "FI" else self.reference("TJ")

    @property
    def address(self) -> Address:
        return Party(self._raw, self.delimiters).address

    @property
    def contacts(self) -> tuple[Contact, ...]:
        return Party(self._raw, self.delimiters).contacts


class Remittance(Loop):
    """What stands before the claims of an 835: the payment itself, its payer and its payee."""

    __slots__ = ("_first_number",)

    def __init__(self, raw: Sequence[str], delimiters: Delimiters, first_number: int = 0) -> None:
        """`first_number`: the number in the file of the first segment (0: not known)."""
        super().__init__(raw, delimiters)
        self._first_number = first_number

    @property
    def raw(self) -> Sequence[str]:
        """The text of the segments, without terminators."""
        return self._raw

    @property
    def first_number(self) -> int:
        """The number in the file of the first segment; 0 where it is not known."""
        return self._first_number

    def _party(self, entity: str) -> RemittanceParty:
        separator = self.delimiters.element
        start: int | None = None
        for at, text in enumerate(self._raw):
            if text.startswith("N1" + separator):
                if start is not None:
                    return RemittanceParty(self._raw[start:at], self.delimiters)
                if text.split(separator, 2)[1] == entity:
                    start = at
        return RemittanceParty(() if start is None else self._raw[start:], self.delimiters)

    def _own(self) -> Sequence[str]:
        start = "N1" + self.delimiters.element
        for at, text in enumerate(self._raw):
            if text.startswith(start):
                return self._raw[:at]
        return self._raw

    @property
    def handling(self) -> str:
        """BPR01: I (remittance only), H (notice only), C, D, P (prenote), U, X."""
        return self._element("BPR", 1)

    @property
    def paid_cents(self) -> int:
        """BPR02, in cents; negative where BPR03 says debit."""
        value = amount_cents(self._element("BPR", 2))
        return -value if self.credit_debit == "D" else value

    @property
    def paid(self) -> Decimal:
        """BPR02, in dollars; negative where BPR03 says debit."""
        return dollars(self.paid_cents)

    @property
    def credit_debit(self) -> str:
        """BPR03: C or D."""
        return self._element("BPR", 3)

    @property
    def method(self) -> str:
        """BPR04: ACH, CHK, NON, BOP, FWT."""
        return self._element("BPR", 4)

    @property
    def originating_company(self) -> str:
        """BPR10."""
        return self._element("BPR", 10)

    @property
    def effective_date(self) -> dt.date | None:
        """BPR16: the date of the check or the transfer."""
        return parse_date(self._element("BPR", 16))

    @property
    def trace_number(self) -> str:
        """TRN02: the number of the check or transfer."""
        return self._element("TRN", 2)

    @property
    def trace_company(self) -> str:
        """TRN03."""
        return self._element("TRN", 3)

    @property
    def production_date(self) -> dt.date | None:
        """DTM*405."""
        return self.date("405").start

    @property
    def receiver(self) -> str:
        """REF*EV."""
        return self.reference("EV")

    @property
    def currency(self) -> str:
        """CUR02 where the payment is in another currency; empty for dollars."""
        return self._element("CUR", 2)

    @property
    def payer(self) -> RemittanceParty:
        """1000A (N1*PR)."""
        return self._party("PR")

    @property
    def payee(self) -> RemittanceParty:
        """1000B (N1*PE)."""
        return self._party("PE")

    def faults(self) -> list[Fault]:
        """Every typed value of the header that cannot be read, and what a remittance cannot be without."""
        return remittance_faults(self._raw, self.delimiters, self._first_number)


class Header(Loop):
    """An LX of an 835 with its TS3 and TS2: a provider's batch of claims."""

    __slots__ = ()

    @property
    def number(self) -> str:
        """LX01."""
        return self._element("LX", 1)

    @property
    def provider(self) -> str:
        """TS301."""
        return self._element("TS3", 1)

    @property
    def fiscal_date(self) -> dt.date | None:
        """TS303."""
        return parse_date(self._element("TS3", 3))

    @property
    def claims(self) -> int:
        """TS304: how many claims the provider's summary counts."""
        return int(number(self._element("TS3", 4)))

    @property
    def charge_cents(self) -> int:
        """TS305, in cents."""
        return amount_cents(self._element("TS3", 5))
