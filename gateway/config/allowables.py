"""Fee schedules and contract rates from CSV files: the tables expected_allowables_*.yaml of a configuration.

Two kinds are read: CMS's DMEPOS fee schedule as it publishes it (HCPCS, Mod, Mod2, a column for each state, lines of
titles above), and a plain list with the columns code, modifier, allowed. Each import is a file of its own, by payer and
first day; importing the same again writes the same.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

TABLE = "expected_allowables"
FOLDER = "tables"
MOST_ROWS = 100_000
_CODE = re.compile(r"[A-Z]\d{4}", re.ASCII)
_MODIFIER = re.compile(r"[A-Z0-9]{2}", re.ASCII)
_NAME = re.compile(r"[^A-Za-z0-9]+")


class NotAFeeFile(ValueError):
    """The file is none that can be imported; says why, and what would be."""


class Rate(NamedTuple):
    """What is allowed for one unit of an item; `modifier` has several with colons between."""

    code: str
    modifier: str
    allowed: Decimal


class Imported(NamedTuple):
    """The table that was written, how many rates it has, and how many lines of the file have none."""

    path: Path
    rates: int
    without: int


def read_rates(path: Path, state: str = "", *, rural: bool = False) -> tuple[list[Rate], int]:
    """The rates of a CSV file, and how many of its lines have none (no amount for the state).

    Raises:
        NotAFeeFile: it has neither of the two forms, a line that cannot be read, or an item twice.
    """
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        lines = csv.reader(stream)
        header = next(_header(lines), None)
        if header is None:
            raise NotAFeeFile(
                f"{path.name} has no line of columns: neither code, modifier, allowed, nor CMS's HCPCS, Mod, Mod2."
            )
        columns = {name: at for at, name in enumerate(header)}
        amount = columns["ALLOWED"] if "ALLOWED" in columns else _state_column(columns, state, rural=rural)
        names = ("CODE", "MODIFIER", "") if "CODE" in columns else ("HCPCS", "MOD", "MOD2")
        found: dict[tuple[str, str], Rate] = {}
        without = 0
        for line in lines:
            rate = _rate(path.name, lines.line_num, line, [columns.get(name, -1) for name in names], amount)
            if rate is None:
                without += bool(any(part.strip() for part in line))
                continue
            if found.setdefault((rate.code, rate.modifier), rate) != rate:
                raise NotAFeeFile(
                    f"{path.name}, line {lines.line_num}: {rate.code} {rate.modifier} stands there twice."
                )
            if len(found) > MOST_ROWS:
                raise NotAFeeFile(f"{path.name} has more than {MOST_ROWS:,} rates.")
    if not found:
        raise NotAFeeFile(f"{path.name} has no rate.")
    return list(found.values()), without


def _header(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    for line in lines:
        names = [part.strip().upper() for part in line]
        if {"CODE", "ALLOWED"} <= set(names) or {"HCPCS", "MOD"} <= set(names):
            yield names


def _state_column(columns: Mapping[str, int], state: str, *, rural: bool) -> int:
    wanted = state.strip().upper()
    for name in (f"{wanted} ({'R' if rural else 'NR'})", wanted):
        if wanted and name in columns:
            return columns[name]
    states = sorted({name.split(" ")[0] for name in columns if re.fullmatch(r"[A-Z]{2}( \((NR|R)\))?", name)})
    raise NotAFeeFile(f"Say for which state (--state): the file has {', '.join(states) or 'none'}.")


def _rate(name: str, number: int, line: Sequence[str], places: Sequence[int], amount: int) -> Rate | None:
    def part(at: int) -> str:
        return line[at].strip() if 0 <= at < len(line) else ""

    code, modifiers = part(places[0]).upper(), [part(at).upper() for at in places[1:]]
    text = part(amount).replace("$", "").replace(",", "")
    if not code or not text:
        return None
    given = [one for some in modifiers for one in re.split(r"[:\s]+", some) if one]
    try:
        allowed = Decimal(text)
    except InvalidOperation:
        allowed = Decimal("NaN")
    if not _CODE.fullmatch(code) or not all(_MODIFIER.fullmatch(one) for one in given) or not allowed.is_finite():
        raise NotAFeeFile(f"{name}, line {number} is no rate: a code, modifiers of two characters and dollars.")
    if allowed < 0 or allowed != allowed.quantize(Decimal("0.01")):
        raise NotAFeeFile(f"{name}, line {number}: {text} is no amount in dollars and cents.")
    return Rate(code, ":".join(given), allowed.quantize(Decimal("0.01"))) if allowed else None


def import_rates(
    root: Path, file: Path, payer: str, start: dt.date, end: dt.date | None, state: str, *, rural: bool
) -> Imported:
    """Write the table of a file. Raises NotAFeeFile, OSError."""
    rates, without = read_rates(file, state, rural=rural)
    who = _NAME.sub("_", payer).strip("_").lower() or "any"
    path = root / FOLDER / f"{TABLE}_{who}_{start:%Y%m%d}.yaml"
    source = f"{file.name}{f', {state.upper()}' if state else ''}{' rural' if rural else ''}"
    until = f", valid_to: {end}" if end is not None else ""
    rows = [
        f'  - {{payer: {_quoted(payer)}, code: {one.code}, modifier: "{one.modifier}", allowed: "{one.allowed}", '
        f"valid_from: {start}{until}}}\n"
        for one in rates
    ]
    text = (
        f"# Written by gateway tables import-allowables. Import again instead of editing.\n"
        f"description: What should be allowed for an item, for one unit\nkey: [payer, code, modifier]\n"
        f"source: {_quoted(source)}\nrows:\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(text + "".join(rows), encoding="utf-8")
    beside.replace(path)
    return Imported(path, len(rates), without)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
