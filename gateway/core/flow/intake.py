"""The station that takes claims in: a received file is cut into claims, each is decided and committed, chunk by chunk.

Deciding (plugins, in a child process) and committing (one transaction) are two steps. While one chunk commits, the next
is being decided. A file that cannot be read, or a transaction set that cannot be trusted, is one work item.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import msgspec
from sqlalchemy import Connection

from ..boundary import boundary, declare
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..model.money import to_dollars
from ..store import archive, timeline
from ..store import files as file_store
from ..store.outbox import put_outbox
from ..work.deadlines import Deadlines
from ..work.items import open_items
from . import hand_over, stored_config
from .ahead import decide_ahead
from .breakers import called, calls_of_claims
from .chunk import Survey, chunks, survey
from .commit_claims import Origin, commit_chunk
from .deciding import Asked, decide_chunk
from .make_claims import tell_why
from .receive import MADE_HERE, problem
from .services import Services
from .verdicts import unpack_chunk

ROUNDS = 5
"""How often a claim whose patient changed meanwhile is decided again before it is held for a person."""

declare(
    intake_surveyed="a file was looked through, nothing of it is decided",
    intake_decided="a chunk of claims is decided, nothing of it is committed",
    intake_chunk_committed="a chunk of claims is committed",
    intake_finished="a file of claims is read to its end and noted so",
)


def _lookup(services: Services, file_id: int) -> dict[str, Any]:
    """What is to be read, and under which day and configuration; fixed for the whole file."""
    config = services.config  # another one may be taken meanwhile
    with services.reads.connect() as connection:
        row = file_store.get(connection, file_id)
    today = business_date(services.clock.now(), config.gateway.organisation.time_zone)
    return {
        "sha256": row.sha256,
        "name": row.name,
        "source": row.party,
        "origin": row.origin,
        "state": row.state,
        "today": today.isoformat(),
        "usage": config.gateway.usage,
        "size": config.gateway.workers.chunk,
        "config_hash": stored_config.keep(services.archive, config),
        "config_size": len(config.text),
    }


def _survey(services: Services, sha256: str, source: str) -> dict[str, Any]:
    """Look the file through; its findings go into the archive as JSON."""
    settings = services.source(source)
    with services.archive.open(sha256) as stream:
        found = survey(stream, settings.format if settings is not None else "auto")
    kept = services.archive.put(msgspec.json.encode(found.findings)) if found.findings else None
    return found.facts() | {"findings": list(kept) if kept else None}


def _begin(
    connection: Connection, services: Services, file_id: int, facts: dict[str, Any], seen: dict[str, Any]
) -> None:
    """The file is being read; or it is not one that can be, and waits for a person."""
    now = services.clock.now()
    stored_config.note(connection, facts["config_hash"], facts["config_size"], now)
    steps = None
    if seen["findings"]:
        archive.record(connection, archive.Stored(*seen["findings"]), "decision", now)
        steps = {"findings": seen["findings"][0], "count": seen["finding_count"], "first": seen["first_findings"]}
    file_store.set_kind(connection, file_id, seen["kind"])
    interchanges = [file_store.NewInterchange("in", facts["source"], *one) for one in seen["interchanges"]]
    file_store.add_interchanges(connection, file_id, interchanges, now)
    if seen["problem"]:
        reason = f"File {facts['name']}: {seen['problem']}"
        open_items(connection, [problem(file_id, facts["source"], reason, now)], now)
    if seen["refused"]:
        file_store.set_state(connection, file_id, "quarantined", now, reason=seen["problem"])
        what = f"It cannot be taken in. {seen['problem']}"
    else:
        file_store.set_state(connection, file_id, "reading", reason=seen["problem"])
        what = f"Looked through: {seen['claims']:,} claims in {seen['sets']} transaction sets. {seen['problem']}"
    timeline.add(
        connection, [timeline.Entry("file", file_id, "intake", what.rstrip(), steps, facts["config_hash"])], now
    )


def _commit(
    connection: Connection,
    services: Services,
    file_id: int,
    facts: dict[str, Any],
    decided: dict[str, Any],
    blob: bytes,
    final: bool,
) -> dict[str, Any]:
    """Apply the blob of a decided chunk."""
    now = services.clock.now()
    archive.record(connection, archive.Stored(decided["sha256"], decided["size"]), "decision", now)
    today = dt.date.fromisoformat(facts["today"])
    deadlines = Deadlines.of(services.config.tables)
    origin = Origin(file_id, facts["name"], facts["source"], facts["usage"], today, deadlines)
    chunk = unpack_chunk(blob)
    numbers = (one.columns.source_number or one.columns.claim_number for one in chunk.verdicts)
    hand_over.lock_before(connection, facts["source"], numbers)
    done = commit_chunk(connection, origin, chunk, now, final=final)
    tell_why(connection, file_id, facts["source"], now)
    hand_over.take_over(connection, file_id, facts["source"], today, now)
    called(connection, services, chunk.config_hash, calls_of_claims(chunk), now)
    return done._asdict()


class Incomplete(Exception):
    """Fewer claims of a file were taken in than it holds, or more; the work fails, for a person to look."""


def _finish(
    connection: Connection,
    services: Services,
    file_id: int,
    totals: dict[str, int],
    claims: int,
    config_hash: str,
    key: str,
) -> None:
    """The file is read to its end: what it held, and the answer to its source.

    Raises:
        Incomplete: it held `claims` when it was looked through, and others were taken in.
    """
    if totals["claims"] != claims:
        raise Incomplete(f"{totals['claims']:,} of its {claims:,} claims were taken in.")
    now = services.clock.now()
    file_store.set_state(connection, file_id, "read", now, claims=totals["claims"], cents=totals["cents"])
    what = (
        f"Read: {totals['claims']:,} claims, ${to_dollars(totals['cents']):,}; {totals['ready']:,} ready, "
        f"{totals['held']:,} held, {totals['faulty']:,} faulty."
    )
    timeline.add(connection, [timeline.Entry("file", file_id, "intake", what, None, config_hash)], now)
    put_outbox(connection, "answer", f"intake:{key}", {"file_id": file_id}, now)


def _refuse(connection: Connection, services: Services, file_id: int, key: str) -> None:
    """The source hears of a file that could not be taken in, too."""
    put_outbox(connection, "answer", f"intake:{key}", {"file_id": file_id}, services.clock.now())


@workflow("intake")
async def take_in(run: Run, payload: Payload) -> dict[str, int]:
    """Read one received file of claims. `payload`: {file_id}. Returns its counts (cents charged among them)."""
    services: Services = run.services
    file_id = int(payload["file_id"])
    facts = await run.step("lookup", _lookup, services, file_id)
    # What is made here is X12, whatever the source itself sends.
    form_of = "" if facts.get("origin") == MADE_HERE else facts["source"]
    seen = await run.step("survey", _survey, services, facts["sha256"], form_of)
    boundary("intake.surveyed")
    await run.transact("begin", _begin, services, file_id, facts, seen)
    totals = dict.fromkeys(("claims", "cents", "ready", "held", "faulty"), 0)
    if seen["refused"]:
        await run.transact("refuse", _refuse, services, file_id, run.key)
        return totals
    work = _Work(run, services, file_id, facts, totals)
    cut = chunks(services.archive, facts["sha256"], Survey.unsound_of(seen), facts["size"])
    await decide_ahead(cut, work.decide, work.commit)
    await run.transact("finish", _finish, services, file_id, totals, seen["claims"], facts["config_hash"], run.key)
    boundary("intake.finished")
    return totals


class _Work:
    """One file on its way through deciding and committing."""

    def __init__(
        self, run: Run, services: Services, file_id: int, facts: dict[str, Any], totals: dict[str, int]
    ) -> None:
        self._run = run
        self._services = services
        self._file_id = file_id
        self._facts = facts
        self._totals = totals

    async def decide(self, name: str, chunk: list[Asked]) -> dict[str, Any]:
        """Have a chunk decided."""
        facts = self._facts

        async def decide() -> dict[str, Any]:
            return await decide_chunk(
                self._services, facts["source"], self._file_id, facts["today"], facts["config_hash"], chunk
            )

        decided: dict[str, Any] = await self._run.step(name, decide)
        return decided

    async def commit(self, number: int, chunk: list[Asked], decided: dict[str, Any]) -> None:
        """Commit a chunk; claims whose patient changed meanwhile are decided again, a few times."""
        boundary("intake.decided")
        for again in range(ROUNDS + 1):
            blob = await asyncio.to_thread(self._services.archive.read, decided["sha256"])
            done = await self._run.transact(
                f"commit {number}" if not again else f"commit {number} again {again}",
                _commit,
                self._services,
                self._file_id,
                self._facts,
                decided,
                blob,
                again == ROUNDS,
            )
            boundary("intake.chunk.committed")
            for name in self._totals:
                self._totals[name] += done[name]
            if not done["again"]:
                return
            wanted = set(done["again"])
            chunk = [asked for asked in chunk if asked.ordinal in wanted]
            decided = await self.decide(f"decide {number} again {again + 1}", chunk)
