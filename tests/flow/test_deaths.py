"""At which claim the whole gateway has died is known to the next one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.engine.decide_child import NO_STEP, STEP_BITS
from gateway.core.engine.decide_pool import Blamed
from gateway.core.flow.deaths import Deaths
from gateway.core.flow.deciding import DecideImpossible, answered


def mark(folder: Path, item: int, step: int) -> Path:
    """A child's mark, as a process that was killed leaves it."""
    path = folder / f"mark-{item}-{step}"
    place = (item + 1) << STEP_BITS | (step if step >= 0 else NO_STEP)
    path.write_bytes(place.to_bytes(8, "little") + bytes(8))
    return path


async def dies(deaths: Deaths, folder: Path, key: str, item: int, step: int) -> list[tuple[int, int]]:
    """This process dies while it decides a chunk: what is left is what stood in the files at that moment."""
    async with deaths.watched(key) as chunk:
        deadly = chunk.deadly()
        path = mark(folder, item, step)
        chunk.begun(path)
        note = folder / f"chunk-{key}"
        kept = note.read_bytes(), path.read_bytes()
    note.write_bytes(kept[0])
    path.write_bytes(kept[1])
    return deadly


async def test_after_three_deaths_at_one_item_it_is_known(tmp_path: Path) -> None:
    deaths = Deaths(tmp_path)
    for _ in range(3):
        assert await dies(deaths, tmp_path, "a", 4, 2) == []
    async with deaths.watched("a") as chunk:
        assert chunk.deadly() == [(4, 2)]
    assert os.listdir(tmp_path) == [], "it is over, and forgotten"


async def test_deaths_at_other_items_are_nobodys_fault(tmp_path: Path) -> None:
    deaths = Deaths(tmp_path)
    for item in range(6):
        assert await dies(deaths, tmp_path, "a", item, 2) == []


async def test_outside_of_any_plugin_the_item_is_known_all_the_same(tmp_path: Path) -> None:
    deaths = Deaths(tmp_path)
    for _ in range(3):
        await dies(deaths, tmp_path, "a", 0, -1)
    async with deaths.watched("a") as chunk:
        assert chunk.deadly() == [(0, -1)]


async def test_chunks_that_were_under_way_at_a_death_are_decided_one_at_a_time(tmp_path: Path) -> None:
    deaths = Deaths(tmp_path)
    await dies(deaths, tmp_path, "a", 1, 1)
    await dies(deaths, tmp_path, "b", 1, 1)
    inside: list[str] = []

    async def decide(key: str) -> None:
        async with deaths.watched(key):
            inside.append(key)
            if key != "c":
                assert len({"a", "b"} & set(inside)) == 1
            await asyncio.sleep(0.01)
            inside.remove(key)

    await asyncio.gather(*(decide(key) for key in "abc"))


async def _is_stopped(deaths: Deaths, folder: Path) -> None:
    async with deaths.watched("a") as chunk:
        chunk.begun(mark(folder, 1, 1))
        raise asyncio.CancelledError


async def test_an_end_in_good_order_is_no_death(tmp_path: Path) -> None:
    deaths = Deaths(tmp_path)
    await dies(deaths, tmp_path, "a", 1, 1)
    for _ in range(5):
        with pytest.raises(asyncio.CancelledError):
            await _is_stopped(deaths, tmp_path)
    async with deaths.watched("a") as chunk:
        assert chunk.deadly() == []


# --- children that die, and nobody knows of what ---------------------------------------------------


class Item(msgspec.Struct):
    """Something that is asked about."""

    number: int
    aside: str = ""


class Asked(msgspec.Struct):
    """A request, as `answered` wants it."""

    items: list[Item]
    killed: list[tuple[int, int, str]] = []
    resting: list[tuple[int, str | None, str]] = []

    def only(self, start: int, end: int) -> Asked:
        return Asked(self.items[start:end])


class Dies:
    """A pool whose child dies of some items, outside of any plugin, and does not say at which it was."""

    def __init__(self, *deadly: int, whole: int = 10_000) -> None:
        self.deadly = set(deadly)
        self.whole = whole
        self.calls = 0

    async def call(self, payload: bytes, limits: Sequence[float], begun: Any = None) -> object:
        self.calls += 1
        asked = msgspec.msgpack.decode(payload, type=Asked)
        bad = any(one.number in self.deadly and not one.aside for one in asked.items)
        return Blamed(-1, -1, "exited") if bad or len(asked.items) > self.whole else b"done"


async def test_the_deadly_ones_of_many_are_found_by_halves() -> None:
    pool = Dies(7, 311)
    asked = Asked([Item(number) for number in range(500)])
    assert await answered(pool, [], asked, asked.items) == b"done"
    assert [one.number for one in asked.items if one.aside] == [7, 311]
    assert "Report this." in asked.items[7].aside
    assert pool.calls < 60


async def test_where_no_single_one_is_to_blame_none_is() -> None:
    asked = Asked([Item(number) for number in range(100)])
    with pytest.raises(DecideImpossible):
        await answered(Dies(whole=60), [], asked, asked.items)
    assert not any(one.aside for one in asked.items)
