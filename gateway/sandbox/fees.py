"""What a payer allows: the effective-dated fee table, by code and how it was billed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from gateway.config.faults import ConfigFault
from gateway.config.shipped import shipped_config
from gateway.config.tables import read_table
from gateway.config.yaml_source import read_yaml
from gateway.core.x12.values import parse_cents
from gateway.plugins.tables import Table

DEFAULT_TABLE = shipped_config() / "tables" / "fees.yaml"
_BILLED_AS = ("RR", "NU", "UE", "MS")
# Oxygen volume adjustment (hme-billing-rules 2.3): half below one litre a minute, half more above four.
_VOLUME = {"QE": 50, "QA": 50, "QG": 150, "QR": 150}


class Fees:
    """The table, with its amounts read once. Empty where no table was found: then nothing is known of any code."""

    def __init__(self, table: Table | None) -> None:
        self._table = table

    def allowed(self, code: str, modifiers: tuple[str, ...], units: int, day: dt.date) -> int | None:
        """Cents allowed in full for so many units on a day; None where the table has no such item."""
        if self._table is None:
            return None
        billed_as = next((modifier for modifier in modifiers if modifier in _BILLED_AS), "")
        # A used item is allowed three quarters of a new one.
        percent, billed_as = (75, "NU") if billed_as == "UE" else (100, billed_as)
        row = self._table.find(day, code, billed_as) or self._table.find(day, code, "")
        if row is None:
            return None
        column = "fee_kj" if "KJ" in modifiers and row.values.get("fee_kj") else "fee"
        cents = parse_cents(row.values.get(column, "")) or 0
        for modifier in modifiers:
            percent = percent * _VOLUME.get(modifier, 100) // 100
        return cents * units * percent // 100


def load_fees(path: Path | None) -> Fees:
    """The fee table of a file; without a path the gateway's own, if it is there.

    Raises:
        ValueError: the file cannot be read, or rows in it are wrong; every fault with its place.
    """
    if path is None and not DEFAULT_TABLE.exists():
        return Fees(None)
    source = path or DEFAULT_TABLE
    document, faults = read_yaml(source, source.name)
    found: list[ConfigFault] = list(faults)
    table = read_table("fees", document, found) if document is not None else None
    if found:
        raise ValueError("\n".join(str(fault) for fault in found))
    return Fees(table)
