"""Other systems are told what happened: events are read off the tables in which they stand, and delivered, signed.

An event is a row that is there, so nothing that happens has to wait for it, and nothing is told that did not commit.
The ids of these tables are handed out in the order in which they are committed (`store.ids`): up to where a webhook was
told is one number for each. What is delivered is tried again until it is taken, under the same id each time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from ...config.webhooks import Webhook
from ...plugins.settings import SecretMissing
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..model.webhooks import ID, PING, SHORTEST_SECRET, SIGNATURE, TIMESTAMP, signature
from ..store import webhooks as store
from ..store.tables import denials, files, holds, remittances, timeline, work_items
from ..store.webhooks import Event, Result
from ..work.items import WorkItem, open_items
from .services import Services

KIND = "webhooks"
LOOK_SECONDS = 2.0
WINDOW = 20_000
"""Rows of a stream that are looked at in one turn."""
AT_ONCE = 20
Tried = tuple[int, int | None, str]
"""A delivery that was tried: its id, the status of the answer, and why it is none that counts (see `Result`)."""
REJECTED = ("rejection", "faulty_claim")
FAILED = "webhook_failed"
"""The kind of work item for a webhook that does not take what it is told."""


class Stream(NamedTuple):
    """Events that stand in one table. `read(connection, after, up_to)` gives those of its rows."""

    table: Any
    read: Callable[[Connection, int, int], list[Event]]

    def newest(self, connection: Connection) -> int:
        """The id of the last row."""
        return int(connection.execute(select(func.max(self.table.c.id))).scalar_one() or 0)


def _range(table: Any, after: int, up_to: int) -> tuple[Any, ...]:
    return (table.c.id > after, table.c.id <= up_to)


def _files(connection: Connection, after: int, up_to: int) -> list[Event]:
    f = files.c
    rows = connection.execute(
        select(f.id, f.origin, f.party).where(*_range(files, after, up_to), f.direction == "in").order_by(f.id)
    )
    return [Event("file.received", str(row.id), _named(row, file_id=row.id)) for row in rows]


def _holds(connection: Connection, after: int, up_to: int) -> list[Event]:
    h = holds.c
    rows = connection.execute(
        select(h.id, h.claim_id, h.type, h.rule, h.team).where(*_range(holds, after, up_to)).order_by(h.id)
    )
    return [Event("claim.held", str(row.id), _named(row, hold_id=row.id)) for row in rows]


def _items(connection: Connection, after: int, up_to: int) -> list[Event]:
    w = work_items.c
    columns = (w.id, w.kind, w.team, w.claim_id, w.rule, w.partner)
    found = []
    for row in connection.execute(select(*columns).where(*_range(work_items, after, up_to)).order_by(w.id)):
        about = {"item_id": row.id, "claim_id": row.claim_id}
        if row.kind in REJECTED:
            data = {**about, "rule": row.rule, "partner": row.partner}
            found.append(Event("claim.rejected", str(row.id), data))
        found.append(Event("work.opened", str(row.id), {**about, "kind": row.kind, "team": row.team}))
    return found


def _denials(connection: Connection, after: int, up_to: int) -> list[Event]:
    d = denials.c
    rows = connection.execute(
        select(d.id, d.claim_id, d.category, d.team).where(*_range(denials, after, up_to)).order_by(d.id)
    )
    return [Event("denial.opened", str(row.id), _named(row, denial_id=row.id)) for row in rows]


def _remittances(connection: Connection, after: int, up_to: int) -> list[Event]:
    r, t = remittances.c, timeline.c
    rows = connection.execute(
        select(r.id, r.file_id, r.state)
        .join(timeline, t.subject_id == r.id)
        .where(*_range(timeline, after, up_to), t.subject_kind == "remittance", t.station == "post")
        .where(r.state.in_(("posted", "partly posted")))
        .order_by(t.id)
    )
    # One that is posted in part is told again when the rest is.
    found = {f"{row.id}:{row.state}": _named(row, remittance_id=row.id) for row in rows}
    return [Event("remittance.posted", key, data) for key, data in found.items()]


def _named(row: Any, **ids: int) -> dict[str, Any]:
    return ids | {name: value for name, value in row._mapping.items() if name != "id"}


STREAMS = {
    "files": Stream(files, _files),
    "holds": Stream(holds, _holds),
    "items": Stream(work_items, _items),
    "denials": Stream(denials, _denials),
    "remittances": Stream(timeline, _remittances),
}


def named(services: Services, name: str) -> Webhook | None:
    """The webhook of this name; None where the configuration has it no more."""
    return next((one for one in services.config.gateway.webhooks if one.name == name), None)


def due(services: Services, now: dt.datetime) -> tuple[str, Payload] | None:
    """The turn to take now, where a webhook is to be told of something; for `Engine.schedule`."""
    wanted = []
    with services.reads.connect() as connection:
        for hook in services.config.gateway.webhooks:
            if store.due(connection, hook.name, now) or _behind(connection, hook.name):
                wanted.append(hook.name)
    return (now.isoformat(), {"webhooks": wanted}) if wanted else None


def _behind(connection: Connection, name: str) -> bool:
    for stream_name, stream in STREAMS.items():
        at = store.place(connection, name, stream_name)
        if at is None or at < stream.newest(connection):
            return True
    return False


def gather(connection: Connection, services: Services, name: str) -> int:
    """Put down what a webhook is to be told; one that is new begins with what comes from now on. Returns how much."""
    hook, put = named(services, name), 0
    if hook is None:
        return 0
    now = services.clock.now()
    for stream_name, stream in STREAMS.items():
        newest = stream.newest(connection)
        at = store.place(connection, name, stream_name)
        up_to = newest if at is None else min(newest, at + WINDOW)
        if at is not None and up_to > at:
            wanted = [one for one in stream.read(connection, at, up_to) if one.event in hook.events]
            put += store.put(connection, name, wanted, now)
        if at is None or up_to > at:
            store.set_place(connection, name, stream_name, up_to)
    return put


def ping(connection: Connection, name: str, now: dt.datetime) -> None:
    """Have a webhook told that it is tried out."""
    store.put(connection, name, [Event(PING, now.isoformat(), {})], now)


@workflow(KIND, waits=True)
async def tell(run: Run, payload: Payload) -> dict[str, int]:
    """Gather and deliver what webhooks are to be told."""
    services: Services = run.services
    told = 0
    for name in payload["webhooks"]:
        await run.transact(f"gather {name}", gather, services, name)
        turn = 0
        while ids := await run.transact(f"take {name} {turn}", _take, services, name):
            results: list[Tried] = await run.step(f"deliver {name} {turn}", deliver, services, name, ids)
            done = await run.transact(f"record {name} {turn}", _record, services, name, ids, results)
            told += done
            turn += 1
            if done < len(ids) or turn >= 50:
                break
    return {"told": told}


def _take(connection: Connection, services: Services, name: str) -> list[int]:
    return store.take(connection, name, services.clock.now(), AT_ONCE)


def _record(
    connection: Connection, services: Services, name: str, ids: Collection[int], results: Collection[Tried]
) -> int:
    """Note what came of deliveries; returns how many were taken."""
    now, found = services.clock.now(), [Result(*one) for one in results]
    given_up = store.record(connection, found, now)
    store.leave(connection, set(ids) - {one.id for one in found}, now)
    if given_up:
        today = business_date(now, services.config.gateway.organisation.time_zone)
        why = found[-1].why
        item = WorkItem(
            kind=FAILED,
            key=f"webhook:{name}:{today.isoformat()}",
            reason=f"The webhook {name} has not taken what it was told for two days: {why}. It is given up. When it "
            f"works again: gateway webhook deliveries {name} --state 'given up', then gateway webhook send",
            team="edi",
            subject_kind="webhook",
            work_by=today,
        )
        open_items(connection, [item], now)
    return sum(not one.why for one in found)


async def deliver(services: Services, name: str, ids: Collection[int]) -> list[Tried]:
    """Send deliveries, the oldest first, until one finds nobody; what came of each."""
    import asyncio

    import aiohttp

    hook = named(services, name)
    if hook is None:
        return [(min(ids), None, "the configuration has this webhook no more")]
    try:
        secret = hook.secret.reveal()
    except SecretMissing as error:
        return [(min(ids), None, str(error))]
    if len(secret) < SHORTEST_SECRET:
        return [(min(ids), None, f"its secret has less than {SHORTEST_SECRET} characters")]

    def look() -> list[tuple[int, str]]:
        with services.reads.connect() as connection:
            return store.bodies(connection, ids)

    found: list[Tried] = []
    timeout = aiohttp.ClientTimeout(total=hook.timeout)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http:
        for one, body in await asyncio.to_thread(look):
            status, why = await _send(http, hook.url, secret, one, body.encode(), services.clock.now())
            found.append((one, status, why))
            if why and (status is None or status >= 500 or status == 429):
                break
    return found


async def _send(
    http: Any, url: str, secret: str, delivery_id: int, body: bytes, now: dt.datetime
) -> tuple[int | None, str]:
    import aiohttp

    message, at = store.message_id(delivery_id), int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "hme-edi-gateway",
        ID: message,
        TIMESTAMP: str(at),
        SIGNATURE: signature(secret, message, at, body),
    }
    try:
        # Where it says that it moved, it is not followed: the configuration says who is told.
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            status = int(answer.status)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return None, f"it did not answer ({type(error).__name__})"
    return status, "" if 200 <= status < 300 else f"it answered {status}"
