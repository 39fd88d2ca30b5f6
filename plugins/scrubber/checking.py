"""What is wrong with the scrubber's settings and tables, in sentences for whoever edits them."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.plugins import Tables, instead

from .records import READERS
from .rules import RULES
from .settings import ScrubberSettings


def faults(settings: ScrubberSettings, tables: Tables) -> Iterator[str]:
    """A sentence for each rule of `skip` that there is not, and for each row that cannot be used."""
    for rule in sorted(settings.skip - set(RULES)):
        yield f"skip names the rule {rule}, which the scrubber does not have: {instead(rule, RULES)}"
    for name, read in READERS.items():
        table = tables.get(name)
        if table is None:
            continue
        for number, row in enumerate(table.rows, 1):
            try:
                read(row)
            except ValueError as error:
                key = " ".join(row.values.get(column, "") for column in table.key)
                yield f"in the table {name}, row {number} ({key}): {error}"
            except KeyError:
                # A column that is missing is told where the table is read, with its line.
                continue
