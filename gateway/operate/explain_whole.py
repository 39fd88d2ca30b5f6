"""Explaining a whole file: for the command line and for the console. Nothing is written anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ..config import Config
from ..core.clock import SystemClock, business_date
from . import explain_file
from .explain_ask import Asking
from .explain_claims import Ground, explain_claims
from .explain_file import Content
from .explain_payments import explain_payments
from .explain_report import Explained, Head, rules_of
from .looking import day, has_database, looking, note_look


class Wanted(NamedTuple):
    """Of what is told: of one number (CLM01, CLP01), what `goes` or what `waits`, where one rule has found something;
    of everything, as it stands."""

    number: str = ""
    only: str | None = None
    rule: str = ""

    def has(self, one: Explained) -> bool:
        """Whether this is one of them."""
        return (
            (not self.number or self.number == one.number)
            and (self.only is None or (self.only == "goes") == one.goes)
            and (not self.rule or self.rule in rules_of(one))
        )

    def in_words(self) -> str:
        """`has the number C-1 and waits`; empty where everything is wanted."""
        asked = [f"has the number {self.number}"] if self.number else []
        asked += [self.only] if self.only else []
        asked += [f"is touched by rule {self.rule}"] if self.rule else []
        return " and ".join(asked)


class Asked(NamedTuple):
    """What is asked: about a file (of which only the name of `path` counts), only what is `wanted`, as from a `source`
    and a `partner` (empty: whoever fits). `history`: with what came before; `patient`: with what tells who a patient
    is."""

    path: Path
    wanted: Wanted = Wanted()
    source: str = ""
    partner: str = ""
    history: bool = True
    patient: bool = False


class Whole(NamedTuple):
    """What is told: of the file, and of each claim and payment as it is asked for. `sound`: nothing is wrong with the
    file as a whole."""

    head: Head
    found: Counted
    sound: bool


@contextmanager
def explained(config: Config, asked: Asked, stream: BinaryIO) -> Iterator[Whole]:
    """Explain the file that is in this stream, while the context lasts. Blocking.

    Raises:
        NotAsked: it could not be asked: no such source or partner, a database that cannot be looked at.
    """
    with ExitStack() as opened:
        content = explain_file.look(asked.path, stream)
        connection = known = None
        if asked.history and has_database(config):
            connection = opened.enter_context(opened.enter_context(looking(config)).connect())
            known = explain_file.known(connection, _hash(stream))
        before = known.party if known is not None else ""
        if asked.patient and connection is not None:
            note_look(config, f"explain {known.file_id if known is not None else 'a file on disk'} --patient")
        ground = Ground(
            opened.enter_context(Asking(config)),
            config,
            explain_file.source_of(config, content, asked.source, before),
            explain_file.partner_of(config, asked.partner, before),
            connection,
            business_date(SystemClock().now(), config.gateway.organisation.time_zone),
            known.file_id if known is not None else 0,
            not asked.patient,
        )
        lines = [*explain_file.about(content), *_ground(ground, content, asked.history)]
        facts: dict[str, Any] = {
            "name": asked.path.name,
            "kinds": content.kinds,
            "faults": content.contents and content.contents.faults,
        }
        facts |= {"configuration": config.hash, "today": ground.today, "history": connection is not None}
        yield Whole(Head(lines, facts), Counted(_found(ground, stream, content), asked.wanted), content.sound)


def _hash(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(1 << 20):
        digest.update(block)
    stream.seek(0)
    return digest.hexdigest()


def _ground(ground: Ground, content: Content, history: bool) -> Iterator[str]:
    """On what is decided, in words."""
    parties = []
    if content.survey is not None:
        parts = f"{ground.source}" if ground.source else "no source that the configuration has"
        parties.append(f"claims as from {parts}")
    if content.has_payments:
        parties.append(f"payments as from {ground.partner or 'no partner that the configuration has'}")
    if not parties:
        return
    hash_ = ground.config.hash[:12]
    yield f"Decided as of {day(ground.today)} with configuration {hash_}, {' and '.join(parties)}."
    if ground.known_file:
        yield (
            f"The same bytes came before, as file {ground.known_file}, and are not worked again. What did happen: "
            f"gateway trace file {ground.known_file}. {_AGAIN['claims' if content.survey is not None else 'payments']}"
        )
    elif ground.connection is None:
        why = "there is none yet" if history else "as asked"
        yield f"Without the database ({why}): no patient has a past, no payment finds its claim."


_AGAIN = {
    "claims": "Below, its claims are told as if they came for the first time.",
    "payments": "Below, its payments are told as they would meet our claims now.",
}


def _found(ground: Ground, stream: BinaryIO, content: Content) -> Iterator[Explained]:
    if content.survey is not None and not content.survey.refused:
        yield from explain_claims(ground, stream, content.survey)
    if content.has_payments:
        yield from explain_payments(ground, stream)


class Counted:
    """Passes on what is wanted, and counts it."""

    def __init__(self, found: Iterable[Explained], wanted: Wanted) -> None:
        self._found = found
        self._wanted = wanted
        self._going = self._waiting = self._others = 0

    def __iter__(self) -> Iterator[Explained]:
        for one in self._found:
            if not self._wanted.has(one):
                self._others += 1
                continue
            if one.goes:
                self._going += 1
            else:
                self._waiting += 1
            yield one

    @property
    def all_goes(self) -> bool:
        """Whether there was anything, and nothing of it waits."""
        return bool(self._going) and not self._waiting

    def in_words(self) -> str:
        """The last line."""
        if self._going or self._waiting:
            asked = self._wanted.only or self._wanted.rule
            others = f" {self._others:,} others are not shown." if asked and self._others else ""
            return f"{self._going:,} would go, {self._waiting:,} would wait. Nothing was written.{others}"
        wanted = self._wanted.in_words()
        return f"Nothing in it {wanted}." if wanted else "Nothing is to be decided in it."
