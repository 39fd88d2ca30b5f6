"""BAI2, the cash management format of United States banks: read whole, and only where everything adds up.

    01 file, 02 group (one bank day), 03 account, 16 a transaction, 88 goes on with the record before, 49, 98, 99 the
    ends of account, group and file, each with a sum and a count of records.

Amounts are in cents. A transaction of type 1xx to 3xx is money in, 4xx to 6xx money out; 7xx are loans, 9xx the bank's
own.
A lockbox deposit (115) that is followed by its items (116) is its items, if these add up to it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from .bank_file import MOST_LINES, BankFileRefused, BankLine, check_of, company_of, numbered, trace_of

CODES = ("01", "02", "03", "16", "88", "49", "98", "99")
LOCKBOX, LOCKBOX_ITEM = "115", "116"
MOST_DIGITS = 15
_AFTER: dict[str, tuple[str, ...]] = {
    "": ("01",),
    "01": ("02", "99"),
    "02": ("03", "98"),
    "03": ("16", "49"),
    "16": ("16", "49"),
    "49": ("03", "98"),
    "98": ("02", "99"),
    "99": (),
}
_NAMES = {"49": "account", "98": "group", "99": "file"}


class Record(NamedTuple):
    """A record with all that goes on with it: its line, its code, its fields, the pieces of its text (16), and how many
    lines it is."""

    line: int
    code: str
    fields: tuple[str, ...]
    text: tuple[str, ...]
    lines: int


def read_bai2(data: bytes) -> list[BankLine]:
    """The transactions of a file.

    Raises:
        BankFileRefused: it is no BAI2, something cannot be read, or a sum or a count is not as it says.
    """
    reader = _Reader()
    for record in records(data.decode("latin-1")):
        reader.take(record)
    return numbered(_without_totals(reader.end()))


# --- records ---------------------------------------------------------------------------------------


def records(text: str) -> list[Record]:
    """The records of a file, each with what goes on with it.

    Raises:
        BankFileRefused: a line is no record, or there are too many.
    """
    found: list[Record] = []
    for line, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        said = raw.strip(" \t\x1a\x00")
        if line > MOST_LINES:
            raise BankFileRefused(line, f"more than {MOST_LINES:,} lines are not taken at once.")
        if not said:
            continue
        code, body = said[:2], said[2:]
        if code not in CODES or body[:1] not in ("", ",", "/"):
            raise BankFileRefused(line, f"it begins with none of the record codes {', '.join(CODES)}.")
        body = body.removeprefix(",")
        if code == "88":
            if not found:
                raise BankFileRefused(line, "a record 88 goes on with the one before, and there is none.")
            found[-1] = _going_on(found[-1], body)
        else:
            found.append(_begun(line, code, body))
    return found


def _begun(line: int, code: str, body: str) -> Record:
    if code != "16":
        return Record(line, code, tuple(_ended(body).split(",")), (), 1)
    parts = body.split(",")
    before = _before_text(parts, line)
    if before is None or len(parts) <= before:
        return Record(line, code, tuple(_ended(body).split(",")), (), 1)
    return Record(line, code, tuple(parts[:before]), (_ended(",".join(parts[before:])),), 1)


def _going_on(record: Record, body: str) -> Record:
    lines = record.lines + 1
    if record.code == "16" and record.text:
        return record._replace(text=(*record.text, _ended(body)), lines=lines)
    fields = [*record.fields, *body.split(",")]
    before = _before_text(fields, record.line) if record.code == "16" else None
    if before is not None and len(fields) > before:
        text = _ended(",".join(fields[before:]))
        return record._replace(fields=tuple(fields[:before]), text=(text,), lines=lines)
    return record._replace(fields=(*record.fields, *_ended(body).split(",")), lines=lines)


def _ended(body: str) -> str:
    """Without its end; where a record stops after a comma and has no end, the next begins where it stopped."""
    body = body.rstrip()
    return body[:-1] if body.endswith(("/", ",")) else body


def _before_text(fields: Sequence[str], line: int) -> int | None:
    """How many fields of a 16 stand before its text; None where that cannot be told yet."""
    if len(fields) < 3:
        return None
    more = _more(fields, 2, line)
    return None if more is None else 3 + more + 2


def _more(fields: Sequence[str], at: int, line: int) -> int | None:
    """How many fields belong to the funds type at this place; None where the record goes on."""
    kind = fields[at].strip().removesuffix("/").upper()
    if kind in ("", "0", "1", "2", "Z"):
        return 0
    if kind == "S":
        return 3
    if kind == "V":
        return 2
    if kind == "D":
        if len(fields) <= at + 1 or not fields[at + 1].strip():
            return None
        return 1 + 2 * _number(fields[at + 1].removesuffix("/"), "a number of days", line, most=3)
    raise BankFileRefused(line, "its funds type is none of 0, 1, 2, S, V, D, Z.")


def _number(text: str, what: str, line: int, *, most: int = 9) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= most):
        raise BankFileRefused(line, f"{what} stands there that cannot be read.")
    return int(text)


def _amount(text: str, line: int) -> int:
    """Cents, as the format writes them; an empty field is none."""
    text = text.strip()
    if not text:
        return 0
    digits = text[1:] if text[0] in "+-" else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise BankFileRefused(line, "an amount stands there that cannot be read.")
    return -int(digits) if text[0] == "-" else int(digits)


def _date(text: str, line: int) -> dt.date:
    text = text.strip()
    try:
        if len(text) != 6 or not (text.isascii() and text.isdigit()):
            raise ValueError
        return dt.date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        raise BankFileRefused(line, "its date cannot be read; one looks like 261126.") from None


# --- what they add up to ---------------------------------------------------------------------------


class _Sum:
    """What an account, a group or the file holds so far."""

    def __init__(self) -> None:
        self.cents = 0
        self.parts = 0
        self.lines = 0


class _Reader:
    def __init__(self) -> None:
        self._last = ""
        self._line = 0
        self._file = _Sum()
        self._group = _Sum()
        self._account = _Sum()
        self._number = ""
        self._date: dt.date | None = None
        self._found: list[BankLine] = []

    def take(self, record: Record) -> None:
        """One record, in its turn."""
        if record.code not in _AFTER[self._last]:
            after = f"after a record {self._last}" if self._last else "at the beginning"
            wanted = " or ".join(_AFTER[self._last]) or "nothing"
            raise BankFileRefused(record.line, f"a record {record.code} stands {after}, where {wanted} belongs.")
        self._last, self._line = record.code, record.line
        for one in self._open(record.code):
            one.lines += record.lines
        getattr(self, f"_on_{record.code}")(record)

    def end(self) -> list[BankLine]:
        """Everything, if the file came to its end."""
        if self._last != "99":
            raise BankFileRefused(
                self._line, "the file stops here, before its end (record 99). Ask the bank for it again."
            )
        return self._found

    def _open(self, code: str) -> list[_Sum]:
        if code in ("01", "99"):
            return [self._file]
        if code == "02":
            self._group = _Sum()
        if code in ("02", "98"):
            return [self._file, self._group]
        if code == "03":
            self._account = _Sum()
        return [self._file, self._group, self._account]

    def _on_01(self, record: Record) -> None:
        version = record.fields[7].strip() if len(record.fields) > 7 else ""
        if version not in ("", "2"):
            raise BankFileRefused(record.line, "it is of another version than 2 (BAI2).")

    def _on_02(self, record: Record) -> None:
        fields = (*record.fields, *[""] * 7)
        if fields[2].strip() not in ("", "1"):
            words = {"2": "deletes", "3": "corrects", "4": "tests"}.get(fields[2].strip(), "does something else to")
            raise BankFileRefused(
                record.line, f"its group {words} what was sent before; a person must do that by hand."
            )
        self._date = _date(fields[3], record.line)
        self._currency(fields[5], record.line)

    def _currency(self, text: str, line: int) -> None:
        if text.strip().upper() not in ("", "USD"):
            raise BankFileRefused(line, "it is in another currency than US dollars.")

    def _on_03(self, record: Record) -> None:
        self._number = record.fields[0].strip()
        if not self._number:
            raise BankFileRefused(record.line, "it names no account.")
        fields = (*record.fields, "", "")
        self._currency(fields[1], record.line)
        self._account.cents += self._summaries(record)

    def _summaries(self, record: Record) -> int:
        """The sum of the amounts of an 03: type, amount, count, funds type, and again."""
        fields, at, total = record.fields, 2, 0
        while at < len(fields):
            if at + 1 < len(fields):
                total += _amount(fields[at + 1], record.line)
            more = _more(fields, at + 3, record.line) if at + 3 < len(fields) else 0
            at += 4 + (more or 0)
        return total

    def _on_16(self, record: Record) -> None:
        if len(record.fields) < 2:
            raise BankFileRefused(record.line, "it has no amount.")
        code = record.fields[0].strip()
        kind = _number(code, "a type code", record.line, most=3)
        cents = _amount(record.fields[1], record.line)
        self._account.cents += cents
        if not 100 <= kind < 700 or self._date is None:
            return
        before = _before_text(record.fields, record.line)
        last = (*record.fields, *[""] * 12)
        references = ("", "") if before is None else (last[before - 2].strip(), last[before - 1].strip())
        self._found.append(self._made(record, code, cents if kind < 400 else -cents, references))

    def _made(self, record: Record, code: str, cents: int, references: tuple[str, str]) -> BankLine:
        text = " ".join(one.strip() for one in record.text if one.strip())
        trace, originator = trace_of(list(record.text))
        payer, company_id = company_of(text)
        assert self._date is not None
        bank, customer = references
        check = check_of(text) or (customer if customer.isascii() and customer.isdigit() else "")
        return BankLine(
            record.line,
            self._number,
            self._date,
            code,
            cents,
            trace,
            originator or company_id,
            check,
            payer,
            bank or customer,
            text,
        )

    def _on_49(self, record: Record) -> None:
        self._check(record, self._account, None)
        self._group.cents += self._account.cents
        self._group.parts += 1

    def _on_98(self, record: Record) -> None:
        self._check(record, self._group, "accounts")
        self._file.cents += self._group.cents
        self._file.parts += 1

    def _on_99(self, record: Record) -> None:
        self._check(record, self._file, "groups")

    def _check(self, record: Record, found: _Sum, parts: str | None) -> None:
        """A sum, the number of parts where it is told, and the number of records."""
        fields = (*record.fields, "", "")
        name = _NAMES[record.code]
        stated = _amount(fields[0], record.line)
        if stated != found.cents:
            raise BankFileRefused(
                record.line,
                f"the control total of the {name} is {_dollars(stated)}, and what it holds adds up to "
                f"{_dollars(found.cents)}: {_dollars(abs(stated - found.cents))} apart. Nothing of the file is taken.",
            )
        counts = [(parts, found.parts)] if parts else []
        for (what, count), field in zip([*counts, ("records", found.lines)], fields[1:], strict=False):
            said = _number(field, f"a number of {what}", record.line)
            if said != count:
                raise BankFileRefused(
                    record.line, f"the {name} says that it has {said} {what}, and has {count}. Nothing is taken."
                )


def _dollars(cents: int) -> str:
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${whole:,}.{part:02d}"


def _without_totals(lines: list[BankLine]) -> list[BankLine]:
    """Lockbox deposits that are followed by their items are left out: the money is the items'."""
    made: list[BankLine] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        end = at
        while end < len(lines) and lines[end].code == LOCKBOX_ITEM and lines[end].account == line.account:
            end += 1
        if line.code != LOCKBOX or end == at:
            made.append(line)
            continue
        items = sum(one.cents for one in lines[at:end])
        if items != line.cents:
            raise BankFileRefused(
                line.number,
                f"the lockbox deposit is {_dollars(line.cents)}, and its items add up to {_dollars(items)}: "
                f"{_dollars(abs(line.cents - items))} apart. Nothing of the file is taken.",
            )
        made += lines[at:end]
        at = end
    return made
