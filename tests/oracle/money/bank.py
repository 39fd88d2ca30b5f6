"""The bank's side of 5.1: deposits out of a BAI2 file, matched to what the remittances expect."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from .books import Books

BUSINESS_DAYS = 3


@dataclass
class Credit:
    """Money in. `trace` is TRN02 of the CCD+ addenda, where the bank tells it; `originator` TRN03."""

    day: date
    cents: int
    trace: str = ""
    originator: str = ""
    set: int = -1


class Bank:
    """Bank files in the order in which they came; `match` says which credit is which remittance's."""

    def __init__(self) -> None:
        self.credits: list[Credit] = []

    def file(self, text: str) -> None:
        """Read the credits (16) of a BAI2 file; 88 carries on, and has the addenda's TRN."""
        records: list[str] = []
        for row in text.splitlines():
            if row.startswith("88,"):
                records[-1] = records[-1].rstrip("/ ") + " " + row[3:]
            elif row.strip():
                records.append(row)
        day = date.min
        for record in records:
            parts = record.rstrip("/").split(",")
            if parts[0] == "02":
                day = date(2000 + int(parts[4][:2]), int(parts[4][2:4]), int(parts[4][4:6]))
            elif parts[0] == "16" and 100 <= int(parts[1]) < 400:
                credit = Credit(day, int(parts[2]))
                _, found, trn = record.partition("TRN*1*")
                if found:
                    told = trn.split("\\")[0].split("*")
                    credit.trace = told[0].strip()
                    credit.originator = told[1].strip() if len(told) > 1 else ""
                elif named := re.search(r"ORIG ID:\s*(\w+)", record):
                    credit.originator = named[1]
                self.credits.append(credit)

    def match(self, books: Books) -> None:
        """TRN02 and amount first; then amount, payer and date within three business days, where only one is so."""
        open_sets = {
            number: one.remitted for number, one in enumerate(books.sets) if one.counts and one.remitted.total > 0
        }
        free = [one for one in self.credits if one.set < 0]
        for credit in free:
            same = [at for at, one in open_sets.items() if (one.trace, one.total) == (credit.trace, credit.cents)]
            if len(same) == 1:
                credit.set = same[0]
                del open_sets[same[0]]
        for credit in [one for one in free if one.set < 0]:
            near = [
                at
                for at, one in open_sets.items()
                if one.total == credit.cents
                and one.originator == credit.originator
                and _business_days(date.fromisoformat(one.day), credit.day) <= BUSINESS_DAYS
            ]
            if len(near) == 1:
                credit.set = near[0]
                del open_sets[near[0]]

    def matched(self) -> int:
        """Money that has its remittance."""
        return sum(one.cents for one in self.credits if one.set >= 0)

    def unidentified(self) -> int:
        """Money without a remittance."""
        return sum(one.cents for one in self.credits if one.set < 0)


def _business_days(one: date, other: date) -> int:
    """Monday to Friday between two days."""
    first, last = sorted((one, other))
    return sum((first + timedelta(days=at)).weekday() < 5 for at in range(1, (last - first).days + 1))
