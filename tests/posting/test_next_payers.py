"""What one payer leaves goes to the next, once, and no cent is owed twice; what that one decides posts there."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest

from gateway.core.flow import intake as intake_station
from gateway.core.flow.next_claims import next_payer
from gateway.core.store import tables
from gateway.core.store.denial_tables import next_claims
from gateway.core.store.ids import allocate
from gateway.core.x12.claim import Claim
from gateway.core.x12.stored import StoredClaim
from gateway.plugins.testing import make_other_payer

from .conftest import Desk, Inline, Line
from .made import Cas, Clp, Era, Svc

PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
AFTER_15_BUSINESS_DAYS = dt.datetime(2026, 10, 7, 17, tzinfo=dt.UTC)


class Office:
    """A posting desk that bills next payers."""

    def __init__(self, desk: Desk, settings: str = "secondary: 'on'") -> None:
        self.desk = desk
        desk.filing_code = "MB"
        desk.partners = ("practice.yaml",)
        with desk.sql.begin() as connection:  # the desk hands out its own ids, below these
            for name in ("claims", "claim_lines", "patients", "submissions", "batches"):
                allocate(connection, name, 1000)
        self.taken_in: set[str] = set()
        self.set(settings)

    def set(self, settings: str) -> None:
        self.desk.post_steps = f"[{{plugin: autoposting, settings: {{{settings}}}}}]"
        self.desk._config = None

    def claim(self, number: str = "SW1", **changed: Any) -> int:
        changed = {"other_payers": [make_other_payer()]} | changed
        return self.desk.claim(number, Line("E1390", "150", "L1"), **changed)

    def pay(self, number: str = "SW1", service: Svc = PAID, trace: str = "A", **more: Any) -> None:
        era = {name: more.pop(name) for name in ("date", "payer", "payer_id", "handling") if name in more}
        self.desk.post(Era([Clp(number, [service], payer_number=f"ICN{trace}", **more)], trace=trace, **era))

    def turn(self) -> int:
        """The schedule comes round, and what it makes is taken in."""
        run = Inline(self.desk.services(), self.desk.sql)
        made: int = asyncio.run(next_payer(run, {}))
        for row in self.desk.rows(tables.outbox, tables.outbox.c.kind == "intake"):
            if row.key in self.taken_in:
                continue
            self.taken_in.add(row.key)
            asyncio.run(intake_station.take_in(run, row.payload))
        return made

    def rows(self) -> list[Any]:
        return self.desk.rows(next_claims)

    def second(self) -> Any:
        (found,) = self.desk.rows(tables.claims, tables.claims.c.source == "plugin:secondary")
        return found


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


def test_the_next_payer_is_billed_for_what_the_first_left_and_nothing_is_owed_twice(office: Office) -> None:
    first = office.claim()
    office.pay()
    assert office.turn() == 1
    second = office.second()
    claim = Claim(StoredClaim.unpack(second.content))
    assert (second.source_claim_number, second.payer_id, second.state) == ("SW1-S", "90201", "ready")
    assert claim.other_subscribers[0].paid_cents == 8000
    assert claim.lines[0].adjudications[0].paid_date == dt.date(2026, 9, 15)
    assert second.patient_id == first, "the other member id is the same patient's"
    assert (office.desk.balance(first), office.desk.balance(second.id)) == (0, 2000)
    assert office.desk.accounts("receivable") == {"receivable:insurance": 2000}
    assert office.desk.accounts("transfer") == {}
    assert office.desk.accounts("income:charges") == {"income:charges": -15000}
    assert office.desk.state(first) == "closed"
    assert "goes to the next one, as claim SW1-S" in office.desk.told("claim", first)[-1]
    assert "what payer 90101 left of claim" in " ".join(office.desk.told("claim", second.id))


def test_it_is_made_once_however_often_the_turn_comes_round(office: Office) -> None:
    office.claim()
    office.pay()
    assert [office.turn(), office.turn(), office.turn()] == [1, 0, 0]
    assert office.second().source_claim_number == "SW1-S"


def test_a_turn_that_dies_before_its_commit_makes_it_the_next_time_once(office: Office) -> None:
    office.claim()
    office.pay()
    run = Inline(office.desk.services(), office.desk.sql)
    original = run.transact

    async def dies(name: str, function: Any, *args: Any) -> Any:
        with office.desk.sql.connect() as connection, connection.begin() as transaction:
            function(connection, *args)
            transaction.rollback()
        raise RuntimeError("killed")

    run.transact = dies  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        asyncio.run(next_payer(run, {}))
    run.transact = original  # type: ignore[method-assign]
    assert office.rows()[0].state == "due"
    assert office.turn() == 1
    assert office.second().source_claim_number == "SW1-S"


def test_what_the_next_payer_decides_posts_on_what_was_handed_over(office: Office) -> None:
    office.claim()
    office.pay()
    office.turn()
    second = office.second()
    said = Svc("E1390", "150", "15", (Cas("OA", "23", "130"), Cas("PR", "3", "5")), ref="")
    office.pay("SW1-S", said, "B", status="2", payer_id="90201")
    assert office.desk.accounts("receivable") == {"receivable:patient:copay": 500}
    assert office.desk.state(second.id) == "paid"
    assert office.turn() == 0, "there is no third payer"


def test_a_reduction_that_the_next_payer_says_again_is_not_taken_off_twice(office: Office) -> None:
    office.claim()
    office.pay()
    office.turn()
    said = Svc("E1390", "150", "20", (Cas("OA", "23", "80"), Cas("CO", "45", "50")), ref="")
    office.pay("SW1-S", said, "B", status="2", payer_id="90201")
    assert office.desk.items("posting_exception") == []
    assert office.desk.accounts("adjustment") == {"adjustment:contractual": 5000}
    assert office.desk.accounts("receivable") == {}
    assert office.desk.state(office.second().id) == "closed"


def test_what_the_next_payer_denies_is_a_denial_of_its_own_claim(office: Office) -> None:
    office.claim()
    office.pay()
    office.turn()
    said = Svc("E1390", "150", "0", (Cas("OA", "23", "130"), Cas("CO", "197", "20")), ref="")
    office.pay("SW1-S", said, "B", status="2", payer_id="90201", handling="H")
    (denial,) = office.desk.denials()
    assert (denial.claim_id, denial.cents) == (office.second().id, 2000)
    assert office.desk.state(office.second().id) == "denied"


def test_the_third_payer_is_billed_after_the_second(office: Office) -> None:
    third = make_other_payer(responsibility="T", payer_id="90301", member_id="SWT900000088")
    office.claim(other_payers=[make_other_payer(), third])
    office.pay()
    office.turn()
    said = Svc("E1390", "150", "12", (Cas("OA", "23", "130"), Cas("PR", "3", "8")), ref="")
    office.pay("SW1-S", said, "B", status="2", payer_id="90201")
    assert office.turn() == 1
    last = office.desk.rows(tables.claims)[-1]
    assert (last.source_claim_number, last.payer_id) == ("SW1-S-T", "90301")
    assert office.desk.accounts("receivable") == {"receivable:insurance": 800}


# --- when not --------------------------------------------------------------------------------------


def test_nothing_is_billed_where_nothing_is_left(office: Office) -> None:
    office.claim()
    office.pay(service=Svc("E1390", "150", "100", (Cas("CO", "45", "50"),), ref="L1"))
    assert (office.turn(), office.rows()) == (0, [])


NOTHING_LEFT = Svc("E1390", "150", "100", (Cas("CO", "45", "50"),), ref="L1")


def test_a_payer_that_wants_to_see_claims_on_which_nothing_is_left_sees_them(desk: Desk) -> None:
    office = Office(desk, "secondary: 'on', secondary_nothing_left: send")
    first = office.claim()
    office.pay(service=NOTHING_LEFT)
    assert [office.turn(), office.turn()] == [1, 0]
    second = office.second()
    assert Claim(StoredClaim.unpack(second.content)).other_subscribers[0].paid_cents == 10000
    assert (desk.balance(first), desk.balance(second.id), desk.state(first)) == (0, 0, "closed")
    assert (desk.accounts("receivable"), desk.items("next_payer")) == ({}, [])
    office.pay("SW1-S", Svc("E1390", "150", "0", (Cas("OA", "23", "150"),)), "B", status="2", payer_id="90201")
    assert desk.items("posting_exception") == []
    assert desk.state(second.id) == "closed"


def test_what_it_pays_all_the_same_waits_for_a_person(desk: Desk) -> None:
    office = Office(desk, "secondary: 'on', secondary_nothing_left: send")
    office.claim()
    office.pay(service=NOTHING_LEFT)
    office.turn()
    office.pay("SW1-S", Svc("E1390", "150", "5", (Cas("OA", "23", "145"),)), "B", status="2", payer_id="90201")
    (item,) = desk.items("posting_exception")
    assert "more than is open" in item.reason


def test_what_was_denied_is_worked_and_not_told_to_the_next_payer(desk: Desk) -> None:
    office = Office(desk, "secondary: 'on', secondary_nothing_left: send")
    office.claim()
    office.pay(service=Svc("E1390", "150", "0", (Cas("CO", "50", "150"),), ref="L1"), handling="H")
    assert (office.turn(), office.rows()) == (0, [])


def test_nothing_is_billed_where_it_is_switched_off(desk: Desk) -> None:
    office = Office(desk, "secondary: 'off'")
    office.claim()
    office.pay()
    assert (office.turn(), office.rows()) == (0, [])
    assert desk.accounts("receivable") == {"receivable:patient:coinsurance": 2000}


@pytest.mark.parametrize("said", [{"status": "19"}, {"more": ("MOA***MA18",)}])
def test_what_crossed_over_waits_fifteen_business_days(office: Office, said: dict[str, Any]) -> None:
    office.claim()
    office.pay(**said)
    assert office.desk.items("payment_review") == []
    assert [(row.state, row.due_on) for row in office.rows()] == [("waits", AFTER_15_BUSINESS_DAYS.date())]
    office.desk.clock.at = AFTER_15_BUSINESS_DAYS - dt.timedelta(days=1)
    assert office.turn() == 0
    office.desk.clock.at = AFTER_15_BUSINESS_DAYS
    assert office.turn() == 1


def test_a_payer_may_count_thirty_days_and_want_a_person(desk: Desk) -> None:
    office = Office(desk, "secondary: 'on', crossover_days: '30', crossover_count: days, crossover_then: item")
    office.claim()
    office.pay(status="19")
    desk.clock.at = dt.datetime(2026, 10, 15, 17, tzinfo=dt.UTC)
    assert office.turn() == 0
    assert desk.items("next_payer") == []
    desk.clock.at = dt.datetime(2026, 10, 16, 17, tzinfo=dt.UTC)
    assert office.turn() == 0
    (item,) = desk.items("next_payer")
    assert "nothing has come" in item.reason
    assert (item.team, item.cents) == ("coordination", 2000)


def test_what_the_next_payer_answers_to_the_crossover_ends_the_wait(office: Office) -> None:
    office.claim()
    office.pay(status="19")
    said = Svc("E1390", "150", "20", (Cas("OA", "23", "130"),), ref="L1")
    office.pay(service=said, trace="B", status="2", payer_id="90201")
    office.desk.clock.at = AFTER_15_BUSINESS_DAYS
    assert office.turn() == 0
    assert [row.state for row in office.rows()] == ["ended"]
    assert office.desk.accounts("receivable") == {}


def test_ma19_says_that_it_did_not_cross_over(office: Office) -> None:
    office.claim()
    office.pay(status="1", more=("MOA***MA18*MA19",))
    assert office.turn() == 1


def test_a_payer_that_nobody_reaches_is_a_person_s_work(desk: Desk) -> None:
    office = Office(desk)
    desk.partners = ()
    office.claim()
    office.pay()
    assert office.turn() == 0
    (item,) = desk.items("next_payer")
    assert "No partner of ours reaches the next payer" in item.reason
    assert desk.accounts("receivable") == {"receivable:patient:coinsurance": 2000}


def test_medicare_as_the_second_payer_without_its_reason_is_a_person_s_work(office: Office) -> None:
    office.desk.filing_code = "CI"
    office.claim(other_payers=[make_other_payer(filing_code="MB", payer_id="16013")])
    office.pay()
    assert office.turn() == 0
    assert "SBR05" in office.desk.items("next_payer")[0].reason


def test_a_payment_that_is_reversed_before_the_turn_bills_nobody(office: Office) -> None:
    office.claim()
    office.pay()
    back = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")
    office.claim("BIG", other_payers=[])
    office.desk.post(
        Era([Clp("SW1", [back], status="22", payer_number="ICNA"), Clp("BIG", [Svc("E1390", "150", "150")])], trace="B")
    )
    assert office.turn() == 0
    assert [row.state for row in office.rows()] == ["ended"]


def test_a_payment_that_is_reversed_afterwards_is_told_and_every_cent_stays_in_its_place(office: Office) -> None:
    first = office.claim()
    office.pay()
    office.turn()
    back = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")
    office.claim("BIG", other_payers=[])
    office.desk.post(
        Era([Clp("SW1", [back], status="22", payer_number="ICNA"), Clp("BIG", [Svc("E1390", "150", "150")])], trace="B")
    )
    assert "so that both agree" in office.desk.items("next_payer")[0].reason
    assert office.desk.balance(first) + office.desk.balance(office.second().id) == 15000
