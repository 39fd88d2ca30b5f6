"""The scrubber's tables and settings, compiled once for each step of a chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Generic, TypeVar

from gateway.core.x12.claim import Claim
from gateway.plugins import Row, Table, Tables
from gateway.plugins.by_code import deciding_rows

from . import records
from .coded import Coded
from .rules import RULES
from .settings import COMMERCIAL, MEDICAID, MEDICARE, ScrubberSettings

T = TypeVar("T")

OVERFLOW = "99"
_LAST_RANK = 99
_REMEMBERED = 4096
"""Days with payers whose rules, and with modifiers whose order is kept."""


class Book:
    """Every table as the rules ask it. Made by `prepared`, and never changed (what it remembers of codes apart)."""

    def __init__(self, settings: ScrubberSettings, tables: Tables) -> None:
        self.settings = settings
        self._payers = _Scopes(tables["rule_payers"], settings.skip)
        self.categories = Coded(tables["payment_categories"].rows, records.category)
        self.options = Coded(tables["purchase_options"].rows, records.check)
        self.prices = Coded(tables["purchase_prices"].rows, records.price)
        self.ranks = Coded(tables["modifier_order"].rows, records.rank, "modifier")
        self.policies = Coded(tables["kx_policies"].rows, records.policy)
        self.trials = Coded(tables["trial_records"].rows, records.trial)
        self.required = Coded(tables["required_modifiers"].rows, records.required)
        self.bidding = Coded(tables["bidding_modifiers"].rows, records.check, "modifier")
        self.places = Coded(tables["places_of_service"].rows, records.place, "place")
        self.unit_limits = Coded(tables["unit_limits"].rows, records.unit_limit)
        self.spans = ByPayer(tables["span_dates"], records.span_rule)
        self.wopd = Coded(tables["wopd_items"].rows, records.check)
        self.authorized = ByPayer(tables["prior_authorization"], records.listed)
        self.unlisted = Coded(tables["unlisted_codes"].rows, records.check)
        self.filing = Coded(tables["timely_filing"].rows, records.filing_time, "payer")
        self.frequencies = tables["payer_frequency"]
        self.enrollments = tables["enrollments"]
        self._jurisdictions = tables["jurisdictions"]
        self.contractors = frozenset(row.values["payer"] for row in self._jurisdictions.rows)
        # Tables of the plugins resupply and rul, where they are there: what is a refill, what is same or similar.
        refills, similar = tables.get("supply_limits"), tables.get("useful_lifetime")
        self.refills = Coded(refills.rows if refills is not None else (), records.usual)
        self.similar = Coded(similar.rows if similar is not None else (), records.group)
        self.lifetimes = Coded(similar.rows if similar is not None else (), records.lifetime)
        self._ordered: dict[tuple[tuple[str, ...], dt.date], tuple[str, ...]] = {}
        self._groups: dict[str, list[str]] = {}
        for code, rows in deciding_rows(similar.rows if similar is not None else ()).items():
            for group in {records.group(row) for row in rows}:
                self._groups.setdefault(group, []).append(code)

    def payer_class(self, claim: Claim) -> str:
        """Whose rules hold for a claim: medicare, medicaid or commercial."""
        if self.settings.payer_class:
            return self.settings.payer_class
        code = claim.filing_code
        if code in self.settings.medicare_filing_codes:
            return MEDICARE
        return MEDICAID if code in self.settings.medicaid_filing_codes else COMMERCIAL

    def rules(self, payer_class: str, payer_id: str, day: dt.date) -> frozenset[str]:
        """The ids of the rules that hold for a payer on a day."""
        return self._payers.on(payer_class, payer_id, day)

    def ordered(self, modifiers: tuple[str, ...], day: dt.date) -> tuple[str, ...]:
        """Modifiers in their order (R1.10), 99 last; as they are where the table has no rank for one of them."""
        key = (modifiers, day)
        found = self._ordered.get(key)
        if found is None:
            if len(self._ordered) >= _REMEMBERED:
                self._ordered.clear()
            found = self._ordered[key] = self._order(modifiers, day)
        return found

    def _order(self, modifiers: tuple[str, ...], day: dt.date) -> tuple[str, ...]:
        ranked = []
        for one in modifiers:
            row = self.ranks.find(one, day)
            if row is None and one != OVERFLOW:
                return modifiers
            ranked.append((_LAST_RANK if row is None else row[0], one))
        return tuple(one for _, one in sorted(ranked, key=lambda pair: pair[0]))

    def group(self, code: str, day: dt.date) -> str:
        """The same-or-similar group of a code; empty where it has none."""
        found = self.similar.find(code, day)
        return found[0] if found is not None else ""

    def lifetime(self, code: str, day: dt.date) -> int:
        """For how many months an item must last; 0 where that is not known."""
        found = self.lifetimes.find(code, day)
        return found[0] if found is not None else 0

    def in_group(self, group: str) -> list[str]:
        """The codes of a same-or-similar group."""
        return self._groups.get(group, [])

    def contractor(self, state: str, day: dt.date) -> str:
        """The payer id of the DME MAC of a state; empty where the table has no row."""
        row = self._jurisdictions.find(day, state)
        return row.values["payer"] if row is not None else ""

    def same_payer(self, one: str, other: str) -> bool:
        """Whether two payer ids mean the same payer: the four contractors are all Medicare."""
        return one == other or (one in self.contractors and other in self.contractors)

    def frequency(self, filing_code: str, payer_id: str, day: dt.date) -> records.Frequency | None:
        """What a payer takes beside originals: the row that says most about it."""
        for key in ((filing_code, payer_id), ("*", payer_id), (filing_code, "*"), ("*", "*")):
            row = self.frequencies.find(day, *key)
            if row is not None:
                return records.frequency(row)
        return None


class _Scopes:
    """For which payers each rule holds, and when: a rule without a row holds for all, always."""

    def __init__(self, table: Table, skip: frozenset[str]) -> None:
        self._always = frozenset(RULES) - skip - {row.values["rule"] for row in table.rows}
        self._rows = [(row, records.payers(row)) for row in table.rows if row.values["rule"] not in skip]
        self._known: dict[tuple[str, str, dt.date], frozenset[str]] = {}

    def on(self, payer_class: str, payer_id: str, day: dt.date) -> frozenset[str]:
        key = (payer_class, payer_id, day)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            either = (payer_class, payer_id)
            scoped = {row.values["rule"] for row, of in self._rows if not of.isdisjoint(either) and row.holds_on(day)}
            found = self._known[key] = self._always | scoped
        return found


class ByPayer(Generic[T]):
    """A table by payer and code: rows of the payer's own id go before those of its class."""

    def __init__(self, table: Table, make: Callable[[Row], T]) -> None:
        by_payer: dict[str, list[Row]] = {}
        for row in table.rows:
            by_payer.setdefault(row.values["payer"], []).append(row)
        self._by_payer = {payer: Coded(rows, make) for payer, rows in by_payer.items()}

    def find(self, payer_id: str, payer_class: str, code: str, day: dt.date) -> T | None:
        """What holds for a code; None where no row does."""
        for payer in (payer_id, payer_class):
            coded = self._by_payer.get(payer)
            found = coded.find(code, day) if coded is not None else None
            if found is not None:
                return found[0]
        return None


def open_book(settings: ScrubberSettings, tables: Tables) -> Book:
    """The book of a step, for `context.prepared`."""
    return Book(settings, tables)
