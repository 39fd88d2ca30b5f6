"""Documents that plugins take (drops): from a folder, the API or the command line, each read once.

A document is kept as it came. The plugin's function runs in a child process, which reads and checks the rows as well;
what it wants done commits with the mark that the document is read. One that is refused is quarantined with every fault
at its line, and waits for the drop's team. The same content is taken once; what was refused is looked at anew.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ...config import Config
from ...plugins.calling import find_one
from ...plugins.declared import Drop
from ...plugins.declaring import NotDeclared
from ...plugins.desk_views import Act, CloseItem, KeepRow, MakeClaim, Note, OpenItem, TellDelivery, TellEquipment
from ..boundary import boundary, declare
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..store import archive, drop_documents, files, timeline
from ..store.archive import Stored
from ..store.drop_documents import Dropped
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from .desk_calls import Write, ask, call_of, makes_of, take
from .desk_records import DONE, FAILED, NOT_TAKEN, DeskAnswer, pack_answer, read_answer
from .desk_rests import Call
from .make_claims import Makes
from .receive import Received
from .services import DecidePool, Desks, Services

KIND = "plugin_drop"
HOOK = "plugin_drops"
STATION = "intake"
LONGEST_REASON = 1000

declare(
    plugin_drop_decided="a plugin's function has been given a document; nothing of what it wants done is written",
    plugin_drop_done="a document is read, and what its plugin wants done is committed",
)


class NoSource(LookupError):
    """It cannot be told whose ids of patients a document uses; the message says what there is."""


class Sent(NamedTuple):
    """A document as it was handed in: for which drop, by whom (`party`: the source), on which way (`origin`: source or
    upload), under which name."""

    to: Dropped
    party: str
    origin: str
    name: str


class Result(NamedTuple):
    """What became of a document. `state`: read, duplicate (of `duplicate_of`), quarantined; of a dry run, or where
    nothing was recorded, `file_id` is 0. `answer`: what its plugin answered; None for a duplicate."""

    file_id: int
    state: str
    answer: DeskAnswer | None
    duplicate_of: int = 0


def source_for(config: Config, plugin: str, name: str, named: str, option: str = "source") -> str:
    """Whose ids of patients a document uses: those of the source that is named, else of the one that brings such
    documents, else of the only one that there is. `option`: what names one.

    Raises:
        NoSource: no source is called so, or it has to be named.
    """
    sources = config.gateway.sources
    known = ", ".join(sorted(one.name for one in sources)) or "none"
    if named:
        if config.source(named) is None:
            raise NoSource(f"No source is called {named!r}. The configuration has: {known}.")
        return named
    bringing = [one for one in sources if one.drop == f"{plugin}/{name}"] or list(sources)
    if len(bringing) != 1:
        raise NoSource(
            f"Say with {option} whose document it is, so that its patients are known. The configuration has: {known}."
        )
    return bringing[0].patients_of or bringing[0].name


def drop_of(config: Config, to: Dropped) -> Drop:
    """The declaration.

    Raises:
        NotDeclared: no plugin takes such documents under this configuration.
    """
    declared = config.declared.get(to.plugin)
    known = [f"{one.plugin.name}/{drop.name}" for one in config.declared.values() for drop in one.drops]
    if declared is None or to.name not in {drop.name for drop in declared.drops}:
        raise NotDeclared(f"No plugin takes documents as {to}. There are: {', '.join(known) or 'none'}.")
    found: Drop = find_one(declared, HOOK, to.name)
    return found


def in_words(acts: Sequence[Act]) -> str:
    """How much a call does: `1,200 rows kept, 2 claims made`."""
    words: dict[type[Act], str] = {
        MakeClaim: "claims made",
        TellDelivery: "deliveries recorded",
        TellEquipment: "pieces of equipment recorded",
        KeepRow: "rows kept",
        OpenItem: "work items opened",
        CloseItem: "work items closed",
        Note: "notes on claims",
    }
    counts = Counter(type(act) for act in acts)
    return ", ".join(f"{counts[kind]:,} {word}" for kind, word in words.items() if counts[kind]) or "nothing to be done"


# --- a folder's documents --------------------------------------------------------------------------


def register(connection: Connection, sent: Sent, stored: Stored, now: dt.datetime, refused: str = "") -> Received:
    """Record a document whose bytes are in the archive, and that it is to be read. `refused` says why it is not (cut
    short, empty)."""
    _one_at_a_time(connection)
    file_id = allocate(connection, "files", 1)
    first = drop_documents.first_with(connection, sent.to, stored.sha256)
    if first is not None:
        state, reason = "duplicate", _came_before(first)
    elif refused:
        state, reason = "quarantined", refused
    else:
        state, reason = "received", ""
    _record(connection, file_id, sent, stored, state, reason, now, first)
    what = f"Received from {sent.party} for {sent.to}, {stored.size:,} bytes. {reason}".rstrip()
    timeline.add(connection, [timeline.Entry("file", file_id, STATION, what)], now)
    if state == "received":
        put_outbox(connection, KIND, str(file_id), {"file_id": file_id}, now)
    else:
        open_items(connection, [_item(file_id, sent, "edi", [reason], now.date())], now)
    return Received(file_id, first or 0)


@workflow(KIND, waits=True)
async def plugin_drop(run: Run, payload: Payload) -> str:
    """Read one document that was recorded. `payload`: {file_id}. Returns its state."""
    file_id = int(payload["file_id"])
    decided: dict[str, Any] = await run.step("decide", _decide, run.services, file_id)
    boundary("plugin.drop.decided")
    state = await run.transact("commit", _commit, run.services, file_id, decided)
    boundary("plugin.drop.done")
    return state


async def _decide(services: Services, file_id: int) -> dict[str, Any]:
    with services.reads.connect() as connection:
        row = drop_documents.get(connection, file_id)
    to, config = Dropped(row.plugin, row.name, row.source), services.config
    version, team = "", "edi"
    try:
        team = drop_of(config, to).team
        call = call_of(config, to.plugin, HOOK, to.name)
        version = call.version
        answer = await ask(
            services, services.desks, config, call, None, services.clock.now(), document=row.sha256, source=to.source
        )
    except NotDeclared as error:
        answer = DeskAnswer(NOT_TAKEN, str(error))
    stored = await asyncio.to_thread(services.archive.put, pack_answer(answer))
    return {"sha256": stored.sha256, "size": stored.size, "version": version, "team": team}


def _commit(connection: Connection, services: Services, file_id: int, decided: dict[str, Any]) -> str:
    now = services.clock.now()
    archive.record(connection, Stored(decided["sha256"], decided["size"]), "decision", now)
    answer = read_answer(services.archive.read(decided["sha256"]))
    row = drop_documents.get(connection, file_id)
    sent = Sent(Dropped(row.plugin, row.name, row.source), row.party, "source", row.file_name)
    _one_at_a_time(connection)
    first = drop_documents.first_with(connection, sent.to, row.sha256, but=file_id)
    if first is not None:
        # It was refused, came once more and was taken, and now somebody has it read again.
        why = _came_before(first)
        files.set_state(connection, file_id, "duplicate", now, reason=why)
        timeline.add(connection, [timeline.Entry("file", file_id, STATION, why)], now)
        return "duplicate"
    call = Call(row.plugin, decided["version"], HOOK, row.name)
    makes = makes_of(services.archive, services.config)
    return _finish(connection, file_id, sent, call, answer, decided["team"], makes, now)


# --- one that somebody waits for -------------------------------------------------------------------


async def hand_in(
    parts: Desks,
    pool: DecidePool,
    write: Write,
    config: Config,
    sent: Sent,
    data: bytes,
    now: dt.datetime,
    *,
    dry_run: bool = False,
    keep_refused: bool = True,
) -> Result:
    """Take a document while its sender waits. `dry_run`: nothing is written, and the answer has what would be done.
    `keep_refused`: one that is refused is recorded, and waits for the drop's team.

    Raises:
        NotDeclared: no plugin takes such documents.
        PassingFault: every child is busy.
    """
    drop = drop_of(config, sent.to)
    call = call_of(config, sent.to.plugin, HOOK, sent.to.name)
    stored = await asyncio.to_thread(parts.archive.put, data)
    if not dry_run:
        boundary("intake.archived")
    answer = await ask(parts, pool, config, call, None, now, document=stored.sha256, source=sent.to.source)
    if dry_run or (answer.outcome == NOT_TAKEN and not keep_refused):
        return Result(0, _state_of(answer), answer)
    return await write(_take_in, sent, stored, call, answer, drop.team, makes_of(parts.archive, config), now)


def _take_in(
    connection: Connection,
    sent: Sent,
    stored: Stored,
    call: Call,
    answer: DeskAnswer,
    team: str,
    makes: Makes,
    now: dt.datetime,
) -> Result:
    _one_at_a_time(connection)
    file_id = allocate(connection, "files", 1)
    first = drop_documents.first_with(connection, sent.to, stored.sha256)
    if first is not None:
        _record(connection, file_id, sent, stored, "duplicate", _came_before(first), now, first)
        return Result(file_id, "duplicate", None, first)
    refused = drop_documents.first_with(connection, sent.to, stored.sha256, refused=True)
    if refused is not None:
        # The same content once more: what is said of it now is said of the file that it is already.
        file_id = refused
    else:
        _record(connection, file_id, sent, stored, "reading", "", now)
    state = _finish(connection, file_id, sent, call, answer, team, makes, now)
    return Result(file_id, state, answer)


# --- what they share -------------------------------------------------------------------------------


def _one_at_a_time(connection: Connection) -> None:
    """Of two that take the same document at once, the second waits here, and sees it taken."""
    allocate(connection, "drop_documents", 1)


def _came_before(file_id: int) -> str:
    return f"The same content came before, as file {file_id}; nothing is done again."


def _record(
    connection: Connection,
    file_id: int,
    sent: Sent,
    stored: Stored,
    state: str,
    reason: str,
    now: dt.datetime,
    duplicate_of: int | None = None,
) -> None:
    new = files.NewFile(
        "in", sent.origin, sent.party, sent.name, stored, drop_documents.KIND, state, reason, duplicate_of=duplicate_of
    )
    files.add(connection, new, now, file_id)
    drop_documents.add(connection, file_id, sent.to, reason)


def _state_of(answer: DeskAnswer) -> str:
    return "read" if answer.outcome == DONE else "quarantined"


def _finish(
    connection: Connection,
    file_id: int,
    sent: Sent,
    call: Call,
    answer: DeskAnswer,
    team: str,
    makes: Makes,
    now: dt.datetime,
) -> str:
    """Write what became of a document, and what its plugin wants done; returns its state."""
    take(connection, call, answer, makes, now)
    state, why, what = _state_of(answer), "", f"Taken by {sent.to}: {in_words(answer.acts)}."
    if answer.outcome == FAILED:
        why = (
            f"Plugin {call.plugin} {call.version} failed on it: {answer.why}. Nothing of it is done. When the plugin "
            f"is mended: gateway replay file {file_id}"
        )
    elif answer.outcome == NOT_TAKEN:
        why = answer.why
    if state != "read":
        what = f"Not taken by {sent.to}. {why}"
        today = business_date(now, makes.time_zone)
        open_items(connection, [_item(file_id, sent, team, why.splitlines(), today)], now)
    else:
        close_items(connection, [f"file:{file_id}"], "It was handed in again and taken.", now)
    drop_documents.say(connection, file_id, why)
    files.set_state(connection, file_id, state, now, reason=why)
    timeline.add(connection, [timeline.Entry("file", file_id, STATION, what)], now)
    return state


def _item(file_id: int, sent: Sent, team: str, why: Sequence[str], today: dt.date) -> WorkItem:
    head = f"{sent.party}: nothing of the document {sent.name} was taken as {sent.to}."
    end = "Mend it and hand it in again."
    told: list[str] = []
    for number, line in enumerate(why):
        more = f"And {len(why) - number} more."
        if len("\n".join((head, *told, line, more, end))) > LONGEST_REASON:
            told.append(more)
            break
        told.append(line)
    return WorkItem(
        kind="file_problem",
        key=f"file:{file_id}",
        reason="\n".join((head, *told, end))[:LONGEST_REASON],
        team=team,
        subject_kind="file",
        subject_id=file_id,
        work_by=add_business_days(today, 1),
    )
