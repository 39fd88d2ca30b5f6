"""Everything that matters at the end of a run, without ids, times and the order of what ran side by side.

Two runs that came to the same end give equal dumps. Rows that refer to each other do so by names that both runs give
them: a claim is its source's file, its place in it and its number; a payment its trace number and place.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from gateway.core.ledger.accounts import balances_by_kind
from gateway.core.store import tables as t

Dump = dict[str, Counter[str]]
"""By what it is: each row as text, and how often there is one like it."""

_IDS = re.compile(r"\b(file|batch|remittance|payment|claim|line|submission|patient|transfer)s? \d+", re.IGNORECASE)
_MOMENTS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")
_UNSTABLE = re.compile(r"^\d{8}-\d+-")
_OUR_LINE_NUMBERS = re.compile(r"\b[0-9A-Z]{1,3}G([0-9A-Z]{1,3}L\d+)\b")
"""REF*6R as intake gives it where the source has none: the file's id stands before the G."""
_OF_OUR_OWN_ENVELOPE = ("ISA", "GS", "GE", "IEA", "ST", "SE", "BHT")


def _masked(text: str | None) -> str:
    """A sentence without ids and moments."""
    return _MOMENTS.sub("<moment>", _IDS.sub(r"\1 <id>", text or ""))


def _text(**values: Any) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())


class _Names:
    """What rows are called in both runs."""

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute(
            select(t.claims.c.id, t.claims.c.ordinal, t.claims.c.claim_number, t.files.c.name).join(
                t.files, t.files.c.id == t.claims.c.file_id
            )
        )
        self.claims = {row.id: f"{row.name}#{row.ordinal}:{row.claim_number}" for row in rows}
        lines = connection.execute(select(t.claim_lines.c.id, t.claim_lines.c.claim_id, t.claim_lines.c.number))
        self.lines = {row.id: f"{self.claims[row.claim_id]}/{row.number}" for row in lines}
        remittances = connection.execute(select(t.remittances.c.id, t.remittances.c.trace_number))
        self.remittances = {row.id: row.trace_number for row in remittances}
        payments = connection.execute(
            select(
                t.claim_payments.c.id,
                t.claim_payments.c.remittance_id,
                t.claim_payments.c.payer_claim_number,
                t.claim_payments.c.claim_number,
                t.claim_payments.c.status,
            )
        )
        self.payments = {
            row.id: f"{self.remittances[row.remittance_id]}/{row.claim_number}/{row.payer_claim_number}/{row.status}"
            for row in payments
        }
        self.batches = {row.id: row.isa13 for row in connection.execute(select(t.batches.c.id, t.batches.c.isa13))}
        self._members = {
            row.id: f"{row.last_name},{row.first_name},{row.birth_date}"
            for row in connection.execute(select(t.patients))
        }

    def of(self, column: str, value: Any) -> Any:
        """The name behind an id, by the column that holds it."""
        if value is None:
            return None
        known = {
            "claim_id": self.claims,
            "line_id": self.lines,
            "remittance_id": self.remittances,
            "claim_payment_id": self.payments,
            "reverses": self.payments,
            "batch_id": self.batches,
            "patient_id": self._members,
        }.get(column)
        return known[value] if known is not None else value


_COLUMNS: dict[Table, str] = {
    t.claims: "source claim_number source_claim_number patient_id partner chain payer_id filing_code member_id "
    "billing_npi frequency charge_cents from_date thru_date state usage payer_claim_number",
    t.claim_lines: "line_id control_number code modifiers charge_cents units from_date thru_date patient_id",
    t.holds: "claim_id type rule plugin team line due expires released_by release_reason reason",
    t.batches: "isa13 partner state usage sets claims cents remote_name ta1 group_ack claim_acks reason",
    t.submissions: "claim_id batch_id claim_number state hop payer_claim_number charge_cents",
    t.acknowledgments: "batch_id submission_claim kind hop verdict details",
    t.work_items: "kind claim_id subject_kind rule team cents state work_by deadline payer_id partner reason outcome",
    t.remittances: "trace_number originator partner state payer_id payee_npi handling method paid_cents claims "
    "posted_cents exception_cents provider_level_cents reason",
    t.claim_payments: "remittance_id claim_id claim_number status charge_cents paid_cents patient_cents "
    "payer_claim_number state match reason reverses",
    t.line_payments: "claim_payment_id line_id code charge_cents paid_cents denied",
    t.adjustments: "claim_payment_id line_id group_code reason_code remark_code cents kind",
    t.provider_adjustments: "remittance_id provider reason_code reference cents",
    t.denials: "claim_id line_id claim_payment_id group_code reason_code remark_code category team cents state",
    t.deposits: "remittance_id method payer_id trace_number cents state",
    t.transfers: "debit credit cents kind claim_id line_id claim_payment_id remittance_id",
    t.files: "direction origin party kind state claims cents size reason",
    t.remote_files: "partner state",
    t.patients: "last_name first_name birth_date sex",
    t.interchanges: "direction partner sender receiver isa13 usage",
}


def dump(connection: Connection, answers: Path, drops: Path) -> Dump:
    """The end of a run: its database, and the folders `answers` (data/out) and `drops` (data/in)."""
    names = _Names(connection)
    found: Dump = {}
    for table, columns in _COLUMNS.items():
        rows = connection.execute(select(table))
        found[table.name] = Counter(_row(names, table, row, columns.split()) for row in rows)
    found["balances"] = Counter({f"{name} {cents}": 1 for name, cents in balances_by_kind(connection).items()})
    found["claim timeline"] = _timeline(connection, names)
    found["answers"] = Counter(_answers(answers))
    found["drop folders"] = Counter(str(path.relative_to(drops)) for path in drops.rglob("*") if path.is_file())
    return found


def _row(names: _Names, table: Table, row: Row[Any], columns: Iterable[str]) -> str:
    values: dict[str, Any] = {}
    if table is t.claims:
        values["claim"] = names.claims[row.id]
    for column in columns:
        if table is t.claim_lines and column == "line_id":
            values["line"] = names.lines[row.id]
            continue
        if column == "submission_claim":
            continue
        value = row._mapping[column]
        if column in ("reason", "match", "outcome", "release_reason"):
            value = _masked(value)
        elif column in ("debit", "credit") and value.startswith("clearing:"):
            value = "clearing:" + names.remittances[int(value.removeprefix("clearing:"))]
        elif column == "control_number":
            value = _OUR_LINE_NUMBERS.sub(r"G\1", value)
        elif column == "details":
            value = _masked(str(value))
        elif not (table is t.batches and column == "batch_id"):
            value = names.of(column, value)
        values[column] = value
    return _text(**values)


def _timeline(connection: Connection, names: _Names) -> Counter[str]:
    """How often each claim came by each station. Of several answers that came at once, the strongest may speak first,
    and the others then have nothing to add."""
    rows = connection.execute(
        select(t.timeline.c.subject_id, t.timeline.c.station).where(t.timeline.c.subject_kind == "claim")
    )
    found = Counter(f"{names.claims[row.subject_id]} {row.station}" for row in rows)
    return Counter({name: 1 if name.endswith(" acknowledge") else count for name, count in found.items()})


def _answers(folder: Path) -> Iterable[str]:
    """What was given to the sources: each file's kind and content, without what differs between runs."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = f"{path.parent.name}/{_UNSTABLE.sub('', path.name)}"
            yield f"{name} {_content(path)}"


def _content(path: Path) -> str:
    text = _OUR_LINE_NUMBERS.sub(r"G\1", path.read_bytes().decode("latin-1"))
    if path.suffix == ".csv":
        rows = list(csv.reader(io.StringIO(text)))
        return _hash(sorted(map(repr, rows)))
    if path.suffix == ".jsonl":
        return _hash(sorted(text.splitlines()))
    segments = re.split(r"[~\r\n]+", text)
    return _hash(sorted(part for part in segments if part.partition("*")[0] not in _OF_OUR_OWN_ENVELOPE))


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def differences(expected: Dump, found: Dump, most: int = 6) -> list[str]:
    """What differs, in words; nothing if the two are equal."""
    said = []
    for name in sorted(expected.keys() | found.keys()):
        missing = expected.get(name, Counter()) - found.get(name, Counter())
        extra = found.get(name, Counter()) - expected.get(name, Counter())
        for word, rows in (("missing", missing), ("too many", extra)):
            said += [f"{name}: {word} {count} x {row}" for row, count in sorted(rows.items())[:most]]
            if len(rows) > most:
                said.append(f"{name}: {word} {len(rows) - most} more")
    return said
