"""Claims that a plugin makes enter the gateway: those of one call are one document (837P), which intake reads as one of
a source. It is noted in the transaction of the call: its claims come in with all else that it did, or not at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ...config.contact import Contact
from ...plugins.desk_claims import source_of
from ...plugins.desk_views import MakeClaim
from ..boundary import boundary, declare
from ..clock import business_date
from ..model.money import to_dollars
from ..store import files, made_claims, timeline
from ..store.archive import Archive
from ..store.ids import allocate
from ..store.made_claims import Made
from ..store.outbox import put_outbox
from ..work.calendar import add_business_days
from ..work.items import WorkItem, open_items
from ..x12.delimit import choose
from ..x12.segment import Delimiters
from ..x12.stored import StoredClaim
from ..x12.writer import MAX_CLAIMS_PER_SET, ClaimHead, ClaimSet, InterchangeHead, write_claims
from .desk_rests import Call
from .submitter import per

ORIGIN = "plugin"
"""The origin of files that hold claims which a plugin made."""
NUMBERS = 10**9
"""Control numbers have nine digits."""

declare(
    plugin_claims_archived="the document with the claims that a plugin's call makes is in the archive; nothing else of "
    "the call is written",
)


class Makes(NamedTuple):
    """What making claims needs beside a connection: the archive, ISA15 as this environment wants it, and where the
    supplier keeps its office; who is asked about them."""

    archive: Archive
    usage: str
    time_zone: str
    contact: Contact | None = None


def make_claims(
    connection: Connection, call: Call, acts: Sequence[MakeClaim], makes: Makes, now: dt.datetime
) -> int | None:
    """Hand the claims of a call to intake; returns their file's id, None where there is none to make.

    Those whose key has made a claim meanwhile are left out; of those whose number somebody else has used meanwhile, a
    work item tells.
    """
    if not acts:
        return None
    # The counter's row first: of two calls that make the same claim the second waits here, and sees it made.
    file_id = allocate(connection, "files", 1)
    known = made_claims.known(connection, call.plugin, [act.key for act in acts])
    fresh = [act for act in acts if act.key not in known]
    used = made_claims.numbers_used(connection, [act.number for act in fresh])
    open_items(connection, [_not_made(call, act, makes, now) for act in fresh if act.number in used], now)
    making = [act for act in fresh if act.number not in used]
    if not making:
        return None
    source = source_of(call.plugin)
    at = now.astimezone(ZoneInfo(makes.time_zone))
    stored = makes.archive.put(b"".join(_written([act.content for act in making], source, file_id, makes, at)))
    boundary("plugin.claims.archived")
    name = f"{call.name or call.hook}-{at:%Y%m%d-%H%M%S}.837"
    files.add(connection, files.NewFile("in", ORIGIN, source, name, stored, "", "received"), now, file_id)
    made_claims.add(connection, call.plugin, file_id, [Made(act.key, act.number, act.why) for act in making], now)
    cents = sum(act.cents for act in making)
    what = f"Plugin {call.plugin} {call.version}, {call.words}, made {len(making):,} claims of ${to_dollars(cents):,}."
    timeline.add(connection, [timeline.Entry("file", file_id, "plugin", what, who=f"plugin {call.plugin}"[:80])], now)
    put_outbox(connection, "intake", str(file_id), {"file_id": file_id}, now)
    return file_id


def tell_why(connection: Connection, file_id: int, source: str, now: dt.datetime) -> None:
    """Claims of a plugin's document have come in: their timelines say why they were made."""
    plugin = source.removeprefix(source_of(""))
    if plugin == source:
        return
    found = made_claims.taken_in(connection, file_id)
    entries = [
        timeline.Entry("claim", claim_id, "plugin", f"Made by plugin {plugin}: {why}", who=f"plugin {plugin}"[:80])
        for claim_id, why in found
    ]
    timeline.add(connection, entries, now)


def _not_made(call: Call, act: MakeClaim, makes: Makes, now: dt.datetime) -> WorkItem:
    today = business_date(now, makes.time_zone)
    return WorkItem(
        kind="claim_not_made",
        key=f"not_made:{call.plugin}:{act.key}"[:200],
        reason=f"Plugin {call.plugin} was to make a claim ({act.why.rstrip('.')}), and another claim has come with its "
        f"number {act.number} meanwhile. Look whether that one bills the same; if not, enter this one by hand.",
        team="billing",
        subject_kind="plugin",
        rule=f"plugin:{call.plugin}"[:40],
        cents=act.cents,
        work_by=add_business_days(today, 1),
    )


# --- the document ----------------------------------------------------------------------------------


def _written(contents: Sequence[bytes], source: str, file_id: int, makes: Makes, at: dt.datetime) -> Iterator[bytes]:
    """An 837P of these claims: one interchange, more where no separators would do for all of them."""
    claims = [StoredClaim.unpack(content) for content in contents]
    for number, (marks, some) in enumerate(_interchanges(claims), 1):
        head = InterchangeHead(
            sender_qualifier="ZZ",
            sender="PLUGIN",
            receiver_qualifier="ZZ",
            receiver="GATEWAY",
            group_sender="PLUGIN",
            group_receiver="GATEWAY",
            isa13=f"{(file_id * 100 + number) % NUMBERS:09d}",
            gs06=str(number),
            usage=makes.usage,
            at=at,
        )
        sender = "".join(letter if letter.isalnum() else " " for letter in source.upper())
        start = ClaimHead(
            f"{file_id}-{number}",
            (("NM1", "41", "2", sender[:60], "", "", "", "", "46", "PLUGIN"), per(makes.contact, marks)),
            (("NM1", "40", "2", "GATEWAY", "", "", "", "", "46", "GATEWAY"),),
        )
        sets = [
            ClaimSet(f"{index + 1:04d}", some[first : first + MAX_CLAIMS_PER_SET])
            for index, first in enumerate(range(0, len(some), MAX_CLAIMS_PER_SET))
        ]
        yield from write_claims(head, start, sets, marks, line_ending="\n")


def _interchanges(claims: Sequence[StoredClaim]) -> Iterator[tuple[Delimiters, Sequence[StoredClaim]]]:
    """Claims by the separators that none of them holds. One claim has always its own."""
    marks = choose(claims) if len(claims) > 1 else claims[0].delimiters
    if marks is not None:
        yield marks, claims
        return
    middle = len(claims) // 2
    yield from _interchanges(claims[:middle])
    yield from _interchanges(claims[middle:])
