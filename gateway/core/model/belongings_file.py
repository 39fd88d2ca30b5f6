"""Deliveries, equipment, orders and authorizations as other systems tell them: rows of a CSV file, or a JSON list of
objects.

A document is taken whole, or refused whole with every fault at its line and column, so that it can be mended and sent
again.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from .belongings import Decided, Ownership, Proof

MOST_ROWS = 50_000
MOST_BYTES = 64 << 20
MOST_FAULTS = 20
_BOM = b"\xef\xbb\xbf"
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_TEXT = r"^[^\x00-\x1f\x7f]*$"


def _text(longest: int, shortest: int = 0) -> Any:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=_TEXT, strip_whitespace=True)


def _day(value: object) -> object:
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value).strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _codes(value: object) -> object:
    """Codes or modifiers as a list, or as people write them: `RR KX`, `RR:KX`."""
    if isinstance(value, str):
        return [word for word in value.upper().replace(":", " ").replace(",", " ").split() if word]
    return value


Day = Annotated[dt.date, BeforeValidator(_day)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,48}$", to_upper=True, strip_whitespace=True)]
Modifiers = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")], ...],
    BeforeValidator(_codes),
    Field(max_length=4),
]
Codes = Annotated[tuple[Code, ...], BeforeValidator(_codes), Field(min_length=1, max_length=30)]
Quantity = Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=3, allow_inf_nan=False)]


class Row(BaseModel):
    """Who the patient is: the source's own id for them, or member id and birth date; both where both are known, so
    that the two are linked. `dependent`: the member id is that of the person through whom the patient is insured; then
    the first name takes part (twins share the rest)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patient_id: Annotated[str, _text(80)] = ""
    member_id: Annotated[str, _text(80)] = ""
    birth_date: Day | None = None
    last_name: Annotated[str, _text(80)] = ""
    first_name: Annotated[str, _text(80)] = ""
    dependent: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> Row:
        if not self.patient_id and not (self.member_id and self.birth_date):
            raise ValueError("patient_id, or member_id with birth_date, is needed to know the patient")
        if self.dependent and self.member_id and not self.first_name:
            raise ValueError("first_name is needed of a dependent")
        return self


class DeliveryRow(Row):
    """One item that was delivered."""

    order_number: Annotated[str, _text(50, 1)]
    code: Code
    modifiers: Modifiers = ()
    quantity: Quantity = Decimal(1)
    serial: Annotated[str, _text(50)] = ""
    lot: Annotated[str, _text(50)] = ""
    delivered_on: Day
    proof: Proof = Proof.NONE
    claim_number: Annotated[str, _text(38)] = ""


class EquipmentRow(Row):
    """One piece of equipment that a patient has or had."""

    code: Code
    serial: Annotated[str, _text(50)] = ""
    started_on: Day
    ended_on: Day | None = None
    ownership: Ownership = Ownership.RENTED

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> EquipmentRow:
        if self.ended_on is not None and self.ended_on < self.started_on:
            raise ValueError("ended_on is before started_on")
        return self


class OrderRow(Row):
    """One practitioner's order. The same order may come in several rows, each with its codes and quantity."""

    order_number: Annotated[str, _text(50, 1)]
    codes: Codes
    ordered_on: Day
    received_on: Day | None = None
    signed_on: Day | None = None
    encounter_on: Day | None = None
    ends_on: Day | None = None
    quantity: Quantity | None = None
    description: Annotated[str, _text(1000)] = ""
    practitioner: Annotated[str, _text(80)] = ""
    practitioner_npi: Annotated[str, StringConstraints(pattern=r"^([0-9]{10})?$", strip_whitespace=True)] = ""
    patient_named: bool = True

    @model_validator(mode="after")
    def _ends_after_it_was_given(self) -> OrderRow:
        if self.ends_on is not None and self.ends_on < self.ordered_on:
            raise ValueError("ends_on is before ordered_on")
        return self


class AuthorizationRow(Row):
    """One prior authorization: a request that a payer has decided on, or will."""

    number: Annotated[str, _text(50)] = ""
    payer_id: Annotated[str, _text(80, 1)]
    codes: Codes
    modifiers: Modifiers = ()
    decided: Decided = Decided.AFFIRMED
    decided_on: Day | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    units: Quantity | None = None

    @model_validator(mode="after")
    def _numbered_and_in_order(self) -> AuthorizationRow:
        if not self.number and self.decided is not Decided.PENDING:
            raise ValueError("a decided authorization has a number; only one that is pending may lack it")
        if self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


RowT = TypeVar("RowT", bound=Row)


class DocumentFault(NamedTuple):
    """What is wrong, where: the line of the file (of a JSON list: the number of the object, from 1; 0: the whole) and
    the column (empty: the whole line). No value is told."""

    line: int
    column: str
    what: str
    word: str = "line"

    def __str__(self) -> str:
        where = f"{self.word} {self.line}" if self.line else ""
        where += f", {self.column}" if self.column and where else self.column
        return f"{where}: {self.what}." if where else f"{self.what}."


class DocumentRefused(ValueError):
    """Nothing of a document can be taken. `faults` are the first of `count`."""

    def __init__(self, faults: list[DocumentFault], count: int = 0) -> None:
        self.faults = faults[:MOST_FAULTS]
        self.count = max(count, len(faults))
        more = self.count - len(self.faults)
        told = [str(fault) for fault in self.faults] + ([f"And {more} more."] if more else [])
        super().__init__("\n".join(told))


class Document(Generic[RowT]):
    """Reads documents of one kind of row."""

    def __init__(self, row: type[RowT]) -> None:
        self._row: type[RowT] = row
        self.columns = tuple(row.model_fields)
        self.needed = tuple(name for name, field in row.model_fields.items() if field.is_required())

    def read(self, data: bytes) -> list[RowT]:
        """The rows of a CSV file (its first line names the columns) or a JSON list of objects.

        Raises:
            DocumentRefused: it cannot be read, or a row in it cannot be taken.
        """
        if len(data) > MOST_BYTES:
            raise DocumentRefused([DocumentFault(0, "", f"It has more than {MOST_BYTES >> 20} MB; split it")])
        data = data.removeprefix(_BOM)
        if data.lstrip()[:1] in (b"[", b"{"):
            return self._checked(_from_json(data), "row")
        return self._checked(self._from_csv(data), "line")

    def _checked(self, found: Iterable[tuple[int, Any]], word: str) -> list[RowT]:
        rows: list[RowT] = []
        faults: list[DocumentFault] = []
        count = 0
        for number, values in found:
            if len(rows) >= MOST_ROWS:
                raise DocumentRefused([DocumentFault(0, "", f"It has more than {MOST_ROWS:,} rows; split it")])
            try:
                rows.append(self._row.model_validate(values))
            except ValidationError as error:
                told = list(self._faults(number, word, error))
                count += len(told)
                faults += told[: MOST_FAULTS - len(faults)]
        if faults:
            raise DocumentRefused(faults, count)
        if not rows:
            raise DocumentRefused([DocumentFault(0, "", "It has no row")])
        return rows

    def _from_csv(self, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise DocumentRefused([DocumentFault(line, "", "It is not UTF-8 text; save it as CSV UTF-8")]) from None
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            names = [name.strip().lower() for name in next(reader, [])]
            self._check_names(names)
            for values in reader:
                if not any(value.strip() for value in values):
                    continue
                if len(values) != len(names):
                    what = f"It has {len(values)} values where the first line names {len(names)} columns"
                    raise DocumentRefused([DocumentFault(reader.line_num, "", what)])
                given = {name: value.strip() for name, value in zip(names, values, strict=True) if value.strip()}
                yield reader.line_num, given
        except csv.Error:
            what = "It is no CSV from here on; look for a quote that is not closed"
            raise DocumentRefused([DocumentFault(reader.line_num, "", what)]) from None

    def _check_names(self, names: list[str]) -> None:
        known = ", ".join(self.columns)
        faults = [
            DocumentFault(1, name[:40], f"There is no such column; the columns are {known}")
            for name in names
            if name not in self.columns
        ]
        faults += [DocumentFault(1, name, "It is named twice") for name in set(names) if names.count(name) > 1]
        faults += [DocumentFault(1, name, "The column is missing") for name in self.needed if name not in names]
        if faults:
            raise DocumentRefused(faults)

    def _faults(self, number: int, word: str, error: ValidationError) -> Iterator[DocumentFault]:
        for found in error.errors(include_url=False, include_input=False):
            column = str(found["loc"][0]) if found["loc"] else ""
            if found["type"] == "extra_forbidden" and column not in self.columns:
                column = column[:40] if column.replace("_", "").isalnum() else ""
            yield DocumentFault(number, column, _words(found), word)


def _from_json(data: bytes) -> Iterator[tuple[int, Any]]:
    try:
        document = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DocumentRefused([DocumentFault(0, "", "It is no JSON: a list of objects is wanted")]) from None
    rows = document if isinstance(document, list) else [document]
    for number, one in enumerate(rows, start=1):
        empty = ("", None)
        yield number, {k: v for k, v in one.items() if v not in empty} if isinstance(one, Mapping) else one


_WORDS = {
    "missing": "It is missing",
    "extra_forbidden": "There is no such column",
    "string_type": "It must be text",
    "string_too_short": "It must not be empty",
    "string_pattern_mismatch": "It does not have the right form",
    "date_type": "It must be a date like 2026-03-31",
    "date_parsing": "It must be a date like 2026-03-31",
    "decimal_parsing": "It must be a number",
    "decimal_type": "It must be a number",
    "decimal_max_places": "It has too many decimals",
    "decimal_max_digits": "It is too large",
    "decimal_whole_digits": "It is too large",
    "finite_number": "It must be a number",
    "greater_than": "It must be more than zero",
    "too_long": "There are too many of them",
    "too_short": "It must not be empty",
    "bool_parsing": "It must be true or false",
    "bool_type": "It must be true or false",
    "tuple_type": "It must be a list",
    "model_type": "An object with the columns as names is wanted",
    "model_attributes_type": "An object with the columns as names is wanted",
}


def _words(found: Mapping[str, Any]) -> str:
    kind, context = found["type"], found.get("ctx") or {}
    if kind == "string_too_long":
        return f"It has more than {context['max_length']} characters"
    if kind == "enum":
        return f"It must be {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    return _WORDS.get(kind, "It cannot be used")


DELIVERIES = Document(DeliveryRow)
EQUIPMENT = Document(EquipmentRow)
ORDERS = Document(OrderRow)
AUTHORIZATIONS = Document(AuthorizationRow)
