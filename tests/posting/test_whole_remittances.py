"""A remittance of which nothing is posted: a person lets it post after all, or dismisses it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.flow import post
from gateway.core.flow.again import CannotBeDone
from gateway.core.flow.postings import postings_rows
from gateway.core.flow.whole_remittances import accept, dismiss
from gateway.core.store import tables

from .. import progress
from ..conftest import create_tables
from ..soak import chosen
from .conftest import NOON, Desk, Inline, Line
from .made import Cas, Clp, Era, Plb, Svc
from .test_posting_kills import work

PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")


def two_alike(desk: Desk) -> int:
    """Two payments under one number, the second of which waits; returns the file of that."""
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], [Plb("L6", "-1")]))
    file_id = desk.post(Era([Clp("SW2", [PAID])], [Plb("L6", "-1")]))
    assert [row.state for row in desk.remittances()] == ["posted", "review"]
    return file_id


def say(desk: Desk, remittance: int) -> bool:
    with desk.sql.begin() as connection:
        return accept(connection, remittance, "pat", "two checks of one number", NOON).new


def run_post(desk: Desk) -> None:
    for row in desk.rows(tables.outbox, tables.outbox.c.kind == "post"):
        asyncio.run(post.post(Inline(desk.services(), desk.sql), row.payload))


def test_what_does_not_add_up_is_not_let_post(desk: Desk) -> None:
    desk.post(Era([Clp("SW1", [PAID])], total="99"))
    with pytest.raises(CannotBeDone, match="never posted"):
        say(desk, 1)
    with pytest.raises(CannotBeDone, match="no remittance 9"):
        say(desk, 9)


def test_the_second_of_two_payments_of_one_number_posts_when_a_person_accepts_it(desk: Desk) -> None:
    file_id = two_alike(desk)
    assert say(desk, 2)
    assert not say(desk, 2), "saying it twice is once"
    run_post(desk)
    assert [(row.state, row.posted_cents, row.exception_cents) for row in desk.remittances()] == [
        ("posted", 8000, 0),
        ("posted", 8000, 0),
    ]
    assert desk.accounts("cash") == {"cash:expected": 16200}
    assert desk.accounts("income:interest") == {"income:interest": -200}
    assert desk.items() == []
    assert [row.payload for row in desk.rows(tables.outbox, tables.outbox.c.key == f"post:{file_id}:2")] == [
        {"file_id": file_id, "payments": [2]}
    ]
    run_post(desk)
    assert desk.accounts("cash") == {"cash:expected": 16200}, "running it again is nothing"


def test_a_huge_one_is_given_to_the_sources_in_several_files_each_payment_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "GIVEN_AT_ONCE", 2)
    for number in range(1, 7):
        desk.claim(f"SW{number}", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW6", [PAID._replace(paid="150", cas=())]), Clp("SW5", [PAID])], [Plb("L6", "-170")]))
    file_id = desk.post(Era([Clp(f"SW{number}", [PAID]) for number in range(1, 6)]))
    assert [row.state for row in desk.remittances()] == ["posted", "review"]
    say(desk, 2)
    run_post(desk)
    rows = desk.rows(tables.outbox, tables.outbox.c.key.startswith(f"post:{file_id}:"))
    told = [row.payload["payments"] for row in rows if row.kind == "answer"]
    assert told == [[3, 4], [5, 6]], "the fifth waits: its claim is paid already"
    with desk.sql.connect() as connection:
        given = [
            [row["claim_number"] for row in postings_rows(connection, file_id=file_id, payments=frozenset(some))]
            for some in told
        ]
    assert given == [["SW1", "SW2"], ["SW3", "SW4"]]


def test_one_that_is_accepted_and_does_not_add_up_posts_nothing(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]))
    bad = Svc("E1390", "150", "70", (Cas("CO", "45", "50"), Cas("PR", "2", "30")), ref="L1")
    desk.post(Era([Clp("SW2", [bad])], total="80"))
    say(desk, 2)
    run_post(desk)
    assert [row.state for row in desk.remittances()] == ["posted", "exception"]
    (item,) = desk.items("remittance_exception")
    assert "$10.00 apart" in item.reason
    assert desk.accounts("cash") == {"cash:expected": 8000}


def test_one_that_is_dismissed_is_over_and_stays_so(desk: Desk) -> None:
    two_alike(desk)
    with desk.sql.begin() as connection:
        assert "Dismissed by pat" in dismiss(connection, 2, "pat", "a copy", NOON)
        assert "already" in dismiss(connection, 2, "pat", "a copy", NOON)
        with pytest.raises(CannotBeDone, match="is posted"):
            dismiss(connection, 1, "pat", "a copy", NOON)
    assert desk.items() == []
    desk.post(Era([Clp("SW2", [PAID])], [Plb("L6", "-1")]))
    assert [row.state for row in desk.remittances()] == ["posted", "dismissed", "duplicate"]


@pytest.fixture
def quiet_desk(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    create_tables(sqlite_url)
    made = Desk(tmp_path, sqlite_url)
    yield made
    proof = made.prove()
    made.close()
    assert proof.ok, proof.faults


@progress.UNTIMED
@pytest.mark.parametrize(
    "boundary",
    chosen("an accepted file", ["post.scanned", "post.begun", "post.decided", "post.committed", "post.closed"], of=2),
)
def test_killed_while_it_posts_an_accepted_one_posts_once(quiet_desk: Desk, boundary: str) -> None:
    desk = quiet_desk
    file_id = two_alike(desk)
    say(desk, 2)
    told = {"file_id": file_id, "accepted": [1]}
    assert work(desk.url, desk.folder, "post", f"{file_id}:accept:1", told, boundary) == -signal.SIGKILL
    assert desk.prove().ok
    assert work(desk.url, desk.folder, "post", f"{file_id}:accept:1", told) == 0
    assert [row.state for row in desk.remittances()] == ["posted", "posted"]
    assert desk.accounts("cash") == {"cash:expected": 16200}
