"""Claims that a plugin's call makes: the document, what is noted of it, and what makes nothing; on both databases."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from gateway.config.contact import Contact
from gateway.core.flow import chunk, make_claims
from gateway.core.flow.desk_calls import take
from gateway.core.flow.desk_lookups import StoreLookups
from gateway.core.flow.desk_records import DONE, FAILED, DeskAnswer, pack_answer, read_answer
from gateway.core.flow.desk_rests import Call
from gateway.core.flow.make_claims import Makes
from gateway.core.store import made_claims as store
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import claims, files, made_claims, outbox, timeline, work_items
from gateway.core.x12.claim import Claim
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.stored import StoredClaim
from gateway.plugins import ClaimRefused, Desk, Tables
from gateway.plugins.testing import make_claim, make_line

from .rows import NOW, add_batch

CALL = Call("months", "1.2", "plugin_commands", "month_end")
WHY = "The fourth rental month began."


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = make_sync_engine(database_url)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def makes(tmp_path: Path) -> Makes:
    return Makes(Archive(tmp_path / "archive"), "T", "America/New_York")


def desk(connection: Connection, plugin: str = "months") -> Desk:
    return Desk(plugin, None, NOW, NOW.date(), Tables(), StoreLookups(connection, plugin))


def commit(connection: Connection, made: Desk, makes: Makes, call: Call = CALL) -> None:
    answer = read_answer(pack_answer(DeskAnswer(DONE, acts=made.acts)))
    take(connection, call, answer, makes, NOW)


def a_claim(number: str, code: str = "E0601", **more: Any) -> Claim:
    return make_claim(make_line(code, "RR", "KJ"), claim_number=number, **more)


def files_of(connection: Connection) -> list[Any]:
    return list(connection.execute(select(files).where(files.c.origin == "plugin").order_by(files.c.id)))


def read_back(makes: Makes, sha256: str) -> list[StoredClaim]:
    """The claims of a document, as intake reads them."""
    seen = chunk.survey(io.BytesIO(makes.archive.read(sha256)))
    assert (seen.kind, seen.problem, seen.finding_count, seen.unsound) == ("837P", "", 0, {})
    found = [one for some in chunk.chunks(makes.archive, sha256, {}, 100) for one in some]
    assert seen.claims == len(found)
    assert {one.usage for one in found} == {"T"}
    return [StoredClaim.unpack(one.content) for one in found]


def test_the_claims_of_a_call_are_one_document_that_intake_reads(connection: Connection, makes: Makes) -> None:
    made = desk(connection)
    given = [a_claim("M-1"), a_claim("M-2", last="WREN", member_id="SWT900000002"), a_claim("M-3", relationship="19")]
    for number, claim in enumerate(given):
        assert made.make_claim(f"rental:{number}", claim, why=WHY)
    commit(connection, made, makes)
    (row,) = files_of(connection)
    assert (row.party, row.direction, row.state, row.name[:9]) == ("plugin:months", "in", "received", "month_end")
    assert {one.pack() for one in read_back(makes, row.sha256)} == {one.stored.pack() for one in given}
    begun = connection.execute(select(outbox.c.kind, outbox.c.payload)).one()
    assert (begun.kind, begun.payload) == ("intake", {"file_id": row.id})
    noted = connection.execute(select(made_claims).order_by(made_claims.c.number)).all()
    assert [(one.plugin, one.key, one.number, one.why, one.file_id, one.claim_id) for one in noted] == [
        ("months", f"rental:{number}", f"M-{number + 1}", WHY, row.id, None) for number in range(3)
    ]
    told = connection.execute(select(timeline.c.what).where(timeline.c.subject_kind == "file")).scalars().all()
    assert told == ["Plugin months 1.2, its command 'month_end', made 3 claims of $300.00."]


def test_the_key_makes_a_claim_once_also_when_two_calls_looked_before_either_was_written(
    connection: Connection, makes: Makes
) -> None:
    one, two = desk(connection), desk(connection)
    for made, number in ((one, "M-1"), (two, "M-2")):
        assert made.make_claim("rental:1", a_claim(number), why=WHY)
    commit(connection, one, makes)
    commit(connection, two, makes)
    assert len(files_of(connection)) == 1
    assert connection.execute(select(made_claims.c.number)).scalars().all() == ["M-1"]
    later = desk(connection)
    assert not later.make_claim("rental:1", a_claim("M-3"), why=WHY)
    assert later.acts == []


def test_keys_are_a_plugins_own(connection: Connection, makes: Makes) -> None:
    for plugin, number in (("months", "M-1"), ("upkeep", "M-2")):
        made = desk(connection, plugin)
        assert made.make_claim("1", a_claim(number), why=WHY)
        commit(connection, made, makes, CALL._replace(plugin=plugin))
    assert [row.party for row in files_of(connection)] == ["plugin:months", "plugin:upkeep"]


def test_a_number_that_a_claim_bears_is_refused_and_one_of_a_cancelled_claim_is_not(
    connection: Connection, makes: Makes
) -> None:
    add_batch(connection, ["M-1", "M-2"])
    connection.execute(update(claims).where(claims.c.claim_number == "M-2").values(state="cancelled"))
    made = desk(connection)
    with pytest.raises(ClaimRefused, match=r"M-1 \(CLM01\) is used already"):
        made.make_claim("a", a_claim("M-1"), why=WHY)
    assert made.make_claim("a", a_claim("M-2"), why=WHY)
    commit(connection, made, makes)
    with pytest.raises(ClaimRefused, match="M-2"):
        # It is not taken in yet, and its number is used all the same.
        desk(connection).make_claim("b", a_claim("M-2"), why=WHY)


def test_a_number_that_was_used_meanwhile_is_a_work_item_and_the_others_are_made(
    connection: Connection, makes: Makes
) -> None:
    made = desk(connection)
    made.make_claim("a", a_claim("M-1"), why=WHY)
    made.make_claim("b", a_claim("M-2"), why=WHY)
    add_batch(connection, ["M-1"])
    commit(connection, made, makes)
    assert connection.execute(select(made_claims.c.key)).scalars().all() == ["b"]
    item = connection.execute(select(work_items)).one()
    assert (item.kind, item.team, item.cents) == ("claim_not_made", "billing", 10_000)
    assert "number M-1 meanwhile" in item.reason
    assert desk(connection).make_claim("a", a_claim("M-3"), why=WHY), "its key has made nothing"


def test_a_call_that_failed_makes_nothing(connection: Connection, makes: Makes) -> None:
    made = desk(connection)
    made.make_claim("a", a_claim("M-1"), why=WHY)
    take(connection, CALL, DeskAnswer(FAILED, "it raised", acts=made.acts), makes, NOW)
    assert files_of(connection) == []


def test_claims_that_no_separators_would_do_for_go_in_interchanges_of_their_own(
    connection: Connection, makes: Makes, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = a_claim("M-1", last="A~B").stored
    assert odd.delimiters.segment == "~"
    given = [
        StoredClaim(Delimiters("\x1c", "\x1d", "\x1e", "\x1f"), *(_again(part, odd.delimiters) for part in odd[1:])),
        a_claim("M-2", last="WREN").stored,
    ]
    monkeypatch.setattr("gateway.core.x12.delimit.CANDIDATES", "*:^~")
    made = desk(connection)
    for number, stored in enumerate(given):
        made.make_claim(str(number), Claim(stored, "test"), why=WHY)
    commit(connection, made, makes)
    (row,) = files_of(connection)
    back = read_back(makes, row.sha256)
    assert [Claim(one, "t").id for one in back] == ["M-1", "M-2"]
    assert Claim(back[0], "t").subscriber.last == "A~B"


def _again(segments: Any, marks: Delimiters) -> list[str]:
    """The same segments with rare separators, so that any other character may stand in a value."""
    return [raw.replace(marks.element, "\x1c").replace(marks.component, "\x1d") for raw in segments]


def test_more_claims_than_a_set_may_have_go_in_several(
    connection: Connection, makes: Makes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_claims, "MAX_CLAIMS_PER_SET", 2)
    made = desk(connection)
    for number in range(5):
        made.make_claim(str(number), a_claim(f"M-{number}"), why=WHY)
    commit(connection, made, makes)
    (row,) = files_of(connection)
    assert chunk.survey(io.BytesIO(makes.archive.read(row.sha256))).sets == 3
    assert len(read_back(makes, row.sha256)) == 5


def test_when_they_have_come_in_their_timelines_say_why(connection: Connection, makes: Makes) -> None:
    made = desk(connection)
    for number in ("M-1", "M-2", "M-3"):
        made.make_claim(number, a_claim(number), why=f"Because of {number}.")
    commit(connection, made, makes)
    (row,) = files_of(connection)
    for chunk_of in (["M-2"], ["M-1", "M-9"]):
        add_batch(connection, chunk_of)
        moved = {"file_id": row.id, "ordinal": claims.c.id}
        connection.execute(update(claims).where(claims.c.claim_number.in_(chunk_of)).values(**moved))
        make_claims.tell_why(connection, row.id, row.party, NOW)
        make_claims.tell_why(connection, row.id, row.party, NOW)
        make_claims.tell_why(connection, row.id, "billing", NOW)
    told = connection.execute(
        select(claims.c.claim_number, timeline.c.what, timeline.c.who)
        .join(timeline, timeline.c.subject_id == claims.c.id)
        .where(timeline.c.subject_kind == "claim")
        .order_by(claims.c.claim_number)
    ).all()
    assert [tuple(one) for one in told] == [
        (number, f"Made by plugin months: Because of {number}.", "plugin months") for number in ("M-1", "M-2")
    ]
    noted = connection.execute(select(made_claims).order_by(made_claims.c.number)).all()
    assert [one.claim_id is not None for one in noted] == [True, True, False]
    assert store.numbers_used(connection, ["M-1", "M-3", "M-4"]) == {"M-1", "M-3"}


def test_who_is_asked_about_them_stands_in_the_document(connection: Connection, makes: Makes) -> None:
    made = desk(connection)
    assert made.make_claim("rental:1", a_claim("M-1"), why=WHY)
    commit(connection, made, makes._replace(contact=Contact(name="BILLING OFFICE", phone="6145550100")))
    (row,) = files_of(connection)
    assert b"PER*IC*BILLING OFFICE*TE*6145550100~" in makes.archive.read(row.sha256)
