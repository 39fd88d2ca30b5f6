"""The tables by which people's work is ordered: what each row must have, and what it may say.

`actions`, `timely_filing`, `hold_due`, `status_answers` and `work_kinds` (config/tables) are the gateway's own, not a
plugin's. Where a configuration has no such file, the one that comes with the gateway is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .decision import HoldType
from .terms import parse_term

ACTIONS = "actions"
TIMELY_FILING = "timely_filing"
HOLD_DUE = "hold_due"
WORK_KINDS = "work_kinds"
STATUS_ANSWERS = "status_answers"

MOST_BUSINESS_DAYS = 250
MOST_DAYS = 366
CODE_SIZE, TEAM_SIZE = 24, 30

ALWAYS, BY_KIND, NEVER = "always", "by kind", "never"
FOLLOW_UPS = (ALWAYS, BY_KIND, NEVER)
YES_NO = ("Y", "N")


def _one_of(*words: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        return "" if value in words else f"one of {', '.join(words)}"

    return check


def _short(most: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        return "" if value.strip() and len(value) <= most else f"a word of at most {most} characters"

    return check


def _term(value: str) -> str:
    try:
        parse_term(value)
    except ValueError as error:
        return str(error)
    return ""


def _business_days(value: str) -> str:
    sound = value.isascii() and value.isdecimal() and int(value[:6]) <= MOST_BUSINESS_DAYS
    return "" if sound else f"a whole number of business days, at most {MOST_BUSINESS_DAYS}"


def _days(value: str) -> str:
    sound = value.isascii() and value.isdecimal() and int(value[:6]) <= MOST_DAYS
    return "" if sound else f"a whole number of days, at most {MOST_DAYS}"


class WorkTable(NamedTuple):
    """A table: its key, and for each column what tells what would be right there (empty: the value is)."""

    key: tuple[str, ...]
    columns: Mapping[str, Callable[[str], str]]


WORK_TABLES: dict[str, WorkTable] = {
    ACTIONS: WorkTable(
        ("code",),
        {
            "code": _short(CODE_SIZE),
            "name": _short(80),
            "follow_up": _one_of(*FOLLOW_UPS),
            "closes": _one_of(*YES_NO),
        },
    ),
    TIMELY_FILING: WorkTable(("payer",), {"payer": _short(80), "within": _term}),
    HOLD_DUE: WorkTable(
        ("type",),
        {
            "type": _one_of(*(one.value for one in HoldType)),
            "team": _short(TEAM_SIZE),
            "business_days": _business_days,
        },
    ),
    STATUS_ANSWERS: WorkTable(("category",), {"category": _short(2), "words": _short(120), "days": _days}),
    WORK_KINDS: WorkTable(("kind",), {"kind": _short(24), "name": _short(80), "follow_up": _one_of(*YES_NO)}),
}
