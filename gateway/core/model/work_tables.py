"""The tables by which people's work is ordered: what each row must have, and what it may say.

`actions`, `timely_filing`, `appeal_limits`, `write_off_approvers`, `write_off_rules`, `hold_due`, `status_answers`,
`work_kinds`, `bank_types`, `payer_habits`, `payer_plb` and `expected_allowables` (config/tables) are the gateway's own,
not a plugin's. Where a configuration has no such file, the one that comes with the gateway is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .decision import HoldType
from .payer_habits import FOUND_BY, HABITS, PAYER_PLB
from .terms import parse_term

ACTIONS = "actions"
TIMELY_FILING = "timely_filing"
HOLD_DUE = "hold_due"
WORK_KINDS = "work_kinds"
BANK_TYPES = "bank_types"
ALLOWABLES = "expected_allowables"
"""Also the start of the names of imported ones: each has the same columns."""
PROVIDER_LEVEL_USES = (*("recovery", "forward", "other", "interest", "late charge", "penalty", "discount", "levy"),)
"""Where a provider-level adjustment may be booked (`ledger.accounts`)."""
APPEAL_LIMITS = "appeal_limits"
WRITE_OFF_APPROVERS = "write_off_approvers"
WRITE_OFF_RULES = "write_off_rules"

REOPENING = "reopening"
"""The level of a reopening in `appeal_limits`; appeals are numbered from 1."""
STATUS_ANSWERS = "status_answers"

MOST_BUSINESS_DAYS = 250
MOST_DAYS = 366
CODE_SIZE, TEAM_SIZE = 24, 30

ALWAYS, BY_KIND, NEVER = "always", "by kind", "never"
FOLLOW_UPS = (ALWAYS, BY_KIND, NEVER)
YES_NO = ("Y", "N")
CASH_METHODS = ("eft", "wire", "check", "lockbox", "card", "cash", "other")
DEPOSIT, REVIEW, IGNORE = "deposit", "review", "ignore"
CASH_USES = (DEPOSIT, REVIEW, IGNORE)


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


def _dollars(value: str) -> str:
    whole, _, part = value.partition(".")
    sound = value.isascii() and whole.isdecimal() and len(whole) <= 9 and len(part) <= 2 and (part or "0").isdecimal()
    return "" if sound else "an amount in dollars, such as 61.20"


def _business_days(value: str) -> str:
    sound = value.isascii() and value.isdecimal() and int(value[:6]) <= MOST_BUSINESS_DAYS
    return "" if sound else f"a whole number of business days, at most {MOST_BUSINESS_DAYS}"


def _level(value: str) -> str:
    return "" if value == REOPENING or re.fullmatch("[1-9]", value) else f"{REOPENING}, or the number of the appeal"


def _days_or_none(value: str) -> str:
    return "" if re.fullmatch("[0-9]{0,4}", value) else "a whole number of days, or nothing"


def _dollars_or_none(value: str) -> str:
    return "" if not value or re.fullmatch(r"[0-9]{1,9}(\.[0-9]{2})?", value) else "dollars such as 190.00, or nothing"


def _limit(value: str) -> str:
    return _dollars_or_none(value) if value else "dollars such as 25.00"


def _any(value: str) -> str:
    return "" if len(value) <= 200 else "at most 200 characters"


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
    APPEAL_LIMITS: WorkTable(
        ("payer", "level"),
        {
            "payer": _short(80),
            "level": _level,
            "name": _short(80),
            "within": _term,
            "mail": _days_or_none,
            "decides": _days_or_none,
            "least": _dollars_or_none,
        },
    ),
    WRITE_OFF_APPROVERS: WorkTable(("who",), {"who": _short(80), "most": _limit}),
    WRITE_OFF_RULES: WorkTable(
        ("rule",), {"rule": _short(40), "most": _limit, "categories": _any, "reasons": _any, "way": _any}
    ),
    HOLD_DUE: WorkTable(
        ("type",),
        {
            "type": _one_of(*(one.value for one in HoldType)),
            "team": _short(TEAM_SIZE),
            "business_days": _business_days,
        },
    ),
    HABITS: WorkTable(
        ("payer",),
        {
            "payer": _short(80),
            "repeats_trace": _one_of(*YES_NO),
            "claims_by": _one_of(*FOUND_BY),
            "lines_by": _one_of(*FOUND_BY),
        },
    ),
    ALLOWABLES: WorkTable(
        ("payer", "code", "modifier"),
        {"payer": _short(80), "code": _short(5), "modifier": lambda _: "", "allowed": _dollars},
    ),
    PAYER_PLB: WorkTable(
        ("payer", "code"),
        {
            "payer": _short(80),
            "code": _short(2),
            "account": _one_of(*PROVIDER_LEVEL_USES),
            "review": _one_of(*YES_NO),
            "team": _short(TEAM_SIZE),
            "meaning": _short(200),
        },
    ),
    STATUS_ANSWERS: WorkTable(("category",), {"category": _short(2), "words": _short(120), "days": _days}),
    WORK_KINDS: WorkTable(("kind",), {"kind": _short(24), "name": _short(80), "follow_up": _one_of(*YES_NO)}),
    BANK_TYPES: WorkTable(
        ("code",),
        {"code": _short(20), "name": _short(80), "method": _one_of(*CASH_METHODS), "use": _one_of(*CASH_USES)},
    ),
}
