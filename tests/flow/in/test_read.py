"""What partners send is told apart by its content, and nothing is lost that nobody here knows."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.flow import read
from gateway.core.model.answers import ClaimAnswer, GroupAnswer, InterchangeAnswer, SetAnswer
from gateway.core.store.tables import interchanges

from ...posting.made import Clp, Era, Svc, make_835
from .conftest import Inbound
from .files import ack_999, enrollment_834, envelope, status_277ca, ta1


async def test_a_file_with_a_ta1_and_a_999_gives_both_answers(inbound: Inbound) -> None:
    row = await inbound.read(envelope([ack_999()], ta1=[ta1()]))
    assert (row.kind, row.state, row.reason) == ("999", "read", "")
    work = inbound.started()[f"acknowledge {row.id}"]
    answers = read.load_answers(inbound.services, work["answers"], 0)
    assert [type(answer) for answer in answers] == [InterchangeAnswer, SetAnswer, GroupAnswer]
    assert work["count"] == 3
    assert read.load_answers(inbound.services, work["answers"], 1) == []
    assert inbound.world.items() == []
    assert inbound.world.told("file", row.id) == ["Read: 1 x 999, 1 x TA1."]


async def test_a_ta1_alone_is_a_file_of_its_own_kind(inbound: Inbound) -> None:
    row = await inbound.read(envelope(ta1=[ta1()]))
    assert (row.kind, row.state) == ("TA1", "read")
    assert f"acknowledge {row.id}" in inbound.started()


async def test_a_remittance_goes_to_the_station_that_posts(inbound: Inbound) -> None:
    row = await inbound.read(make_835(Era([Clp("C-1", [Svc("E1390", "150", "150")])])))
    assert (row.kind, row.state) == ("835", "reading")  # until it is posted
    assert inbound.started() == {f"post {row.id}": {"file_id": row.id}}


async def test_a_remittance_and_a_277ca_in_one_file_go_both_ways(inbound: Inbound) -> None:
    one = make_835(Era([Clp("C-1", [Svc("E1390", "150", "150")])]))
    other = envelope([status_277ca("BATCH1", [("C-1", "A2")])], isa13="000000702")
    row = await inbound.read(one + other)
    assert (row.kind, row.state) == ("mixed", "reading")
    assert set(inbound.started()) == {f"post {row.id}", f"acknowledge {row.id}"}


async def test_a_set_that_nobody_works_on_waits_for_a_person_and_the_rest_goes_on(inbound: Inbound) -> None:
    row = await inbound.read(envelope([ack_999(), enrollment_834()]), "enrollment.x12")
    assert (row.kind, row.state) == ("mixed", "read")
    assert f"acknowledge {row.id}" in inbound.started()
    (item,) = inbound.world.items()
    assert (item.kind, item.team, item.subject_id) == ("file_problem", "edi", row.id)
    assert "enrollment.x12 from practice: It holds 834" in item.reason


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"Dear partner, our server is down.", "no transaction set can be read"),
        (b"PK\x03\x04\x00\x00 not a zip", "no transaction set can be read"),
        (b"ISA*00*", "no transaction set can be read"),
        (bytes(range(256)) * 40, "no transaction set can be read"),
    ],
)
async def test_what_cannot_be_read_is_kept_and_waits_for_a_person(inbound: Inbound, data: bytes, why: str) -> None:
    row = await inbound.read(data)
    assert row.state == "quarantined"
    (item,) = inbound.world.items()
    assert why in item.reason
    assert inbound.world.archive.read(row.sha256) == data
    assert inbound.started() == {}


async def test_a_277ca_that_is_cut_short_is_a_problem_and_its_whole_claims_count(inbound: Inbound) -> None:
    whole = envelope([status_277ca("BATCH1", [("C-1", "A2"), ("C-2", "A2"), ("C-3", "A7")])])
    row = await inbound.read(whole[: whole.index(b"TRN*2*C-3")])
    assert row.kind == "277CA"
    (item,) = inbound.world.items()
    assert "fault(s) in its structure" in item.reason
    assert "QUILL" not in item.reason
    work = inbound.started()[f"acknowledge {row.id}"]
    answers = read.load_answers(inbound.services, work["answers"], 0)
    assert [one.claim_number for one in answers if isinstance(one, ClaimAnswer)][:2] == ["C-1", "C-2"]
    assert "C-3" not in repr(answers)


async def test_no_patient_is_in_the_answers_that_are_kept(inbound: Inbound) -> None:
    row = await inbound.read(envelope([status_277ca("BATCH1", [("C-1", "A7")])]))
    blob = inbound.world.archive.read(inbound.started()[f"acknowledge {row.id}"]["answers"])
    assert b"C-1" in blob
    assert b"QUILL" not in blob
    assert b"1EG4TE5MK72" not in blob


async def test_many_answers_come_in_chunks_each_read_by_itself(inbound: Inbound) -> None:
    count = read.CHUNK + 3
    claims = [(f"C-{number}", "A2") for number in range(count)]
    row = await inbound.read(envelope([status_277ca("BATCH1", claims)]))
    work = inbound.started()[f"acknowledge {row.id}"]
    chunks = [read.load_answers(inbound.services, work["answers"], index) for index in range(3)]
    assert [len(chunk) for chunk in chunks] == [read.CHUNK, work["count"] - read.CHUNK, 0]


async def test_reading_again_after_a_crash_changes_nothing(inbound: Inbound) -> None:
    file_id = inbound.arrive(envelope([ack_999()], ta1=[ta1()]))
    for _ in range(2):
        await read.read_file(inbound.run(), {"file_id": file_id})
    assert len(inbound.started()) == 1
    assert len(inbound.world.files()) == 1


def test_a_zip_is_nothing_to_this_station(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("a.835", b"ISA")
    with (tmp_path / "a.zip").open("rb") as stream:
        assert read.look_into(stream).kind == "unknown"


async def test_an_answer_is_found_by_its_interchange(inbound: Inbound) -> None:
    row = await inbound.read(envelope([ack_999()], isa13="000000701") + envelope(ta1=[ta1()], isa13="000000702"))
    with inbound.world.sql.connect() as connection:
        found = connection.execute(select(interchanges).where(interchanges.c.file_id == row.id)).all()
    assert [(one.direction, one.partner, one.isa13) for one in found] == [
        ("in", "practice", "000000701"),
        ("in", "practice", "000000702"),
    ]
