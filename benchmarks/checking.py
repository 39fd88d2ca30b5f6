"""A file held against its guide, and answered: what a clearinghouse does first with whatever it is sent."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from gateway.core.x12.answers.checking import answered_group, judge
from gateway.core.x12.answers.file_check import check_file
from gateway.core.x12.answers.functional import functional
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.writer import InterchangeHead, write_sets

_LEVELS = 4
_X231 = "005010X231A1"


def check(path: Path) -> int:
    """Every segment at the levels 1 to 4 (syntax, guide, sums, situations), and a 999 of all sets; how many claims or
    payments there were.

    The file is right, and the benchmark says so if it finds anything.
    """
    with path.open("rb") as stream:
        checking = check_file(read(stream), None, _LEVELS)
    [interchange] = checking.interchanges
    wrong = sum(one.finding_count + len(one.faults) for group in interchange.groups for one in group.sets)
    if wrong:
        raise SystemExit(f"{wrong} things are not right in it")
    marks = Delimiters()
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
        bodies = (
            ("999", f"{number:04d}", functional(answered_group(group, judge), marks))
            for number, group in enumerate(interchange.groups, 1)
        )
        for piece in write_sets(head, bodies, marks):
            out.write(piece)
    return sum(one.claims for group in interchange.groups for one in group.sets)
