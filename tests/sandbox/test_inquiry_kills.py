"""Exactly once: the process is killed (SIGKILL) at each boundary of an inquiry (276); the next one goes on, and the
payer is asked once, under one number."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from gateway.core.boundary import BOUNDARIES
from gateway.core.store.inquiry_tables import inquiries
from gateway.core.store.tables import batches, files, outbox

from .. import progress
from .inquiry_worker import KIND
from .test_inquiries import House, house

__all__ = ["house"]
pytestmark = progress.UNTIMED

AT = ["inquire.allocated", "inquire.written"]


def asks(made: House, url: str, folder: Path, kill_at: str = "") -> int:
    """Ask about two claims in a process of its own; returns how it ended."""
    payload = json.dumps({"partner": "practice", "claims": [1, 2], "who": "maria"})
    return progress.ended(f"{__package__}.inquiry_worker", [url, str(folder), "day one", payload], url, kill_at)


def test_every_boundary_of_it_is_killed_at() -> None:
    assert {name for name in BOUNDARIES if name.startswith(f"{KIND}.")} == set(AT)


@pytest.mark.parametrize("boundary", AT)
def test_killed_while_it_asks_it_is_asked_once_under_one_number(
    house: House, database_url: str, tmp_path: Path, boundary: str
) -> None:
    house.claim(1)
    house.claim(2)
    assert asks(house, database_url, tmp_path, boundary) == -signal.SIGKILL
    assert (house.count(batches), house.count(inquiries)) == (1, 2), "its numbers are there before anything is written"
    assert house.rows(outbox) == [], "and nothing of it leaves"
    assert asks(house, database_url, tmp_path) == 0
    (batch,) = house.rows(batches)
    assert (batch.state, batch.isa13, batch.claims) == ("written", "000000001", 0)
    assert [(row.claim_id, row.batch_id) for row in house.rows(inquiries)] == [(1, batch.id), (2, batch.id)]
    (send,) = house.rows(outbox)
    assert (send.kind, send.payload) == ("send", {"batch_id": batch.id})
    (out,) = house.rows(files, files.c.kind == "276")
    assert out.state == "written"
    sent = house.sent()
    assert sent.count(b"TRN*1*") == 2
    for claim_id in (1, 2):
        assert sum("is asked how the claim stands" in one for one in house.told(claim_id)) == 1
    assert asks(house, database_url, tmp_path) == 0
    assert house.sent() == sent, "asked again under the same key it is nothing"
    assert house.count(batches) == 1
