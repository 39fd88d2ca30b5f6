"""Posting exceptions matched and posted again: the same decisions and the same commit as the station that posts.

A payment that waits moved no money, so nothing has to be taken back. Its row is written anew under its own id; what
posts now is no exception any more, and its remittance says so.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from ..boundary import boundary, declare
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..ledger import standing
from ..model.money import to_dollars
from ..store import archive, requests, timeline
from ..store.archive import ArchiveDamaged
from ..store.claims import bulks
from ..store.outbox import put_outbox
from ..store.tables import claim_payments, claims, files, remittances, work_items
from ..store.tables import timeline as timeline_table
from ..work.calendar import add_business_days
from ..work.deadlines import Deadlines
from ..work.items import close_items
from . import stored_config
from .again import sentence
from .breakers import called, calls_of_payments
from .directions import says_of
from .look_again import LOOK
from .post import decide_payments
from .post_commit import WORK_WITHIN_BUSINESS_DAYS, Origin, commit_chunk
from .post_records import Asked, Decided, unpack_chunk
from .replay import ORIGINAL
from .services import Services

ROUNDS = 5
"""How often a payment whose claim changed meanwhile is decided again before it waits once more."""

declare(
    replay_payments_decided="payments that are posted again are decided, nothing of it is committed",
    replay_payments_committed="a chunk of payments that are posted again is committed",
)


def _lookup(services: Services, part_of: str) -> dict[str, Any]:
    """What is to be posted again, in chunks of one file and configuration."""
    config = services.config
    today = business_date(services.clock.now(), config.gateway.organisation.time_zone)
    chunks: dict[tuple[int, str], list[list[int]]] = {}
    parties: dict[int, str] = {}
    with services.reads.connect() as connection:
        for one in requests.open_ones(connection, part_of):
            row = connection.execute(
                select(files.c.id, files.c.party, remittances.c.id.label("remittance_id"))
                .join(remittances, remittances.c.file_id == files.c.id)
                .join(claim_payments, claim_payments.c.remittance_id == remittances.c.id)
                .where(claim_payments.c.id == one.subject_id)
            ).one()
            used = config.hash
            if one.station.endswith(f"/{ORIGINAL}"):
                used = _original(connection, row.remittance_id) or used
            parties[row.id] = row.party
            chunks.setdefault((row.id, used), []).append([one.id, one.subject_id])
    stored_config.keep(services.archive, config)
    size = config.gateway.workers.chunk
    return {
        "today": today.isoformat(),
        "chunks": [
            {"file_id": file_id, "partner": parties[file_id], "config_hash": used, "asked": list(some)}
            for (file_id, used), asked in chunks.items()
            for some in bulks(asked, size)
        ],
    }


def _original(connection: Connection, remittance_id: int) -> str:
    """The configuration under which a remittance was posted first; empty where that is not told."""
    found = connection.execute(
        select(timeline_table.c.config_hash)
        .where(
            timeline_table.c.subject_kind == "remittance",
            timeline_table.c.subject_id == remittance_id,
            timeline_table.c.config_hash != "",
        )
        .order_by(timeline_table.c.id)
        .limit(1)
    ).scalar_one_or_none()
    return str(found or "")


def _asked(services: Services, chunk: Mapping[str, Any]) -> list[Asked]:
    made = []
    with services.reads.connect() as connection:
        for some in bulks([payment_id for _, payment_id in chunk["asked"]]):
            rows = connection.execute(
                select(
                    claim_payments.c.id,
                    claim_payments.c.remittance_id,
                    claim_payments.c.ordinal,
                    remittances.c.payer_id,
                    claim_payments.c.content,
                )
                .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
                .where(claim_payments.c.id.in_(some))
                .order_by(claim_payments.c.id)
            )
            says = says_of(connection, some)
            made += [Asked(*row, says=says.get(row.id)) for row in rows]
    return made


async def _decide(services: Services, plan: dict[str, Any], chunk: dict[str, Any]) -> dict[str, Any]:
    """Have a chunk decided: hash and size of the blob; or why that cannot be."""
    payments = await asyncio.to_thread(_asked, services, chunk)
    facts = {"config_hash": chunk["config_hash"], "partner": chunk["partner"], "today": plan["today"]}
    try:
        return await decide_payments(services, facts, payments)
    except (ArchiveDamaged, ValueError) as error:
        return {"impossible": f"The configuration it was posted with cannot be used any more: {error}"}


def _commit(
    connection: Connection,
    services: Services,
    plan: dict[str, Any],
    chunk: dict[str, Any],
    decided: dict[str, Any],
    blob: bytes,
    final: bool,
) -> list[int]:
    """Apply the blob of a chunk; returns the payments whose claim changed meanwhile, to be decided again."""
    now = services.clock.now()
    by_payment = {payment_id: request_id for request_id, payment_id in chunk["asked"]}
    if "impossible" in decided:
        for request_id in by_payment.values():
            requests.done(connection, request_id, decided["impossible"], now)
        return []
    config_size = services.archive.path(chunk["config_hash"]).stat().st_size
    stored_config.note(connection, chunk["config_hash"], config_size, now)
    archive.record(connection, archive.Stored(decided["sha256"], decided["size"]), "decision", now)
    found = unpack_chunk(blob)
    # Claims before their payments, as everybody else.
    claim_ids = sorted({one.claim_id for one in found.payments if one.claim_id})
    for some in bulks(claim_ids):
        connection.execute(select(claims.c.id).where(claims.c.id.in_(some)).order_by(claims.c.id).with_for_update())
    waiting = _taken_back(connection, list(by_payment))
    for payment_id, request_id in by_payment.items():
        if payment_id not in waiting:
            requests.done(connection, request_id, "It does not wait any more: it was posted meanwhile.", now)
    found.payments = [one for one in found.payments if one.payment_id in waiting]
    deadlines = Deadlines.of(services.config.tables)
    origin = Origin(
        chunk["file_id"], chunk["partner"], dt.date.fromisoformat(plan["today"]), deadlines, services.config.tables
    )
    by_itself = _by_itself(connection, by_payment)
    told = {payment_id: row.reason for payment_id, row in waiting.items() if payment_id in by_itself}
    done = commit_chunk(connection, origin, found, now, final=final, told=told)
    if done.again:
        connection.execute(insert(claim_payments), [dict(waiting[one]._mapping) for one in done.again])
    ended = [one for one in found.payments if one.payment_id not in set(done.again)]
    for one in ended:
        before = told.get(one.payment_id)
        _note(connection, one, by_payment[one.payment_id], before, found.config_hash, origin, now)
    _finish_remittances(connection, {one.remittance_id for one in ended}, now, found.config_hash)
    posted = [one.payment_id for one in ended if one.state == "posted"]
    if posted:
        key = f"{chunk['file_id']}:{by_payment[posted[0]]}"
        put_outbox(connection, "answer", f"replay:{key}", {"file_id": chunk["file_id"], "payments": posted}, now)
    called(connection, services, found.config_hash, calls_of_payments(found), now)
    return done.again


def _by_itself(connection: Connection, by_payment: Mapping[int, int]) -> set[int]:
    """The payments that no person asked to have posted again."""
    return {
        payment_id for payment_id, request_id in by_payment.items() if requests.get(connection, request_id).verb == LOOK
    }


def _taken_back(connection: Connection, payment_ids: Sequence[int]) -> dict[int, Any]:
    """The rows of those that still wait, taken out of the table: the commit writes them anew."""
    rows: dict[int, Any] = {}
    for some in bulks(payment_ids):
        found = connection.execute(
            select(claim_payments)
            .where(claim_payments.c.id.in_(some), claim_payments.c.state == "exception")
            .order_by(claim_payments.c.id)
            .with_for_update()
        ).all()
        rows |= {row.id: row for row in found}
        connection.execute(delete(claim_payments).where(claim_payments.c.id.in_([row.id for row in found])))
    return rows


def _note(
    connection: Connection,
    one: Decided,
    request_id: int,
    before: str | None,
    config_hash: str,
    origin: Origin,
    now: dt.datetime,
) -> None:
    """What came of a payment: its request, its work item, its timeline. `before`: why it waited until now, where
    nobody asked."""
    key = f"payment:{one.payment_id}"
    asked = requests.get(connection, request_id)
    if one.state == "exception" and one.reason[:1000] == before:
        # Nobody asked and nothing came of it: the item stays with whoever has it, and nothing is told.
        requests.done(connection, request_id, f"It still waits: {one.reason}", now, config_hash=config_hash)
        return
    if one.state == "exception":
        outcome = f"It still waits: {one.reason}"
        connection.execute(
            update(work_items)
            .where(work_items.c.key == key)
            .values(
                state="open",
                reason=f"Not posted: {one.reason}"[:1000],
                team=one.team[:30],
                rule=one.rule[:40],
                claim_id=one.claim_id or None,
                work_by=add_business_days(origin.today, WORK_WITHIN_BUSINESS_DAYS),
                closed_at=None,
                outcome="",
            )
        )
    else:
        outcome = one.what
        close_items(connection, [key], "It was replayed, and does not wait any more.", now)
    stands = None
    if one.claim_id:
        stands = connection.execute(select(claims.c.version).where(claims.c.id == one.claim_id)).scalar_one()
    requests.done(connection, request_id, outcome, now, stands=stands or 0, config_hash=config_hash)
    kind, subject = ("claim", one.claim_id) if one.claim_id else ("claim_payment", one.payment_id)
    words = f"Payment {one.payment_id} run again: {sentence(asked.reason)} {outcome}"
    timeline.add(connection, [timeline.Entry(kind, subject, "replay", words, None, config_hash, asked.who)], now)


def _finish_remittances(connection: Connection, ids: set[int], now: dt.datetime, config_hash: str) -> None:
    """A remittance of which nothing waits any more is posted."""
    for remittance_id in sorted(ids):
        left = connection.execute(
            select(func.count()).where(
                claim_payments.c.remittance_id == remittance_id, claim_payments.c.state == "exception"
            )
        ).scalar_one()
        row = connection.execute(select(remittances).where(remittances.c.id == remittance_id)).one()
        if row.state != "partly posted":
            continue
        if not left:
            connection.execute(update(remittances).where(remittances.c.id == remittance_id).values(state="posted"))
            standing.settle_remittances(connection, [remittance_id], now)
        what = f"After a replay: ${to_dollars(row.posted_cents):,} of ${to_dollars(row.paid_cents):,} posted; " + (
            f"{left:,} claim payments still wait." if left else "nothing waits any more."
        )
        timeline.add(connection, [timeline.Entry("remittance", remittance_id, "post", what, None, config_hash)], now)


@workflow("replay_payments")
async def replay(run: Run, payload: Payload) -> int:
    """Post claim payments that wait again. `payload`: {part_of}. Returns how many were asked for."""
    services: Services = run.services
    plan: dict[str, Any] = await run.step("lookup", _lookup, services, str(payload["part_of"]))
    for number, whole in enumerate(plan["chunks"]):
        chunk = whole
        again = stuck = 0
        while True:
            name = f"{number}" if not again else f"{number} again {again}"
            decided: dict[str, Any] = await run.step(f"decide {name}", _decide, services, plan, chunk)
            boundary("replay.payments.decided")
            blob = b""
            if "sha256" in decided:
                blob = await asyncio.to_thread(services.archive.read, decided["sha256"])
            left = await run.transact(f"commit {name}", _commit, services, plan, chunk, decided, blob, stuck >= ROUNDS)
            boundary("replay.payments.committed")
            if not left:
                break
            again += 1
            stuck += len(left) == len(chunk["asked"])
            chunk = whole | {"asked": [one for one in whole["asked"] if one[1] in set(left)]}
    return sum(len(chunk["asked"]) for chunk in plan["chunks"])
