"""What a desk says is owed, held against the ledger, on both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, update

from gateway.core.flow.desk_balances import Days, Owed, balances
from gateway.core.flow.desk_lookups import StoreLookups
from gateway.core.store.tables import claim_payments, claims
from gateway.core.x12.claim import Claim
from gateway.plugins.testing import make_claim, make_line

from ..reports.books import at, billed, day, denied, move, paid, remitted, said, sent
from ..work.desk import DEADLINES

INSURANCE = "receivable:insurance"
DAYS = Days("America/New_York", DEADLINES)


def views(sql: Connection, by: str = "", **more: Any) -> dict[int, Any]:
    given = {"states": [], "payer_ids": [], "claim_ids": [], **more}
    return {one.claim_id: one for one in balances(sql, DAYS, Owed(by, **given))}


def two_payers(*others: str) -> Claim:
    more = [
        segment
        for other in others
        for segment in (
            f"SBR*{other}*18*******CI",
            "OI***Y***Y",
            "NM1*IL*1*FERNSBY*POSY****MI*A1",
            "NM1*PR*2*OTHER*****PI*777",
        )
    ]
    return make_claim(make_line("E1390"), more=more)


def holds(sql: Connection, claim_id: int, claim: Claim) -> None:
    sql.execute(update(claims).where(claims.c.id == claim_id).values(content=claim.stored.pack()))


def test_what_is_owed_by_whom_is_the_ledgers(engine: Engine) -> None:
    with engine.begin() as sql:
        for number in (1, 2, 3, 4):
            billed(sql, number, 10_000, 40, content=two_payers().stored.pack())
        sent(sql, 1, 1, 30)
        sent(sql, 11, 1, 20)
        said(sql, 1, 11, "accepted", at(19))
        said(sql, 2, 11, "accepted", at(5))
        remitted(sql, 1, 10, 10)
        paid(sql, 1, 1, 2, 10, cents=5_000)
        move(sql, 2, "clearing:1", INSURANCE, 5_000, 10)
        move(sql, 2, "receivable:patient:deductible", INSURANCE, 4_000, 10)
        move(sql, 2, "receivable:patient:other", INSURANCE, 1_000, 8)
        move(sql, 3, "clearing:1", INSURANCE, 10_000, 10)
        paid(sql, 4, 1, 4, 10, denied=True)
        denied(sql, 1, 4, 4, 10)
        move(sql, 4, "receivable:denied", INSURANCE, 10_000, 10)
        found = views(sql)
        assert set(found) == {1, 2, 4}
        assert (found[1].payer, found[1].denied, found[1].patient) == (Decimal(100), Decimal(0), {})
        assert (found[1].sent_on, found[1].acknowledged_on) == (day(20), day(19))
        assert found[1].file_by is not None
        assert (found[1].file_by.year, found[1].from_date) == (day(40).year + 1, day(40))
        assert (found[2].payer, found[2].patient_owes) == (Decimal(0), Decimal(50))
        assert found[2].patient == {"deductible": Decimal(40), "other": Decimal(10)}
        assert (found[2].patient_since, found[2].more_payers, found[2].sent_on) == (day(10), False, None)
        assert (found[4].denied, found[4].open_denials, found[4].payer) == (Decimal(100), 1, Decimal(0))
        assert set(views(sql, "payer")) == {1}
        assert set(views(sql, "patient")) == {2}
        assert set(views(sql, claim_ids=[2, 3, 4])) == {2, 4}
        assert set(views(sql, states=["rejected"])) == set()
        assert [one.claim_id for one in StoreLookups(sql, "any").balances("payer", "", "", ())] == [1]


def test_a_claim_with_a_payer_that_has_not_spoken_waits_for_it(engine: Engine) -> None:
    with engine.begin() as sql:
        for number in (1, 2, 3):
            billed(sql, number, 10_000, 40)
            holds(sql, number, two_payers("S"))
            move(sql, number, "receivable:patient:coinsurance", INSURANCE, 10_000, 10)
        remitted(sql, 1, 10, 10)
        paid(sql, 1, 1, 1, 10)
        paid(sql, 2, 1, 2, 10)
        paid(sql, 3, 1, 3, 10)
        statuses = {1: "1", 2: "2", 3: "19"}
        for payment, status in statuses.items():
            sql.execute(update(claim_payments).where(claim_payments.c.id == payment).values(status=status))
        assert {claim_id: one.more_payers for claim_id, one in views(sql, "patient").items()} == {
            1: True, 2: False, 3: True
        }  # fmt: skip


def test_pages_follow_on_each_other(engine: Engine, monkeypatch: Any) -> None:
    monkeypatch.setattr("gateway.core.flow.desk_balances.PAGE", 3)
    with engine.begin() as sql:
        for number in range(1, 9):
            billed(sql, number, 1_000, 9, state="accepted" if number % 2 else "rejected")
        assert list(views(sql, "payer")) == list(range(1, 9))
        assert list(views(sql, "payer", states=["accepted"])) == [1, 3, 5, 7]
