"""Alarms on both databases: told once, told when they are over, not in quiet hours, never about a patient."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, event, select, update

from gateway.config import Config
from gateway.core.flow import alarm_causes, alarms, lines, partner_view
from gateway.core.flow.services import Services
from gateway.core.store import alarms as store
from gateway.core.store.admin_tables import alarm_messages
from gateway.core.store.admin_tables import alarms as rows
from gateway.core.store.archive import Archive
from gateway.core.store.tables import outbox
from gateway.core.work.items import WorkItem, open_items

from ..web import running

NOON = dt.datetime(2026, 11, 24, 17, tzinfo=dt.UTC)
"""A Tuesday, noon where the organisation is."""
MAIL = """
desk:
  alarm_mail: {host: localhost, security: none, sender: edi@example.org, to: [edi@example.org]}
"""
WEBHOOK = "  alarm_webhook: {url: 'http://127.0.0.1:9/x', secret: env:HOOK}\n"


class Now:
    """A clock that stands."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> dt.datetime:
        return self.at


class House:
    """A configuration, a database, and a clock that is moved."""

    def __init__(self, engine: Engine, folder: Path, more: str) -> None:
        self.config: Config = running.read_config(running.write_config(folder, more=f"web: {{port: 0}}\n{more}"))
        self.engine = engine
        self.clock = Now()
        archive = Archive(folder / "archive")
        archive.root.mkdir(parents=True, exist_ok=True)
        parts: Any = {"decide": None, "transports": None, "reads": engine}
        self.services = Services(config=self.config, archive=archive, clock=self.clock, **parts)

    def look(self, **later: float) -> int:
        """A look, some time later; how many alarms were told."""
        self.clock.at += dt.timedelta(**later)
        with self.engine.begin() as connection:
            return alarms.look_after(connection, self.services)["told"]

    def fails(self, times: int = lines.FAILURES_BEFORE_TOLD) -> None:
        for _ in range(times):
            with self.engine.begin() as connection:
                lines.went_wrong(connection, "practice", {"kind": "failed", "what": "no answer"}, self.clock.at)

    def works(self) -> None:
        with self.engine.begin() as connection:
            lines.went_well(connection, "practice", self.clock.at)

    def messages(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(alarm_messages).order_by(alarm_messages.c.id)))

    def told(self) -> list[tuple[str, str]]:
        return [(one["what"], one["key"]) for row in self.messages() for one in row.alarms]


class Disk(NamedTuple):
    total: int
    free: int


@pytest.fixture(autouse=True)
def _a_disk_with_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms.shutil, "disk_usage", lambda _: Disk(1000 * 10**9, 500 * 10**9))


@pytest.fixture
def house(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    monkeypatch.setenv("HOOK", "a secret of a test")
    quiet = "alarms: {quiet: [{from: '20:00', until: '07:00'}]}\n"
    return House(engine, tmp_path, quiet + MAIL + WEBHOOK)


def test_a_partner_that_fails_is_told_once_to_every_channel_and_when_it_is_over(house: House) -> None:
    house.fails(lines.FAILURES_BEFORE_TOLD - 1)
    assert house.look() == 0
    house.fails(1)
    assert house.look(minutes=1) == 1
    assert house.look(minutes=1) == 0
    assert [row.channel for row in house.messages()] == ["alarm_mail", "alarm_webhook"]
    assert "Partner practice cannot be reached: 5 failures in a row" in house.messages()[0].alarms[0]["words"]
    house.works()
    assert house.look(minutes=1) == 0, "it may come back at once"
    assert house.look(minutes=6) == 1
    assert house.look(minutes=6) == 0
    assert house.told() == [("new", "partner:practice")] * 2 + [("over", "partner:practice")] * 2
    with house.engine.connect() as connection:
        started = connection.execute(select(outbox.c.key).where(outbox.c.kind == "alarm")).scalars().all()
    assert sorted(started) == sorted(str(row.id) for row in house.messages())


def test_what_comes_and_goes_is_told_once(house: House) -> None:
    for _ in range(4):
        house.fails()
        house.look(minutes=1)
        house.works()
        house.look(minutes=1)
    assert house.told() == [("new", "partner:practice")] * 2


def test_what_stands_is_told_again_after_a_day(house: House) -> None:
    house.fails()
    house.look()
    assert house.look(hours=23) == 0
    assert house.look(hours=2) == 1
    assert [what for what, _ in house.told()] == ["new", "new", "still", "still"]


def test_in_quiet_hours_only_what_is_urgent_is_told_and_the_rest_in_the_morning(house: House) -> None:
    house.clock.at = NOON.replace(hour=4)  # eleven at night
    house.fails()
    assert house.look() == 0
    with house.engine.begin() as connection:
        assert alarm_causes._proved(connection, house.services, 3) == 3
    assert house.look(minutes=1) == 1
    assert [key for _, key in house.told()] == ["ledger", "ledger"]
    assert house.look(hours=9) == 1
    assert house.told()[-1] == ("new", "partner:practice")


def test_what_was_over_before_anybody_was_told_is_never_told(house: House) -> None:
    house.clock.at = NOON.replace(hour=4)
    house.fails()
    house.look()
    house.works()
    assert house.look(hours=9) == 0
    assert house.told() == []


def test_answers_that_are_late_are_counted_by_partner(house: House) -> None:
    today = NOON.date()
    items = [
        WorkItem(
            kind="overdue_ack", key=f"overdue:999:{number}", reason="MARKER, PATIENT", team="edi", subject_kind="batch",
            cents=12_050, work_by=by, partner="practice",
        )
        for number, by in enumerate((today, today, today + dt.timedelta(days=1)))
    ]  # fmt: skip
    with house.engine.begin() as connection:
        open_items(connection, items, NOON)
    assert house.look() == 1
    (fact,) = house.messages()[0].alarms
    assert fact["key"] == "acknowledgment:practice"
    assert "2 answer(s) of partner practice are overdue, for claims of $241.00." in fact["words"]
    assert "MARKER" not in str(house.messages())


def test_dates_that_are_near_are_told_and_those_that_cost_nothing_are_not(house: House) -> None:
    today = NOON.date()
    common: dict[str, Any] = {"kind": "denial", "reason": "x", "team": "denials", "subject_kind": "claim"}
    with house.engine.begin() as connection:
        open_items(
            connection,
            [
                WorkItem(key="near", appeal_by=today + dt.timedelta(days=7), cents=100, **common),
                WorkItem(key="far", appeal_by=today + dt.timedelta(days=8), cents=5_000, **common),
                WorkItem(key="work", work_by=today, cents=7_000, **common),
            ],
            NOON,
        )
    assert alarm_causes._near(house.services) == [1, 100]
    with house.engine.begin() as connection:
        assert alarm_causes._note_near(connection, house.services, 1, 100) == 1
    house.look()
    assert "1 item(s) of $1.00 cost money within 7 days." in house.messages()[0].alarms[0]["words"]


def test_a_step_that_rests_is_told_once_and_is_over_after_its_rest(house: House) -> None:
    until = NOON + dt.timedelta(minutes=5)
    resting = [["default", "scrub", "scrubber", True, 10, until.isoformat()]] * 2
    for _ in range(2):
        with house.engine.begin() as connection:
            alarm_causes._resting(connection, house.services, resting)
        house.look(seconds=30)
    assert house.told() == [("new", "breaker:default:scrub:scrubber")] * 2
    house.look(minutes=16)
    house.look(minutes=6)
    assert house.told()[-1] == ("over", "breaker:default:scrub:scrubber")


def test_a_disk_that_is_nearly_full_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms.shutil, "disk_usage", lambda _: Disk(1000 * 10**9, 20 * 10**9))
    house.look()
    assert "The disk of the archive has 2.0 % left (20.0 GB), less than 10 %." in house.messages()[0].alarms[0]["words"]


def test_kinds_that_are_left_out_are_not_told(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    house = House(engine, tmp_path, "alarms: {leave_out: [partner, ledger, archive]}\n" + MAIL)
    house.fails()
    with engine.begin() as connection:
        alarm_causes._proved(connection, house.services, 3)
    house.look()
    assert house.messages() == []


def test_without_a_channel_it_stands_and_is_told_when_there_is_one(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    house = House(engine, tmp_path / "without", "alarms: {leave_out: [archive]}\n")
    house.fails()
    assert house.look() == 0
    with engine.connect() as connection:
        assert [row.key for row in store.standing(connection)] == ["partner:practice"]
    other = House(engine, tmp_path / "with", MAIL)
    assert other.look(minutes=1) == 1


def test_an_alarm_that_was_told_and_comes_back_before_its_end_was_told_just_goes_on(engine: Engine) -> None:
    one = store.Standing("partner", "partner:x", "down")
    with engine.begin() as connection:
        assert store.stand(connection, [one], NOON) == 1
        assert store.stand(connection, [one], NOON) == 0
        connection.execute(update(rows).values(told_at=NOON))
        store.end_others(connection, ["partner"], [], NOON)
        assert store.stand(connection, [one], NOON) == 1
        assert not store.to_tell(connection, NOON - dt.timedelta(days=1), NOON)


def test_quiet_hours_and_turns_are_where_the_organisation_is(house: House) -> None:
    due = alarm_causes.daily_due(house.services, alarm_causes.PROVED_AT)
    assert due(NOON.replace(hour=7, minute=29)) is None
    assert due(NOON.replace(hour=7, minute=30)) == ("2026-11-24", {})
    settings = house.config.gateway.alarms
    hours = random.Random(5).sample(range(24), 24)
    quiet = {hour for hour in hours if settings.quiet_at(NOON.replace(hour=hour), "America/New_York")}
    assert quiet == {*range(1, 13)}, "from eight in the evening to seven in the morning, and the minute of seven"


def test_the_look_of_each_minute_and_the_page_of_a_partner_read_an_index(house: House) -> None:
    with house.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("the planner of PostgreSQL takes no index of an empty table")
        seen: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *given: seen.append(given[2]))
        alarms.look_after(connection, house.services)
        partner_view.troubles(connection, "practice")
        asked = [one for one in seen if "FROM work_items" in one]
        assert len(asked) == 2 + len(partner_view.TROUBLES)
        made = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        indexes = [(name, sql) for name, sql in made if "ON work_items" in sql]
        assert len(indexes) > 5
        # Between equals the planner takes the index that was made last: whichever that is, it is the right one.
        for last, sql in indexes:
            connection.exec_driver_sql(f"DROP INDEX {last}")
            connection.exec_driver_sql(sql)
            for one in asked:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", ("x",) * one.count("?")).all()
                assert any("ix_work_items_kind_partner (kind=? AND partner" in row[3] for row in plan), (last, plan)
                assert not any(row[3].startswith("SCAN") for row in plan), (last, plan)


def test_files_that_nothing_takes_up_are_told_after_a_while(house: House) -> None:
    source = house.config.gateway.sources[0]
    folder = source.drop_folder
    assert folder is not None
    house.clock.at = dt.datetime(2026, 11, 27, 17, tzinfo=dt.UTC)
    assert house.look() == 0, "the folder is not there yet"
    folder.mkdir(parents=True)
    for name, data in (("empty.837", b""), ("half.837.part", b"ISA*"), ("good.837", b"ISA*"), (".hidden", b"x")):
        (folder / name).write_bytes(data)
    put = max(one.stat().st_ctime for one in folder.iterdir())
    house.clock.at = dt.datetime.fromtimestamp(put + 60, dt.UTC)
    assert house.look() == 0
    # At noon: not in the quiet hours.
    house.clock.at = (house.clock.at + dt.timedelta(days=1)).replace(hour=17)
    assert house.look() == 1
    (alarm,) = house.messages()[0].alarms
    assert alarm["words"].startswith(f"2 file(s) in the drop folder of {source.name} are not taken up")
    assert "good" not in alarm["words"]
    assert "hidden" not in alarm["words"]
    for one in folder.iterdir():
        one.unlink()
    house.look(minutes=1)
    assert house.look(minutes=6) == 1
    assert [what for what, key in house.told() if key == f"folder:{source.name}"] == ["new"] * 2 + ["over"] * 2
