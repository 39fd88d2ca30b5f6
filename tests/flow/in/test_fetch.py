"""Files are fetched from a real OpenSSH server: once, whole, and the database knows before the partner forgets."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import pysequoia
import pytest

from gateway.core.flow import fetch
from gateway.core.store.tables import remote_files

from ...sshd import make_key, missing, start_sshd
from ..out.conftest import World
from .conftest import Inbound
from .files import ack_999, envelope, ta1

pytestmark = pytest.mark.sshd
ACK = envelope([ack_999()], ta1=[ta1()])
OTHER = envelope([ack_999("2")], isa13="000000702")


class Partner(Inbound):
    """A partner with a server; `more` goes into the transport's settings."""

    def __init__(self, world: World, *more: str) -> None:
        super().__init__(world, "pickup: {polls: 2, stable: 10s}", *(more or ("after_fetch: delete",)))

    @property
    def outbound(self) -> Path:
        assert self.world.server is not None
        return self.world.server.root / "outbound"

    def put(self, name: str, data: bytes) -> Path:
        path = self.outbound / name
        path.write_bytes(data)
        return path

    async def poll(self, times: int = 2) -> list[int]:
        """So many polls, eleven seconds apart; the ids of all new files."""
        found: list[int] = []
        for _ in range(times):
            got = await fetch.poll(self.run(), {"partner": "practice"})
            assert "error" not in got, got
            found += got["files"]
            self.world.clock.advance(seconds=11)
        return found

    def remote(self) -> list[Any]:
        return self.world.rows(remote_files)


@pytest.fixture
def partner(sftp_world: World) -> Any:
    made = Partner(sftp_world)
    yield made
    made.close()


async def test_a_file_that_stands_still_is_taken_and_then_deleted_there(partner: Partner) -> None:
    path = partner.put("a.999", ACK)
    assert await partner.poll(1) == []
    (file_id,) = await partner.poll(1)
    row = partner.file(file_id)
    assert (row.name, row.origin, row.party, row.state) == ("a.999", "partner", "practice", "received")
    assert partner.world.archive.read(row.sha256) == ACK
    assert not path.exists()
    assert [one.state for one in partner.remote()] == ["settled"]
    assert partner.started() == {f"read {file_id}": {"file_id": file_id}}
    assert await partner.poll(3) == []


async def test_a_file_that_still_grows_is_left_until_it_does_not(partner: Partner) -> None:
    path = partner.put("a.999", ACK[:50])
    await partner.poll(1)
    path.write_bytes(ACK[:100])
    assert await partner.poll(1) == []
    path.write_bytes(ACK)
    assert await partner.poll(1) == []
    (file_id,) = await partner.poll(1)
    assert partner.file(file_id).size == len(ACK)


async def test_a_file_without_its_end_is_given_time_and_then_taken_as_it_is(partner: Partner) -> None:
    path = partner.put("a.999", ACK[:-20])
    assert await partner.poll(1 + fetch.LOOKS_AT_A_PART) == []
    assert path.exists()
    (file_id,) = await partner.poll(1)
    assert "It looks cut short" in partner.world.told("file", file_id)[0]
    assert not path.exists()


async def test_the_same_content_under_another_name_is_one_file(partner: Partner) -> None:
    partner.put("a.999", ACK)
    (first,) = await partner.poll()
    partner.put("b.999", ACK)
    (second,) = await partner.poll()
    row = partner.file(second)
    assert (row.state, row.duplicate_of) == ("duplicate", first)
    assert "not worked again" in row.reason
    assert list(partner.started()) == [f"read {first}"]
    assert not (partner.outbound / "b.999").exists()


async def test_another_content_under_the_same_name_is_another_file(partner: Partner) -> None:
    partner.put("a.999", ACK)
    (first,) = await partner.poll()
    partner.put("a.999", OTHER)
    (second,) = await partner.poll()
    assert partner.file(second).state == "received"
    assert set(partner.started()) == {f"read {first}", f"read {second}"}


async def test_partial_names_are_not_touched(partner: Partner) -> None:
    for name in ("a.999.tmp", ".hidden", "a.filepart"):
        partner.put(name, ACK)
    assert await partner.poll(3) == []
    assert len(list(partner.outbound.iterdir())) == 3


async def test_what_died_between_the_database_and_the_delete_is_deleted_by_the_next_poll(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = partner.put("a.999", ACK)

    def dies(*_: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as broken:
        broken.setattr(fetch, "_settle", dies)
        with pytest.raises(RuntimeError, match="killed here"):
            await partner.poll(2)
    assert path.exists()
    assert [one.state for one in partner.remote()] == ["fetched"]
    assert await partner.poll(1) == []  # no second file
    assert not path.exists()
    assert [one.state for one in partner.remote()] == ["settled"]
    assert len(partner.world.files()) == 1


async def test_what_died_before_the_database_knew_is_fetched_again_as_one(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner.put("a.999", ACK)

    def dies(*_: object) -> None:
        raise RuntimeError("killed here")

    await partner.poll(1)
    with monkeypatch.context() as broken:
        broken.setattr(fetch, "_register", dies)
        with pytest.raises(RuntimeError, match="killed here"):
            await partner.poll(1)
    assert partner.world.files() == []
    (file_id,) = await partner.poll(1)
    assert partner.file(file_id).state == "received"


async def test_a_server_that_lets_nobody_delete_gives_one_file_and_no_second(world: World, tmp_path: Path) -> None:
    if why := missing():
        pytest.skip(why)
    with start_sshd(tmp_path, forbid=["remove"]) as server:
        world.server = server
        made = Partner(world)
        path = made.put("a.999", ACK)
        (file_id,) = await made.poll()
        assert path.exists()
        assert await made.poll(2) == []
        assert [row.id for row in world.files()] == [file_id]
        assert [one.state for one in made.remote()] == ["fetched"]
        assert "practice" in {item.partner for item in world.items()}  # somebody is told
        made.close()
        plugin: Any = made.services.config.plugins["clearinghouse_sftp"].object
        plugin.close_idle()


async def test_where_files_are_left_they_are_taken_once(sftp_world: World) -> None:
    made = Partner(sftp_world, "after_fetch: leave")
    path = made.put("a.999", ACK)
    assert len(await made.poll()) == 1
    assert await made.poll(3) == []
    assert path.read_bytes() == ACK
    made.close()


async def test_where_files_are_moved_they_go_to_the_archive_folder(sftp_world: World) -> None:
    made = Partner(sftp_world, "after_fetch: move")
    made.put("a.999", ACK)
    assert len(await made.poll()) == 1
    assert not list(made.outbound.iterdir())
    assert [path.read_bytes() for path in (made.outbound.parent / "archive").iterdir()] == [ACK]
    made.close()


async def test_an_encrypted_file_is_kept_as_it_travelled_and_read_plain(sftp_world: World, tmp_path: Path) -> None:
    ours = pysequoia.Tsk.generate("gateway <gateway@example.org>")
    (tmp_path / "ours.asc").write_text(str(ours))
    made = Partner(
        sftp_world, "after_fetch: delete", f"pgp: {{receive: {{decrypt_with: 'file:{tmp_path / 'ours.asc'}'}}}}"
    )
    wire = pysequoia.encrypt(ACK, recipients=[ours.extract_certificate()])
    made.put("a.999.pgp", wire)
    ids = await made.poll()
    rows = [made.file(one) for one in ids]
    package, inner = rows
    assert (package.kind, package.state) == ("package", "read")
    assert made.world.archive.read(package.sha256) == wire
    assert made.world.archive.read(inner.sha256) == ACK
    assert (inner.wire_sha256, inner.parent_id, inner.state) == (package.sha256, package.id, "received")
    assert list(made.started()) == [f"read {inner.id}"]
    # One that nobody can open waits for a person.
    stranger = pysequoia.Tsk.generate("stranger <stranger@example.org>")
    made.put("b.999.pgp", pysequoia.encrypt(OTHER, recipients=[stranger.extract_certificate()]))
    (refused,) = await made.poll()
    assert made.file(refused).state == "quarantined"
    assert "b.999.pgp" in made.world.items()[0].reason
    assert not list(made.outbound.iterdir())
    made.close()


async def test_a_zip_with_two_files_gives_two_files(partner: Partner) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("one.999", ACK)
        made.writestr("folder/two.999", OTHER)
    partner.put("day.zip", packed.getvalue())
    package, one, two = [partner.file(file_id) for file_id in await partner.poll()]
    assert package.kind == "package"
    assert partner.world.archive.read(package.sha256) == packed.getvalue()
    assert {one.parent_id, two.parent_id} == {package.id}
    assert [partner.world.archive.read(row.sha256) for row in (one, two)] == [ACK, OTHER]
    assert set(partner.started()) == {f"read {one.id}", f"read {two.id}"}


async def test_another_host_key_stops_the_partner_and_nothing_is_tried_any_more(
    partner: Partner, tmp_path: Path
) -> None:
    fingerprint, _ = make_key(tmp_path / "another")
    server = partner.world.server
    assert server is not None
    partner.close()
    server.host_key_fingerprint = fingerprint
    made = Partner(partner.world)
    path = made.put("a.999", ACK)
    got = await fetch.poll(made.run(), {"partner": "practice"})
    assert "error" in got
    (item,) = made.world.items(kind="partner_stopped")
    # A key that is only written down is not known to the gateway that runs: it is told to read it before the start.
    first, then = "read its configuration again (kill -HUP", "Then: gateway partner start practice"
    assert 0 < item.reason.index(first) < item.reason.index(then)
    assert await fetch.poll(made.run(), {"partner": "practice"}) == {"files": []}
    assert path.exists()
    clock = fetch.PollClock(made.services, "practice", random.Random(1))
    assert clock.due(made.world.clock.now()) is None
    made.close()
