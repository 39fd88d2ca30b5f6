"""Correcting a claim in place: decided again, charged rightly, and sent again where it was refused."""

from __future__ import annotations

import shutil
import textwrap
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from gateway.config.shipped import shipped_config
from gateway.core.flow import replay_claims
from gateway.core.flow.again import Again, CannotBeDone
from gateway.core.flow.correct import correct
from gateway.core.ledger.balances import claim_balances
from gateway.core.ledger.proof import prove
from gateway.core.store.tables import (
    acknowledgments,
    claim_lines,
    claims,
    corrections,
    denials,
    patients,
    requests,
    submissions,
    transfers,
    work_items,
)
from gateway.core.work.items import WorkItem, open_items
from gateway.core.x12.claim import Claim
from gateway.core.x12.correcting import typed
from gateway.core.x12.stored import StoredClaim

from .conftest import Running, World
from .made import Line, Made

assert replay_claims.replay

WRONG, RIGHT = "1EG4TE5MK72", "1EG4TE5MK99"
PLACES = """
    from gateway.core.model.decision import Finding, Severity

    @hookimpl
    def scrub_claim(claim, context):
        if claim.place_of_service != "12":
            yield Finding(rule="PLACE", message="Place 12 is wanted.", severity=Severity.HOLD)
    """


@pytest.fixture(autouse=True)
def _the_table_of_root_causes(world: World) -> None:
    tables = world.folder / "config" / "tables"
    tables.mkdir(parents=True)
    shutil.copy(shipped_config() / "tables" / "root_causes.yaml", tables)


def ask(gateway: Running, claim_id: int, *settings: str, reason: str = "as on the card", **how: Any) -> Again:
    world = gateway.world
    with world.sql.begin() as connection:
        return correct(
            connection,
            gateway.services.config,
            claim_id,
            typed(settings),
            "pat",
            reason,
            world.clock.now(),
            today=world.clock.now().date(),
            **how,
        )


async def corrected(gateway: Running, claim_id: int, *settings: str, **how: Any) -> str:
    """Correct a claim and wait until it is decided; what came of it."""
    asked = ask(gateway, claim_id, *settings, **how)
    (row,) = gateway.world.rows(requests, requests.c.id == asked.request_id)
    gateway.engine.poke()
    await gateway.engine.wait("replay", row.part_of)
    (row,) = gateway.world.rows(requests, requests.c.id == asked.request_id)
    return str(row.outcome)


def claim_of(world: World, claim_id: int = 1) -> Claim:
    (row,) = world.rows(claims, claims.c.id == claim_id)
    return Claim(StoredClaim.unpack(row.content))


def refuse(world: World, claim_id: int, file_id: int = 1, edit: str = "A7:164:IL") -> None:
    """The clearinghouse refuses the last sending of a claim."""
    now = world.clock.now()
    sent = [row for row in world.rows(submissions) if row.claim_id == claim_id][-1]
    with world.sql.begin() as connection:
        connection.execute(update(claims).where(claims.c.id == claim_id).values(state="rejected"))
        connection.execute(update(submissions).where(submissions.c.id == sent.id).values(state="rejected"))
        connection.execute(
            insert(acknowledgments).values(
                id=sent.id, file_id=file_id, batch_id=sent.batch_id, submission_id=sent.id, kind="277CA", hop=3,
                verdict="rejected", details={"codes": [edit], "lines": []}, at=now,
            )
        )  # fmt: skip
        item = WorkItem(
            kind="rejection",
            key=f"rejection:{sent.id}:CLEARINGHOUSE",
            reason=edit,
            team="billing",
            subject_kind="claim",
            subject_id=claim_id,
            claim_id=claim_id,
        )
        open_items(connection, [item], now)


def add(world: World, name: str, source: str) -> None:
    world.add_plugin(name, textwrap.dedent(source))


async def test_a_rejected_claim_is_corrected_and_goes_again_under_its_own_number(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", member=WRONG), Made("C-2", member="1EG4TE5MK73"))
        await gateway.batch("first")
        refuse(world, 1)
        outcome = await corrected(gateway, 1, f"subscriber id={RIGHT}", root_cause="wrong-id")
        assert outcome == "Corrected and resubmitted. It goes with the next batch."
        assert world.items(kind="rejection") == []
        await gateway.batch("second")
    first, other, again = world.rows(submissions)
    assert (again.claim_id, again.claim_number, again.resubmits) == (1, first.claim_number, first.id)
    assert other.resubmits is None
    assert len({row.isa13 for row in world.batches()}) == 2
    assert claim_of(world).subscriber.id == RIGHT
    assert claim_of(world, 2).subscriber.id == "1EG4TE5MK73"
    (row,) = world.rows(corrections)
    assert (row.edit, row.root_cause, row.submission_id, row.state) == ("A7:164:IL", "wrong-id", first.id, "made")
    assert Claim(StoredClaim.unpack(row.before)).subscriber.id == WRONG


async def test_the_timeline_says_who_and_where_and_not_the_members_number(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", member=WRONG))
        await gateway.batch("first")
        refuse(world, 1)
        await corrected(gateway, 1, f"subscriber id={RIGHT}", "place of service=13")
    told = [one for one in world.told("claim", 1) if one.startswith("Corrected")]
    assert told == [
        "Corrected: subscriber id (2010BA NM109) changed; place of service (2300 CLM05-1): 12 -> 13. as on the card."
    ]
    everything = " ".join(world.told("claim", 1)) + " ".join(row.outcome for row in world.rows(requests))
    assert WRONG not in everything
    assert RIGHT not in everything


async def test_a_held_claim_goes_on_when_it_is_corrected(world: World) -> None:
    add(world, "places", PLACES)
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", lines=[Line()]))
        assert world.states() == {"C-1": "ready"}
        assert await corrected(gateway, 1, "place of service=11") == "1 new hold. It waits."
        assert world.states() == {"C-1": "held"}
        assert await corrected(gateway, 1, "place of service=12") == "1 hold gone. It goes with the next batch."
        assert world.states() == {"C-1": "ready"}
    assert world.items(kind="hold") == []


async def test_a_refused_claim_that_is_still_wrong_waits_for_its_hold_and_then_goes_again(world: World) -> None:
    add(world, "places", PLACES)
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.batch("first")
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        refuse(world, 1)
        outcome = await corrected(gateway, 1, "place of service=11")
        assert outcome.startswith("Corrected and resubmitted. 1 hold keeps it back")
        assert world.states() == {"C-1": "held"}
        assert await corrected(gateway, 1, "place of service=12") == "1 hold gone. It goes with the next batch."
        await gateway.batch("second")
    first, again = world.rows(submissions)
    assert again.resubmits == first.id


async def test_what_the_guide_finds_keeps_a_corrected_claim_back(world: World) -> None:
    world.source = "    check: {guide: hold}\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        before = world.states()["C-1"]
        assert "new hold" in await corrected(gateway, 1, "subscriber sex=X")
        assert (before, world.states()["C-1"]) == ("ready", "held")
        assert "gone" in await corrected(gateway, 1, "subscriber sex=F")


async def test_a_claim_that_could_not_be_worked_on_like_that_stays_as_it_is(world: World) -> None:
    world.source = "    check: {guide: refuse}\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        content = world.claims()[0].content
        outcome = await corrected(gateway, 1, "subscriber sex=X")
    assert outcome.startswith("Like that it could not be worked on")
    assert (world.claims()[0].content, world.states()) == (content, {"C-1": "ready"})
    assert world.rows(corrections)[0].state == "refused"
    assert any(one.startswith("Not corrected.") for one in world.told("claim", 1))


# --- money -----------------------------------------------------------------------------------------


async def test_a_changed_charge_is_taken_back_and_booked_anew(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", lines=[Line(charge="150"), Line("E0431", charge="40")]))
        await corrected(gateway, 1, "line 1 charge=130.50")
    (claim,) = world.claims()
    assert claim.charge_cents == 17_050
    assert [row.charge_cents for row in world.rows(claim_lines)] == [13_050, 4_000]
    first, other, back, new = world.rows(transfers)
    assert (back.reverses, back.cents, back.debit, back.credit) == (first.id, 15_000, first.credit, first.debit)
    assert (new.cents, new.line_id, other.reverses) == (13_050, first.line_id, None)
    with world.sql.connect() as connection:
        assert claim_balances(connection, [1]) == {1: 17_050}
        assert prove(connection).ok


async def test_a_charge_may_be_changed_again_and_back(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", lines=[Line(charge="150")]))
        for charge in ("100", "0", "150"):
            await corrected(gateway, 1, f"line 1 charge={charge}")
    with world.sql.connect() as connection:
        assert claim_balances(connection, [1]) == {1: 15_000}
        assert prove(connection).ok


async def test_without_a_new_charge_nothing_is_booked(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await corrected(gateway, 1, "place of service=13")
    assert len(world.rows(transfers)) == 1


async def test_an_unprocessable_denial_is_corrected_but_for_its_charge(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.batch("first")
        with world.sql.begin() as connection:
            connection.execute(update(claims).values(state="denied"))
            _denied(connection, world)
        assert "something is posted on it" in await corrected(gateway, 1, "line 1 charge=100")
        assert "Corrected and resubmitted" in await corrected(gateway, 1, f"subscriber id={RIGHT}")
    assert world.claims()[0].charge_cents == 15_000
    assert world.states() == {"C-1": "ready"}


def _denied(connection: Connection, world: World) -> None:
    """As posting leaves it: the line is denied with MA130."""
    from gateway.core.ledger import accounts
    from gateway.core.ledger.transfers import Transfer, write
    from gateway.core.store.tables import claim_payments, remittances

    now = world.clock.now()
    connection.execute(
        insert(remittances).values(id=1, file_id=1, ordinal=1, state="posted", paid_cents=0, received_at=now)
    )
    connection.execute(
        insert(claim_payments).values(
            id=1, remittance_id=1, ordinal=1, claim_id=1, charge_cents=15000, paid_cents=0, patient_cents=0,
            state="posted", content=b"", at=now,
        )
    )  # fmt: skip
    connection.execute(
        insert(denials).values(
            id=1, claim_id=1, claim_payment_id=1, group_code="CO", reason_code="16", remark_code="MA130", cents=15000,
            opened_at=now,
        )
    )  # fmt: skip
    moved = Transfer(accounts.DENIED, accounts.INSURANCE, 15000, now.date(), "denial", "d1", "", 1, None, 1, 1)
    write(connection, [moved], now)


# --- patients --------------------------------------------------------------------------------------


async def test_a_corrected_member_number_makes_the_claim_that_patients(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", member=RIGHT), name="a.837")
        await gateway.take_in(Made("C-2", member=WRONG, first="JAN"), name="b.837")
        first, second = world.claims()
        assert first.patient_id != second.patient_id
        await corrected(gateway, 2, f"subscriber id={RIGHT}")
    first, second = world.claims()
    assert second.patient_id == first.patient_id
    assert {row.patient_id for row in world.rows(claim_lines)} == {first.patient_id}
    assert second.member_id == RIGHT
    assert len(world.rows(patients)) == 2


async def test_a_patient_whose_only_claim_had_a_wrong_number_stays_that_patient(world: World) -> None:
    """No new patient beside an empty one, and nobody is asked whether the two are one."""
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", member=WRONG), name="a.837")
        await corrected(gateway, 1, f"subscriber id={RIGHT}")
        await gateway.take_in(Made("C-2", member=RIGHT), name="b.837")
    first, second = world.claims()
    assert first.member_id == RIGHT
    assert second.patient_id == first.patient_id
    assert len(world.rows(patients)) == 1
    assert world.rows(work_items, work_items.c.kind == "patient_merge") == []


async def test_where_the_patient_has_other_claims_the_corrected_one_may_be_another_person(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", member=WRONG), name="a.837")
        await gateway.take_in(Made("C-2", member=WRONG), name="b.837")
        await corrected(gateway, 2, f"subscriber id={RIGHT}")
    first, second = world.claims()
    assert second.patient_id != first.patient_id
    (item,) = world.rows(work_items, work_items.c.kind == "patient_merge")
    assert item.state == "open"


async def test_another_birth_date_is_another_person(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", member=WRONG), name="a.837")
        await corrected(gateway, 1, f"subscriber id={RIGHT}", "subscriber birth date=1951-02-03")
    assert len(world.rows(patients)) == 2


# --- who may, and when -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("faulty", "send that set again"),
        ("batched", "dissolve the batch"),
        ("sent", "wait for its answer"),
        ("accepted", "wait for the decision"),
        ("paid", "gateway claim replace"),
        ("denied", "gateway claim replace"),
        ("cancelled", "withdrawn"),
    ],
)
async def test_what_cannot_be_corrected_says_what_to_do_instead(world: World, state: str, why: str) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        with world.sql.begin() as connection:
            connection.execute(update(claims).values(state=state))
        with pytest.raises(CannotBeDone, match=f"C-1 is {state}: .*{why}"):
            ask(gateway, 1, "place of service=13")
    assert world.rows(requests) == []
    assert world.rows(corrections) == []


async def test_of_two_people_at_once_the_second_is_told(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        seen = world.claims()[0].version
        ask(gateway, 1, "place of service=13", version=seen)
        with pytest.raises(CannotBeDone, match="pat corrects claim C-1 just now"):
            ask(gateway, 1, "place of service=11", version=seen)
        gateway.engine.poke()
        await gateway.engine.wait("replay", world.rows(requests)[0].part_of)
        with pytest.raises(CannotBeDone, match="has changed since you looked at it"):
            ask(gateway, 1, "place of service=11", version=seen)
    assert claim_of(world).place_of_service == "13"


async def test_what_changed_between_asking_and_deciding_is_not_overwritten(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        asked = ask(gateway, 1, "place of service=13")
        other = claim_of(world)
        other.set("CLM05-1", "11")
        with world.sql.begin() as connection:
            connection.execute(update(claims).values(content=other.stored.pack(), version=claims.c.version + 1))
        gateway.engine.poke()
        (row,) = world.rows(requests)
        await gateway.engine.wait("replay", row.part_of)
    (row,) = world.rows(requests, requests.c.id == asked.request_id)
    assert "changed meanwhile" in row.outcome
    assert claim_of(world).place_of_service == "11"


async def test_a_root_cause_is_one_of_the_table(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        with pytest.raises(CannotBeDone, match=r"no root cause 'wrong-it'.*wrong-id"):
            ask(gateway, 1, "place of service=13", root_cause="wrong-it")
        with pytest.raises(CannotBeDone, match="and why"):
            ask(gateway, 1, "place of service=13", reason=" ")
        with pytest.raises(CannotBeDone, match=r"Nothing was corrected: .*'subscriber id' is near"):
            ask(gateway, 1, "subscriber idd=1")
        with pytest.raises(CannotBeDone, match="could not be read"):
            ask(gateway, 1, "line 1 SV102=much")


async def test_a_correction_that_was_asked_for_is_made_once_when_the_gateway_starts_again(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.batch("first")
        refuse(world, 1)
        ask(gateway, 1, f"subscriber id={RIGHT}")
    (asked,) = world.rows(requests)
    for _ in range(2):
        async with world.running() as gateway:
            gateway.engine.poke()
            await gateway.engine.wait("replay", asked.part_of)
    assert [one.state for one in world.rows(corrections)] == ["made"]
    assert [one.verb for one in world.rows(requests)] == ["correct", "resubmit"]
    assert world.claims()[0].resubmits == world.rows(submissions)[0].id
