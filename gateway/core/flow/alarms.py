"""Alarms: what people outside are told of, once for each cause, and not in their quiet hours.

A look comes round with the watch. It notes what stands, ends what does not, and puts what is to be told into one
message for each channel (a plugin with `send_alarms`); the message commits with the note that it was told. Nothing of a
patient stands in an alarm: names of partners and plugins, counts and dollars.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, text

from ...config.config import Config
from ...plugins.alarms import NEW, OVER, STILL
from ..clock import business_date
from ..model.money import to_dollars
from ..store import alarms as store
from ..store import partners, plugin_failures
from ..store.alarms import Standing
from ..store.outbox import put_outbox
from ..store.tables import WITH_PARTNER, work_items
from .drop import not_taken
from .services import Services

KIND = "alarm"
LOOKED_AT = ("partner", "acknowledgment", "archive", "folder")
"""Kinds whose causes each look finds anew; the others are told by those who meet them."""
OVER_FOR = dt.timedelta(minutes=5)
"""So long something must be over before that is told: what comes and goes is told once."""
FAILURES_KEPT = dt.timedelta(days=90)

_OF_A_PARTNER = text(WITH_PARTNER), work_items.c.partner > ""
"""Said twice: a range of the index besides its condition, so that SQLite takes no other index of what is open."""


def look_after(connection: Connection, services: Services) -> dict[str, int]:
    """Note what stands and what is over, and have told what is to be told."""
    now = services.clock.now()
    config = services.config
    today = business_date(now, config.gateway.organisation.time_zone)
    found = [*_partners(connection, config), *_acknowledgments(connection, today)]
    found += [*_archive(services), *_folders(config, now)]
    found = [one for one in found if one.kind not in config.gateway.alarms.leave_out]
    new = store.stand(connection, found, now)
    over = store.end_others(connection, LOOKED_AT, [one.key for one in found], now)
    over += store.end_expired(connection, now)
    plugin_failures.forget(connection, now - FAILURES_KEPT)
    return {"new": new, "over": over, "told": tell(connection, config, now)}


def _partners(connection: Connection, config: Config) -> Iterator[Standing]:
    """Lines that are stopped, and lines that somebody was told of because they fail."""
    c = work_items.c
    stopped = select(c.partner).where(*_OF_A_PARTNER, c.kind == "partner_stopped")
    down = set(connection.execute(stopped).scalars())
    for partner in config.partners:
        line = partners.line(connection, partner.name)
        if line.stopped:
            words = f"The line to partner {partner.name} is stopped: nothing goes out and nothing is fetched. "
            yield Standing(
                "partner", f"partner:{partner.name}", words + "See why under Administration, Partners; then start it."
            )
        elif partner.name in down and line.failures:
            words = f"Partner {partner.name} cannot be reached: {line.failures} failures in a row. It is tried again "
            yield Standing("partner", f"partner:{partner.name}", words + "by itself; what is to be sent waits.")


def _acknowledgments(connection: Connection, today: dt.date) -> Iterator[Standing]:
    """Answers that are late, partner by partner."""
    c = work_items.c
    rows = connection.execute(
        select(c.partner, func.count(), func.sum(c.cents))
        .where(*_OF_A_PARTNER, c.kind == "overdue_ack", c.work_by <= today)
        .group_by(c.partner)
    )
    for partner, number, cents in rows:
        yield Standing(
            "acknowledgment",
            f"acknowledgment:{partner}",
            f"{number} answer(s) of partner {partner} are overdue, for claims of ${to_dollars(int(cents or 0)):,}. "
            "The queue says which, and what to ask.",
        )


def _archive(services: Services) -> Iterator[Standing]:
    """The disk of the archive, where this process runs."""
    least = services.config.gateway.alarms.archive_free
    try:
        disk = shutil.disk_usage(services.archive.root)
    except OSError:
        return
    free = 100 * disk.free / disk.total
    if free < least:
        yield Standing(
            "archive",
            "archive",
            f"The disk of the archive has {free:.1f} % left ({disk.free / 1e9:,.1f} GB), less than {least} %. When it "
            "is full, nothing is taken in any more: make room, or give it a larger disk.",
        )


def _folders(config: Config, now: dt.datetime) -> Iterator[Standing]:
    """Files that a source put down and that nothing takes up."""
    for source in config.gateway.sources:
        if source.drop_folder is None:
            continue
        count = not_taken(source.drop_folder, source.patterns, now)
        if count:
            yield Standing(
                "folder",
                f"folder:{source.name}",
                f"{count:,} file(s) in the drop folder of {source.name} are not taken up: they are empty, or their "
                f"names do not fit ({', '.join(source.patterns)}) or look unfinished. Rename them, or take them away.",
            )


# --- telling ---------------------------------------------------------------------------------------


def channels(config: Config) -> list[str]:
    """The plugins that tell people outside."""
    return [name for name, one in config.declared.items() if one.sends_alarms]


def tell(connection: Connection, config: Config, now: dt.datetime) -> int:
    """Put what is to be told into messages; returns how many alarms are told. In quiet hours only what is urgent is."""
    settings = config.gateway.alarms
    where = channels(config)
    due = store.to_tell(connection, now - dt.timedelta(seconds=settings.remind_after), now - OVER_FOR)
    due = [one for one in due if one.kind not in settings.leave_out]
    if settings.quiet_at(now, config.gateway.organisation.time_zone):
        due = [one for one in due if one.kind in settings.urgent]
    if not due or not where:
        return 0
    facts = [_fact(one) for one in due]
    for channel in where:
        send(connection, channel, facts, now)
    store.told(connection, [one.id for one in due], now)
    return len(due)


def send(connection: Connection, channel: str, facts: Sequence[dict[str, Any]], now: dt.datetime) -> int:
    """Have a message sent by a channel; its id."""
    number = store.add_message(connection, channel, facts, now)
    put_outbox(connection, KIND, str(number), {"message_id": number}, now)
    return number


def _fact(row: Any) -> dict[str, Any]:
    what = OVER if row.over_at is not None else STILL if row.told_at is not None else NEW
    return {"key": row.key, "kind": row.kind, "what": what, "words": row.words, "since": row.since.isoformat()}


def try_out(connection: Connection, channel: str, who: str, now: dt.datetime) -> int:
    """Have a channel send a message that says that it is a test; its id."""
    words = f"This is a test, asked for by {who} in the console. Nothing is wrong."
    fact = {"key": "test", "kind": "test", "what": NEW, "words": words, "since": now.isoformat()}
    return send(connection, channel, [fact], now)
