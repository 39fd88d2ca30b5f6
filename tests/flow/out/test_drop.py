"""Drop folders: a file is taken once it is whole, once, and moved only after the database knows it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.core.flow import drop as drop_station
from gateway.core.flow.drop import LOOKS_AT_A_PART, DropFolder, Source

from .conftest import Running, World
from .made import Made, make_837


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "in" / "desk"


@pytest.fixture
def drop(world: World, folder: Path) -> DropFolder:
    return DropFolder(Source("desk", folder, ("*.837",), stable_for=2.0), world.clock)


def looks(world: World, drop: DropFolder, count: int) -> list[str]:
    """Look so often, two seconds apart; the names that are ready at the last look."""
    found: list[str] = []
    for _ in range(count):
        found = [file["name"] for file in drop.ready()]
        world.clock.advance(seconds=2)
    return found


def names_in(folder: Path) -> list[str]:
    """The files of a folder, sorted."""
    return sorted(path.name for path in folder.iterdir() if path.is_file())


async def take_up(gateway: Running, drop: DropFolder) -> list[int]:
    """Let the folder's workflow run, if there is anything to take; returns the ids of new files."""
    world = gateway.world
    looks(world, drop, 1)
    due = drop.due(world.clock.now())
    if due is None:
        return []
    ids: list[int] = await gateway.run("drop", due[0], **due[1])
    gateway.engine.poke()
    for file in world.files():
        if file.state in ("received", "reading"):
            await gateway.engine.wait("intake", str(file.id))
    return ids


def test_a_file_that_still_grows_is_left_alone(world: World, drop: DropFolder, folder: Path) -> None:
    data = make_837([Made()])
    for size in (100, 200, 300):
        (folder / "a.837").write_bytes(data[:size])
        assert looks(world, drop, 1) == []


def test_partial_names_and_other_masks_are_left_alone(world: World, drop: DropFolder, folder: Path) -> None:
    for name in ("a.837.tmp", ".a.837", "a.837.filepart", "notes.doc"):
        (folder / name).write_bytes(make_837([Made()]))
    assert looks(world, drop, 4) == []


def test_a_link_is_not_followed(world: World, drop: DropFolder, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(make_837([Made()]))
    (folder / "a.837").symlink_to(tmp_path / "secret")
    assert looks(world, drop, 4) == []


async def test_another_look_may_move_the_file_first(
    world: World, drop: DropFolder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_away = drop_station._put_away

    def both_at_once(path: Path, file_id: int, refused: str) -> None:
        put_away(path, file_id, refused)  # the other look's
        put_away(path, file_id, refused)

    monkeypatch.setattr(drop_station, "_put_away", both_at_once)
    (folder / "a.837").write_bytes(make_837([Made()]))
    async with world.running() as gateway:
        assert await take_up(gateway, drop) == [1]
        assert not await gateway.engine.list(state="failed")
    assert names_in(folder) == []
    assert names_in(folder / "processed") == ["a.837"]


def test_a_file_cut_short_gets_its_time_and_is_then_set_aside(world: World, drop: DropFolder, folder: Path) -> None:
    (folder / "a.837").write_bytes(make_837([Made()])[:300])
    assert looks(world, drop, LOOKS_AT_A_PART) == []
    looks(world, drop, 1)
    (file,) = drop.ready()
    assert file["refused"].startswith("It is not whole")
    assert file["refused"].endswith("Ask the source to send it again.")


async def test_a_file_that_stays_cut_short_fails_with_its_reason_beside_it(
    world: World, drop: DropFolder, folder: Path
) -> None:
    (folder / "a.837").write_bytes(make_837([Made()])[:300])
    looks(world, drop, LOOKS_AT_A_PART)
    async with world.running() as gateway:
        await take_up(gateway, drop)
    assert names_in(folder / "failed") == ["a.837", "a.837.reason.txt"]
    assert world.files()[0].state == "quarantined"
    assert len(world.items(kind="file_problem")) == 1
    assert world.claims() == []


async def test_a_whole_file_is_taken_and_moved(world: World, drop: DropFolder, folder: Path) -> None:
    (folder / "a.837").write_bytes(make_837([Made("C-1"), Made("C-2"), Made("C-3")]))
    async with world.running() as gateway:
        looks(world, drop, 1)
        await take_up(gateway, drop)
    assert names_in(folder) == []
    assert names_in(folder / "processed") == ["a.837"]
    assert world.states() == {"C-1": "ready", "C-2": "ready", "C-3": "ready"}


async def test_a_file_left_behind_by_a_crash_is_moved_and_not_taken_twice(
    world: World, drop: DropFolder, folder: Path
) -> None:
    path = folder / "a.837"
    path.write_bytes(make_837([Made()]))
    times = path.stat()
    async with world.running() as gateway:
        looks(world, drop, 1)
        await take_up(gateway, drop)
        # As after a crash between the commit and the move: the database has it, the folder too.
        moved = folder / "processed" / "a.837"
        moved.rename(path)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        with world.sql.begin() as connection:
            from sqlalchemy import update

            from gateway.core.store.tables import remote_files

            connection.execute(update(remote_files).values(state="fetched", settled_at=None))
        looks(world, drop, 1)
        assert await take_up(gateway, drop) == []
    assert len(world.files()) == 1
    assert not path.exists()
    assert moved.exists()


async def test_the_same_file_dropped_again_is_a_duplicate_and_moved_too(
    world: World, drop: DropFolder, folder: Path
) -> None:
    async with world.running() as gateway:
        for _ in range(2):
            (folder / "a.837").write_bytes(make_837([Made()]))
            looks(world, drop, 1)
            await take_up(gateway, drop)
    first, second = world.files()
    assert second.duplicate_of == first.id
    assert names_in(folder / "processed") == [f"{second.id}-a.837", "a.837"]
    assert len(world.claims()) == 1


async def test_another_file_under_the_same_name_is_not_mistaken_for_it(
    world: World, drop: DropFolder, folder: Path
) -> None:
    async with world.running() as gateway:
        for number in ("C-1", "C-2"):
            (folder / "a.837").write_bytes(make_837([Made(number)], isa13=f"00000010{number[-1]}"))
            looks(world, drop, 1)
            await take_up(gateway, drop)
    assert world.states() == {"C-1": "ready", "C-2": "ready"}
