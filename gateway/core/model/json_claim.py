"""A claim as a billing system may post it in JSON, instead of an 837P.

The document is one claim or a list of claims. Names are those of the claim views (`core.x12.claim`), dates are
`2026-03-31`, amounts are dollars with at most two decimals, as strings or numbers. What is sent becomes the same
segments as an 837P would carry (`to_stored`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from .json_segments import to_stored

__all__ = ["MOST_CLAIMS", "JsonClaim", "JsonClaimError", "check_claims", "to_stored"]

MOST_CLAIMS = 5000
"""Claims in one document: as many as one transaction set may have."""
MOST_ERRORS = 20
"""How many faults one refusal names."""

_CONTROL = r"^[^\x00-\x1f\x7f]*$"


def _text(longest: int, shortest: int = 1) -> Any:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=_CONTROL, strip_whitespace=True)


def _written(value: object) -> object:
    # pydantic takes a bare number for seconds since 1970.
    if not isinstance(value, str | dt.date):
        raise PydanticCustomError("date_type", "must be a date")
    return value


Name = Annotated[str, _text(60)]
First = Annotated[str, _text(35)]
Id = Annotated[str, _text(80)]
Number = Annotated[str, _text(50)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.]{1,30}$")]
Npi = Annotated[str, StringConstraints(pattern=r"^[12]\d{9}$")]
Dollars = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2, allow_inf_nan=False)]
SignedDollars = Annotated[Decimal, Field(max_digits=12, decimal_places=2, allow_inf_nan=False)]
Count = Annotated[Decimal, Field(gt=0, max_digits=8, decimal_places=3, allow_inf_nan=False)]
Day = Annotated[dt.date, BeforeValidator(_written)]
Responsibility = Literal["P", "S", "T", "A", "B", "C", "D", "E", "F", "G", "H", "U"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JsonAddress(_Part):
    """N3 and N4. `state` and `zip` (no dash) may be empty outside the United States."""

    line1: Annotated[str, _text(55)]
    line2: Annotated[str, _text(55, 0)] = ""
    city: Annotated[str, _text(30)]
    state: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""
    zip: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{0,15}$")] = ""
    country: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2,3})?$")] = ""


class JsonContact(_Part):
    """PER: a name and a telephone number (digits only)."""

    name: Annotated[str, _text(60, 0)] = ""
    phone: Annotated[str, StringConstraints(pattern=r"^\d{7,20}$")]


class JsonProvider(_Part):
    """A person or an organisation that provides: `last` is the organisation's name where there is no `first`."""

    last: Name
    first: Annotated[str, _text(35, 0)] = ""
    npi: Npi
    taxonomy: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]{10})?$")] = ""
    address: JsonAddress | None = None


class JsonBillingProvider(JsonProvider):
    """The supplier. `tax_id` has nine digits, `tax_id_qualifier` says whose they are."""

    address: JsonAddress
    tax_id: Annotated[str, StringConstraints(pattern=r"^\d{9}$")]
    tax_id_qualifier: Literal["EI", "SY"] = "EI"
    contact: JsonContact | None = None


class JsonPerson(_Part):
    """A patient or subscriber."""

    last: Name
    first: Annotated[str, _text(35, 0)] = ""
    middle: Annotated[str, _text(25, 0)] = ""
    suffix: Annotated[str, _text(10, 0)] = ""
    birth_date: Day | None = None
    sex: Literal["F", "M", "U", ""] = ""
    address: JsonAddress | None = None


class JsonSubscriber(JsonPerson):
    """Who holds the insurance."""

    member_id: Id
    responsibility: Responsibility = "P"
    group: Annotated[str, _text(50, 0)] = ""
    group_name: Annotated[str, _text(60, 0)] = ""
    insurance_type: Annotated[str, StringConstraints(pattern=r"^([A-Z0-9]{1,3})?$")] = ""
    filing_code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,2}$")]


class JsonPatient(JsonPerson):
    """The patient where they are not the subscriber; `relationship` is PAT01 (01 spouse, 19 child, G8 other ...)."""

    birth_date: Day
    sex: Literal["F", "M", "U"]
    address: JsonAddress
    relationship: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")]


class JsonPayer(_Part):
    """Who pays; `id_qualifier` is PI or XV."""

    name: Name
    id: Id
    id_qualifier: Literal["PI", "XV"] = "PI"
    address: JsonAddress | None = None


class JsonAdjustment(_Part):
    """One adjustment of another payer: group, reason (CARC), amount, and the quantity, if any."""

    group: Literal["CO", "PR", "OA", "PI", "CR"]
    reason: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,5}$")]
    amount: SignedDollars
    quantity: Count | None = None


class JsonOtherPayer(_Part):
    """Another payer, and what it decided on the claim (loops 2320, 2330A, 2330B)."""

    subscriber: JsonSubscriber
    relationship: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")] = "18"
    payer: JsonPayer
    paid: Dollars | None = None
    remaining: Dollars | None = None
    non_covered: Dollars | None = None
    adjustments: tuple[JsonAdjustment, ...] = ()
    paid_date: Day | None = None
    claim_control_number: Annotated[str, _text(50, 0)] = ""
    benefits_assigned: Literal["Y", "N", "W"] = "Y"
    release: Literal["I", "Y"] = "Y"


class JsonAdjudication(_Part):
    """What another payer decided on a line (loop 2430); `payer_id` is the id of one of `other_payers`."""

    payer_id: Id
    paid: Dollars
    code: Code | None = None
    modifiers: Annotated[tuple[Code, ...], Field(max_length=4)] = ()
    units: Count
    adjustments: tuple[JsonAdjustment, ...] = ()
    paid_date: Day
    remaining: Dollars | None = None


class JsonLine(_Part):
    """One service line. `from_date` alone is one day; `pointers` count the claim's diagnoses from 1."""

    code: Code
    modifiers: Annotated[tuple[Code, ...], Field(max_length=4)] = ()
    description: Annotated[str, _text(80, 0)] = ""
    charge: Dollars
    units: Count = Decimal(1)
    unit_type: Literal["UN", "MJ"] = "UN"
    place_of_service: Annotated[str, StringConstraints(pattern=r"^(\d{2})?$")] = ""
    pointers: Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Field(min_length=1, max_length=4)] = (1,)
    from_date: Day
    thru_date: Day | None = None
    control_number: Annotated[str, _text(30, 0)] = ""
    authorization: Annotated[str, _text(50, 0)] = ""
    notes: tuple[Annotated[str, _text(80)], ...] = ()
    ordering_provider: JsonProvider | None = None
    adjudications: tuple[JsonAdjudication, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> JsonLine:
        if self.thru_date is not None and self.thru_date < self.from_date:
            raise ValueError("thru_date lies before from_date")
        return self


class JsonClaim(_Part):
    """A claim. `charge` is the sum of the lines where it is left out."""

    id: Annotated[str, _text(20)]
    charge: Dollars | None = None
    place_of_service: Annotated[str, StringConstraints(pattern=r"^\d{2}$")] = "12"
    frequency: Literal["1", "7", "8"] = "1"
    accepts_assignment: Literal["A", "B", "C"] = "A"
    benefits_assigned: Literal["Y", "N", "W"] = "Y"
    release: Literal["I", "Y"] = "Y"
    billing_provider: JsonBillingProvider
    subscriber: JsonSubscriber
    patient: JsonPatient | None = None
    payer: JsonPayer
    other_payers: Annotated[tuple[JsonOtherPayer, ...], Field(max_length=10)] = ()
    diagnoses: Annotated[tuple[Code, ...], Field(min_length=1, max_length=12)]
    referring_provider: JsonProvider | None = None
    rendering_provider: JsonProvider | None = None
    authorization: Annotated[str, _text(50, 0)] = ""
    referral: Annotated[str, _text(50, 0)] = ""
    payer_control_number: Annotated[str, _text(50, 0)] = ""
    patient_paid: Dollars | None = None
    notes: tuple[Annotated[str, _text(80)], ...] = ()
    lines: Annotated[tuple[JsonLine, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _fits_together(self) -> JsonClaim:
        total = sum((line.charge for line in self.lines), Decimal(0))
        if self.charge is not None and self.charge != total:
            raise ValueError("charge is not what the lines add up to")
        if self.frequency in ("7", "8") and not self.payer_control_number:
            raise ValueError("a replacement or void needs payer_control_number, the payer's number of the first claim")
        known = {other.payer.id for other in self.other_payers}
        for number, line in enumerate(self.lines):
            if max(line.pointers) > len(self.diagnoses):
                raise ValueError(f"lines[{number}].pointers names a diagnosis that the claim does not have")
            if any(found.payer_id not in known for found in line.adjudications):
                raise ValueError(f"lines[{number}].adjudications names a payer that is not among other_payers")
        if self.patient is None and (self.subscriber.birth_date is None or self.subscriber.address is None):
            raise ValueError("the subscriber is the patient, and needs birth_date and address")
        return self


class JsonClaimError(ValueError):
    """A document of claims that cannot be taken. `problems` are plain sentences, each with the place as a JSON path;
    no values."""

    def __init__(self, problems: Sequence[str], more: int = 0) -> None:
        self.problems = tuple(problems)
        text = " ".join(self.problems)
        super().__init__(f"{text} And {more} more." if more else text)


def check_claims(document: object) -> list[JsonClaim]:
    """The claims of a document that was read from JSON: one object, or a list of them.

    Raises:
        JsonClaimError: it is neither, has too many, or a claim in it cannot be taken; names all faults at once.
    """
    several = isinstance(document, list)
    items: list[object] = document if isinstance(document, list) else [document]
    if not items:
        raise JsonClaimError(["The list of claims is empty."])
    if len(items) > MOST_CLAIMS:
        raise JsonClaimError([f"The list has {len(items)} claims; send at most {MOST_CLAIMS} at once."])
    claims: list[JsonClaim] = []
    problems: list[str] = []
    for number, item in enumerate(items):
        try:
            claims.append(JsonClaim.model_validate(item))
        except ValidationError as error:
            start = f"[{number}]" if several else ""
            errors = error.errors(include_url=False, include_input=False)
            # pydantic counts a list without the items that it refused: that is no fault of its own.
            inner = {tuple(found["loc"][:depth]) for found in errors for depth in range(1, len(found["loc"]))}
            problems += [
                _in_words(start, found)
                for found in errors
                if found["type"] != "too_short" or tuple(found["loc"]) not in inner
            ]
    if problems:
        raise JsonClaimError(problems[:MOST_ERRORS], max(0, len(problems) - MOST_ERRORS))
    return claims


# pydantic's error types in plain words; what is not here keeps pydantic's own message, which holds no values.
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known; check its spelling",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "decimal_parsing": "must be an amount or a number, like 12.50",
    "decimal_type": "must be an amount or a number, like 12.50",
    "decimal_max_places": "has too many decimals",
    "decimal_max_digits": "is too large",
    "decimal_whole_digits": "is too large",
    "finite_number": "must be a number",
    "greater_than_equal": "is too small",
    "greater_than": "must be more than zero",
    "less_than_equal": "is too large",
    "date_from_datetime_parsing": "must be a date like 2026-03-31",
    "date_parsing": "must be a date like 2026-03-31",
    "date_type": "must be a date like 2026-03-31",
    "date_from_datetime_inexact": "must be a date like 2026-03-31",
    "model_type": "must be an object in braces",
    "model_attributes_type": "must be an object in braces",
    "tuple_type": "must be a list in brackets",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
}


def _in_words(start: str, found: Mapping[str, Any]) -> str:
    path = start
    for part in found["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    kind = found["type"]
    context = found.get("ctx") or {}
    if kind == "string_too_long":
        words = f"has more than {context['max_length']} characters"
    elif kind == "string_pattern_mismatch":
        words = "does not have the right form"
    elif kind == "literal_error":
        words = f"must be {context['expected']}"
    elif kind == "too_short":
        words = f"needs at least {context['min_length']}"
    elif kind == "too_long":
        words = f"has more than {context['max_length']}"
    elif kind == "value_error":
        words = f"does not fit together: {context['error']}"
    else:
        words = _WORDS.get(kind) or str(found["msg"])
    return f"{path or 'The claim'} {words}."
