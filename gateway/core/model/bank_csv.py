"""A bank's file as CSV: which column is what stands in the configuration, for each bank its own.

All of the file is taken, or nothing of it. A row that says what all of them add up to is checked.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence

from .bank_file import MOST_LINES, BankFileRefused, BankLine, check_of, company_of, numbered, trace_of
from .money import MAX_CENTS, parse_cents

FIELDS = (
    *("date", "amount", "credit", "debit", "method", "trace", "originator", "check", "payer", "reference", "text"),
    "account",
)
"""What a column may be. `date` and one of `amount` and `credit` must be there."""
PLAIN: Mapping[str, str] = {name: name for name in FIELDS}
"""The columns of a file for which nothing is configured: called as they are here, those that are there."""
DATES = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%Y%m%d")


def read_csv(
    data: bytes,
    columns: Mapping[str, str] = PLAIN,
    *,
    date_format: str = "",
    separator: str = ",",
    total: str = "",
) -> list[BankLine]:
    """The lines of a file.

    `columns`: field (FIELDS) to the name of its column. `total`: what stands in the date's column of the row whose
    amount is the sum of all others (empty: there is none).

    Raises:
        BankFileRefused: a column is missing, a value cannot be read, or the sum is another.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return numbered(_rows(reader, columns, date_format, total))
    except csv.Error:
        raise BankFileRefused(reader.line_num, "it is no CSV that can be read.") from None


def _rows(reader: object, columns: Mapping[str, str], date_format: str, total: str) -> list[BankLine]:
    rows: Sequence[list[str]] = list(reader)  # type: ignore[call-overload]
    if len(rows) > MOST_LINES:
        raise BankFileRefused(MOST_LINES, f"more than {MOST_LINES:,} lines are not taken at once.")
    begin = next((at for at, row in enumerate(rows) if any(one.strip() for one in row)), None)
    if begin is None:
        raise BankFileRefused(0, "The file is empty.")
    at = _places(rows[begin], columns, begin + 1)
    made: list[BankLine] = []
    stated: int | None = None
    for number, row in enumerate(rows[begin + 1 :], begin + 2):
        if not any(one.strip() for one in row):
            continue
        said = {name: row[place].strip() if place < len(row) else "" for name, place in at.items()}
        if stated is not None:
            raise BankFileRefused(number, "something stands after the row with the total.")
        if total and said["date"].upper() == total.upper():
            stated = _cents(said, number)
            if stated != (found := sum(line.cents for line in made)):
                raise BankFileRefused(
                    number,
                    f"the total is {_dollars(stated)}, and the lines add up to {_dollars(found)}: "
                    f"{_dollars(abs(stated - found))} apart. Nothing of the file is taken.",
                )
            continue
        made.append(_line(said, number, date_format))
    if total and stated is None:
        raise BankFileRefused(len(rows), f"the row with the total ({total}) is missing. Nothing of the file is taken.")
    return made


def _dollars(cents: int) -> str:
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${whole:,}.{part:02d}"


def _places(head: Sequence[str], columns: Mapping[str, str], number: int) -> dict[str, int]:
    names = [one.strip().lower() for one in head]
    found = {}
    for field, column in columns.items():
        if column.strip().lower() in names:
            found[field] = names.index(column.strip().lower())
        elif columns is not PLAIN:
            raise BankFileRefused(number, f"there is no column {column!r}, which is to be the {field}.")
    if "date" not in found or not ("amount" in found or "credit" in found):
        raise BankFileRefused(
            number, "the columns date and amount are needed; name them in cash.banks of gateway.yaml."
        )
    return found


def _line(said: Mapping[str, str], number: int, date_format: str) -> BankLine:
    text = said.get("text", "")
    trace, originator = trace_of([text])
    payer, company_id = company_of(text)
    return BankLine(
        number,
        said.get("account", ""),
        _date(said["date"], number, date_format),
        said.get("method", "").lower(),
        _cents(said, number),
        said.get("trace", "") or trace,
        said.get("originator", "") or originator or company_id,
        said.get("check", "").lstrip("#") or check_of(text),
        said.get("payer", "") or payer,
        said.get("reference", ""),
        text,
    )


def _date(text: str, number: int, date_format: str) -> dt.date:
    for form in (date_format,) if date_format else DATES:
        try:
            return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
    raise BankFileRefused(number, "its date cannot be read; one looks like 2026-11-26 or 11/26/2026.")


def _cents(said: Mapping[str, str], number: int) -> int:
    if "amount" in said:
        return _amount(said["amount"], number)
    came, went = said.get("credit", ""), said.get("debit", "")
    if bool(came) == bool(went):
        raise BankFileRefused(number, "it must have either a credit or a debit.")
    return _amount(came, number) if came else -abs(_amount(went, number))


def _amount(text: str, number: int) -> int:
    """Dollars and cents as people and banks write them: 1,234.56, $1,234.56, -12.00, (12.00)."""
    plain = text.replace("$", "").replace(" ", "")
    below = plain.startswith("(") and plain.endswith(")")
    plain = plain[1:-1] if below else plain
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", plain, re.ASCII):
        plain = plain.replace(",", "")
    cents = parse_cents(plain)
    if cents is None or abs(cents) > MAX_CENTS:
        raise BankFileRefused(number, "its amount cannot be read; one looks like 1234.56.")
    return -cents if below else cents
