"""The queue of what did not post: why, candidates with scores, and one action that mends it, once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.flow import exception_view as view
from gateway.core.flow.again import Again, CannotBeDone
from gateway.core.flow.exceptions import assign, set_aside, take_back
from gateway.core.model.payer_habits import USUAL
from gateway.core.store import posting_tables, tables

from ..conftest import create_tables
from .conftest import NOON, Desk, Line
from .made import Cas, Clp, Era, Plb, Svc
from .test_posting_kills import work
from .test_replay import run

TODAY = NOON.date()
PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")


def say(desk: Desk, payment: int, claim: int, **more: Any) -> Again:
    with desk.sql.begin() as connection:
        config_hash = desk.services().config.hash
        return assign(connection, payment, claim, "pat", "the payer said so", NOON, config_hash, **more)


def shown(desk: Desk, payment: int) -> view.Shown:
    with desk.sql.connect() as connection:
        found = view.one(connection, payment, USUAL)
    assert found is not None
    return found


def listed(desk: Desk, **what: Any) -> list[view.Waiting]:
    with desk.sql.connect() as connection:
        return view.waiting(connection, **what)


# --- what waits ------------------------------------------------------------------------------------


def test_everything_that_waits_is_in_one_queue_with_why_and_dollars(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    bad = Svc("E1390", "150", "70", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
    desk.post(Era([Clp("SW1", [bad]), Clp("NOBODY", [PAID], last="ODD")], trace="A"))
    desk.post(Era([Clp("SW1", [PAID])], total="99", trace="B"))
    found = listed(desk)
    assert [(one.kind, one.cents, one.rule) for one in found] == [
        ("remittance", 9900, "exception"),
        ("payment", 8000, "no-claim"),
        ("payment", 7000, "balance"),
    ]
    assert "apart" in found[0].reason
    assert [one.id for one in listed(desk, rule="balance")] == [1]
    assert listed(desk, payer="another") == []


def test_candidates_come_with_scores_and_the_surest_first(desk: Desk) -> None:
    far = desk.claim("SW8", Line("E1390", "99", "L1"), member="M1")
    near = desk.claim("SW9", Line("E1390", "150", "L1"), member="M1", last="OTHER")
    desk.claim("SW7", Line("E1390", "150", "L1"), member="M2", last="SOMEBODY")
    desk.post(Era([Clp("NOBODY", [PAID._replace(date="20260902")], member="M1", last="OTHER")]))
    found = shown(desk, 1)
    assert [(one.claim_id, one.score) for one in found.candidates] == [(near, 55), (far, 30)]
    assert "same member id, charge, last name" in found.candidates[0].why
    assert found.actions[0].startswith("gateway exceptions assign 1 CLAIM")


def test_services_that_fit_two_lines_say_which(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("A7030", "50", "L1"), Line("A7030", "50", "L2"))
    desk.post(Era([Clp("SW1", [Svc("A7030", "50", "50")])]))
    found = shown(desk, 1)
    assert [(one.line, one.others) for one in found.lines] == [(0, (1, 2))]
    assert found.actions[0] == f"gateway exceptions assign 1 {claim} --line 1=LINE --reason ..."


# --- saying which claim ----------------------------------------------------------------------------


def test_a_payment_without_a_claim_posts_when_a_person_says_which(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("NOBODY", [PAID])]))
    say(desk, 1, claim)
    run(desk)
    (payment,) = desk.payments()
    assert (payment.state, payment.claim_id) == ("posted", claim)
    assert payment.match == f"pat says that it is for claim SW1 ({claim} in our books)."
    assert desk.items() == []
    assert desk.balance(claim) == 2000
    assert listed(desk) == []
    assert "pat says that it is for claim SW1. the payer said so." in desk.told("claim_payment", 1)[-1]


def test_a_person_says_which_line(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("A7030", "50", "L1"), Line("A7030", "50", "L2"))
    desk.post(Era([Clp("SW1", [Svc("A7030", "50", "50"), Svc("A7030", "50", "20", (Cas("CO", "45", "30"),))])]))
    say(desk, 1, claim, lines={1: 2, 2: 1})
    run(desk)
    assert [(row.line_id, row.paid_cents) for row in desk.rows(tables.line_payments)] == [(2, 5000), (1, 2000)]


def test_a_person_cannot_make_room_or_balance(desk: Desk) -> None:
    small = desk.claim("SW1", Line("E1390", "50", "L1"))
    bad = Svc("E1390", "150", "70", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
    desk.post(Era([Clp("NOBODY", [PAID]), Clp("NOONE", [bad])]))
    say(desk, 1, small)
    say(desk, 2, small)
    run(desk)
    assert [row.state for row in desk.payments()] == ["exception", "exception"]
    reasons = [item.reason for item in desk.items("posting_exception")]
    assert "more than is open" in reasons[0]
    assert "apart" in reasons[1]


def test_of_two_equal_payments_a_person_says_which_is_reversed(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "300", "L1"))
    half = Svc("E1390", "150", "150", ref="L1")
    back = Svc("E1390", "-150", "-150", ref="L1")
    desk.post(Era([Clp("SW1", [half])], trace="A"))
    desk.post(Era([Clp("SW1", [half], payer_number="Z")], trace="B"))
    desk.post(Era([Clp("SW1", [back], status="22")], trace="C", handling="H"))
    assert "Say which one" in shown(desk, 3).waits.reason
    with pytest.raises(CannotBeDone, match="No posted payment 9"):
        say(desk, 3, claim, reverses=9)
    say(desk, 3, claim, reverses=2)
    run(desk)
    assert desk.payments()[2].reverses == 2
    assert desk.balance(claim) == 15000


def test_saying_it_twice_posts_once(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("NOBODY", [PAID])]))
    assert (say(desk, 1, claim).new, say(desk, 1, claim).new) == (True, False)
    run(desk)
    assert len(desk.rows(posting_tables.payment_directions)) == 1
    with pytest.raises(CannotBeDone, match="is posted, and does not wait"):
        say(desk, 1, claim)


@pytest.mark.parametrize(
    ("claim", "lines", "words"),
    [(99, {}, "no claim 99"), (1, {2: 1}, "no service 2"), (1, {1: 7}, "no line 7; it has 1")],
)
def test_what_is_not_there_cannot_be_said(desk: Desk, claim: int, lines: dict[int, int], words: str) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("NOBODY", [PAID])]))
    with pytest.raises(CannotBeDone, match=words):
        say(desk, 1, claim, lines=lines)
    assert desk.rows(tables.requests) == []


# --- setting aside ---------------------------------------------------------------------------------


def aside(desk: Desk, payment: int, *, back: bool = False) -> Any:
    with desk.sql.begin() as connection:
        act = take_back if back else set_aside
        return act(connection, payment, "pat", "not ours", NOON, TODAY)


def test_what_is_set_aside_is_on_the_payers_account_and_in_the_proof(desk: Desk) -> None:
    desk.post(Era([Clp("NOBODY", [PAID])], [Plb("L6", "-1")]))
    assert aside(desk, 1).new
    assert not aside(desk, 1).new
    assert desk.accounts("payer:") == {"payer:1960000022:unapplied": -8000}
    assert desk.accounts("clearing:") == {}
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.exception_cents, remittance.provider_level_cents) == ("posted", 0, 8100)
    assert desk.items() == []
    assert listed(desk) == []
    assert [one.id for one in listed(desk, aside=True)] == [1]
    assert desk.prove().ok


def test_what_was_set_aside_can_wait_again_and_post(desk: Desk) -> None:
    desk.post(Era([Clp("SW1", [PAID])]))
    aside(desk, 1)
    assert aside(desk, 1, back=True).new
    assert not aside(desk, 1, back=True).new
    assert desk.accounts("payer:") == {}
    assert [item.key for item in desk.items()] == ["payment:1"]
    aside(desk, 1)
    aside(desk, 1, back=True)
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    say(desk, 1, claim)
    run(desk)
    assert desk.payments()[0].state == "posted"
    assert desk.remittances()[0].state == "posted"


def test_a_take_back_of_a_payer_can_be_set_aside_as_well(desk: Desk) -> None:
    desk.claim("BIG", Line("E1390", "500", "B1"))
    reversal = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-70"),))
    big = Clp("BIG", [Svc("E1390", "500", "500", ref="B1")])
    desk.post(Era([Clp("NOBODY", [reversal], status="22"), big]))
    aside(desk, 1)
    assert desk.accounts("payer:") == {"payer:1960000022:unapplied": 8000}


def test_what_is_posted_or_without_a_reason_is_not_set_aside(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]))
    with pytest.raises(CannotBeDone, match="is posted, and does not wait"):
        aside(desk, 1)
    with desk.sql.begin() as connection, pytest.raises(CannotBeDone, match="needs who"):
        set_aside(connection, 1, "pat", " ", NOON, TODAY)


# --- exactly once ----------------------------------------------------------------------------------


@pytest.fixture
def quiet_desk(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    create_tables(sqlite_url)
    made = Desk(tmp_path, sqlite_url)
    yield made
    proof = made.prove()
    made.close()
    assert proof.ok, proof.faults


@pytest.mark.parametrize("boundary", ["replay.payments.decided", "replay.payments.committed"])
def test_killed_while_it_posts_what_a_person_said_posts_once(quiet_desk: Desk, boundary: str) -> None:
    desk = quiet_desk
    claim = desk.claim("SW1", Line("A7030", "50", "L1"), Line("A7030", "50", "L2"))
    desk.post(Era([Clp("NOBODY", [Svc("A7030", "50", "50")])]))
    say(desk, 1, claim, lines={1: 2})
    told = {"part_of": "replay-1"}
    assert work(desk.url, desk.folder, "replay_payments", "replay-1", told, boundary) == -signal.SIGKILL
    assert desk.prove().ok
    assert work(desk.url, desk.folder, "replay_payments", "replay-1", told) == 0
    assert [row.state for row in desk.payments()] == ["posted"]
    assert [(row.line_id, row.paid_cents) for row in desk.rows(tables.line_payments)] == [(2, 5000)]
    assert desk.items() == []
