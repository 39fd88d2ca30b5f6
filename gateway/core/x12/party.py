"""People and organisations: the loops that begin with an NM1."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from .loop import Loop
from .segment import Delimiters
from .values import parse_date


class Address(NamedTuple):
    """N3 and N4 as they stand."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""


class Contact(NamedTuple):
    """A PER: its function (IC, BL, CX), name, and numbers by qualifier (TE, FX, EM, EX, UR)."""

    function: str
    name: str
    numbers: tuple[tuple[str, str], ...]

    def number(self, qualifier: str) -> str:
        """The first number with this qualifier; empty where there is none."""
        return next((value for key, value in self.numbers if key == qualifier), "")


class Party(Loop):
    """One person or organisation with what stands after its NM1 (or N1); all empty where the loop is missing."""

    __slots__ = ("_nm1",)

    def __init__(self, raw: Sequence[str], delimiters: Delimiters) -> None:
        super().__init__(raw, delimiters)
        self._nm1: list[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._raw)

    def _name(self, position: int) -> str:
        if self._nm1 is None:
            self._nm1 = self._elements("NM1")
        return self._nm1[position] if position < len(self._nm1) else ""

    @property
    def entity(self) -> str:
        """NM101: 85, IL, PR, DK ..."""
        return self._name(1)

    @property
    def is_person(self) -> bool:
        """NM102 is 1: a person, not an organisation."""
        return self._name(2) == "1"

    @property
    def last(self) -> str:
        """NM103: the last name, or the organisation's."""
        return self._name(3)

    @property
    def first(self) -> str:
        """NM104: the first name."""
        return self._name(4)

    @property
    def middle(self) -> str:
        """NM105: the middle name."""
        return self._name(5)

    @property
    def suffix(self) -> str:
        """NM107: JR, III ..."""
        return self._name(7)

    @property
    def name(self) -> str:
        """The organisation's name, or last and first name as `DOE, JANE`."""
        return f"{self.last}, {self.first}" if self.first else self.last

    @property
    def id_qualifier(self) -> str:
        """NM108: XX (NPI), MI, PI, 46 ..."""
        return self._name(8)

    @property
    def id(self) -> str:
        """NM109."""
        return self._name(9)

    @property
    def npi(self) -> str:
        """NM109, where it is an NPI."""
        return self._name(9) if self._name(8) == "XX" else ""

    @property
    def address(self) -> Address:
        """N3 and N4."""
        n3, n4 = self._elements("N3"), self._elements("N4")
        street = ([*n3[1:], "", ""])[:2]
        city, state, zip_code, country = ([*n4[1:], "", "", "", ""])[:4]
        return Address(street[0], street[1], city, state, zip_code, country)

    @property
    def tax_id(self) -> str:
        """REF*EI or REF*SY (4010 and some payers: the id itself, where its qualifier says so)."""
        tax_id = self.reference("EI") or self.reference("SY") or self.reference("TJ")
        return tax_id or (self._name(9) if self._name(8) in ("24", "34", "FI") else "")

    @property
    def tax_id_qualifier(self) -> str:
        """EI (employer) or SY (social security); empty where there is no tax id."""
        for qualifier in ("EI", "SY", "TJ"):
            if self.reference(qualifier):
                return qualifier
        return {"24": "EI", "FI": "EI", "34": "SY"}.get(self._name(8), "") if self.tax_id else ""

    @property
    def taxonomy(self) -> str:
        """PRV03."""
        return self._element("PRV", 3)

    @property
    def birth_date(self) -> dt.date | None:
        """DMG02; None where it is not given."""
        dmg = self._elements("DMG")
        return parse_date(dmg[2]) if len(dmg) > 2 else None

    @property
    def sex(self) -> str:
        """DMG03: F, M or U."""
        return self._element("DMG", 3)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Every PER."""
        found = []
        for per in self.find_all("PER"):
            numbers = tuple((per[at], per[at + 1]) for at in (3, 5, 7) if per[at + 1])
            found.append(Contact(per[1], per[2], numbers))
        return tuple(found)


class BillingProvider(Party):
    """2010AA with the PRV of 2000A."""

    __slots__ = ()


class Subscriber(Party):
    """2010BA with the SBR (and PAT) of 2000B; or 2330A with the SBR of 2320."""

    __slots__ = ()

    @property
    def responsibility(self) -> str:
        """SBR01: P, S, T ..."""
        return self._element("SBR", 1)

    @property
    def relationship(self) -> str:
        """SBR02: 18 where the patient is the subscriber; in 2320 the patient's relationship to this subscriber."""
        return self._element("SBR", 2)

    @property
    def group(self) -> str:
        """SBR03: the group or policy number."""
        return self._element("SBR", 3)

    @property
    def group_name(self) -> str:
        """SBR04."""
        return self._element("SBR", 4)

    @property
    def insurance_type(self) -> str:
        """SBR05: why Medicare is secondary (12, 13, 47 ...)."""
        return self._element("SBR", 5)

    @property
    def filing_code(self) -> str:
        """SBR09: MB, CI, BL, MC ..."""
        return self._element("SBR", 9)

    @property
    def member_id(self) -> str:
        """NM109."""
        return self._name(9)


class Patient(Party):
    """The patient: 2000C and 2010CA, or the subscriber where the patient is the subscriber.

    `is_subscriber` says which.
    """

    __slots__ = ("is_subscriber",)

    def __init__(self, raw: Sequence[str], delimiters: Delimiters, is_subscriber: bool) -> None:
        super().__init__(raw, delimiters)
        self.is_subscriber = is_subscriber

    @property
    def relationship(self) -> str:
        """PAT01, or 18 where the patient is the subscriber."""
        return "18" if self.is_subscriber else self._element("PAT", 1)

    @property
    def member_id(self) -> str:
        """NM109 where the patient has an id of their own (or is the subscriber)."""
        return self._name(9)

    @property
    def death_date(self) -> dt.date | None:
        """PAT06; None where it is not given."""
        pat = self._elements("PAT")
        return parse_date(pat[6]) if len(pat) > 6 else None

    @property
    def weight_pounds(self) -> str:
        """PAT08 as written, in pounds; empty where it is not given."""
        pat = self._elements("PAT")
        return pat[8] if len(pat) > 8 and pat[7] == "01" else ""
