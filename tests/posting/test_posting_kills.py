"""Exactly once: the process is killed at each boundary of posting, in its first and in its second chunk."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.store import tables

from .. import progress
from ..conftest import create_tables
from ..soak import chosen
from .conftest import Desk, Line
from .made import Cas, Clp, Era, Plb, Svc, make_835

pytestmark = progress.UNTIMED


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    """On SQLite; the crash tests of the whole gateway kill on PostgreSQL, too."""
    create_tables(sqlite_url)
    made = Desk(tmp_path, sqlite_url)
    yield made
    proof = made.prove()
    made.close()
    assert proof.ok, proof.faults


def run(desk: Desk, file_id: int, kill_at: str = "") -> int:
    """Post the file in a process of its own; returns how it ended."""
    return work(desk.url, desk.folder, "post", str(file_id), {"file_id": file_id}, kill_at)


def work(url: str, folder: Path, kind: str, key: str, payload: dict[str, Any], kill_at: str = "") -> int:
    """Do a piece of work in a process of its own; returns how it ended."""
    told = [url, str(folder), kind, key, json.dumps(payload)]
    return progress.ended(f"{__package__}.worker", told, url, kill_at)


def a_busy_morning(desk: Desk) -> int:
    """Three payments in two chunks: one clean, one denied, one of nobody; and a balance carried forward."""
    desk.chunk = 2
    desk.config()
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L2"))
    paid = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
    denied = Svc("E1390", "150", "0", (Cas("CO", "50", "150"),), ref="L2")
    claims = [Clp("SW1", [paid]), Clp("SW2", [denied]), Clp("NOBODY", [paid])]
    return desk.receive(make_835(Era(claims, [Plb("FB", "-30")])))


def end_state(desk: Desk) -> dict[str, Any]:
    """Everything that posting left, without its moments."""
    return {
        "accounts": desk.accounts(),
        "remittances": [(row.state, row.posted_cents, row.exception_cents) for row in desk.remittances()],
        "payments": [(row.id, row.state, row.claim_id) for row in desk.payments()],
        "claims": [(row.id, row.state, row.version) for row in desk.rows(tables.claims)],
        "denials": [(row.id, row.claim_id, row.cents) for row in desk.denials()],
        "items": sorted((row.kind, row.key, row.cents) for row in desk.items()),
        "timeline": sorted((row.subject_kind, row.subject_id, row.what) for row in desk.rows(tables.timeline)),
        "transfers": [(row.id, row.key, row.cents) for row in desk.rows(tables.transfers)],
        "answers": [(row.kind, row.key) for row in desk.rows(tables.outbox)],
    }


UNDISTURBED: dict[str, Any] = {
    "accounts": {
        "adjustment:contractual": 5000,
        "cash:expected": 19000,
        "clearing:1": -8000,
        "income:charges": -30000,
        "payer:1960000022:forward": -3000,
        "receivable:denied": 15000,
        "receivable:patient:coinsurance": 2000,
    },
    "remittances": [("partly posted", 8000, 8000)],
    "payments": [(1, "posted", 1), (2, "posted", 2), (3, "exception", None)],
}


@pytest.mark.parametrize(
    "boundary",
    chosen(
        "posting",
        (
            *("post.scanned", "post.begun", "post.decided", "post.decided:2", "post.committed", "post.committed:2"),
            "post.closed",
        ),
        keep=["post.committed"],
        of=2,
    ),
)
def test_a_killed_process_goes_on_and_posts_each_payment_once(desk: Desk, boundary: str) -> None:
    file_id = a_busy_morning(desk)
    assert run(desk, file_id, boundary) == -signal.SIGKILL
    assert desk.prove().ok
    assert run(desk, file_id) == 0
    found = end_state(desk)
    for name, wanted in UNDISTURBED.items():
        assert found[name] == wanted, name
    assert len(found["transfers"]) == 8
    assert [row[1:] for row in found["claims"]] == [("paid", 2), ("denied", 2)]
    assert [kind for kind, _, _ in found["items"]] == ["denial", "posting_exception"]
    assert found["answers"] == [("answer", f"post:{file_id}")]
    # One event for each payment, one for the routed denial, two for the remittance.
    assert len(found["timeline"]) == 6
