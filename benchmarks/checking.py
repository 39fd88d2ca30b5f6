"""A file held against its guide, and answered: what a clearinghouse does first with whatever it is sent."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from gateway.core.x12.events import GroupStart, InterchangeStart, Piece, SetEnd, SetStart
from gateway.core.x12.guides.compiled import compiled
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Walk
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.writer import InterchangeHead, write_sets
from gateway.sandbox.acks import SetVerdict, functional

_GUIDES = {"837": "837p", "835": "835"}
_X231 = "005010X231A1"
_SEGMENTS_WRONG = "5"


def check(path: Path) -> int:
    """Every segment at levels 1 and 2 (syntax, guide), and a 999 of all sets; how many claims or payments there were.

    The file is right, and the benchmark says so if it finds anything.
    """
    claims = 0
    group: tuple[str, str, str] = ("", "", "")
    verdicts: list[SetVerdict] = []
    marks = Delimiters()
    walk: Walk | None = None
    with path.open("rb") as stream:
        for event in read(stream):
            if type(event) is Piece:
                if walk is not None:
                    walk.feed(event.segments)
            elif type(event) is SetStart:
                walk = Walk(compiled(guide(_GUIDES[event.kind]), marks))
                walk.feed([event.st.raw])
                kind, st02, version = event.kind, event.st[2], event.version
            elif type(event) is SetEnd and walk is not None:
                walk.feed([event.se.raw] if event.se is not None else [])
                walk.end()
                claims += walk.claims
                codes = () if event.sound and not walk.finding_count else (_SEGMENTS_WRONG,)
                verdicts.append(SetVerdict(kind, st02, version, codes))
            elif type(event) is InterchangeStart:
                marks = event.delimiters
            elif type(event) is GroupStart:
                group = (event.gs[1], event.gs[6], event.gs[8])
    wrong = sum(bool(one.codes) for one in verdicts)
    if wrong:
        raise SystemExit(f"{wrong} of {len(verdicts)} sets are not right")
    head = InterchangeHead(
        sender_qualifier="ZZ",
        sender="PRACTICECH",
        receiver_qualifier="ZZ",
        receiver="STILLWATER",
        group_sender="PRACTICECH",
        group_receiver="STILLWATER",
        isa13="000000003",
        gs06="3",
        usage="T",
        at=dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC),
        version=_X231,
        function="FA",
    )
    with tempfile.TemporaryFile(dir=path.parent) as out:
        for piece in write_sets(head, [("999", "0001", functional(*group, verdicts))]):
            out.write(piece)
    return claims
