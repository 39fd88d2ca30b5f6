"""`gateway x12 999` and `gateway x12 277ca`: what would be answered to a file, written and sent to nobody."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count as numbers
from pathlib import Path

import click

from ..core.clock import SystemClock
from ..core.x12.acknowledgment import StatusCode
from ..core.x12.answers import claim_status as x214
from ..core.x12.answers.checking import (
    CheckedGroup,
    CheckedInterchange,
    Judge,
    answered_group,
    judge,
    judge_all_or_nothing,
)
from ..core.x12.answers.claim_status import BatchSaid, ClaimSaid, Name
from ..core.x12.answers.envelope import interchange_of_ta1, turned
from ..core.x12.answers.file_check import check_file
from ..core.x12.answers.functional import VERSION, can_be_answered, functional
from ..core.x12.answers.interchange import notes, ta1, verdict_of
from ..core.x12.answers.said import billing_name, by_provider, claim_said, lines_at, statuses_of, submitter_name
from ..core.x12.guides.answer_codes import InterchangeCode, InterchangeVerdict, SetVerdict
from ..core.x12.guides.walk import WHOLE_SET
from ..core.x12.items import ReadClaim
from ..core.x12.reader import read
from ..core.x12.rules.codes import Codes
from ..core.x12.rules.sweep import SweptClaim, SweptEnd, SweptRest, SweptSet, sweep
from ..core.x12.segment import Delimiters
from ..core.x12.sets import Envelope, SetInfo
from ..core.x12.writer import write_sets
from .looking import count
from .x12_file import Unreadable, known_codes, nothing_in, opened, writing

MARKS = Delimiters()
_LINE = "\n"
_RECEIVED = (StatusCode("A1", "19", "PR"),)
_WORDS = {SetVerdict.ACCEPTED: "accepted", SetVerdict.ERRORS_NOTED: "accepted with errors noted"}


# --- 999


class _Answers:
    """The interchanges that answer a file, numbered one after the other, and what is said of them on the terminal."""

    def __init__(self, first: int, at: dt.datetime, by: Judge) -> None:
        self.said: list[str] = []
        self._numbers = numbers(first)
        self._at = at
        self._judge = by

    def to(self, interchange: CheckedInterchange) -> Iterator[bytes]:
        """What one interchange is answered."""
        if interchange.inferred:
            self.said.append("There is no ISA, so that nobody can be answered.")
            return
        if interchange.groups and all(one.gs[1].strip() == "FA" for one in interchange.groups):
            self.said.append("It is an answer itself, and is not answered.")
            return
        note = next(iter(notes(interchange)), InterchangeCode.NO_ERROR)
        verdict = verdict_of(note)
        envelope = Envelope(interchange.isa, None, interchange.delimiters)
        if verdict is not InterchangeVerdict.ACCEPTED or envelope.isa is None or envelope.isa[14].strip() == "1":
            head = turned(envelope, next(self._numbers), self._at, MARKS, function="TA", version="005010")
            yield from interchange_of_ta1(head, ta1(interchange.isa, note, self._at, MARKS), MARKS, line_ending=_LINE)
            self.said.append(f"TA1: {verdict} {note}.")
        if verdict is InterchangeVerdict.REJECTED:
            self.said.append("The interchange is rejected, so that its groups are not answered.")
            return
        for group in interchange.groups:
            yield from self._group(envelope._replace(gs=group.gs), group)

    def _group(self, envelope: Envelope, group: CheckedGroup) -> Iterator[bytes]:
        said = answered_group(group, self._judge)
        if not can_be_answered(said):
            return
        head = turned(envelope, next(self._numbers), self._at, MARKS, function="FA", version=VERSION)
        yield from write_sets(head, [("999", "0001", functional(said, MARKS))], MARKS, line_ending=_LINE)
        verdicts = Counter(_WORDS.get(one.verdict, "rejected") for one in said.sets)
        self.said.append("999: " + ", ".join(f"{count(each, 'set')} {what}" for what, each in verdicts.items()) + ".")


_FILE = click.argument("file", type=click.Path(path_type=Path))
_OUT = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it there, not to the terminal."
)
_FORCE = click.option("--force", is_flag=True, help="Replace what is at --out.")
_FIRST = click.option(
    "--first", type=click.IntRange(1, 999_999_999), default=1, show_default=True, help="The first control number."
)


@click.command("999")
@_FILE
@_OUT
@_FORCE
@_FIRST
@click.option(
    *("--up-to", "up_to"),
    type=click.IntRange(2, 5),
    default=2,
    show_default=True,
    help="The last level that counts: 2 guide, 3 sums, 4 situations, 5 codes of others.",
)
@click.option("--all-or-nothing", is_flag=True, help="Reject a transaction set in which anything is wrong.")
@click.pass_obj
def acknowledge(
    config_path: Path, file: Path, out: Path | None, force: bool, first: int, up_to: int, all_or_nothing: bool
) -> None:
    """The 999 that answers FILE, and the TA1 where it asks for one or its envelope is wrong. An answer is not answered.

    Exit code 0: written. 1: there is nothing to answer. 2: it cannot be read, or is no X12.
    """
    codes, _ = known_codes(config_path)
    with opened(file) as stream:
        checking = check_file(read(stream), Codes(codes), up_to)
    if not checking.interchanges:
        raise Unreadable(nothing_in(file))
    answers = _Answers(first, SystemClock().now(), judge_all_or_nothing if all_or_nothing else judge)
    _write((piece for one in checking.interchanges for piece in answers.to(one)), out, force, answers.said)


def _write(pieces: Iterator[bytes], out: Path | None, force: bool, said: list[str]) -> None:
    """Write what there is, and say on the error output what it is; nothing is written where there is nothing."""
    start = next(pieces, None)
    if start is not None:
        with writing(out, force=force) as stream:
            stream.write(start)
            for piece in pieces:
                stream.write(piece)
    for line in said:
        click.echo(line, err=True)
    if start is None:
        click.echo("There is nothing to answer.", err=True)
        sys.exit(1)


# --- 277CA


class _Statuses:
    """The 277CAs for a file: an interchange for each set of claims."""

    def __init__(self, file: Path, first: int, at: dt.datetime, up_to: int) -> None:
        self.said: list[str] = []
        self.anything = False
        self._file = file
        self._numbers = numbers(first)
        self._at = at
        self._up_to = up_to
        self._claims: list[tuple[Name, ClaimSaid]] = []
        self._whole = True

    def of(self, codes: Codes) -> Iterator[bytes]:
        """Every interchange, as the file is read."""
        with opened(self._file, quiet=sys.stdout.isatty()) as stream:
            for swept in sweep(read(stream), codes):
                if isinstance(swept, SweptSet):
                    self.anything = True
                    self._claims, self._whole = [], swept.guide is not None
                elif isinstance(swept, SweptClaim):
                    if isinstance(swept.read, ReadClaim):
                        self._claims.append(self._claim(swept, swept.read))
                elif isinstance(swept, SweptRest):
                    self._whole = self._whole and all(
                        one.claims != WHOLE_SET for one in swept.findings if one.level <= self._up_to
                    )
                elif isinstance(swept, SweptEnd):
                    yield from self._set(swept.info, swept.sound and self._whole)

    def _claim(self, swept: SweptClaim, item: ReadClaim) -> tuple[Name, ClaimSaid]:
        claim = item.claim
        found = [one for one in swept.every if one.level <= self._up_to]
        statuses, lines = statuses_of(found, lines_at(claim, item.set.position(item.segment_number)))
        return billing_name(claim), claim_said(claim, statuses or _RECEIVED, lines)

    def _set(self, info: SetInfo, whole: bool) -> Iterator[bytes]:
        if info.kind != "837" or not self._claims:
            return
        if not whole or info.envelope.isa is None or not info.envelope.isa[6].strip():
            self.said.append("A set of claims is refused as a whole: gateway x12 999 says why.")
            return
        number = next(self._numbers)
        batch = BatchSaid(
            submitter_name(info.receiver),
            False,
            submitter_name(info.submitter),
            info.bht03,
            str(number),
            self._at,
            by_provider(self._claims),
        )
        head = turned(info.envelope, number, self._at, MARKS, function="HN", version=x214.VERSION)
        yield from write_sets(head, [("277", "0001", x214.claim_status(batch, MARKS))], MARKS, line_ending=_LINE)
        refused = sum(not one.taken for _, one in self._claims)
        self.said.append(f"277CA: {count(len(self._claims) - refused, 'claim')} received, {refused:,} rejected.")


@click.command("277ca")
@_FILE
@_OUT
@_FORCE
@_FIRST
@click.option(
    *("--up-to", "up_to"),
    type=click.IntRange(2, 5),
    default=4,
    show_default=True,
    help="The last level at which a claim is rejected: 2 guide, 3 sums, 4 situations, 5 codes of others.",
)
@click.pass_obj
def claim_status(config_path: Path, file: Path, out: Path | None, force: bool, first: int, up_to: int) -> None:
    """The 277CA for the claims of FILE: which are received, and which are rejected for what.

    A transaction set that a 999 rejects as a whole has none. Exit code 0: written. 1: there is nothing to answer.
    2: it cannot be read, or is no X12.
    """
    codes, _ = known_codes(config_path)
    statuses = _Statuses(file, first, SystemClock().now(), up_to)
    pieces = statuses.of(Codes(codes))
    start = next(pieces, None)
    if start is None and not statuses.anything:
        raise Unreadable(nothing_in(file))
    every = (piece for part in ([start] if start is not None else [], pieces) for piece in part)
    _write(every, out, force, statuses.said)
