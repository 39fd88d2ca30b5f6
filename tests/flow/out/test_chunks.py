"""Where a file is cut into chunks, and how they go through deciding and committing."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.flow.ahead import AHEAD, decide_ahead
from gateway.core.flow.chunk import chunks
from gateway.core.store.archive import Archive

from .made import Made, make_837


def sizes(archive: Archive, members: str, size: int) -> list[int]:
    """The sizes of the chunks of a file with one claim for each letter; equal letters are one patient."""
    data = make_837([Made(f"C-{n}", member=f"1EG4TE5MK7{letter}") for n, letter in enumerate(members)])
    stored = archive.put(data)
    first = [[asked.ordinal for asked in chunk] for chunk in chunks(archive, stored.sha256, {}, size)]
    assert first == [[asked.ordinal for asked in chunk] for chunk in chunks(archive, stored.sha256, {}, size)]
    assert [ordinal for chunk in first for ordinal in chunk] == list(range(1, len(members) + 1))
    return [len(chunk) for chunk in first]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ("ABCDEFGHIJ", [4, 4, 2]),
        ("ABCDDEFGHI", [5, 4, 1]),  # a patient's claims in a row stay together
        ("ABCDDDDDDE", [5, 4, 1]),  # but no more than a quarter above the size
        ("", []),
    ],
)
def test_a_chunk_ends_where_a_patient_does(tmp_path: Path, members: str, expected: list[int]) -> None:
    archive = Archive(tmp_path)
    if not members:
        stored = archive.put(make_837([]))
        assert list(chunks(archive, stored.sha256, {}, 4)) == []
        return
    assert sizes(archive, members, 4) == expected


class Work:
    """Chunks of one number each; remembers what was done, in order."""

    def __init__(self, count: int, *, fails: str = "") -> None:
        self.done: list[str] = []
        self.cut_closed = False
        self._count = count
        self._fails = fails

    def cut(self) -> Generator[list[int], None, None]:
        try:
            for number in range(self._count):
                self._maybe_fail(f"cut {number}")
                yield [number]
        finally:
            self.cut_closed = True

    async def decide(self, name: str, chunk: list[int]) -> dict[str, Any]:
        self.done.append(name)
        await asyncio.sleep(0)
        self._maybe_fail(name)
        return {"of": chunk}

    async def commit(self, number: int, chunk: list[int], decided: dict[str, Any]) -> None:
        assert decided == {"of": chunk} == {"of": [number]}
        self.done.append(f"commit {number}")
        self._maybe_fail(f"commit {number}")

    def _maybe_fail(self, what: str) -> None:
        if what == self._fails:
            raise LookupError(what)


async def test_every_chunk_is_decided_ahead_and_committed_in_order() -> None:
    work = Work(5)
    await decide_ahead(work.cut(), work.decide, work.commit)
    assert [what for what in work.done if what.startswith("commit")] == [f"commit {n}" for n in range(5)]
    assert work.done.index("commit 0") == AHEAD + 1  # so many were begun before
    assert work.cut_closed


@pytest.mark.parametrize("fails", ["cut 2", "decide 2", "commit 2"])
async def test_what_fails_ends_the_work_and_leaves_nothing_under_way(fails: str) -> None:
    work = Work(9, fails=fails)
    with pytest.raises(LookupError, match=fails):
        await decide_ahead(work.cut(), work.decide, work.commit)
    assert "commit 3" not in work.done
    assert work.cut_closed
    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()
