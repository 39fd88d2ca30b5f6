"""The station that reads what partners send: each file is told apart by its content and handed on.

A file may hold a TA1 and a 999, several interchanges, or several transaction sets; each part goes its own way.
Acknowledgments become answers (`model.answers`) in one blob, remittances go to the station that posts. What
nobody here knows waits for a person, with its bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import Connection, select, update

from ..boundary import boundary, declare
from ..engine.port import Payload, Run, workflow
from ..model.answers import Answer
from ..store import archive, timeline
from ..store import files as file_store
from ..store.outbox import put_outbox
from ..store.tables import files
from ..work.items import WorkItem, open_items
from ..x12.events import Finding, InterchangeAck, InterchangeStart, SetStart
from ..x12.fault import Fault
from ..x12.inquiry_answer import is_inquiry_answer
from ..x12.reader import read
from . import reply
from .read_answers import answers
from .services import Services
from .turns import next_to_post, one_at_a_time

CHUNK = 500

declare(
    read_parsed="the answers of a file are in the archive, nothing is applied",
    read_handed_on="the file is marked and its parts are on their way",
)

# ST01 and the station that takes it. 277 is a 277CA; the answer to an inquiry (X212) is told by its version.
_POSTS = "835"
_INQUIRED = "277 status"
_ANSWERS = frozenset({"999", "997", "277", _INQUIRED})


class Contents(msgspec.Struct, kw_only=True):
    """What a file holds: sets by kind, TA1s, interchanges (how many, and the names of the first ones), and the reader's
    faults."""

    kinds: dict[str, int]
    ta1: int
    interchanges: int
    faults: list[dict[str, Any]]
    fault_count: int
    answers: str = ""
    answer_count: int = 0
    names: list[tuple[str, str, str, str]] = []

    @property
    def kind(self) -> str:
        """One word for the file: 835, 277CA, 999, TA1, mixed or unknown."""
        words = [{"277": "277CA", _INQUIRED: "277"}.get(kind, kind) for kind in sorted(self.kinds)]
        if not words:
            return "TA1" if self.ta1 else "unknown"
        return words[0] if len(words) == 1 else "mixed"


MAX_FAULTS_KEPT = 200
MAX_INTERCHANGES_NAMED = 1000


def look_into(stream: BinaryIO) -> Contents:
    """Read a file once for what it holds; in bounded memory, never raises on its bytes."""
    kinds: Counter[str] = Counter()
    ta1 = interchanges = count = 0
    faults: list[Fault] = []
    names: list[tuple[str, str, str, str]] = []
    for event in read(stream):
        if isinstance(event, SetStart):
            kinds[_INQUIRED if event.kind == "277" and is_inquiry_answer(event.version) else event.kind] += 1
        elif isinstance(event, InterchangeAck):
            ta1 += 1
        elif isinstance(event, InterchangeStart):
            interchanges += 1
            if not event.inferred and len(names) < MAX_INTERCHANGES_NAMED:
                names.append(event.names)
        elif isinstance(event, Finding):
            count += 1
            if len(faults) < MAX_FAULTS_KEPT:
                faults.append(event.fault)
    return Contents(
        kinds=dict(kinds),
        ta1=ta1,
        interchanges=interchanges,
        faults=[fault._asdict() for fault in faults],
        fault_count=count,
        names=names,
    )


def _chunks(found: Iterable[Answer]) -> Iterator[bytes]:
    """Length-prefixed msgpack lists of at most CHUNK answers."""
    encoder = msgspec.msgpack.Encoder()
    chunk: list[Answer] = []
    for answer in found:
        chunk.append(answer)
        if len(chunk) == CHUNK:
            data = encoder.encode(chunk)
            yield len(data).to_bytes(4, "big") + data
            chunk = []
    if chunk:
        data = encoder.encode(chunk)
        yield len(data).to_bytes(4, "big") + data


def load_answers(services: Services, sha256: str, index: int) -> list[Answer]:
    """The chunk number `index` of a blob of answers; empty where there is none."""
    with services.archive.open(sha256) as stream:
        for _ in range(index):
            stream.seek(int.from_bytes(stream.read(4), "big"), 1)
        size = stream.read(4)
        if not size:
            return []
        return msgspec.msgpack.decode(stream.read(int.from_bytes(size, "big")), type=list[Answer])


def _parse(services: Services, sha256: str) -> dict[str, Any]:
    """Look into the file and put its answers into the archive; returns hashes and counts only."""
    with services.archive.open(sha256) as stream:
        contents = look_into(stream)
    result = msgspec.to_builtins(contents)
    if contents.ta1 or _ANSWERS & contents.kinds.keys():
        count = 0

        def counted() -> Iterator[Answer]:
            nonlocal count
            with services.archive.open(sha256) as stream:
                for answer in answers(read(stream)):
                    count += 1
                    yield answer

        stored = services.archive.put_chunks(_chunks(counted()))
        result |= {"answers": stored.sha256, "answers_size": stored.size, "answer_count": count}
    result["kind"] = contents.kind
    return dict(result)


def _file_row(connection: Connection, file_id: int) -> dict[str, Any]:
    row = connection.execute(select(files).where(files.c.id == file_id)).one()
    return dict(row._mapping)


def _lookup(services: Services, file_id: int) -> dict[str, str]:
    with services.reads.connect() as connection:
        row = _file_row(connection, file_id)
    return {"sha256": row["sha256"], "party": row["party"], "name": row["name"]}


def _hand_on(connection: Connection, services: Services, file_id: int, found: dict[str, Any]) -> str:
    """Mark the file, tell its timeline, and start what its parts need. Returns the kind."""
    now = services.clock.now()
    row = _file_row(connection, file_id)
    one_at_a_time(connection, row["party"])
    kind = str(found["kind"])
    kinds: dict[str, int] = found["kinds"]
    unknown = sorted(name for name in kinds if name not in _ANSWERS and name != _POSTS)
    items: list[WorkItem] = []
    state = "read"
    reason = ""
    if not kinds and not found["ta1"]:
        state, reason = "quarantined", _nothing_in_it(row, found)
    elif unknown:
        reason = f"It holds {', '.join(unknown)} transaction sets, which nothing here works on."
    if found["fault_count"] and not reason:
        first = found["faults"][0]["message"] if found["faults"] else ""
        reason = f"{found['fault_count']} fault(s) in its structure; the first: {first}"
    if reason:
        items.append(
            WorkItem(
                kind="file_problem",
                key=f"file:{file_id}",
                reason=f"File {row['name']} from {row['party']}: {reason}",
                team="edi",
                subject_kind="file",
                subject_id=file_id,
                partner=row["party"],
            )
        )
    if found.get("answers"):
        archive.record(connection, archive.Stored(found["answers"], found["answers_size"]), "decision", now)
        put_outbox(
            connection,
            "acknowledge",
            str(file_id),
            {"file_id": file_id, "answers": found["answers"], "count": found["answer_count"]},
            now,
        )
    if _POSTS in kinds:
        state = "reading"  # until its remittances have had their turn, and are posted
    if state != "quarantined" and row["origin"] != "keyed" and reply.wanted(services.partner(row["party"]), kinds):
        put_outbox(connection, "reply", str(file_id), {"file_id": file_id}, now)
    # Work that began before an upgrade may not know the names.
    named = [file_store.NewInterchange("in", row["party"], *one) for one in found.get("names", ())]
    file_store.add_interchanges(connection, file_id, named, now)
    open_items(connection, items, now)
    parts = [f"{count} x {name}" for name, count in sorted(kinds.items())]
    if found["ta1"]:
        parts.append(f"{found['ta1']} x TA1")
    what = f"Read: {', '.join(parts) or 'nothing that can be read'}."
    timeline.add(
        connection,
        [timeline.Entry("file", file_id, "read", what, found["faults"][:20] or None)],
        now,
    )
    connection.execute(
        update(files).where(files.c.id == file_id).values(kind=kind, state=state, reason=reason[:1000], finished_at=now)
    )
    next_to_post(connection, row["party"], now)
    return kind


def _nothing_in_it(row: dict[str, Any], found: dict[str, Any]) -> str:
    if not row["size"]:
        return "it is empty. Ask the partner to send it again."
    first = found["faults"][0]["message"] if found["faults"] else ""
    return f"no transaction set can be read in it. {first} Its bytes are kept; ask the partner what it is."


@workflow("read")
async def read_file(run: Run, payload: Payload) -> str:
    """Read one received file and hand its parts on. `payload`: {file_id}."""
    services: Services = run.services
    file_id = int(payload["file_id"])
    row = await run.step("lookup", _lookup, services, file_id)
    found = await run.step("parse", _parse, services, row["sha256"])
    boundary("read.parsed")
    kind = await run.transact("hand on", _hand_on, services, file_id, found)
    boundary("read.handed.on")
    return kind
