"""Payers that keep to rules of their own: reading config/tables/payer_habits.yaml and payer_plb.yaml.

A payer that is not there keeps to the rules (hme-billing-rules 5.2, 5.7, 5.8).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple, Protocol

HABITS = "payer_habits"
PLB, PAYER_PLB = "plb", "payer_plb"
NUMBERS, ALL = "numbers", "all"
FOUND_BY = (NUMBERS, ALL)


class _Row(Protocol):
    @property
    def values(self) -> Mapping[str, str]: ...


class DatedTable(Protocol):
    """A table, as far as it is asked (`gateway.plugins.tables.Table`)."""

    def find(self, day: dt.date, *key: str) -> _Row | None: ...


class Habits(NamedTuple):
    """What a payer does otherwise.

    `repeats_trace`: it gives several payments one number (TRN02), so that only equal contents tell a copy.
    `claims_by_numbers`: a claim is found by CLP01 and CLP07 alone; `lines_by_numbers`: a line by REF*6R alone.
    """

    repeats_trace: bool = False
    claims_by_numbers: bool = False
    lines_by_numbers: bool = False


USUAL = Habits()


def habits_of(table: DatedTable | None, day: dt.date, *ids: str) -> Habits:
    """The habits of a payer by the first of its ids (N1*PR, TRN03) that the table has."""
    for payer in ids:
        row = table.find(day, payer) if table is not None and payer else None
        if row is not None:
            values = row.values
            return Habits(values["repeats_trace"] == "Y", values["claims_by"] == NUMBERS, values["lines_by"] == NUMBERS)
    return USUAL


def provider_level(
    general: DatedTable | None, own: DatedTable | None, day: dt.date, code: str, *ids: str
) -> Mapping[str, str]:
    """The row of a provider-level reason: what the payer means by it, else what all do; empty where nobody knows."""
    for payer in ids:
        row = own.find(day, payer, code) if own is not None and payer else None
        if row is not None:
            return row.values
    row = general.find(day, code) if general is not None else None
    return row.values if row is not None else {}
