"""Which chain a claim or payment gets: what a chain asks for, and what is known of the claim.

Payer, partner and filing code are at hand everywhere. The rest (`Details`) is read from the claim only where two chains
differ in it, so a configuration that does not ask for it pays nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.core.model.code_sets import checker, wanted

from .tables import Row, Table

HCPCS_GROUPS = "hcpcs_groups"
"""The table that says which HCPCS codes make a group: columns `group` and `code` (a pattern)."""


class Details(NamedTuple):
    """What is known of a claim beside payer, partner and filing code.

    `codes`: the HCPCS of each line. `state`: where the patient lives (N402). `places`: places of service, the claim's
    and those of its lines. `charge_cents`: CLM02. `usage`: ISA15 of the file it came in (P or T). `day`: its first date
    of service.
    """

    codes: tuple[str, ...] = ()
    state: str = ""
    places: tuple[str, ...] = ()
    charge_cents: int = 0
    usage: str = ""
    day: dt.date | None = None


NOTHING_KNOWN = Details()


def _patterns(value: object) -> object:
    return [value] if isinstance(value, str) else value


def is_pattern(text: str) -> bool:
    """Whether a text stands for more than itself."""
    return any(character in text for character in "*?[")


def _known(kind: str) -> AfterValidator:
    exists = checker(kind)

    def check(pattern: str) -> str:
        pattern = pattern.upper()
        if not is_pattern(pattern) and not exists(pattern):
            raise ValueError(wanted(kind))
        return pattern

    return AfterValidator(check)


Pattern = TypeVar("Pattern", bound=str)
OneOrMore = Annotated[tuple[Pattern, ...], BeforeValidator(_patterns), Field(min_length=1)]
Patterns = OneOrMore[str]
FilingCodes = OneOrMore[Annotated[str, _known("filing_code")]]
Hcpcs = OneOrMore[Annotated[str, _known("hcpcs")]]
States = OneOrMore[Annotated[str, _known("state")]]
Places = OneOrMore[Annotated[str, _known("place_of_service")]]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, populate_by_name=True)


class ChargeRange(_Model):
    """Claims of so many dollars, both borders included; without one of them it is open."""

    at_least: Decimal | None = Field(default=None, ge=0)
    at_most: Decimal | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_a_range(self) -> ChargeRange:
        if self.at_least is None and self.at_most is None:
            raise ValueError("at_least, at_most or both, in dollars")
        if self.at_least is not None and self.at_most is not None and self.at_most < self.at_least:
            raise ValueError("at_most is not less than at_least")
        return self

    def holds(self, cents: int) -> bool:
        """Whether an amount lies in the range."""
        return (self.at_least is None or cents >= self.at_least * 100) and (
            self.at_most is None or cents <= self.at_most * 100
        )

    def covers(self, other: ChargeRange) -> bool:
        """Whether every amount of the other range lies in this one."""
        low = self.at_least is None or (other.at_least is not None and other.at_least >= self.at_least)
        return low and (self.at_most is None or (other.at_most is not None and other.at_most <= self.at_most))

    def __str__(self) -> str:
        if self.at_least is None:
            return f"at most ${self.at_most:,}"
        return f"${self.at_least:,} or more" if self.at_most is None else f"${self.at_least:,} to ${self.at_most:,}"


class MatchSpec(_Model):
    """For which claims and payments a chain is: all that are named must fit, each by any of its patterns (`*` and `?`
    stand for characters). An entry that is not named fits everything.

    `hcpcs`, `hcpcs_group` and `place_of_service` fit where any line does.
    """

    payer: Patterns | None = None
    partner: Patterns | None = None
    filing_code: FilingCodes | None = None
    """SBR09, CLP06."""
    hcpcs: Hcpcs | None = None
    hcpcs_group: Patterns | None = None
    """Groups of the table `hcpcs_groups`."""
    state: States | None = None
    """Where the patient lives."""
    place_of_service: Places | None = None
    charge: ChargeRange | None = None
    usage: Literal["P", "T"] | None = None
    """ISA15 of the file."""

    @property
    def asks_details(self) -> bool:
        """Whether it asks for more than payer, partner and filing code."""
        return any(getattr(self, name) is not None for name in _DETAILS)


_BASE = ("payer", "partner", "filing_code")
_DETAILS = ("hcpcs", "hcpcs_group", "state", "place_of_service", "charge", "usage")


class Groups:
    """HCPCS groups by name: which codes (patterns) make each, effective-dated."""

    __slots__ = ("_rows",)

    def __init__(self, table: Table | None = None) -> None:
        self._rows: dict[str, list[Row]] = {}
        for row in table.rows if table is not None else ():
            self._rows.setdefault(row.values.get("group", ""), []).append(row)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def names(self) -> list[str]:
        """All groups, sorted."""
        return sorted(self._rows)

    def has(self, groups: Iterable[str], codes: Iterable[str], day: dt.date | None) -> bool:
        """Whether any of the codes belongs to any of the groups on a day (None: on any)."""
        rows = [row for name in groups for row in self._rows.get(name, ()) if day is None or row.holds_on(day)]
        return any(fnmatchcase(code, row.values.get("code", "").upper()) for code in codes for row in rows)


def _any(patterns: Iterable[str], values: Iterable[str]) -> bool:
    return any(fnmatchcase(value, pattern) for value in values for pattern in patterns)


def why_not_base(match: MatchSpec, payer_id: str, partner: str, filing_code: str) -> str:
    """Why payer, partner or filing code do not fit; empty where they do."""
    for word, patterns, value in (
        ("payer", match.payer, payer_id),
        ("partner", match.partner, partner),
        ("filing code", match.filing_code, filing_code),
    ):
        if patterns is not None and not _any(patterns, (value,)):
            return f"{word} {value or '(none)'} is not {_or(patterns)}"
    return ""


def why_not_details(match: MatchSpec, details: Details, groups: Groups) -> str:
    """Why the rest does not fit; empty where it does."""
    if match.usage is not None and details.usage != match.usage:
        return f"usage indicator {details.usage or '(none)'} is not {match.usage}"
    if match.state is not None and not _any(match.state, (details.state,)):
        return f"the patient's state {details.state or '(none)'} is not {_or(match.state)}"
    if match.charge is not None and not match.charge.holds(details.charge_cents):
        return f"the charge of ${Decimal(details.charge_cents) / 100:,.2f} is not {match.charge}"
    if match.place_of_service is not None and not _any(match.place_of_service, details.places):
        return f"place of service {', '.join(details.places) or '(none)'} is not {_or(match.place_of_service)}"
    codes = ", ".join(details.codes) or "(none)"
    if match.hcpcs is not None and not _any(match.hcpcs, details.codes):
        return f"no line has {_or(match.hcpcs)} (HCPCS {codes})"
    if match.hcpcs_group is not None and not groups.has(match.hcpcs_group, details.codes, details.day):
        return f"no line is of {_or(match.hcpcs_group)} (HCPCS {codes})"
    return ""


def _or(patterns: Iterable[str]) -> str:
    return " or ".join(patterns)


def _wider(pattern: str, other: str) -> bool:
    """Whether all that `other` fits is fitted by `pattern`; False where it cannot be told."""
    if pattern in ("*", other):
        return True
    if "?" in pattern or "[" in pattern:
        return not is_pattern(other) and fnmatchcase(other, pattern)
    return "[" not in other and fnmatchcase(other, pattern)


def covers(match: MatchSpec, other: MatchSpec) -> bool:
    """Whether all claims of `other` are claims of `match` too: a chain with `other` after it can never match.

    False where it cannot be told.
    """
    for name in (*_BASE, *_DETAILS):
        wanted: Any = getattr(match, name)
        theirs: Any = getattr(other, name)
        if wanted is None:
            continue
        if theirs is None:
            return False
        if isinstance(wanted, ChargeRange):
            fits = wanted.covers(theirs)
        elif isinstance(wanted, str):
            fits = wanted == theirs
        else:
            fits = all(any(_wider(pattern, one) for pattern in wanted) for one in theirs)
        if not fits:
            return False
    return True
