"""A payment that waits beside our claim, by reason, and a page at a time."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.flow import exception_sides
from gateway.core.flow import exception_view as view
from gateway.core.flow.exception_sides import Sides
from gateway.core.flow.exceptions import assign, set_aside
from gateway.core.model.payer_habits import USUAL

from .conftest import NOON, Desk, Line
from .made import Cas, Clp, Era, Svc

TODAY = NOON.date()
PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")


def sides(desk: Desk, payment: int, claim: int | None = None) -> Sides | None:
    tables = desk.services().config.tables
    with desk.sql.connect() as connection:
        return exception_sides.sides(connection, tables, payment, USUAL, TODAY, claim)


def beside(desk: Desk, payment: int, claim: int | None = None) -> Sides:
    found = sides(desk, payment, claim)
    assert found is not None
    return found


def test_no_payment_and_no_claim_have_no_sides(desk: Desk) -> None:
    desk.post(Era([Clp("NOBODY", [PAID])]))
    assert sides(desk, 99) is None
    assert sides(desk, 1, 99) is None
    assert beside(desk, 1).ours is None


def test_each_service_stands_with_its_reasons_in_words_beside_our_line(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1", ["RR"]), Line("A7030", "50", "L2"))
    bad = PAID._replace(paid="70", remarks=["N115"], modifiers=["RR"])
    desk.post(Era([Clp("SW1", [bad], payer_number="ICN7")]))
    found = beside(desk, 1)
    (service,) = found.services
    assert (service.code, service.modifiers, service.charge_cents, service.paid_cents) == ("E1390", "RR", 15000, 7000)
    assert [(one.code, one.cents) for one in service.reasons] == [("CO-45", 5000), ("PR-2", 2000)]
    assert "coinsurance" in service.reasons[1].meaning
    assert (service.first, service.units, service.remarks) == (dt.date(2026, 9, 1), "1", ("N115",))
    assert (service.line, service.score) == (1, 100)
    assert (found.paid.payer_number, found.paid.patient) == ("ICN7", "FERNSBY, POSY")
    assert found.ours is not None
    assert (found.ours.id, found.ours.open_cents) == (claim, 20000)
    assert [(line.number, line.code, line.open_cents) for line in found.ours.lines] == [
        (1, "E1390", 15000),
        (2, "A7030", 5000),
    ]


def test_a_claim_that_a_person_chose_is_held_beside_instead(desk: Desk) -> None:
    desk.claim("SW8", Line("E1390", "99", "L8"), last="SOMEBODY")
    other = desk.claim("SW9", Line("E1390", "150", "L1"), last="OTHER", member="M9")
    desk.post(Era([Clp("NOBODY", [PAID], last="ODD")]))
    found = beside(desk, 1, other)
    assert found.ours is not None
    assert (found.ours.number, found.services[0].line) == ("SW9", 1)
    with desk.sql.begin() as connection:
        config_hash = desk.services().config.hash
        assign(connection, 1, other, "pat", "the payer said so", NOON, config_hash)
    later = beside(desk, 1)
    assert later.ours is not None
    assert (later.ours.id, later.said.who) == (other, "pat")


def test_of_a_reversal_the_payments_stand_there_that_it_may_take_back(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], trace="A"))
    desk.post(Era([Clp("SW1", [PAID._replace(charge="-150", paid="-7", cas=())], status="22")], trace="B"))
    found = beside(desk, 2, claim)
    assert found.paid.is_reversal
    assert found.ours is not None
    assert [(one.claim_payment_id, one.paid_cents) for one in found.ours.posted] == [(1, 8000)]


def test_reasons_are_summed_and_lists_come_by_the_page(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    bad = PAID._replace(paid="70")
    desk.post(Era([Clp("SW1", [bad]), Clp("NOBODY", [PAID], last="ODD"), Clp("NONE", [PAID], last="ODD")], trace="A"))
    desk.post(Era([Clp("SW1", [PAID])], total="99", trace="B"))
    with desk.sql.connect() as connection:
        assert [(one.kind, one.rule, one.many, one.cents) for one in view.by_reason(connection)] == [
            ("payment", "no-claim", 2, 16000),
            ("remittance", "exception", 1, 9900),
            ("payment", "balance", 1, 7000),
        ]
        every = view.waiting(connection)
        pages = [view.waiting(connection, limit=2, skip=skip) for skip in (0, 2, 4)]
        assert [one for some in pages for one in some] == every
        assert [one.kind for one in view.waiting(connection, remittance_id=2)] == ["remittance"]
        assert len(view.waiting(connection, remittance_id=1)) == 3


@pytest.mark.parametrize("back", [False, True])
def test_what_is_set_aside_is_listed_as_long_as_it_is(desk: Desk, back: bool) -> None:
    from gateway.core.flow.exceptions import take_back

    desk.post(Era([Clp("NOBODY", [PAID])]))
    with desk.sql.begin() as connection:
        set_aside(connection, 1, "pat", "not ours", NOON, TODAY)
        if back:
            take_back(connection, 1, "pat", "it is ours", NOON, TODAY)
    with desk.sql.connect() as connection:
        assert [one.id for one in view.waiting(connection, aside=True)] == ([] if back else [1])
    assert len(beside(desk, 1).asides) == 1
