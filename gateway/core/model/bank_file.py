"""What a bank sends: files of lines, as records that say nothing about the format that they came in."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

MOST_BYTES = 64 << 20
MOST_LINES = 200_000

PURPOSES: dict[str, str] = {
    "patient": "paid by patients, and not on a claim yet",
    "refund": "refunds from suppliers",
    "interest": "interest from the bank",
    "transfer": "transfers between our own accounts",
    "other": "other money that is no remittance",
}
"""What a person may say that money is for which no remittance announces; each has an account."""


class BankFileRefused(ValueError):
    """A bank's file cannot be read, or does not add up. The message names the line and the sums; nothing of the file is
    taken."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"Line {line}: {what}" if line else what)
        self.line = line


class BankLine(NamedTuple):
    """A line of a bank's file: money that came in, or (below zero) went out.

    `number` is its line in the file; `account` the account's number; `code` the bank's type code (or the method, where
    a file names that). `trace`, `originator` are TRN02 and TRN03 of the addenda, `check` the number of a check.
    `reference` is the bank's own, `told` all the text. `nth`: of several lines that are alike, which.
    """

    number: int
    account: str
    on_date: dt.date
    code: str
    cents: int
    trace: str = ""
    originator: str = ""
    check: str = ""
    payer: str = ""
    reference: str = ""
    told: str = ""
    nth: int = 1


_TRN = re.compile(r"TRN\*1\*([^*\\~|/]{1,50})(?:\*([^*\\~|/\s]{1,20}))?")
_WHOLE_TRN = re.compile(r"TRN\*1\*([A-Za-z0-9.\-]{1,50})\*([A-Za-z0-9]{9,10})(?![A-Za-z0-9])")
_COMPANY = re.compile(
    r"(?:ORIG(?:INATOR)? CO(?:MPANY)? NAME|COMPANY NAME|CO NAME|ORIGINATOR)\s*[:=]\s*"
    r"(.+?)(?=\s{2,}|\s+(?:ORIG|ORIGINATOR|COMPANY|CO|DESC|SEC|TRACE|IND|INDN|EED|DISC)\b[A-Z ]*[:=]|$)",
    re.IGNORECASE,
)
_COMPANY_ID = re.compile(r"(?:ORIG(?:INATOR)? ID|COMPANY ID|CO ID)\s*[:=]\s*([A-Za-z0-9]{9,10})\b", re.IGNORECASE)
_CHECK = re.compile(
    r"\b(?:CHECK|CHK|CK)\s*(?:NUMBER|NUM|NBR|NO)?\s*\.?\s*[:#=]?\s*([0-9]{3,15})\b(?!\s*/)", re.IGNORECASE
)


def trace_of(parts: list[str]) -> tuple[str, str]:
    """TRN02 and TRN03 of the addenda (CCD+) in the text of a line, which may be cut over several records."""
    for part in parts:
        found = _TRN.search(part)
        if found is not None and (found[2] or len(parts) == 1):
            return found[1].strip(), (found[2] or "").strip()
    whole = _WHOLE_TRN.search("".join(parts))
    if whole is not None:
        return whole[1], whole[2]
    found = _TRN.search(" ".join(parts))
    return (found[1].strip(), (found[2] or "").strip()) if found is not None else ("", "")


def company_of(text: str) -> tuple[str, str]:
    """The name and the id of the company that pays, where the text says them."""
    name, number = _COMPANY.search(text), _COMPANY_ID.search(text)
    return (name[1].strip() if name else ""), (number[1] if number else "")


def check_of(text: str) -> str:
    """The number of a check that the text names; empty where it names none, or several."""
    found = {one.lstrip("0") for one in _CHECK.findall(text)}
    return found.pop() if len(found) == 1 else ""


def numbered(lines: list[BankLine]) -> list[BankLine]:
    """Lines that are alike in everything count on, so that each is a line of its own."""
    seen: dict[tuple[object, ...], int] = {}
    made = []
    for line in lines:
        same = tuple(line._replace(number=0, nth=1))
        seen[same] = seen.get(same, 0) + 1
        made.append(line._replace(nth=seen[same]))
    return made


def last_four(account: str) -> str:
    """An account's number as it may be shown."""
    plain = "".join(letter for letter in account if letter.isalnum())
    return f"...{plain[-4:]}" if plain else ""
