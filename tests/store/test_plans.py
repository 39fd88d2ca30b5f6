"""What is looked up for every chunk is found by an index, however many claims and patients there are (SQLite has no
statistics to choose by: the indexes must leave it no worse way)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from gateway.config.partner import Answers, BatchRules, Partner
from gateway.core.flow import look_again
from gateway.core.flow.desk_patients import StorePatients
from gateway.core.flow.postings import postings_rows
from gateway.core.flow.watch import silences
from gateway.core.store import belongings, drop_documents, made_claims
from gateway.core.store import claims as claim_store
from gateway.core.store import patients as patient_store
from gateway.core.store.belongings import equipment_with_serials
from gateway.core.store.drop_documents import Dropped
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.patients import Person

from ..conftest import create_tables

NOW = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)
SOMEBODY = Person("MARLOW", "IDA", dt.date(1950, 3, 1), "F", "1AA0AA0AA00", source="billing")

ASKED: dict[str, tuple[Callable[[Connection], Any], list[str]]] = {
    "numbers": (
        lambda connection: claim_store.numbers_in_use(connection, "billing", ["C-1", "C-2"]),
        ["ix_claims_source_number (source=? AND source_claim_number=?)"],
    ),
    "contents": (
        lambda connection: claim_store.contents_in_use(connection, "billing", ["a", "b"]),
        ["ix_claims_source_content (source=? AND content_hash=?)"],
    ),
    "patients": (
        lambda connection: patient_store.find(connection, patient_store.keys_of(SOMEBODY)),
        ["ix_patient_ids_value (value=?)"],
    ),
    "namesakes": (
        lambda connection: patient_store.link(connection, [SOMEBODY], [NOW.date()], NOW),
        ["ix_patient_ids_value (value=?)", "ix_patients_name (last_name=? AND first_name=?)"],
    ),
    "held claims": (
        lambda connection: look_again.look_again(connection, range(1, 300), "Something came", NOW),
        [
            "ix_patients_merged_into (merged_into=?)",
            "ix_claims_state_created_at (state=?)",
            "ix_holds_claim_id (claim_id=?)",
        ],
    ),
    "orders": (
        lambda connection: belongings.orders_of(connection, {1: 1, 2: 1}),
        ["ix_orders_patient_id (patient_id=?)"],
    ),
    "authorizations": (
        lambda connection: belongings.authorizations_of(connection, {1: 1, 2: 1}),
        ["ix_authorizations_patient_id (patient_id=?)"],
    ),
    "documents": (
        lambda connection: belongings.documents_of(connection, {1: 1, 2: 1}),
        ["ix_documents_patient_id (patient_id=?)"],
    ),
    "postings": (
        lambda connection: list(postings_rows(connection, remittance_ids=[1], source="billing")),
        ["ix_claim_payments_remittance_id (remittance_id=? AND rowid>?)"],
    ),
    "numbers of made claims": (
        lambda connection: made_claims.numbers_used(connection, ["M-1", "M-2"]),
        ["ix_claims_claim_number (claim_number=?)", "ix_made_claims_number (number=?)"],
    ),
    "made claims that came in": (
        lambda connection: made_claims.taken_in(connection, 1),
        ["ix_made_claims_file_id (file_id=?)", "(file_id=?"],
    ),
    "patients of some items": (
        lambda connection: list(StorePatients(connection, "months", {}).patients(["E0601", "E1390"], ())),
        [
            "ix_claim_lines_patient_id (patient_id=?)",
            "ix_deliveries_patient_id (patient_id=?)",
            "ix_equipment_patient_id (patient_id=?)",
        ],
    ),
    "who has a serial number": (
        lambda connection: equipment_with_serials(connection, ["S-1", "S-2"]),
        ["ix_equipment_serial (serial=?)"],
    ),
    "a document that came before": (
        lambda connection: drop_documents.first_with(connection, Dropped("months", "visits", "billing"), "a"),
        ["ix_files_sha256 (sha256=?)"],
    ),
    "silences": (
        lambda connection: silences(
            connection, Partner.model_construct(name="practice", answers=Answers(), batch=BatchRules()), NOW
        ),
        ["ix_submissions_waiting (batch_id=?"],
    ),
}


@pytest.mark.parametrize("asked", ASKED)
def test_a_lookup_goes_by_its_index(sqlite_url: str, asked: str) -> None:
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
    assert not [line for line in lines if line.startswith("SCAN") and "CONSTANT" not in line], lines
    for index in wanted:
        assert any(index in line for line in lines), (index, lines)
