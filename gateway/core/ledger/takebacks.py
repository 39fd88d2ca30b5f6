"""What payers have carried forward, announced to take back, or taken: by payer and reference, until it is zero.

A payer that announces a recovery or carries a balance forward (PLB WO or FB below zero, 72) gives money now that it
takes later; the two bear one reference. What stands on a reference is the sum of its transfers on the payer's account:
below zero the payer will take it, above zero it has taken what it never announced.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, case, cast, func, literal, or_, select

from ..store.claims import bulks
from ..store.tables import provider_adjustments, remittances, transfers

USES = ("recovery", "forward")
"""The accounts of a payer that must come to zero, reference by reference."""


class Takeback(NamedTuple):
    """A reference of a payer. `cents` is what stands on it: below zero, the payer will take it; above zero, it has
    taken what was not announced. `first_on` and `last_on`: business dates; `codes`: the reasons (PLB03-1); `entries`:
    how many pairs."""

    account: str
    payer_name: str
    reference: str
    cents: int
    first_on: dt.date
    last_on: dt.date
    entries: int
    codes: tuple[str, ...]

    @property
    def payer(self) -> str:
        """The payer, as its account has it."""
        return self.account.split(":")[1]

    @property
    def use(self) -> str:
        """recovery or forward."""
        return self.account.rsplit(":", 1)[1]

    @property
    def stands(self) -> str:
        """`to come`: the payer announced it and will take it. `taken`: it took what it never announced. `zero`."""
        return "to come" if self.cents < 0 else "taken" if self.cents else "zero"

    def days(self, today: dt.date) -> int:
        """How long it has stood."""
        return (today - self.first_on).days


def _rows() -> Any:
    """Every provider-level pair with its account and signed cents. Each pair finds its transfer by its key."""
    t, p = transfers.c, provider_adjustments.c
    debited = t.debit.startswith("payer:")
    account = case((debited, t.debit), else_=t.credit)
    return (
        select(
            account.label("account"),
            case((debited, t.cents), else_=-t.cents).label("cents"),
            t.on_date,
            p.id,
            p.reference,
            p.reason_code,
            remittances.c.payer_name,
        )
        .select_from(provider_adjustments)
        .join(transfers, t.key == literal("plb:") + cast(p.id, String))
        .join(remittances, remittances.c.id == p.remittance_id)
        .where(or_(*(account.like(f"payer:%:{use}") for use in USES)))
    )


def standing(connection: Connection, *, payer: str = "", everything: bool = False) -> list[Takeback]:
    """References on which something stands, the oldest first; `everything`: those that came to zero, too."""
    rows = _rows().subquery()
    codes: dict[tuple[str, str], list[str]] = {}
    for account, reference, code in connection.execute(
        select(rows.c.account, rows.c.reference, rows.c.reason_code).distinct().order_by(rows.c.reason_code)
    ):
        codes.setdefault((account, reference), []).append(code)
    total = func.sum(rows.c.cents)
    statement = select(
        rows.c.account,
        func.max(rows.c.payer_name).label("payer_name"),
        rows.c.reference,
        total.label("cents"),
        func.min(rows.c.on_date).label("first_on"),
        func.max(rows.c.on_date).label("last_on"),
        func.count().label("entries"),
    ).group_by(rows.c.account, rows.c.reference)
    if payer:
        statement = statement.where(or_(*(rows.c.account == f"payer:{payer}:{use}" for use in USES)))
    if not everything:
        statement = statement.having(total != 0)
    return [
        Takeback(
            row.account,
            row.payer_name,
            row.reference,
            int(row.cents),
            row.first_on,
            row.last_on,
            int(row.entries),
            tuple(codes[row.account, row.reference]),
        )
        for row in connection.execute(statement.order_by("first_on", rows.c.account, rows.c.reference))
    ]


class Entry(NamedTuple):
    """A provider-level pair on a reference: its id, signed cents (below zero: announced; above: taken), business date,
    reason (PLB03-1), and the remittance that brought it, with its file and its check or trace number."""

    id: int
    cents: int
    on_date: dt.date
    code: str
    remittance_id: int
    file_id: int
    trace_number: str


def entries(connection: Connection, payer: str, use: str, reference: str) -> list[Entry]:
    """What happened on a reference of a payer, in order."""
    account = f"payer:{payer}:{use}"
    rows = connection.execute(
        _rows()
        .add_columns(remittances.c.id.label("remittance_id"), remittances.c.file_id, remittances.c.trace_number)
        .where(provider_adjustments.c.reference == reference)
        .order_by(provider_adjustments.c.id)
    )
    return [
        Entry(row.id, int(row.cents), row.on_date, row.reason_code, row.remittance_id, row.file_id, row.trace_number)
        for row in rows
        if row.account == account
    ]


def of_references(
    connection: Connection, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, list[int]]]:
    """What stands on each account and reference, and the ids of its pairs."""
    found: dict[tuple[str, str], tuple[int, list[int]]] = {}
    for some in bulks(sorted({reference for _, reference in wanted})):
        rows = _rows().where(provider_adjustments.c.reference.in_(some)).order_by(provider_adjustments.c.id)
        for row in connection.execute(rows):
            key = row.account, row.reference
            if key in wanted:
                cents, ids = found.get(key, (0, []))
                found[key] = cents + int(row.cents), [*ids, row.id]
    return found
