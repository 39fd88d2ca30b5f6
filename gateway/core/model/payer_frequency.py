"""Which payer takes which claim frequency (rule R1.60): reading config/tables/payer_frequency.yaml."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple, Protocol

TABLE = "payer_frequency"
ORIGINAL, REPLACEMENT, VOID = "1", "7", "8"


class _Row(Protocol):
    @property
    def values(self) -> Mapping[str, str]: ...


class FrequencyTable(Protocol):
    """The table, as far as it is asked (`gateway.plugins.tables.Table`)."""

    def find(self, day: dt.date, *key: str) -> _Row | None: ...


class Takes(NamedTuple):
    """Whether a payer takes a frequency, and where not, what to do instead (one sentence)."""

    taken: bool
    instead: str = ""


def takes(table: FrequencyTable | None, filing_code: str, payer_id: str, frequency: str, day: dt.date) -> Takes:
    """Whether the payer of a claim takes it with this frequency (CLM05-3). Originals are always taken; without a row
    for the payer nothing else is."""
    if frequency in ("", ORIGINAL):
        return Takes(True)
    for key in ((filing_code, payer_id), ("*", payer_id), (filing_code, "*"), ("*", "*")):
        row = table.find(day, *key) if table is not None else None
        if row is not None:
            return Takes(frequency in row.values["takes"].split(), row.values.get("instead", ""))
    return Takes(False, "No row of config/tables/payer_frequency.yaml says that this payer takes it.")
