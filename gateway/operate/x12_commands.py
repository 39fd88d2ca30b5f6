"""`gateway x12`: look into X12 files from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..lazy_group import LazyGroup

LATER = {
    "277ca": ("gateway.operate.x12_answers:claim_status", "The 277CA for a file of claims."),
    "999": ("gateway.operate.x12_answers:acknowledge", "The 999, and the TA1 where one is due, for a file."),
    "check": ("gateway.operate.x12_check:check", "Everything that is wrong with files, claim by claim."),
    "merge": ("gateway.operate.x12_merge:merge", "The claims of several files in one interchange."),
    "show": ("gateway.operate.x12_show:show", "A file laid out by loop, each element named."),
    "split": ("gateway.operate.x12_split:split", "A file cut into several, each whole in itself."),
}


@click.group(cls=LazyGroup, lazy=LATER)
def x12() -> None:
    """Look into X12 files."""


@x12.command("faults")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def faults(file: Path) -> None:
    """Every fault in the structure of FILE, with its place. Exits 1 where there is one."""
    from ..core.flow.read import look_into
    from ..core.x12.events import Finding
    from ..core.x12.reader import read

    count = 0
    with file.open("rb") as stream:
        for event in read(stream):
            if isinstance(event, Finding):
                count += 1
                fault = event.fault
                click.echo(f"byte {fault.offset}, segment {fault.segment_number}: {fault.message} [{fault.code}]")
        stream.seek(0)
        contents = look_into(stream)
    parts = ", ".join(f"{number} x {kind}" for kind, number in sorted(contents.kinds.items()))
    click.echo(
        f"{contents.interchanges} interchange(s); {parts or 'no transaction set'}; {contents.ta1} TA1; "
        f"{count} fault(s)."
    )
    sys.exit(1 if count else 0)


@x12.command("second-opinion")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def second_opinion(file: Path) -> None:
    """Whether an independent reader (badx12) sees the same envelope in FILE as ours. Exits 1 where it does not."""
    from ..core.x12.events import GroupStart, InterchangeStart, SetStart
    from ..core.x12.reader import read
    from ..core.x12.second_opinion import Envelope, NoOpinion, suspicions

    isa13 = gs06 = ""
    sets: list[str] = []
    with file.open("rb") as stream:
        for event in read(stream):
            if isinstance(event, InterchangeStart):
                isa13 = isa13 or event.isa[13].strip()
            elif isinstance(event, GroupStart):
                gs06 = gs06 or event.gs[6].strip()
            elif isinstance(event, SetStart):
                sets.append(event.st[2].strip())
    try:
        found = suspicions(file.read_bytes(), Envelope(isa13, gs06, tuple(sets)))
    except NoOpinion as error:
        click.echo(f"It has no opinion: {error}")
        sys.exit(1)
    for suspicion in found:
        click.echo(suspicion)
    click.echo("It reads the same as we do." if not found else f"{len(found)} suspicion(s).")
    sys.exit(1 if found else 0)
