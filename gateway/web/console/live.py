"""What has changed since a page was sent, told to every tab that is open: one look at the database for all of them.

Each tab has a stream of server-sent events (`/console/live`): `figures` (texts for the elements that show them),
`files` (how far each has come), `changed` (the names of what a page may ask for again), and `ended` with the session.
Nothing of a patient is in it. A stream keeps nobody signed in; a tab that nobody sees closes its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any, NamedTuple

import structlog
from aiohttp import web

from ...core.clock import business_date, day_begins
from ...core.engine.faults import passing
from ...core.work.queue import Counted
from ...core.work.standing import FileNow, Standing, stands
from ..admission import Server
from . import words
from .render import count, dollars

log = structlog.get_logger("gateway.web")
LOOK_S = 2.0
"""How long it waits from one look to the next, where looks are quick."""
SHARE = 20
"""A look that takes long is followed by so many times as long a rest."""
FRESH_S = 5.0
"""A page shows what was seen so long ago; older figures are worked out anew."""
LONG_S, OLD_S = 0.25, 60.0
"""Where a look takes so long, a page shows what was seen before, unless that is as old as this: its stream tells what
is newer."""
MOST_STREAMS, MOST_EACH = 2_000, 20
"""Streams of one process, and those of one session."""


class Seen(NamedTuple):
    """What one look saw. `figures`: texts by the names under which pages show them. `marks`: a word for each thing that
    a page may show, another one when it has changed."""

    standing: Standing
    figures: dict[str, str]
    marks: dict[str, str]

    def mine(self, who: str) -> dict[str, str]:
        """The texts that are for one person alone."""
        found = self.standing.having.get(who, Counted(0, 0))
        return {"mine.items": count(found.items), "mine.cents": dollars(found.cents)}

    def marks_for(self, who: str) -> dict[str, str]:
        """The marks, that of the person's own work among them."""
        found = self.standing.having.get(who, Counted(0, 0))
        return self.marks | {"mine": f"{found.items}x{found.cents}"}


def seen(standing: Standing, lists: dict[str, tuple[tuple[str, ...], str]]) -> Seen:
    """A look in words. `lists`: the kinds and the team of each worklist."""
    figures: dict[str, str] = {}
    for name, stage in standing.stages.items():
        figures |= {f"stage.{name}.items": count(stage.items), f"stage.{name}.cents": dollars(stage.cents)}
    waiting = standing.waiting
    awake = sum(one.items - one.resting for one in waiting)
    figures |= {"queue.items": count(awake), "queue.overdue": count(sum(one.overdue for one in waiting))}
    for one in waiting:
        of = f"waiting.{one.team}.{one.kind}"
        figures |= {f"{of}.items": count(one.items), f"{of}.cents": dollars(one.cents)}
        figures[f"{of}.overdue"] = count(one.overdue)
    for name, (kinds, team) in lists.items():
        theirs = [one for one in waiting if one.kind in kinds and team in ("", one.team)]
        figures[f"list.{name}"] = count(sum(one.items - one.resting for one in theirs))
    marks = {"queue": _mark(waiting), "files": _mark(standing.files)}
    return Seen(standing, figures, marks)


def _mark(value: Any) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=6).hexdigest()


def as_word(marks: dict[str, str]) -> str:
    """Marks as a word that a tab brings when it comes again; `as_marks` reads it."""
    return ".".join(f"{name}-{mark}" for name, mark in marks.items())


def as_marks(word: str) -> dict[str, str]:
    """What such a word says; nothing for one that is none of ours."""
    return dict(part.split("-", 1) for part in word[:200].split(".") if "-" in part)


def file_data(one: FileNow) -> dict[str, Any]:
    """How far a file has come, for its row."""
    so_far = " so far" if one.state == "reading" and one.claims else ""
    return {
        "id": one.id,
        "state": words.state(one.state),
        "tone": words.tone(one.state),
        "claims": f"{count(one.claims)}{so_far}" if one.claims else "",
        "cents": dollars(one.cents) if one.cents else "",
    }


class Live:
    """Looks while somebody watches, and wakes the streams when something has changed."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._seen: Seen | None = None
        self._at = 0.0
        self._took = 0.0
        self.changed = 0.0
        """When the look began that saw the latest change."""
        self._looking = asyncio.Lock()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._beside: asyncio.Task[None] | None = None
        self._streams: dict[str, int] = {}
        self.closed = False

    async def now(self) -> Seen:
        """How things stand; old figures are given while new ones are worked out, and where that takes long nobody
        waits for it."""
        age = time.monotonic() - self._at
        free = age > FRESH_S and not self._looking.locked()
        if self._seen is not None and free and self._took > LONG_S and age < OLD_S:
            self._beside = asyncio.create_task(self._look_beside())
        elif self._seen is None or free:
            async with self._looking:
                if self._seen is None or time.monotonic() - self._at > FRESH_S:
                    await self._look()
        assert self._seen is not None
        return self._seen

    async def _look_beside(self) -> None:
        try:
            async with self._looking:
                await self._look()
        except Exception as error:
            # The database is away for a moment: the next look tells.
            log.warning("live_waits", why=passing(error) or type(error).__name__)

    def told(self, who: str) -> str:
        """What a page that is sent now has seen at least: its stream tells what is newer."""
        return as_word(self._seen.marks_for(who)) if self._seen is not None else ""

    async def _look(self) -> None:
        services = self._server.services
        zone = services.config.gateway.organisation.time_zone
        today = business_date(services.clock.now(), zone)
        began = time.monotonic()
        found = await self._server.read(stands, today, day_begins(today, zone))
        self._took, self._at = time.monotonic() - began, time.monotonic()
        lists = {
            f"{plugin}/{one.name}": (tuple(one.kinds), one.team)
            for plugin, declared in services.config.declared.items()
            for one in declared.worklists
        }
        fresh = seen(found, lists)
        if self._seen is None or fresh != self._seen:
            self._seen, self.changed = fresh, began
            self._news.set()
            self._news = asyncio.Event()

    async def _keep_looking(self) -> None:
        while self._streams and not self.closed:
            await asyncio.sleep(max(LOOK_S, self._took * SHARE))
            await self._look_beside()

    def enter(self, session: str) -> bool:
        """A stream of this session begins; False where there are too many."""
        mine = self._streams.get(session, 0)
        if self.closed or mine >= MOST_EACH or sum(self._streams.values()) >= MOST_STREAMS:
            return False
        self._streams[session] = mine + 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep_looking())
        return True

    def leave(self, session: str) -> None:
        """A stream has ended."""
        left = self._streams.pop(session, 0) - 1
        if left > 0:
            self._streams[session] = left

    async def wait(self, known: Seen, seconds: float) -> Seen:
        """How things stand once it differs from what is known, or after so long."""
        news = self._news
        if self._seen is known and not self.closed:
            try:
                await asyncio.wait_for(news.wait(), seconds)
            except TimeoutError:
                return known
        return self._seen or known

    async def close(self, _app: web.Application) -> None:
        """The gateway stops: every stream ends, so that nobody waits for one; the tabs come again by themselves."""
        self.closed = True
        self._news.set()
        for task in (self._task, self._beside):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


LIVE: web.AppKey[Live] = web.AppKey("live", Live)
