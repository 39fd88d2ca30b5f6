"""Files that are answered, and the answers held against their own guides."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence

from gateway.core.x12.answers.checking import Checking
from gateway.core.x12.guides.compiled import compiled
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Finding, Walk
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.writer import InterchangeHead, write_sets

from ...flow.out.made import Made, make_837

MARKS = Delimiters()
AT = dt.datetime(2026, 11, 23, 12, 30, tzinfo=dt.UTC)
VERSIONS = {"999": "005010X231A1", "277": "005010X214"}
GROUPS = {"999": "FA", "277": "HN"}


def checked(data: bytes) -> Checking:
    """A file, read to its end."""
    checking = Checking()
    for _ in checking.watch(read(io.BytesIO(data))):
        pass
    return checking


def whole_set(kind: str, body: Sequence[str], marks: Delimiters = MARKS) -> list[str]:
    """A body from ST to SE."""
    separator = marks.element
    start = separator.join(("ST", kind, "0001", VERSIONS[kind]))
    return [start, *body, separator.join(("SE", str(len(body) + 2), "0001"))]


def against_guide(kind: str, body: Sequence[str], marks: Delimiters = MARKS) -> list[Finding]:
    """What the guide finds in an answer of ours."""
    walk = Walk(compiled(guide({"277": "277ca"}.get(kind, kind)), marks))
    walk.feed(whole_set(kind, body, marks))
    walk.end()
    return walk.findings


def head(kind: str) -> InterchangeHead:
    """The envelope of an answer."""
    return InterchangeHead(
        *("ZZ", "GATEWAY", "ZZ", "DESK", "GATEWAY", "DESK", "000000007", "7", "T", AT),
        version=VERSIONS[kind],
        function=GROUPS[kind],
    )


def interchange(kind: str, bodies: Iterable[Sequence[str]]) -> str:
    """Answers in their envelope."""
    sets = [(kind, f"{number:04d}", body) for number, body in enumerate(bodies, 1)]
    return b"".join(write_sets(head(kind), sets, MARKS, line_ending="\n")).decode("latin-1")


GOOD = make_837([Made("C-1"), Made("C-2"), Made("C-3")])


def spoilt(*changes: tuple[bytes, bytes], data: bytes = GOOD) -> bytes:
    """The good file with the first place of each text changed, and the count in SE as it is then."""
    for before, after in changes:
        assert before in data, before
        data = data.replace(before, after, 1)
    start, end = data.index(b"ST*"), data.index(b"SE*")
    count = data[start:end].count(b"~") + 1
    return data[:end] + f"SE*{count}*".encode() + data[end:].split(b"*", 2)[2]
