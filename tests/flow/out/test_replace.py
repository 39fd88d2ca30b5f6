"""Replacing and voiding a claim that its payer has: frequency 7 and 8, with the payer's number, where the payer takes
it (R1.60)."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import Any

import pytest
from sqlalchemy import insert, update

from gateway.config.shipped import shipped_config
from gateway.core.flow.again import Again, CannotBeDone
from gateway.core.flow.replace import replace
from gateway.core.ledger.balances import claim_balances
from gateway.core.ledger.proof import prove
from gateway.core.model.payer_frequency import takes
from gateway.core.store.tables import claim_payments, claims, files, remittances, requests, transfers
from gateway.core.x12.claim import Claim
from gateway.core.x12.correcting import typed
from gateway.core.x12.stored import StoredClaim
from gateway.plugins.tables import Row, Table, row_values

from .conftest import Running, World
from .made import NPI, Made

COMMERCIAL = {"payer": "90101", "filing": "CI"}


@pytest.fixture(autouse=True)
def _the_table_of_payers(world: World) -> None:
    tables = world.folder / "config" / "tables"
    tables.mkdir(parents=True)
    shutil.copy(shipped_config() / "tables" / "payer_frequency.yaml", tables)


def ask(
    gateway: Running, frequency: str, *settings: str, reason: str = "two were delivered", claim_id: int = 1
) -> Again:
    world = gateway.world
    with world.sql.begin() as connection:
        return replace(
            connection,
            world.archive,
            gateway.services.config,
            claim_id,
            frequency,
            typed(settings),
            "pat",
            reason,
            world.clock.now(),
        )


async def taken_in(gateway: Running) -> None:
    """The document that was made is read."""
    (made,) = gateway.world.rows(files, files.c.origin == "gateway")
    gateway.engine.poke()
    await gateway.engine.wait("intake", str(made.id))


def has(world: World, state: str = "accepted", number: str = "ICN-7") -> None:
    """The payer has the claim, under a number of its own."""
    with world.sql.begin() as connection:
        connection.execute(update(claims).where(claims.c.id == 1).values(state=state, payer_claim_number=number))


def claim_of(world: World, claim_id: int) -> Claim:
    (row,) = world.rows(claims, claims.c.id == claim_id)
    return Claim(StoredClaim.unpack(row.content))


@pytest.mark.rule("R1.60")
async def test_medicare_takes_no_replacement_and_the_answer_says_what_to_do(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        has(world, "denied")
        with pytest.raises(CannotBeDone, match=r"R1\.60.*reopened, or appeal"):
            ask(gateway, "7", "line 1 units=2")
        with pytest.raises(CannotBeDone, match=r"R1\.60"):
            ask(gateway, "8")
    assert world.rows(requests) == []


@pytest.mark.rule("R1.60")
async def test_a_commercial_payer_is_sent_a_replacement_with_its_own_number(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", **COMMERCIAL))
        has(world)
        asked = ask(gateway, "7", "line 1 units=2", "line 1 charge=300")
        assert asked.new
        await taken_in(gateway)
        await gateway.batch()
    old, new = world.claims()
    made = claim_of(world, 2)
    assert (made.id, made.frequency, made.payer_control_number, made.charge_cents) == ("C-1", "7", "ICN-7", 30_000)
    assert (new.source, new.source_claim_number, new.frequency, new.state) == ("desk", "C-1", "7", "batched")
    assert (old.state, old.charge_cents, claim_of(world, 1).frequency) == ("accepted", 15_000, "1")
    assert new.patient_id == old.patient_id
    told = [one for one in world.told("claim", 1) if one.startswith("Replacement made")]
    assert len(told) == 1
    assert "two were delivered" in told[0]
    assert "line 1 units (2400 SV104): 1 -> 2" in told[0]
    with world.sql.connect() as connection:
        assert prove(connection).ok


async def test_asking_twice_makes_one_replacement(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", **COMMERCIAL))
        has(world)
        first, second = ask(gateway, "7", "line 1 units=2"), ask(gateway, "7", "line 1 units=2")
        assert (first.new, second.new, second.request_id) == (True, False, first.request_id)
        await taken_in(gateway)
    assert len(world.claims()) == 2


async def test_a_void_is_the_claim_as_it_was_and_asks_for_nothing(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", **COMMERCIAL))
        has(world, "paid")
        with pytest.raises(CannotBeDone, match="nothing else of it can be changed"):
            ask(gateway, "8", "line 1 units=2")
        ask(gateway, "8", reason="delivered to somebody else")
        await taken_in(gateway)
    made = claim_of(world, 2)
    assert (made.frequency, made.payer_control_number, made.charge_cents) == ("8", "ICN-7", 15_000)
    assert {row.claim_id for row in world.rows(transfers)} == {1}
    with world.sql.connect() as connection:
        assert claim_balances(connection, [2]) == {2: 0}
        assert prove(connection).ok


async def test_a_void_from_a_source_asks_for_nothing_either(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", frequency="8", extra=["REF*F8*ICN-7"], **COMMERCIAL))
        await gateway.take_in(Made("C-2", frequency="7", extra=["REF*F8*ICN-8"], chart="X", **COMMERCIAL), name="b.837")
    assert {row.claim_id for row in world.rows(transfers)} == {2}


async def test_the_remittances_number_counts_before_that_of_the_277ca(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", **COMMERCIAL))
        has(world, "paid", "FROM-277")
        now = world.clock.now()
        with world.sql.begin() as connection:
            connection.execute(
                insert(remittances).values(id=1, file_id=1, ordinal=1, state="posted", paid_cents=0, received_at=now)
            )
            connection.execute(
                insert(claim_payments).values(
                    id=1, remittance_id=1, ordinal=1, claim_id=1, charge_cents=15000, paid_cents=0, patient_cents=0,
                    state="posted", payer_claim_number="FROM-835", content=b"", at=now,
                )
            )  # fmt: skip
        ask(gateway, "7", "line 1 units=2")
        await taken_in(gateway)
    assert claim_of(world, 2).payer_control_number == "FROM-835"


async def test_without_the_payers_number_it_is_asked_for(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", **COMMERCIAL))
        has(world, number="")
        with pytest.raises(CannotBeDone, match=r"number of claim C-1 is not known.*payer claim number"):
            ask(gateway, "7", "line 1 units=2")
        ask(gateway, "7", "line 1 units=2", "payer claim number=TOLD-1")
        await taken_in(gateway)
    assert claim_of(world, 2).payer_control_number == "TOLD-1"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("rejected", "the payer never took it; correct it in place"),
        ("held", "correct it in place"),
        ("sent", "wait for its answer"),
        ("cancelled", "withdrawn"),
    ],
)
async def test_what_the_payer_does_not_have_is_not_replaced(world: World, state: str, why: str) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", **COMMERCIAL))
        has(world, state)
        with pytest.raises(CannotBeDone, match=f"C-1 is {state}: .*{why}"):
            ask(gateway, "7", "line 1 units=2")
        with pytest.raises(CannotBeDone, match="and why"):
            ask(gateway, "7", reason="")


async def test_the_replacement_of_a_json_source_is_read_as_x12(world: World) -> None:
    world.source = "    format: json\n"
    async with world.running() as gateway:
        home = {"line1": "7 WILLOW STREET", "city": "COLUMBUS", "state": "OH", "zip": "432150001"}
        claim = {
            "id": "C-1",
            "charge": "46.00",
            "billing_provider": {"last": "STILLWATER", "npi": NPI, "tax_id": "960000017", "address": home},
            "subscriber": {"last": "FERNSBY", "member_id": "W1", "filing_code": "CI", "sex": "F", "address": home}
            | {"first": "POSY", "birth_date": "1950-06-15"},
            "payer": {"name": "NORTHBRIDGE", "id": "90101"},
            "diagnoses": ["J449"],
            "lines": [{"code": "A7005", "charge": "46.00", "units": 1, "pointers": [1], "from_date": "2026-11-02"}],
        }
        document = json.dumps([claim]).encode()
        await gateway.take_in(data=document, name="a.json")
        has(world)
        ask(gateway, "7", "line 1 units=2")
        await taken_in(gateway)
    assert [row.frequency for row in world.claims()] == ["1", "7"]
    assert claim_of(world, 2).lines[0].units == 2


# --- the table -------------------------------------------------------------------------------------


def table(*rows: tuple[str, str, str]) -> Table:
    made: list[Any] = [
        Row(
            row_values("payer_frequency", {"filing_code": code, "payer": payer, "takes": what, "instead": code + payer})
        )
        for code, payer, what in rows
    ]
    return Table("payer_frequency", made, ("filing_code", "payer"))


@pytest.mark.parametrize(
    ("code", "payer", "taken", "instead"),
    [
        ("MB", "1", False, "MB*"),
        ("MB", "2", True, "MB2"),
        ("CI", "2", False, "*2"),
        ("CI", "1", True, "**"),
    ],
)
def test_the_row_that_says_more_about_the_claim_counts(code: str, payer: str, taken: bool, instead: str) -> None:
    known = table(("*", "*", "7 8"), ("MB", "*", "none"), ("*", "2", "none"), ("MB", "2", "7"))
    assert takes(known, code, payer, "7", dt.date(2026, 1, 1)) == (taken, instead)


def test_an_original_is_always_taken_and_without_a_row_nothing_else() -> None:
    assert takes(None, "MB", "1", "1", dt.date(2026, 1, 1)).taken
    assert not takes(None, "CI", "1", "7", dt.date(2026, 1, 1)).taken
    assert takes(table(("*", "*", "7")), "CI", "1", "8", dt.date(2026, 1, 1)) == (False, "**")
