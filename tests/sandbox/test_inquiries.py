"""Asking a payer how claims stand: once, whatever dies; the practice clearinghouse answers, and the answer finds its
claim. The bad cases first."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from gateway.core.clock import FixedClock
from gateway.core.flow import acknowledge
from gateway.core.flow.desk_acts import apply
from gateway.core.flow.desk_rests import Call
from gateway.core.flow.inquire import ask, inquire
from gateway.core.flow.read import look_into
from gateway.core.flow.read_answers import answers
from gateway.core.flow.services import Services
from gateway.core.store import files as file_store
from gateway.core.store.archive import Archive, record
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.ids import allocate
from gateway.core.store.inquiry_tables import inquiries
from gateway.core.store.tables import batches, claims, files, outbox, timeline, work_items
from gateway.core.x12.reader import read
from gateway.plugins.desk_views import AskStatus
from gateway.plugins.testing import make_claim, make_line
from gateway.sandbox.intake import Intake
from gateway.sandbox.settings import SandboxPartner, SandboxSettings
from gateway.sandbox.state import State

from ..conftest import create_tables
from ..web import running
from ..work.desk import NOW, TODAY, put_claim, put_item


class Killed(Exception):
    """The process died."""


class Run:
    """A workflow that can be killed: steps that were finished are known to the next life, as the engine keeps them."""

    key = "test"

    def __init__(self, house: House, done: dict[str, Any]) -> None:
        self.services = house.services
        self.house = house
        self.done = done
        self.kill_after = -1

    def _known(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self.done:
            self.done[name] = make()
            if len(self.done) == self.kill_after:
                raise Killed
        return self.done[name]

    async def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        return self._known(name, lambda: function(*args))

    async def transact(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        def commit() -> Any:
            with self.house.sql.begin() as connection:
                return function(connection, *args)

        return self._known(name, commit)


class House:
    """A gateway's inside with a partner that answers inquiries, and the clearinghouse's other side."""

    def __init__(self, folder: Path, url: str, *, offered: bool = True) -> None:
        config = running.write_config(folder)
        if offered:
            partner = config / "partners/practice.yaml"
            partner.write_text(partner.read_text() + "\nclaim_status: true\n")
        self.sql = make_sync_engine(url)
        with self.sql.begin() as sql:
            # The file that claims of these tests come from has the first id.
            allocate(sql, "files", 1)
        self.archive = Archive(folder / "archive")
        self.clock = FixedClock(NOW)
        transport = SimpleNamespace(final_path=lambda facts: f"to/{facts.isa13}.276")
        self.services = Services(
            config=running.read_config(config),
            archive=self.archive,
            clock=self.clock,
            decide=None,  # type: ignore[arg-type]
            transports=SimpleNamespace(describe=lambda name: transport),  # type: ignore[arg-type]
            reads=make_sync_engine(url, read_only=True),
        )
        settings = SandboxSettings(partners=(SandboxPartner(user="stillwater"),))
        self.state = State(folder / "state.db")
        self.intake = Intake(settings, settings.partners[0], self.state, None)  # type: ignore[arg-type]

    def close(self) -> None:
        self.sql.dispose()
        self.services.reads.dispose()
        self.state.close()

    def claim(self, claim_id: int, **values: Any) -> int:
        content = make_claim(make_line("E1390"), claim_number=f"G{claim_id}").stored.pack()
        with self.sql.begin() as sql:
            return put_claim(sql, claim_id, **{"state": "accepted", "content": content, **values})

    async def ask(self, ids: Sequence[int], done: dict[str, Any] | None = None, kill_after: int = -1) -> str:
        run = Run(self, {} if done is None else done)
        run.kill_after = kill_after
        payload = {"partner": "practice", "claims": list(ids), "who": "maria"}
        return str(await inquire(run, payload))  # type: ignore[arg-type]

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.sql.connect() as sql:
            return list(sql.execute(select(table).where(*where).order_by(*table.primary_key)))

    def count(self, table: Any) -> int:
        with self.sql.connect() as sql:
            return int(sql.execute(select(func.count()).select_from(table)).scalar_one())

    def sent(self) -> bytes:
        """The bytes of the last inquiry that was written."""
        return self.archive.read(self.rows(files, files.c.kind == "276")[-1].sha256)

    def answered(self, data: bytes) -> list[tuple[str, bytes]]:
        """What the practice clearinghouse answers."""
        with self.state.transaction():
            self.intake.take("a.276", data, self.clock.now())
        return [(one.kind, one.body) for one in self.state.answers(self.clock.now().timestamp() + 1e6)]

    def take(self, data: bytes) -> None:
        """A file of the partner's, applied."""
        stored = self.archive.put(data)
        with self.sql.begin() as sql:
            record(sql, stored, "inbound", NOW)
            file_id = file_store.add(
                sql, file_store.NewFile("in", "partner", "practice", "b.277", stored, "277", "read"), NOW
            )
            acknowledge.apply(sql, self.services, file_id, list(answers(read(io.BytesIO(data)))))

    def told(self, claim_id: int) -> list[str]:
        rows = self.rows(timeline, timeline.c.subject_kind == "claim", timeline.c.subject_id == claim_id)
        return [row.what for row in rows]


@pytest.fixture
def house(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    made = House(tmp_path, database_url)
    yield made
    made.close()


async def test_a_partner_that_does_not_offer_it_is_not_asked(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    create_tables(sqlite_url)
    made = House(tmp_path, sqlite_url, offered=False)
    assert await made.ask([made.claim(1)]) == "nobody to ask"
    assert made.count(inquiries) == made.count(batches) == 0
    made.close()


async def test_what_is_not_with_a_payer_is_not_asked_about(house: House) -> None:
    for claim_id, state in enumerate(("held", "ready", "rejected", "cancelled", "closed"), 1):
        house.claim(claim_id, state=state)
    assert await house.ask([1, 2, 3, 4, 5, 99]) == "nothing to ask"
    assert house.count(batches) == 0


async def test_a_claim_is_asked_about_once_a_day(house: House) -> None:
    house.claim(1)
    house.claim(2)
    assert await house.ask([1]) == "written"
    assert await house.ask([1]) == "nothing to ask"
    assert await house.ask([1, 2]) == "written"
    house.clock.advance(days=1)
    assert await house.ask([1, 2]) == "written"
    asked = [(row.claim_id, row.batch_id, row.asked_on - TODAY) for row in house.rows(inquiries)]
    day = dt.timedelta(days=1)
    assert asked == [(1, 1, 0 * day), (2, 2, 0 * day), (1, 3, day), (2, 3, day)]


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_killed_at_any_step_it_is_asked_once_under_one_number(house: House, after: int) -> None:
    house.claim(1)
    done: dict[str, Any] = {}
    with pytest.raises(Killed):
        await house.ask([1], done, kill_after=after)
    assert await house.ask([1], done) == "written"
    (batch,) = house.rows(batches)
    assert (batch.state, batch.isa13, batch.claims) == ("written", "000000001", 0)
    assert house.count(inquiries) == 1
    (send,) = house.rows(outbox)
    assert (send.kind, send.payload) == ("send", {"batch_id": batch.id})
    (out,) = house.rows(files, files.c.kind == "276")
    assert out.state == "written"
    assert sum("is asked how the claim stands" in one for one in house.told(1)) == 1


async def test_the_practice_clearinghouse_answers_and_the_answer_finds_its_claim(house: House) -> None:
    for claim_id in (1, 2, 3):
        house.claim(claim_id)
        with house.sql.begin() as sql:
            put_item(sql, f"f{claim_id}", kind="follow_up", claim_id=claim_id)
    house.state.add_claims(
        [("stillwater", "G1", "16013", "C1", "paid", b""), ("stillwater", "G2", "16013", "C2", "unpaid", b"")]
    )
    await house.ask([1, 2, 3])
    got = dict(house.answered(house.sent()))
    assert set(got) == {"999", "277"}
    assert b"IK5*A" in got["999"]
    contents = look_into(io.BytesIO(got["277"]))
    assert (contents.kind, contents.fault_count) == ("277", 0)
    house.take(got["277"])
    rows = {row.claim_id: (row.category, row.file_id is not None) for row in house.rows(inquiries)}
    assert rows == {1: ("F1", True), 2: ("P1", True), 3: ("A4", True)}
    assert "The payer answers: decided, it is paid" in house.told(1)[-1]
    assert "The payer answers: pending" in house.told(2)[-1]
    assert "the payer does not find it" in house.told(3)[-1]
    assert house.told(3)[-1].endswith("It is for somebody today.")
    looks = {row.claim_id: (row.follow_up - TODAY).days for row in house.rows(work_items)}
    assert looks == {1: 7, 2: 14, 3: 0}
    # It decides nothing, and the same answer again changes nothing.
    assert {row.state for row in house.rows(claims)} == {"accepted"}
    house.take(got["277"])
    assert {row.claim_id: row.category for row in house.rows(inquiries)} == {1: "F1", 2: "P1", 3: "A4"}
    assert house.rows(work_items, work_items.c.kind != "follow_up") == []


async def test_an_answer_to_what_was_never_asked_is_for_a_person(house: House) -> None:
    house.claim(1)
    await house.ask([1])
    got = dict(house.answered(house.sent()))
    with house.sql.begin() as sql:
        sql.execute(update(inquiries).values(trace="Q999"))
    house.take(got["277"])
    (item,) = house.rows(work_items)
    assert "which this gateway did not" in item.reason
    assert house.rows(inquiries)[0].answered_at is None


async def test_asking_starts_one_inquiry_for_each_partner_and_asking_again_none(house: House) -> None:
    for claim_id in (1, 2):
        house.claim(claim_id)
    house.claim(3, partner="other")
    house.claim(4, state="held")
    with house.sql.begin() as sql:
        assert ask(sql, [1, 2, 3, 4], "maria", NOW) == 2
        ask(sql, [2, 1, 3], "maria", NOW)
    found = {row.payload["partner"]: row.payload["claims"] for row in house.rows(outbox)}
    assert found == {"practice": [1, 2], "other": [3]}
    assert house.count(outbox) == 2


async def test_what_a_plugin_asks_about_begins_with_what_else_it_wants_done(house: House) -> None:
    house.claim(1)
    call = Call("receivables", "1", "plugin_schedules", "queues")
    with house.sql.begin() as sql:
        apply(sql, call, [AskStatus(claim_id=1), AskStatus(claim_id=99)], None, NOW)  # type: ignore[arg-type]
    (begun,) = house.rows(outbox)
    assert (begun.kind, begun.payload) == (
        "inquire", {"partner": "practice", "claims": [1], "who": "plugin receivables"}
    )  # fmt: skip
