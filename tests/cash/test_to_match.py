"""What waits to be matched, what each could be, and what keeps a day open: told to a person, and nothing is changed."""

from __future__ import annotations

import datetime as dt

from gateway.core.ledger import day_rest, to_match
from gateway.core.ledger.slips import Keyed
from gateway.core.ledger.to_match import AMOUNT, NUMBER, PAYER, Candidate
from gateway.core.store import tables

from ..posting.made import Clp, Era, Svc
from .banks import Credit
from .conftest import BANK_DAY, TODAY, CashDesk


def of_line(desk: CashDesk, line: int) -> list[Candidate]:
    with desk.sql.connect() as connection:
        return to_match.for_line(connection, line)


def of_deposit(desk: CashDesk, deposit: int) -> list[Candidate]:
    with desk.sql.connect() as connection:
        return to_match.for_deposit(connection, deposit)


def test_what_has_nothing_in_common_is_no_candidate_and_what_is_matched_has_none(desk: CashDesk) -> None:
    matched = desk.era("EFT0001")
    desk.era("EFT0002", paid="60", originator="1970000033", payer="ANOTHER PAYER")
    desk.take(Credit("80.00", trace="EFT0001"), Credit("7.00", bank="R2"))
    line = next(row.id for row in desk.lines() if row.cents == 700)
    assert of_line(desk, line) == []
    assert of_deposit(desk, matched) == []
    assert of_line(desk, next(row.id for row in desk.lines() if row.cents == 8000)) == []
    assert of_line(desk, 999999) == []


def test_the_likeliest_stands_first_with_what_they_have_in_common(desk: CashDesk) -> None:
    numbered = desk.era("EFT0007", paid="90")
    alike = desk.era("EFT0008", paid="80", originator="1970000033", payer="ANOTHER PAYER")
    same_payer = desk.era("EFT0009", paid="50")
    desk.take(Credit("80.00", trace="EFT0007"))
    (line,) = desk.lines()
    assert [(one.open.id, one.alike) for one in of_line(desk, line.id)] == [
        (numbered, (NUMBER, PAYER)),
        (alike, (AMOUNT,)),
        (same_payer, (PAYER,)),
    ]
    (back,) = of_deposit(desk, numbered)
    assert (back.open.id, back.open.kind, back.alike) == (line.id, "bank", (NUMBER, PAYER))
    assert desk.states()[line.id] == "unidentified"


def test_a_check_in_hand_is_no_slip_and_a_slip_is_found_at_the_bank(desk: CashDesk) -> None:
    first = desk.do_slip([Keyed("check", 5000, TODAY, "11")], "S1")
    desk.do_slip([Keyed("check", 5000, TODAY, "12")], "S2")
    assert of_line(desk, first.line_ids[0]) == []
    desk.take(Credit("50.00", code="301"))
    line = next(row for row in desk.lines() if row.origin == "bank")
    assert {one.open.kind for one in of_line(desk, line.id)} == {"slip"}


def test_sums_count_what_waits_and_its_oldest(desk: CashDesk) -> None:
    with desk.sql.connect() as connection:
        assert to_match.sum_of_money(connection) == (0, 0, None)
    desk.era("EFT0001", paid="30")
    desk.era("EFT0002", paid="60")
    desk.take(Credit("7.00"), Credit("8.50", bank="R2"))
    with desk.sql.connect() as connection:
        assert to_match.sum_of_money(connection) == (2, 1550, BANK_DAY)
        assert to_match.sum_of_deposits(connection) == (2, 9000, dt.date(2026, 9, 15))
        assert [one.cents for one in to_match.money(connection, 10)] == [700, 850]
        (one,) = to_match.awaited(connection, 1)
    assert (one.kind, one.days(dt.date(2026, 9, 18)), one.number) == ("remittance", 3, "EFT0001")


def test_what_keeps_a_day_open_comes_to_its_variance(desk: CashDesk) -> None:
    desk.era("EFT0001")
    desk.post(Era([Clp("NOBODY", [Svc("E1390", "60", "60")])], trace="EFT0002"))
    desk.take(Credit("80.00", trace="EFT0001"), Credit("60.00", trace="EFT0002", bank="R2"), Credit("7.00", bank="R3"))
    with desk.sql.connect() as connection:
        unknown, unposted = day_rest.unknown(connection, BANK_DAY), day_rest.unposted(connection, BANK_DAY)
        assert day_rest.unknown(connection, TODAY) == day_rest.unposted(connection, TODAY) == []
    assert [one.cents for one in unknown] == [700]
    assert [(one.remittance_id, one.number, one.cents) for one in unposted] == [(2, "EFT0002", 6000)]
    assert sum(one.cents for one in (*unknown, *unposted)) == desk.figures().variance


def test_checks_on_a_slip_that_the_bank_has_shown_keep_its_day_open(desk: CashDesk) -> None:
    desk.post(Era([Clp("NOBODY", [Svc("E1390", "40", "40")])], trace="4411", method="CHK"))
    slip = desk.do_slip([Keyed("check", 4000, BANK_DAY, "4411"), Keyed("check", 900, BANK_DAY, "99")], "77")
    desk.take(Credit("49.00", code="301"))
    (line,) = [row for row in desk.lines() if row.origin == "bank"]
    assert desk.states()[line.id] == "matched"
    with desk.sql.connect() as connection:
        unknown, unposted = day_rest.unknown(connection, BANK_DAY), day_rest.unposted(connection, BANK_DAY)
    assert [(one.id, one.cents) for one in unknown] == [(slip.line_ids[1], 900)]
    assert [one.cents for one in unposted] == [4000]
    assert sum(one.cents for one in (*unknown, *unposted)) == desk.figures().variance
    assert desk.rows(tables.deposits)[-1].id == slip.deposit_id
