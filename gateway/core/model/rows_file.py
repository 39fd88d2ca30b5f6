"""Documents of rows: a CSV file whose first line names the columns, or a JSON list of objects, each row by a pydantic
model.

A document is taken whole, or refused whole with every fault at its line and column, so that it can be mended and sent
again.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

MOST_ROWS = 50_000
MOST_BYTES = 64 << 20
MOST_FAULTS = 20
_BOM = b"\xef\xbb\xbf"
_decoder = msgspec.json.Decoder(float_hook=Decimal)

RowT = TypeVar("RowT", bound=BaseModel)


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
            # A model that would take any other column, or pass over it, does not notice a misspelled one.
            told = (
                [self._unknown(number, word, name) for name in values if name not in self.columns]
                if isinstance(values, Mapping)
                else []
            )
            try:
                rows.append(self._row.model_validate(values))
            except ValidationError as error:
                told += self._faults(number, word, error)
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
        faults = [DocumentFault(1, name[:40], self._no_such(name)) for name in names if name not in self.columns]
        faults += [DocumentFault(1, name, "It is named twice") for name in set(names) if names.count(name) > 1]
        faults += [DocumentFault(1, name, "The column is missing") for name in self.needed if name not in names]
        if faults:
            raise DocumentRefused(faults)

    def _faults(self, number: int, word: str, error: ValidationError) -> Iterator[DocumentFault]:
        for found in error.errors(include_url=False, include_input=False):
            column = str(found["loc"][0]) if found["loc"] else ""
            if found["type"] != "extra_forbidden" or column in self.columns:
                yield DocumentFault(number, column, _words(found), word)

    def _no_such(self, name: str) -> str:
        known, near = ", ".join(self.columns), difflib.get_close_matches(name.lower(), self.columns, 1)
        return f"{_WORDS['extra_forbidden']}; {f'did you mean {near[0]}? The' if near else 'the'} columns are {known}"

    def _unknown(self, number: int, word: str, name: object) -> DocumentFault:
        shown = str(name)[:40]
        return DocumentFault(number, shown if shown.replace("_", "").isalnum() else "", self._no_such(shown), word)


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
    "date_from_datetime_parsing": "It must be a date like 2026-03-31",
    "date_from_datetime_inexact": "It must be a date like 2026-03-31",
    "int_parsing": "It must be a whole number",
    "int_type": "It must be a whole number",
    "int_from_float": "It must be a whole number",
    "bool_parsing": "It must be true or false",
    "bool_type": "It must be true or false",
    "decimal_parsing": "It must be a number",
    "decimal_type": "It must be a number",
    "decimal_max_places": "It has too many decimals",
    "decimal_max_digits": "It is too large",
    "decimal_whole_digits": "It is too large",
    "finite_number": "It must be a number",
    "greater_than": "It must be more than zero",
    "greater_than_equal": "It is too small",
    "less_than": "It is too large",
    "less_than_equal": "It is too large",
    "too_long": "There are too many of them",
    "too_short": "It must not be empty",
    "tuple_type": "It must be a list",
    "model_type": "An object with the columns as names is wanted",
    "model_attributes_type": "An object with the columns as names is wanted",
}


def _words(found: Mapping[str, Any]) -> str:
    kind, context = found["type"], found.get("ctx") or {}
    if kind == "string_too_long":
        return f"It has more than {context['max_length']} characters"
    if kind in ("enum", "literal_error"):
        return f"It must be {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    return _WORDS.get(kind, "It cannot be used")
