"""The list of practitioners who may order equipment, as the payer publishes it: reading it, and comparing with it
(hme-billing-rules R1.21).

It is a CSV file whose first line names its columns. NPI, LAST_NAME, FIRST_NAME and DME (Y where they may order
equipment) are read, all others passed over.
"""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

COLUMNS = ("npi", "last_name", "first_name", "dme")
LETTERS_OF_LAST, LETTERS_OF_FIRST = 4, 1
"""So much of a name the payer compares (S54)."""
_SUFFIXES = frozenset({"JR", "SR", "II", "III", "IV"})
_LETTERS = str.maketrans({"Ø": "O", "Ł": "L", "Đ": "D", "Æ": "AE", "Œ": "OE"})
_YES, _NO = ("Y", "YES"), ("N", "NO", "")


class ListRefused(ValueError):
    """The file is not such a list. The message says where and why, without a name from it."""


class Listed(NamedTuple):
    """Somebody on the list who may order equipment; as much of their name as is compared."""

    npi: str
    last: str
    first: str


class Practitioner(NamedTuple):
    """What the list that is in use says of an NPI. `listed`: whether they may order equipment; `last` and `first`: the
    letters of their name that are compared, empty where they are not listed; `as_of`: the day of the list."""

    npi: str
    listed: bool
    last: str
    first: str
    as_of: dt.date

    def is_called(self, last: str, first: str) -> bool:
        """Whether they are listed and a name is theirs, as the payer compares it."""
        theirs = compared(last, first)
        # What the list does not have is no reason to refuse anybody.
        return self.listed and all(
            known in ("", one) for known, one in zip((self.last, self.first), theirs, strict=True)
        )


def compared(last: str, first: str) -> tuple[str, str]:
    """As much of a name as is compared: letters alone, in capitals, without accents and without JR, III ..."""
    words = last.upper().replace(",", " ").split()
    while len(words) > 1 and words[-1].strip(".") in _SUFFIXES:
        words.pop()
    return _letters("".join(words))[:LETTERS_OF_LAST], _letters(first)[:LETTERS_OF_FIRST]


def _letters(name: str) -> str:
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name.upper().translate(_LETTERS))
    return "".join(one for one in name.upper() if "A" <= one <= "Z")


def read_list(lines: Iterable[str]) -> Iterator[Listed]:
    """Everybody on a list who may order equipment.

    Args:
        lines: the lines of the file, as text.

    Raises:
        ListRefused: a column is missing, or a line is not as it must be.
    """
    reader = csv.reader(lines)
    try:
        head = [name.strip().lower().lstrip("\ufeff").replace(" ", "_") for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in head]
        if missing:
            raise ListRefused(
                f"Line 1 does not name the column(s) {', '.join(missing)}: it is no list of who may order. It has "
                f"{', '.join(head)[:200] or 'none'}."
            )
        npi_at, last_at, first_at, dme_at = (head.index(name) for name in COLUMNS)
        for values in reader:
            if not values:
                continue
            where = f"Line {reader.line_num:,}"
            if len(values) != len(head):
                raise ListRefused(f"{where} has {len(values)} values where line 1 names {len(head)} columns.")
            npi, may = values[npi_at].strip(), values[dme_at].strip().upper()
            if len(npi) != 10 or not (npi.isascii() and npi.isdigit()):
                raise ListRefused(f"{where}: its NPI is not ten digits.")
            if may in _YES:
                yield Listed(npi, *compared(values[last_at], values[first_at]))
            elif may not in _NO:
                raise ListRefused(f"{where}: DME is neither Y nor N.")
    except csv.Error:
        raise ListRefused(f"Line {reader.line_num:,} is no CSV; look for a quote that is not closed.") from None
