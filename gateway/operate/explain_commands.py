"""`gateway explain`: what would happen to each claim or payment of a file, and why. Nothing is written anywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click

from ..config.commands import require
from .looking import day, has_database, looking, note_look

if TYPE_CHECKING:
    from .explain_claims import Ground
    from .explain_file import Content
    from .explain_report import Explained


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--claim", "number", default="", help="Only the claim, or the payments, of this number (CLM01, CLP01).")
@click.option("--only", type=click.Choice(["goes", "waits"]), default=None, help="Only what goes, or only what waits.")
@click.option("--rule", default="", help="Only what this rule has found something in, or keeps back.")
@click.option("--source", default="", help="The billing system that its claims are taken to come from.")
@click.option("--partner", default="", help="The partner that its remittances are taken to come from.")
@click.option("--no-history", is_flag=True, help="Without the database: as if nothing had come before.")
@click.option("--patient", is_flag=True, help="With names, addresses, birth dates and ids of patients.")
@click.pass_obj
def explain(
    config_path: Path,
    file: Path,
    form: str,
    number: str,
    only: str | None,
    rule: str,
    source: str,
    partner: str,
    no_history: bool,
    patient: bool,
) -> None:
    """What would happen to each claim (837P, JSON) or claim payment (835) in FILE, and why: which chain, what each step
    decides, what would be sent or posted. Changes nothing. The plugins run as in the gateway: in a process of their
    own, within their limits.

    Exit code 0: all of it goes. 1: something of it waits or cannot be read. 2: it could not be asked.
    """
    from ..core.clock import SystemClock, business_date
    from . import explain_file
    from .explain_ask import Asking
    from .explain_claims import Ground
    from .explain_report import Head, as_csv, as_json, as_text

    config = require(config_path, secrets=False)
    with ExitStack() as opened:
        stream = opened.enter_context(file.open("rb"))
        content = explain_file.look(file, stream)
        connection = known = None
        if not no_history and has_database(config):
            connection = opened.enter_context(opened.enter_context(looking(config)).connect())
            known = explain_file.known(connection, file)
        before = known.party if known is not None else ""
        if patient and connection is not None:
            note_look(config, f"explain {known.file_id if known is not None else 'a file on disk'} --patient")
        ground = Ground(
            opened.enter_context(Asking(config)),
            config,
            explain_file.source_of(config, content, source, before),
            explain_file.partner_of(config, partner, before),
            connection,
            business_date(SystemClock().now(), config.gateway.organisation.time_zone),
            known.file_id if known is not None else 0,
            not patient,
        )
        lines = [*explain_file.about(content), *_ground(ground, content, no_history)]
        facts: dict[str, Any] = {
            "name": file.name,
            "kinds": content.kinds,
            "faults": content.contents and content.contents.faults,
        }
        facts |= {"configuration": config.hash, "today": ground.today, "history": connection is not None}
        found = _Counted(_found(ground, stream, content), _Wanted(number, only, rule))
        head = Head(lines, facts)
        written = {"json": lambda: as_json(head, found), "csv": lambda: as_csv(found)}
        for text in written.get(form, lambda: as_text(head, found))():
            click.echo(text)
    if form == "text":
        click.echo(found.in_words())
    sys.exit(0 if content.sound and found.all_goes else 1)


def _ground(ground: Ground, content: Content, no_history: bool) -> Iterator[str]:
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
        why = "as asked" if no_history else "there is none yet"
        yield f"Without the database ({why}): no patient has a past, no payment finds its claim."


def _found(ground: Ground, stream: BinaryIO, content: Content) -> Iterator[Explained]:
    from .explain_claims import explain_claims
    from .explain_payments import explain_payments

    if content.survey is not None and not content.survey.refused:
        yield from explain_claims(ground, stream, content.survey)
    if content.has_payments:
        yield from explain_payments(ground, stream)


_AGAIN = {
    "claims": "Below, its claims are told as if they came for the first time.",
    "payments": "Below, its payments are told as they would meet our claims now.",
}


class _Wanted(NamedTuple):
    """What is asked for: of one number, what goes or what waits, where one rule has found something."""

    number: str
    only: str | None
    rule: str

    def has(self, one: Explained) -> bool:
        """Whether this is one of them."""
        from .explain_report import rules_of

        return (
            (not self.number or self.number == one.number)
            and (self.only is None or (self.only == "goes") == one.goes)
            and (not self.rule or self.rule in rules_of(one))
        )

    def in_words(self) -> str:
        """`Nothing in it has the number C-1, waits.`; empty where everything was asked for."""
        asked = [f"has the number {self.number}"] if self.number else []
        asked += [self.only] if self.only else []
        asked += [f"is touched by rule {self.rule}"] if self.rule else []
        return f"Nothing in it {' and '.join(asked)}." if asked else ""


class _Counted:
    """Passes on what is asked for, and counts it."""

    def __init__(self, found: Iterable[Explained], wanted: _Wanted) -> None:
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
            return f"\n{self._going:,} would go, {self._waiting:,} would wait. Nothing was written.{others}"
        return f"\n{self._wanted.in_words() or 'Nothing is to be decided in it.'}"
