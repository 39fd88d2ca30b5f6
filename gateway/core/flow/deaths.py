"""What must be known after this whole process has died: which chunk was being decided, and at which claim.

A child's death is seen by its parent. Where a claim takes the parent with it (a plugin kills it, or the machine kills
both for their memory), nobody is left to say so, and the chunk would be decided, and everything die, for ever. So each
chunk that is being decided has a note in a file; the next process reads it, together with the mark that the child left.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from ..engine.decide_process import MARK, position_in

MOST_DEATHS = 3
"""How often this process may die at the same claim before that claim is set aside."""
_KEPT_S = 30 * 86_400.0
_NOTE = "chunk-"


class _Note(msgspec.Struct):
    """`lost`: where each child was with which this process died, item and step (-1: none). `mark`: the file with the
    mark of the child that decides now."""

    lost: list[tuple[int, int]] = []
    mark: str = ""


class Chunk:
    """A chunk that is being decided."""

    def __init__(self, path: Path | None, lost: list[tuple[int, int]]) -> None:
        self._path = path
        self._lost = lost

    def begun(self, mark: Path | None) -> None:
        """A child is about to be asked."""
        if self._path is not None and mark is not None:
            _write(self._path, _Note(self._lost, mark.name))

    def deadly(self) -> list[tuple[int, int]]:
        """The items at which this process has died again and again, with the step that was being called (-1: none)."""
        found = Counter(item for item, _ in self._lost)
        last = dict(self._lost)
        return [(item, last[item]) for item, times in found.items() if item >= 0 and times >= MOST_DEATHS]


class Deaths:
    """The notes of the chunks, in a folder (None: nothing is remembered)."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def watched(self, key: str) -> AsyncIterator[Chunk]:
        """While a chunk is being decided. `key` names it in the same way before and after a restart.

        A chunk that was under way when this process died is decided while no other such chunk is: the next death is
        that of the right one.
        """
        if self._folder is None:
            yield Chunk(None, [])
            return
        path = self._folder / (_NOTE + re.sub(r"[^\w.-]", "-", key))
        lost = self._lost(path)
        async with self._one_at_a_time if lost else contextlib.nullcontext():
            try:
                yield Chunk(path, lost)
            except asyncio.CancelledError:  # stopped in good order: what is known stays known
                if lost:
                    _write(path, _Note(lost))
                    raise
                path.unlink(missing_ok=True)
                raise
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            path.unlink(missing_ok=True)

    def _lost(self, path: Path) -> list[tuple[int, int]]:
        try:
            note = msgspec.json.decode(path.read_bytes(), type=_Note)
        except (OSError, msgspec.MsgspecError):
            return []
        if not note.mark:
            return note.lost
        where = position_in(path.with_name(note.mark))
        lost = [*note.lost, (where.item, where.step) if where is not None else (-1, -1)]
        _write(path, _Note(lost))
        path.with_name(note.mark).unlink(missing_ok=True)
        return lost

    def clear(self) -> None:
        """Remove what was left so long ago that nobody comes for it any more."""
        for path in self._folder.iterdir() if self._folder is not None else ():
            with contextlib.suppress(OSError):
                if path.name.startswith((MARK, _NOTE)) and time.time() - path.stat().st_mtime > _KEPT_S:
                    path.unlink()


def _write(path: Path, note: _Note) -> None:
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(msgspec.json.encode(note))
    os.replace(beside, path)
