"""What the money pages ask is found by an index, however many claims, payments and transfers there are (SQLite has no
statistics to choose by)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from gateway.core.flow import exception_view as view
from gateway.core.flow import replaced
from gateway.core.flow.match import keys_of
from gateway.core.flow.open_claims import find_claims
from gateway.core.ledger import day_figures, day_rest, days, register, to_match
from gateway.core.ledger.register import Which
from gateway.core.store.engine import make_sync_engine
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.core.x12.segment import Delimiters

from ..conftest import create_tables

PAYMENT = ClaimPayment(
    ["CLP*NOBODY*1*150*80*0*12*ICN1", "NM1*QC*1*FERNSBY*POSY****MI*1AA0AA0AA00", "DTM*232*20261101"],
    Delimiters("*", ":", "^", "~"),
)
DAY = dt.date(2026, 11, 25)
MANY = ("claim_payments", "transfers", "work_items", "claims", "claim_lines", "timeline", "cash_matches", "patients")
ALIASES = ("old", "new")
"""The tables that have rows without end."""

ASKED: dict[str, tuple[Callable[[Connection], Any], list[str]]] = {
    "what waits": (
        lambda sql: view.waiting(sql, limit=50),
        [
            "ix_claim_payments_waiting",
            "ix_work_items_subject (subject_kind=? AND subject_id=?)",
            "ix_remittances_state",
        ],
    ),
    "what is set aside": (
        lambda sql: view.waiting(sql, aside=True),
        ["SEARCH claim_payments USING INTEGER PRIMARY KEY"],
    ),
    "reasons": (view.by_reason, ["ix_claim_payments_waiting", "ix_remittances_state"]),
    "money to match": (lambda sql: to_match.money(sql, 12), ["ix_money_lines_state (state=?)"]),
    "deposits to match": (lambda sql: to_match.awaited(sql, 12), ["ix_deposits_state (state=?)"]),
    "the sum of money": (to_match.sum_of_money, ["ix_money_lines_state (state=?)"]),
    "the sum of deposits": (to_match.sum_of_deposits, ["ix_deposits_state (state=?"]),
    "the register": (lambda sql: register.page(sql, Which(state="expected"), 50, below=9), ["deposits"]),
    "a day": (
        lambda sql: day_figures.figures(sql, DAY, booked=False),
        ["ix_money_lines_counts_on", "ix_transfers_into_hand (on_date<?)", "ix_transfers_out_of_hand (on_date<?)"],
    ),
    "what keeps a day open": (
        lambda sql: (day_rest.unknown(sql, DAY), day_rest.unposted(sql, DAY)),
        ["ix_money_lines_counts_on (counts_on=?)"],
    ),
    "claims that a payment may be for": (
        lambda sql: (find_claims(sql, [PAYMENT]), view._near(sql, keys_of(PAYMENT))),
        ["ix_patients_name (last_name>? AND last_name<?)", "ix_claims_member_id", "ix_claims_patient_id"],
    ),
    "what stands in a claim's place": (
        lambda sql: replaced._pairs(sql, {3, 4}, {7, 8}),
        ["SEARCH new USING INDEX ix_claims_source_number", "SEARCH old USING INDEX ix_claims_source_number"],
    ),
    "what waits because of that": (
        replaced._waiting,
        ["(key>? AND key<?)"],
    ),
    "closed days": (lambda sql: days.closings(sql, 30, below=7), ["INTEGER PRIMARY KEY (rowid<?)"]),
}


@pytest.mark.parametrize("asked", ASKED)
def test_the_money_pages_read_no_large_table_from_end_to_end(sqlite_url: str, asked: str) -> None:
    look, wanted = ASKED[asked]
    create_tables(sqlite_url)
    engine = make_sync_engine(sqlite_url)
    seen: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith("SELECT") and not many:
            seen.append((statement, parameters))

    with engine.begin() as connection:
        look(connection)
        plans = [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in list(seen)
        ]
    engine.dispose()
    lines = [line for plan in plans for line in plan]
    ends = [line for line in lines if line.startswith("SCAN") and line.split()[1] in (*MANY, *ALIASES)]
    assert not [line for line in ends if "ix_claim_payments_waiting" not in line], lines
    for index in wanted:
        assert any(index in line for line in lines), (index, lines)
