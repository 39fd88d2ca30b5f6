"""Documents for plugins: what is recorded of them, and what makes nothing; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from gateway.core.flow import plugin_drop
from gateway.core.flow.desk_records import DONE, FAILED, NOT_TAKEN, DeskAnswer, pack_answer
from gateway.core.flow.desk_rests import Call
from gateway.core.flow.make_claims import Makes
from gateway.core.flow.plugin_drop import NoSource, Sent, in_words, source_for
from gateway.core.flow.replay import replay_file
from gateway.core.store.archive import Archive, Stored
from gateway.core.store.drop_documents import Dropped
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import files, outbox, timeline, work_items
from gateway.plugins.desk_views import OpenItem

from .rows import NOW

SENT = Sent(Dropped("tickets", "tickets", "billing"), "vans", "source", "monday.csv")
CALL = Call("tickets", "1.0", plugin_drop.HOOK, "tickets")
TAKEN = DeskAnswer(DONE, acts=[OpenItem(kind="ticket", key="one", reason="Look.", team="intake")])
REFUSED = DeskAnswer(NOT_TAKEN, "\n".join(f"line {number}, serial: It is missing." for number in range(2, 40)))


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = make_sync_engine(database_url)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


class House:
    """What reading a document needs, without a process."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection = connection
        self.archive = Archive(folder)
        self.makes = Makes(self.archive, "T", "America/New_York")

    def put(self, text: str) -> Stored:
        return self.archive.put(text.encode())

    def brought(self, text: str, sent: Sent = SENT) -> Any:
        return plugin_drop.register(self.connection, sent, self.put(text), NOW)

    def read(self, file_id: int, answer: DeskAnswer) -> str:
        """The commit of the workflow, with this answer of the plugin's."""
        stored = self.archive.put(pack_answer(answer))
        decided = {"sha256": stored.sha256, "size": stored.size, "version": "1.0", "team": "intake"}
        gateway = SimpleNamespace(usage="T", organisation=SimpleNamespace(time_zone="America/New_York", contact=None))
        services: Any = SimpleNamespace(
            clock=SimpleNamespace(now=lambda: NOW),
            archive=self.archive,
            config=SimpleNamespace(gateway=gateway, contact=None),
        )
        return plugin_drop._commit(self.connection, services, file_id, decided)

    def handed_in(self, text: str, answer: DeskAnswer) -> plugin_drop.Result:
        sent = SENT._replace(origin="upload", party="billing")
        return plugin_drop._take_in(self.connection, sent, self.put(text), CALL, answer, "intake", self.makes, NOW)

    def states(self) -> list[tuple[str, int | None]]:
        rows = self.connection.execute(select(files).where(files.c.kind == "DROP").order_by(files.c.id))
        return [(row.state, row.duplicate_of) for row in rows]

    def items(self, kind: str) -> list[Any]:
        return list(self.connection.execute(select(work_items).where(work_items.c.kind == kind)))


@pytest.fixture
def house(connection: Connection, tmp_path: Path) -> House:
    return House(connection, tmp_path / "archive")


def test_a_document_that_was_brought_is_read_once_and_the_same_again_does_nothing(house: House) -> None:
    first = house.brought("a")
    assert house.brought("a", SENT._replace(name="again.csv")).duplicate_of == first.file_id
    assert house.read(first.file_id, TAKEN) == "read"
    assert house.handed_in("a", TAKEN).duplicate_of == first.file_id
    assert house.states() == [("read", None), ("duplicate", first.file_id), ("duplicate", first.file_id)]
    assert len(house.items("ticket")) == 1
    begun = house.connection.execute(select(outbox.c.kind, outbox.c.payload)).all()
    assert [tuple(row) for row in begun] == [("plugin_drop", {"file_id": first.file_id})]


def test_the_same_content_for_another_drop_or_of_another_source_is_another_document(house: House) -> None:
    for to in (SENT.to, SENT.to._replace(name="visits"), SENT.to._replace(source="orders")):
        assert house.brought("a", SENT._replace(to=to)).duplicate_of == 0


def test_a_refused_document_is_a_work_item_that_fits_and_says_how_many_more(house: House) -> None:
    file_id = house.brought("a").file_id
    assert house.read(file_id, REFUSED) == "quarantined"
    (item,) = house.items("file_problem")
    lines = item.reason.splitlines()
    assert len(item.reason) <= 1000
    assert lines[0] == "vans: nothing of the document monday.csv was taken as tickets/tickets."
    assert lines[1] == "line 2, serial: It is missing."
    assert lines[-1] == "Mend it and hand it in again."
    told = sum(line.startswith("line ") for line in lines)
    assert lines[-2] == f"And {38 - told} more."
    assert (item.team, item.subject_id) == ("intake", file_id)


def test_what_was_refused_may_come_again_and_its_item_closes_when_it_is_taken(house: House) -> None:
    first = house.handed_in("a", REFUSED)
    assert (first.state, house.items("file_problem")[0].state) == ("quarantined", "open")
    again = house.handed_in("a", REFUSED)
    assert again.file_id == first.file_id, "one that is sent again and again is one file"
    assert house.handed_in("a", TAKEN).file_id == first.file_id
    assert house.states() == [("read", None)]
    assert house.items("file_problem")[0].state == "closed"


def test_a_document_on_which_its_plugin_failed_is_read_again_when_somebody_asks(house: House) -> None:
    file_id = house.brought("a").file_id
    assert house.read(file_id, DeskAnswer(FAILED, "KeyError at tickets.py:12 in take")) == "quarantined"
    (item,) = house.items("file_problem")
    assert f"gateway replay file {file_id}" in item.reason
    assert len(house.items("plugin_failure")) == 1
    replay_file(house.connection, file_id, "Ann Biller", "It is mended.", NOW)
    kinds = house.connection.execute(select(outbox.c.kind)).scalars().all()
    assert kinds == ["plugin_drop", "plugin_drop"]
    assert house.read(file_id, TAKEN) == "read"
    assert {one.state for one in house.items("plugin_failure")} == {"closed"}


def test_what_was_taken_meanwhile_is_not_taken_again_by_a_replay(house: House) -> None:
    refused = house.brought("a").file_id
    house.read(refused, DeskAnswer(FAILED, "it did not end in its time"))
    later = house.brought("a").file_id
    assert house.read(later, TAKEN) == "read"
    replay_file(house.connection, refused, "Ann Biller", "It is mended.", NOW)
    again = DeskAnswer(DONE, acts=[OpenItem(kind="ticket", key="two", reason="Look.", team="intake")])
    assert house.read(refused, again) == "duplicate"
    assert len(house.items("ticket")) == 1
    told = house.connection.execute(select(timeline.c.what).where(timeline.c.subject_id == refused)).scalars().all()
    assert told[-1] == f"The same content came before, as file {later}; nothing is done again."


def test_it_is_said_how_much_a_call_does() -> None:
    assert in_words([]) == "nothing to be done"
    assert in_words([*TAKEN.acts, *TAKEN.acts]) == "2 work items opened"


@pytest.mark.parametrize(
    ("sources", "named", "found"),
    [
        ([("billing", "", "")], "", "billing"),
        ([("billing", "", ""), ("vans", "tickets/tickets", "")], "", "vans"),
        ([("billing", "", ""), ("vans", "tickets/tickets", "billing")], "", "billing"),
        ([("billing", "", ""), ("vans", "tickets/visits", "")], "", None),
        ([("billing", "", ""), ("orders", "", "")], "", None),
        ([("billing", "", ""), ("orders", "", "")], "orders", "orders"),
        ([("billing", "", "")], "orders", None),
    ],
)
def test_whose_patients_a_document_names(sources: list[tuple[str, str, str]], named: str, found: str | None) -> None:
    known = [SimpleNamespace(name=name, drop=drop, patients_of=of) for name, drop, of in sources]
    config: Any = SimpleNamespace(
        gateway=SimpleNamespace(sources=known), source=lambda name: name if name in [s.name for s in known] else None
    )
    if found is None:
        with pytest.raises(NoSource, match="The configuration has: billing"):
            source_for(config, "tickets", "tickets", named)
    else:
        assert source_for(config, "tickets", "tickets", named) == found
