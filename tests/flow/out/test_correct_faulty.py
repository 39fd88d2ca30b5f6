"""A claim that our own check did not take in, corrected in place: it goes on as it would have at intake."""

from __future__ import annotations

import datetime as dt
import shutil
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.config.shipped import shipped_config
from gateway.core.flow import answers, preview, rejection_queue, rejection_report, replay_claims
from gateway.core.flow.again import CannotBeDone
from gateway.core.flow.rejections import of_claim
from gateway.core.ledger.balances import claim_balances
from gateway.core.ledger.proof import prove
from gateway.core.store.tables import claim_lines, claims, corrections, requests, transfers, work_items
from gateway.core.x12.correcting import typed

from .conftest import NOON, Running, World
from .made import Line, Made, make_837
from .test_correct import RIGHT, WRONG, ask, claim_of, corrected

assert replay_claims.replay
assert answers.answer

ONLY_READ = "    check: {syntax: report, guide: report, balancing: report}\n"
"""The guides refuse nothing: what nobody can read is still not taken in."""
BAD = Made("C-1", member=RIGHT, charge="150", lines=[Line(charge="lots")])
"""A line's charge is no amount."""


@pytest.fixture(autouse=True)
def _the_table_of_root_causes(world: World) -> None:
    tables = world.folder / "config" / "tables"
    tables.mkdir(parents=True)
    shutil.copy(shipped_config() / "tables" / "root_causes.yaml", tables)


def sent(*made: Made, isa13: str = "000000102") -> bytes:
    return make_837(made, isa13=isa13)


# --- what is wrong still ----------------------------------------------------------------------------


async def test_a_claim_with_two_faults_stays_faulty_until_both_are_corrected(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", charge="150", lines=[Line(charge="lots", units="few")]))
        assert world.states() == {"C-1": "faulty"}
        outcome = await corrected(gateway, 1, "line 1 charge=150")
        assert outcome.startswith("It stays faulty. line units, 2400 SV104")
        assert world.states() == {"C-1": "faulty"}
        assert claim_of(world).lines[0].charge_cents == 15_000, "what was corrected stands"
        (item,) = world.items(kind="faulty_claim")
        assert item.reason.startswith("line units, 2400 SV104")
        assert "charge" not in item.reason
        assert world.rows(transfers) == [], "it is charged when it is taken in"
        assert await corrected(gateway, 1, "line 1 units=1") == "Nothing keeps it back. It goes with the next batch."
    assert world.states() == {"C-1": "ready"}
    assert world.items() == []
    assert [row.state for row in world.rows(corrections)] == ["made", "made"]


async def test_what_the_guide_refuses_is_shown_and_said_again_until_it_is_right(world: World) -> None:
    world.source = "    check: {guide: refuse}\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", filing="QQ"))
        await corrected(gateway, 1, "subscriber sex=X")
        assert world.states() == {"C-1": "faulty"}
        with world.sql.connect() as connection:
            (found,) = of_claim(connection, None, gateway.services.config, 1, values=True)
        assert {one.field for one in found.faults} == {"subscriber sex", "filing code"}
        assert next(one for one in found.faults if one.field == "subscriber sex").value == "X"
        await corrected(gateway, 1, "subscriber sex=F", "filing code=MB")
        assert world.states() == {"C-1": "ready"}
        with world.sql.connect() as connection:
            assert of_claim(connection, None, gateway.services.config, 1) == []


async def test_a_change_that_changes_nothing_is_refused(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        with pytest.raises(CannotBeDone, match="nothing of this changes the claim"):
            ask(gateway, 1, "place of service=12")
        with pytest.raises(CannotBeDone, match="CLM01"):
            ask(gateway, 1, "claim number=C-2")
    assert world.states() == {"C-1": "faulty"}


# --- what cannot be corrected -----------------------------------------------------------------------


@pytest.mark.parametrize("number", ["", "C" * 39])
async def test_a_claim_without_a_number_that_can_be_kept_is_sent_again(world: World, number: str) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made(number, chart="X"))
        assert list(world.states().values()) == ["faulty"]
        with pytest.raises(CannotBeDone, match="could not be read as a claim; have the billing system send it again"):
            ask(gateway, 1, "place of service=11")
        with world.sql.connect() as connection:
            (one,) = rejection_queue.rejected(connection, gateway.services.config)
    assert "have the billing system send it again" in one.do
    assert world.rows(corrections) == []


async def test_a_claim_of_a_set_that_cannot_be_trusted_is_not_corrected(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(data=make_837([Made("C-1")], se01=99))
        assert world.states() == {"C-1": "faulty"}
        with pytest.raises(CannotBeDone, match="set could not be trusted"):
            ask(gateway, 1, "place of service=11")
        with world.sql.connect() as connection:
            (found,) = of_claim(connection, None, gateway.services.config, 1)
            assert rejection_queue.rejected(connection, gateway.services.config) == []
    assert "send that set again" in found.faults[0].do


# --- the billing system, and other people ----------------------------------------------------------


async def test_what_the_source_has_sent_again_is_not_corrected_as_well(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        await gateway.take_in(data=sent(Made("C-1", member=RIGHT)), name="b.837")
        with pytest.raises(CannotBeDone, match="has sent it again, as claim 2 in our books; go on with that one"):
            ask(gateway, 1, "line 1 charge=150")
        with world.sql.begin() as connection:
            connection.execute(update(claims).where(claims.c.id == 2).values(state="cancelled"))
        assert "goes with the next batch" in await corrected(gateway, 1, "line 1 charge=150")
    assert [row.state for row in world.claims()] == ["ready", "cancelled"]


async def test_what_is_sent_again_between_asking_and_committing_goes_on_alone(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        asked = ask(gateway, 1, "line 1 charge=150")
        # The work of the correction waits in the outbox; the claim comes again before it is done.
        again = _sent_again(world.claims()[0])
        with world.sql.begin() as connection:
            connection.execute(claims.insert().values(**again))
        gateway.engine.poke()
        await gateway.engine.wait("replay", world.rows(requests)[0].part_of)
    (row,) = world.rows(requests, requests.c.id == asked.request_id)
    assert "has sent it again, as claim 2" in row.outcome
    assert [one.state for one in world.claims()] == ["faulty", "ready"]
    assert world.rows(corrections)[0].state == "refused"
    assert world.rows(transfers) == []


def _sent_again(row: object) -> dict[str, object]:
    return {**row._mapping, "id": 2, "state": "ready", "ordinal": 2}  # type: ignore[attr-defined]


async def test_one_that_comes_again_after_it_was_corrected_waits_as_a_duplicate(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        await corrected(gateway, 1, "line 1 charge=150")
        await gateway.take_in(data=sent(Made("C-1", member=RIGHT)), name="b.837")
    assert [row.state for row in world.claims()] == ["ready", "held"]
    assert [row.rule for row in world.holds()] == ["duplicate-claim-number"]


async def test_a_number_that_came_before_holds_it_as_at_intake(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", member=RIGHT))
        await gateway.take_in(data=sent(BAD), name="b.837")
        asking = _asking(gateway, 2, "line 1 charge=140", "charge=140")
        assert [one.rule for one in asking.repeats] == ["duplicate-claim-number"]
        assert await corrected(gateway, 2, "line 1 charge=140", "charge=140") == "1 new hold. It waits."
    assert [row.state for row in world.claims()] == ["ready", "held"]
    (item,) = world.items()
    assert (item.kind, item.claim_id) == ("duplicate_claim", 2)


async def test_a_claim_of_another_environment_is_held_as_at_intake(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(data=make_837([BAD], usage="P"))
        found = await _previewed(gateway, 1, "line 1 charge=150")
        assert (found.goes, [one["rule"] for one in found.holds]) == (False, ["usage"])
        assert await corrected(gateway, 1, "line 1 charge=150") == "1 new hold. It waits."
    assert [row.rule for row in world.holds()] == ["usage"]


async def test_of_two_people_at_once_the_second_is_told(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        seen = world.claims()[0].version
        ask(gateway, 1, "line 1 charge=150", version=seen)
        with pytest.raises(CannotBeDone, match="pat corrects claim C-1 just now"):
            ask(gateway, 1, "line 1 charge=160")
        gateway.engine.poke()
        await gateway.engine.wait("replay", world.rows(requests)[0].part_of)
        with pytest.raises(CannotBeDone, match="has changed since you looked at it"):
            ask(gateway, 1, "line 1 charge=160", version=seen)
    assert world.claims()[0].charge_cents == 15_000


# --- taken in ---------------------------------------------------------------------------------------


async def test_a_corrected_claim_is_charged_once_and_is_its_patients(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-0", member=RIGHT), BAD)
        assert await corrected(gateway, 2, "line 1 charge=150") == "Nothing keeps it back. It goes with the next batch."
        await gateway.batch()
    first, claim = world.claims()
    assert claim.patient_id == first.patient_id
    assert {row.patient_id for row in world.rows(claim_lines)} == {first.patient_id}
    assert (claim.state, claim.charge_cents, claim.partner, claim.chain) == ("batched", 15_000, "practice", "default")
    assert claim_of(world, 2).lines[0].control_number, "its lines are numbered"
    assert [(row.claim_id, row.cents, row.kind) for row in world.rows(transfers)] == [
        (1, 15_000, "charge"),
        (2, 15_000, "charge"),
    ]
    with world.sql.connect() as connection:
        assert claim_balances(connection, [2]) == {2: 15_000}
        assert prove(connection).ok
    (item,) = world.rows(work_items, work_items.c.kind == "faulty_claim")
    assert (item.state, item.outcome) == ("closed", "The claim was corrected, and is taken in.")
    assert any(one.startswith("Corrected: line 1 charge") for one in world.told("claim", 2))


async def test_its_chain_decides_and_may_hold_it(world: World) -> None:
    world.add_plugin(
        "places",
        textwrap.dedent(
            """
            from gateway.core.model.decision import Finding, Severity

            @hookimpl
            def scrub_claim(claim, context):
                if claim.place_of_service != "12":
                    yield Finding(rule="PLACE", message="Place 12 is wanted.", severity=Severity.HOLD)
            """
        ),
    )
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        outcome = await corrected(gateway, 1, "line 1 charge=150", "place of service=11")
        assert outcome == "1 new hold. It waits."
        assert [one.kind for one in world.items()] == ["hold"]
        assert len(world.rows(transfers)) == 1, "what is held is charged, too"
        assert await corrected(gateway, 1, "place of service=12") == "1 hold gone. It goes with the next batch."
    assert len(world.rows(transfers)) == 1


async def test_a_source_that_wants_our_numbers_gets_one_when_it_is_taken_in(world: World) -> None:
    world.source = "    our_claim_numbers: true\n"
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        assert world.claims()[0].claim_number == "C-1"
        await corrected(gateway, 1, "line 1 charge=150")
        await gateway.take_in(data=sent(Made("C-1", member=RIGHT)), name="b.837")
    first, second = world.claims()
    assert (first.claim_number[:2], first.source_claim_number, first.state) == ("GW", "C-1", "ready")
    assert claim_of(world).id == first.claim_number
    assert second.state == "held"


async def test_a_void_is_taken_in_and_not_charged(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(
            Made("C-1", frequency="8", charge="150", extra=["REF*F8*PAYER1"], lines=[Line(charge="lots")])
        )
        await corrected(gateway, 1, "line 1 charge=150")
    assert world.states() == {"C-1": "ready"}
    assert world.claims()[0].charge_cents == 15_000
    assert world.rows(transfers) == []


async def test_its_next_months_other_charge_is_booked_anew(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        await corrected(gateway, 1, "line 1 charge=150")
        await corrected(gateway, 1, "line 1 charge=100", "charge=100")
    with world.sql.connect() as connection:
        assert claim_balances(connection, [1]) == {1: 10_000}
        assert prove(connection).ok


# --- before it is asked, and how it is told ---------------------------------------------------------


def _asking(gateway: Running, claim_id: int, *settings: str) -> preview.Asking:
    with gateway.world.sql.connect() as connection:
        return preview.ask(connection, claim_id, typed(settings), "pat")


async def _previewed(gateway: Running, claim_id: int, *settings: str) -> preview.Preview:
    world, services = gateway.world, gateway.services
    from gateway.core.flow import stored_config

    stored_config.keep(services.archive, services.config)
    url = services.reads.url.render_as_string(hide_password=False)
    ground = preview.Ground(services.decide, services.config, str(services.archive.root), url, world.clock.now().date())
    return await preview.preview(ground, _asking(gateway, claim_id, *settings))


async def test_a_preview_says_what_would_be_left(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", charge="150", lines=[Line(charge="lots", units="few")]))
        found = await _previewed(gateway, 1, "line 1 charge=150")
        assert found.what.startswith("It would stay faulty: line units, 2400 SV104")
        assert not found.goes
        found = await _previewed(gateway, 1, "line 1 charge=150", "line 1 units=1")
        assert (found.goes, found.what) == (True, "It would go with the next batch.")
    assert world.states() == {"C-1": "faulty"}
    assert world.rows(requests) == []


async def test_the_work_item_and_the_list_show_the_faulty_place(world: World) -> None:
    world.source = ONLY_READ
    async with world.running() as gateway:
        await gateway.take_in(BAD, Made("C-2", member=WRONG))
        with world.sql.connect() as connection:
            (one,) = rejection_queue.rejected(connection, gateway.services.config)
            (told,) = of_claim(connection, None, gateway.services.config, 1, values=True)
    (item,) = world.items(kind="faulty_claim")
    assert item.reason.startswith("line charge, 2400 SV102")
    assert item.reason.endswith(
        "Correct it in place (gateway claim correct), or have the billing system send it again, corrected."
    )
    assert (one.number, one.state, one.edit) == ("C-1", "faulty", "read:bad-amount")
    assert (one.where, one.do) == ("line 1 charge, 2400 SV102", "Correct it, and it is taken in.")
    assert (told.by, told.faults[0].value) == ("our own check", "lots")


async def test_the_weeks_report_counts_it_as_an_edit_of_our_own(world: World) -> None:
    world.source = ONLY_READ
    monday = NOON.date() - dt.timedelta(days=NOON.date().weekday())
    async with world.running() as gateway:
        await gateway.take_in(BAD, Made("C-2", member=WRONG, chart="X"))
        await corrected(gateway, 1, "line 1 charge=150", root_cause="wrong-id")
        with world.sql.connect() as connection:
            found = rejection_report.report(connection, gateway.services.config, monday, "edit")
    assert (found.submitted, found.rejected, found.own, found.rate) == (0, 0, 1, 0.0)
    (row,) = found.rows
    assert (row.key, row.claims, row.causes) == ("read:bad-amount", 1, "wrong-id 1")
    assert row.words == "an amount is not plain dollars and cents"
    assert row.rule == "our own check: it never left"


async def test_its_source_is_answered_once_with_what_it_was_when_it_came(world: World) -> None:
    world.source = "    check: {guide: refuse}\n    answers: ['999', 277CA]\n"
    made = Made("C-1", member=RIGHT, filing="QQ")

    def answered() -> dict[str, bytes]:
        folder = Path(world.folder) / "out" / "desk"
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    async with world.running() as gateway:
        await gateway.take_in(made, Made("C-2"))
        await gateway.run("answer", "once", file_id=1)
        before = answered()
        assert any("277CA" in name for name in before)
        await corrected(gateway, 1, "filing code=MB")
        assert world.states() == {"C-1": "ready", "C-2": "ready"}
        await gateway.run("answer", "twice", file_id=1)
    assert answered() == before
