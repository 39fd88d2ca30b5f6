"""Rows of tables by HCPCS code, where a code may be a pattern that stands for a family: for tables of which somebody
must know every code (who has such an item), not only whether one fits."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterable
from fnmatch import fnmatchcase

from .matching import is_pattern
from .tables import Row

MOST_CODES = 1000
"""For how many codes one pattern may stand: everything that begins with two characters."""
_CODE = re.compile(r"[A-Z0-9]{5}", re.ASCII)


def expanded(pattern: str) -> list[str]:
    """The codes that a pattern stands for: ? is a digit, [3-6] one of these; any other character stands for itself."""
    parts = []
    for token in re.findall(r"\[[^\]]*\]|.", pattern):
        choices = string.digits if token == "?" else string.digits + string.ascii_uppercase
        parts.append([one for one in choices if fnmatchcase(one, token)] if len(token) > 1 or token == "?" else [token])
    return ["".join(found) for found in itertools.product(*parts)]


def rows_by_code(rows: Iterable[Row], column: str = "code") -> dict[str, tuple[Row, ...]]:
    """Every row for each code, whenever it holds: its own rows before those with a pattern, else as they stand."""
    own: dict[str, list[Row]] = {}
    wide: dict[str, list[Row]] = {}
    for row in rows:
        code = row.values[column]
        for one in expanded(code) if is_pattern(code) else (code,):
            (wide if is_pattern(code) else own).setdefault(one, []).append(row)
    return {code: (*own.get(code, ()), *wide.get(code, ())) for code in {**own, **wide}}


def deciding_rows(rows: Iterable[Row], column: str = "code") -> dict[str, tuple[Row, ...]]:
    """The same for tables of which one row decides, the first that holds: what stands behind a row that always holds
    is left out, so that a code with a row of its own is not among those of a pattern."""
    found = {}
    for code, several in rows_by_code(rows, column).items():
        always = next((n for n, row in enumerate(several) if row.valid_from is None and row.valid_to is None), None)
        found[code] = several if always is None else several[: always + 1]
    return found


def unusable(pattern: str) -> str:
    """Why a pattern stands for no codes that could be told, in words; empty where it does, and for a code itself."""
    if not is_pattern(pattern):
        return ""
    if "*" in pattern:
        return "* says not how many characters; write ? for a digit and [..] for some of them"
    codes = expanded(pattern)
    if not codes or not all(_CODE.fullmatch(code) for code in codes):
        return "it stands for no HCPCS codes; write five characters, ? for a digit and [..] for some of them"
    if len(codes) > MOST_CODES:
        return f"it stands for {len(codes)} codes, and {MOST_CODES} are the most; write rows for smaller families"
    return ""
