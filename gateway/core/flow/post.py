"""The station that posts: remittances become postings on claims and lines, each exactly once.

A file is read twice. First every transaction set is added up and compared with what came before; then the claim
payments of those that post are decided (plugins, in a child process) and committed (one transaction), chunk by chunk.
While one chunk commits, the next ones are being decided.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select, update

from ..boundary import boundary, declare
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..ledger import money, standing
from ..model.money import to_dollars
from ..store import archive, timeline
from ..store import files as file_store
from ..store.outbox import put_outbox
from ..store.tables import claim_payments, files, remittances
from ..work.deadlines import Deadlines
from . import stored_config, turns
from .ahead import decide_ahead
from .breakers import called, calls_of_payments
from .deciding import ask
from .post_begin import Origin, begin_sets
from .post_commit import Origin as ChunkOrigin
from .post_commit import commit_chunk
from .post_records import Asked, PostRequest, pack_request, pack_scans, unpack_chunk, unpack_scans
from .post_scan import Posts, chunks, scan
from .postings import postings_rows
from .services import Services

__all__ = ["post", "postings_rows"]

ROUNDS = 5
"""How often a payment whose claim changed meanwhile is decided again before it waits for a person."""
GIVEN_AT_ONCE = 5_000
"""Payments of a remittance that is let post that are given to the sources in one file."""

declare(
    post_scanned="a file of remittances was added up, nothing of it is in the database",
    post_begun="the remittances of a file are in the database, none of their claim payments is",
    post_decided="a chunk of claim payments is decided, nothing of it is committed",
    post_committed="a chunk of claim payments is committed",
    post_closed="every claim payment of a file is committed, and the remittances say so",
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
        "partner": row.party,
        "today": today.isoformat(),
        "usage": config.gateway.usage,
        "size": config.gateway.workers.chunk,
        "config_hash": stored_config.keep(services.archive, config),
        "config_size": len(config.text),
    }


def _scan(services: Services, sha256: str) -> dict[str, Any]:
    """Add every set up; what was found goes into the archive."""
    with services.archive.open(sha256) as stream:
        found = scan(stream)
    stored = services.archive.put(pack_scans(found))
    return {"sha256": stored.sha256, "size": stored.size, "sets": len(found)}


def _begin(
    connection: Connection,
    services: Services,
    file_id: int,
    facts: dict[str, Any],
    scanned: dict[str, Any],
    accepted: list[int],
) -> list[list[Any]]:
    """Record the sets; returns those that post. `accepted`: those that waited and that a person lets post."""
    now = services.clock.now()
    stored_config.note(connection, facts["config_hash"], facts["config_size"], now)
    archive.record(connection, archive.Stored(scanned["sha256"], scanned["size"]), "decision", now)
    sets = unpack_scans(services.archive.read(scanned["sha256"]))
    origin = Origin(file_id, facts["name"], facts["partner"], facts["usage"], dt.date.fromisoformat(facts["today"]))
    config = services.config
    if config.hash != facts["config_hash"]:
        config = stored_config.by_hash(str(services.archive.root), str(config.root), facts["config_hash"])
    match_days = config.gateway.cash.match_days
    return begin_sets(connection, origin, sets, config.tables, now, accepted, match_days=match_days)


async def decide_payments(services: Services, facts: dict[str, Any], payments: list[Asked]) -> dict[str, Any]:
    """Have a chunk decided; returns hash and size of the blob. `facts`: config_hash, partner and today."""
    config = services.config
    if config.hash != facts["config_hash"]:
        config = stored_config.by_hash(str(services.archive.root), str(config.root), facts["config_hash"])
    request = PostRequest(
        config_hash=facts["config_hash"],
        config_root=str(config.root),
        archive_root=str(services.archive.root),
        database_url=services.reads.url.render_as_string(hide_password=False),
        partner=facts["partner"],
        today=facts["today"],
        payments=payments,
    )
    key = f"payments-{payments[0].payment_id}-{len(payments)}-{payments[-1].payment_id}" if payments else "payments"
    return await ask(services, config, request, request.payments, key, pack_request)


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
    deadlines = Deadlines.of(services.config.tables)
    origin = ChunkOrigin(
        file_id, facts["partner"], dt.date.fromisoformat(facts["today"]), deadlines, services.config.tables
    )
    chunk = unpack_chunk(blob)
    done = commit_chunk(connection, origin, chunk, now, final=final)
    called(connection, services, chunk.config_hash, calls_of_payments(chunk), now)
    return done._asdict()


def _close(
    connection: Connection,
    services: Services,
    file_id: int,
    posted: list[int],
    config_hash: str,
    accepted: list[int],
) -> dict[str, int]:
    """Every claim payment is in: say of each remittance whether something waits, and give the answers back."""
    now = services.clock.now()
    partner = file_store.get(connection, file_id).party
    turns.one_at_a_time(connection, partner)
    money.my_turn(connection)
    waiting: dict[int, int] = {}
    for remittance_id, count in connection.execute(
        select(claim_payments.c.remittance_id, func.count())
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .where(remittances.c.file_id == file_id, claim_payments.c.state == "exception")
        .group_by(claim_payments.c.remittance_id)
    ):
        waiting[remittance_id] = count
    rows = connection.execute(
        select(remittances).where(remittances.c.file_id == file_id).order_by(remittances.c.ordinal)
    ).all()
    entries = []
    for row in rows:
        if row.id not in posted or row.state != "posting":
            continue
        count = waiting.get(row.id, 0)
        connection.execute(
            update(remittances)
            .where(remittances.c.id == row.id)
            .values(state="partly posted" if count else "posted", posted_at=now)
        )
        what = f"Posted ${to_dollars(row.posted_cents):,} of ${to_dollars(row.paid_cents):,}"
        if row.provider_level_cents:
            what += f", ${to_dollars(row.provider_level_cents):,} at provider level"
        if count:
            what += f"; {count:,} claim payments of ${to_dollars(row.exception_cents):,} wait"
        entries.append(timeline.Entry("remittance", row.id, "post", f"{what}.", None, config_hash))
    totals = {
        "remittances": len(rows),
        "payments": sum(row.claims for row in rows),
        "posted_cents": sum(row.posted_cents for row in rows),
        "waiting": sum(waiting.values()),
    }
    standing.settle_remittances(connection, [row.id for row in rows], now)
    timeline.add(connection, entries, now)
    connection.execute(
        update(files)
        .where(files.c.id == file_id)
        .values(state="read", claims=totals["payments"], cents=sum(row.paid_cents for row in rows), finished_at=now)
    )
    turns.next_to_post(connection, partner, now)
    if not accepted:
        put_outbox(connection, "answer", f"post:{file_id}", {"file_id": file_id}, now)
    else:
        for number, payments in enumerate(_posted_of(connection, posted)):
            key = f"post:{file_id}:{posted[0]}" + (f":{number}" if number else "")
            put_outbox(connection, "answer", key, {"file_id": file_id, "payments": payments}, now)
    return totals


def _posted_of(connection: Connection, remittance_ids: list[int]) -> Iterator[list[int]]:
    """The payments of these remittances that are posted, some thousand at a time: what the sources have not been given
    yet. A huge one is given in several files, and none of its rows grows with it."""
    for remittance_id in remittance_ids:
        last = 0
        while found := list(
            connection.execute(
                select(claim_payments.c.id)
                .where(
                    claim_payments.c.remittance_id == remittance_id,
                    claim_payments.c.state == "posted",
                    claim_payments.c.id > last,
                )
                .order_by(claim_payments.c.id)
                .limit(GIVEN_AT_ONCE)
            ).scalars()
        ):
            yield found
            last = found[-1]


@workflow("post")
async def post(run: Run, payload: Payload) -> dict[str, int]:
    """Post the remittances of one received file. `payload`: {file_id}, and {accepted} where a person lets remittances
    post that waited (their ordinals). Returns its counts."""
    services: Services = run.services
    file_id = int(payload["file_id"])
    accepted = [int(one) for one in payload.get("accepted", ())]
    facts = await run.step("lookup", _lookup, services, file_id)
    scanned = await run.step("scan", _scan, services, facts["sha256"])
    boundary("post.scanned")
    posts = await run.transact("begin", _begin, services, file_id, facts, scanned, accepted)
    boundary("post.begun")
    by_ordinal = {int(ordinal): Posts(int(rid), int(first), str(payer)) for ordinal, rid, first, payer in posts}
    if by_ordinal:
        cut = chunks(services.archive, facts["sha256"], by_ordinal, facts["size"])
        work = _Work(run, services, file_id, facts)
        await decide_ahead(cut, work.decide, work.commit)
    ids = [found.remittance_id for found in by_ordinal.values()]
    totals: dict[str, int] = await run.transact("close", _close, services, file_id, ids, facts["config_hash"], accepted)
    boundary("post.closed")
    return totals


class _Work:
    """One file on its way through deciding and committing."""

    def __init__(self, run: Run, services: Services, file_id: int, facts: dict[str, Any]) -> None:
        self._run = run
        self._services = services
        self._file_id = file_id
        self._facts = facts

    async def decide(self, name: str, chunk: list[Asked]) -> dict[str, Any]:
        """Have a chunk decided."""
        decided: dict[str, Any] = await self._run.step(name, decide_payments, self._services, self._facts, chunk)
        return decided

    async def commit(self, number: int, chunk: list[Asked], decided: dict[str, Any]) -> None:
        """Commit a chunk. Payments whose claim changed, or had an earlier payment in the chunk, are decided again: as
        long as they become fewer, and then a few times more."""
        boundary("post.decided")
        again = stuck = 0
        while True:
            blob = await asyncio.to_thread(self._services.archive.read, decided["sha256"])
            done = await self._run.transact(
                f"commit {number}" if not again else f"commit {number} again {again}",
                _commit,
                self._services,
                self._file_id,
                self._facts,
                decided,
                blob,
                stuck >= ROUNDS,
            )
            boundary("post.committed")
            if not done["again"]:
                return
            wanted = set(done["again"])
            stuck += len(wanted) == len(chunk)
            again += 1
            chunk = [asked for asked in chunk if asked.payment_id in wanted]
            decided = await self.decide(f"decide {number} again {again}", chunk)
