"""Claims come in: what happens to each, and what waits for a person."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gateway.core.flow import intake, receive
from gateway.core.store.tables import claim_lines, patients, transfers

from .conftest import World
from .made import Line, Made, make_837


async def test_a_file_that_is_no_x12_waits_for_a_person_with_its_bytes(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(data=b"this is a letter, not a claim", name="letter.txt")
    (file,) = world.files()
    assert file.state == "quarantined"
    (item,) = world.items(kind="file_problem")
    assert item.subject_id == file.id
    assert "letter.txt" in item.reason
    assert world.archive.read(file.sha256) == b"this is a letter, not a claim"
    assert world.claims() == []


async def test_a_file_of_something_else_is_named_and_not_taken_in(world: World) -> None:
    institutional = make_837([Made()], version="005010X223A2")
    async with world.running() as gateway:
        await gateway.take_in(data=institutional)
    assert world.files()[0].state == "quarantined"
    assert "005010X223A2" in world.items(kind="file_problem")[0].reason


async def test_what_the_source_is_not_set_to_send_is_not_taken_in(world: World) -> None:
    world.source = "    format: json\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    assert world.claims() == []
    assert world.files()[0].state == "quarantined"
    (item,) = world.items(kind="file_problem")
    assert "set to send JSON claims (`format` in gateway.yaml)" in item.reason
    world.source = "    format: auto\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))  # the setting is mended: the same bytes are taken in now
    assert world.states() == {"C-1": "ready"}


def test_a_file_of_which_claims_are_missing_is_not_called_read(world: World) -> None:
    totals = {"claims": 2, "cents": 30000, "ready": 2, "held": 0, "faulty": 0}
    with world.sql.begin() as connection, pytest.raises(intake.Incomplete, match="2 of its 3 claims"):
        intake._finish(connection, SimpleNamespace(clock=world.clock), 1, totals, 3, "", "1")  # type: ignore[arg-type]


async def test_claims_leave_under_our_numbers_where_the_source_wants_it(world: World) -> None:
    world.source = "    our_claim_numbers: true\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"))
        await gateway.take_in(data=make_837([Made("C-1", chart="OTHER")], isa13="000000102"))
    first, second, third = world.claims()
    assert [row.source_claim_number for row in (first, second, third)] == ["C-1", "C-2", "C-1"]
    assert len({row.claim_number for row in (first, second, third)}) == 3
    assert f"CLM*{first.claim_number}*150".encode() in first.content
    assert (first.state, second.state, third.state) == ("ready", "ready", "held")  # its source used the number twice


async def test_a_set_with_a_wrong_count_is_one_work_item_not_three(world: World) -> None:
    data = make_837([Made("C-1"), Made("C-2"), Made("C-3")], se01=7)
    async with world.running() as gateway:
        totals = await gateway.take_in(data=data)
    assert totals["faulty"] == 3
    assert set(world.states().values()) == {"faulty"}
    assert [item.kind for item in world.items()] == ["file_problem"]


async def test_a_claim_with_a_bad_charge_harms_no_other(world: World) -> None:
    async with world.running() as gateway:
        totals = await gateway.take_in(Made("C-1"), Made("C-2", charge="15O"), Made("C-3"))
    assert world.states() == {"C-1": "ready", "C-2": "faulty", "C-3": "ready"}
    assert totals == {"claims": 3, "cents": 30000, "ready": 2, "held": 0, "faulty": 1}
    (item,) = world.items(kind="faulty_claim")
    assert "CLM02" in item.reason
    assert item.claim_id == world.claims()[1].id


async def test_a_faulty_claim_never_reaches_a_plugin(world: World) -> None:
    world.add_plugin("eager", "@hookimpl\ndef scrub_claim(claim, context):\n    raise RuntimeError('seen')\n")
    world.stations = "  scrub: [eager]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", charge="X"))
    assert world.states() == {"C-1": "faulty"}
    assert world.holds() == []


async def test_a_plugin_that_raises_holds_one_claim_and_the_rest_go_on(world: World) -> None:
    world.add_plugin(
        "fussy",
        """
        @hookimpl
        def scrub_claim(claim, context):
            claim.set("CLM20", "9")
            if claim.id == "C-2":
                raise ValueError("the patient is called QUILL")
        """,
    )
    world.stations = "  scrub: [fussy]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"), Made("C-3"))
    assert world.states() == {"C-1": "ready", "C-2": "held", "C-3": "ready"}
    (hold,) = world.holds()
    assert (hold.plugin, hold.type) == ("fussy", "SYS")
    assert "ValueError" in hold.reason
    assert "QUILL" not in hold.reason
    (item,) = world.items(kind="plugin_failure")
    assert item.cents == 15000
    first, second, _ = world.claims()
    assert first.content != second.content
    assert b"*9" in first.content
    assert b"CLM*C-2*150***12:B:1*Y*A*Y*Y~" in second.content  # what the failed step set is dropped


async def test_a_plugin_that_hangs_holds_one_claim_and_the_rest_go_on(world: World) -> None:
    world.add_plugin(
        "sleepy",
        """
        import time

        @hookimpl
        def scrub_claim(claim, context):
            while claim.id == "C-2":
                time.sleep(1)
        """,
    )
    world.stations = "  scrub: [{plugin: sleepy, timeout: 200ms}]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"), Made("C-3"))
    assert world.states() == {"C-1": "ready", "C-2": "held", "C-3": "ready"}
    assert "did not end in its time" in world.holds()[0].reason


async def test_a_plugin_that_ends_its_process_harms_one_claim(world: World) -> None:
    world.add_plugin(
        "deadly",
        """
        import os

        @hookimpl
        def scrub_claim(claim, context):
            if claim.id == "C-1":
                os._exit(3)
        """,
    )
    world.stations = "  scrub: [deadly]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"))
    assert world.states() == {"C-1": "held", "C-2": "ready"}
    assert "ended the process" in world.holds()[0].reason


async def test_a_claim_in_two_files_is_kept_twice_and_the_second_waits(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"))
        await gateway.take_in(data=make_837([Made("C-2"), Made("C-3")], isa13="000000102"))
    assert [(row.claim_number, row.state) for row in world.claims()] == [
        ("C-1", "ready"),
        ("C-2", "ready"),
        ("C-2", "held"),
        ("C-3", "ready"),
    ]
    (item,) = world.items(kind="duplicate_claim")
    assert f"as claim {world.claims()[1].id}" in item.reason


async def test_the_same_number_twice_in_one_file_waits_too(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-1", lines=[Line(code="E0431")]))
    assert [row.state for row in world.claims()] == ["ready", "held"]


async def test_the_same_claim_under_another_number_waits(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", chart="77"))
        await gateway.take_in(data=make_837([Made("C-9", chart="77")], isa13="000000102"))
    assert world.states() == {"C-1": "ready", "C-9": "held"}
    assert world.holds()[0].rule == "duplicate-claim"


async def test_a_replacement_may_bear_the_number_of_what_it_replaces(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.take_in(data=make_837([Made("C-1", frequency="7", extra=["REF*F8*ICN1"])], isa13="000000102"))
    assert [row.state for row in world.claims()] == ["ready", "ready"]
    assert world.claims()[1].payer_claim_number == "ICN1"


async def test_the_same_file_again_is_a_duplicate_whatever_its_name(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), name="monday.837")
        assert await gateway.take_in(Made("C-1"), name="tuesday.837") == {}
    first, second = world.files()
    assert (second.state, second.duplicate_of) == ("duplicate", first.id)
    assert len(world.claims()) == 1
    assert [item.subject_id for item in world.items(kind="file_problem")] == [second.id]
    assert "The same content came before" in world.told("file", second.id)[0]


async def test_the_same_file_of_another_source_is_not_a_duplicate(world: World) -> None:
    data = make_837([Made()])
    with world.sql.begin() as connection:
        stored = world.archive.put(data)
        now = world.clock.now()
        assert receive.register(connection, "desk", "a", stored, now).duplicate_of == 0
        assert receive.register(connection, "other", "a", stored, now).duplicate_of == 0


async def test_a_test_claim_does_not_slip_into_production(world: World) -> None:
    world.environment = "production"
    world.partner["environment"] = "production"
    async with world.running() as gateway:
        await gateway.take_in(data=make_837([Made("C-1")], usage="T"))
    assert world.states() == {"C-1": "held"}
    assert world.holds()[0].rule == "usage"


async def test_lines_without_a_control_number_get_one_and_others_keep_theirs(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", lines=[Line(control="MINE1"), Line(code="E0431")]))
    (claim,) = world.claims()
    first, second = world.rows(claim_lines)
    assert first.control_number == "MINE1"
    assert 0 < len(second.control_number) <= 30
    assert f"REF*6R*{second.control_number}".encode() in claim.content


async def test_a_claim_is_owed_from_the_moment_it_is_committed(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", lines=[Line(charge="150"), Line(code="E0431", charge="36.5")]))
    rows = world.rows(transfers)
    assert sum(row.cents for row in rows) == 18650
    assert {row.claim_id for row in rows} == {world.claims()[0].id}


async def test_a_plugin_sees_what_earlier_claims_of_the_same_file_brought(world: World) -> None:
    world.add_plugin(
        "counting",
        """
        from gateway.plugins import hookspec
        from gateway.core.model.decision import Finding

        @hookimpl
        def scrub_claim(claim, context):
            seen = [(line.claim_number, line.code) for line in context.history(claim)]
            return [Finding(rule="seen", message=repr(seen))]
        """,
    )
    world.stations = "  scrub: [counting]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", lines=[Line(code="E0431")]), Made("C-3", member="OTHER"))
        await gateway.take_in(data=make_837([Made("C-4", lines=[Line(code="A7030")])], isa13="000000102"))
    seen = {row.claim_number: _findings(world, row.id) for row in world.claims()}
    assert seen["C-1"] == "[]"
    assert seen["C-2"] == "[('C-1', 'E1390')]"
    assert seen["C-3"] == "[]"
    assert seen["C-4"] == "[('C-1', 'E1390'), ('C-2', 'E0431')]"
    assert [row.version for row in world.rows(patients)] == [2, 1]


def _findings(world: World, claim_id: int) -> str:
    from gateway.core.store.tables import timeline

    (row,) = world.rows(
        timeline, timeline.c.subject_kind == "claim", timeline.c.subject_id == claim_id, timeline.c.station == "scrub"
    )
    return str(row.steps[0]["findings"][0]["message"])


@pytest.mark.parametrize("chunk", [1, 2, 500])
async def test_a_file_in_chunks_gives_the_same_claims(world: World, chunk: int) -> None:
    made = [Made(f"C-{number}", member=f"M{number % 2}") for number in range(5)]
    async with world.running() as gateway:
        gateway.services.config.gateway.workers.__dict__["chunk"] = chunk
        totals = await gateway.take_in(*made)
    assert totals["claims"] == 5
    assert [(row.claim_number, row.ordinal) for row in world.claims()] == [
        (f"C-{number}", number + 1) for number in range(5)
    ]
    (file,) = world.files()
    assert (file.state, file.kind, file.claims, file.cents) == ("read", "837P", 5, 75000)
