"""`gateway x12 split`: a file cut into several, each whole in itself."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from ..core.x12.cutting import CutFault, Part, by_claims, by_interchange, by_set
from ..core.x12.events import Finding as Fault
from ..core.x12.events import GroupEnd, GroupStart, InterchangeEnd, InterchangeStart, SetEnd
from ..core.x12.reader import read
from ..core.x12.tokens import tokens
from .looking import count
from .x12_file import Unreadable, free, nothing_in, opened

_BY = re.compile(r"set|interchange|claims:([1-9]\d{0,8})")


def _known(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """How to cut, once it is one of the known ways."""
    if not _BY.fullmatch(value):
        raise click.BadParameter(f"{value!r} is none of: set, interchange, claims:N (such as claims:500).")
    return value


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write to.")
@click.option(
    "--by",
    metavar="set|interchange|claims:N",
    callback=_known,
    required=True,
    help="How to cut: a file for each set, for each interchange, or for so many claims.",
)
@click.option(
    "--first",
    type=click.IntRange(1, 999_999_999),
    default=None,
    help="The first control number (ISA13, GS06) of the new interchanges, where the file is not cut by interchange.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
def split(file: Path, into: Path, by: str, first: int | None, force: bool) -> None:
    """Cut FILE into several, each whole in itself; all are written, or none.

    By interchange nothing is changed. By set and by claims every new file is an interchange of its own, with a control
    number from --first on; segments that need not change keep their bytes.

    Exit code 0: done. 1: it cannot be cut like this; says why. 2: it cannot be read, or is no X12.
    """
    if by != "interchange" and first is None:
        raise click.UsageError(f"By {by} new interchanges are made: say with --first which control number is free.")
    if by == "interchange" and first is not None:
        raise click.UsageError("By interchange the control numbers stay as they are; leave --first out.")
    with opened(file) as stream:
        _look(file, stream, by)
    try:
        into.mkdir(parents=True, exist_ok=True)
        with opened(file) as stream, tempfile.TemporaryDirectory(prefix=".split-", dir=into) as folder:
            made = [
                _write(part, Path(folder) / _name(file, at)) for at, part in enumerate(_parts(stream, by, first), 1)
            ]
            for path in made:
                free(into / path.name, force=force)
            for path in made:
                shutil.move(path, into / path.name)
    except CutFault as error:
        raise click.ClickException(f"{error} Nothing was written.") from error
    except Unreadable:
        raise
    except OSError as error:
        raise click.ClickException(f"{into} cannot be written: {error.strerror or type(error).__name__}.") from error
    click.echo(f"{count(len(made), 'file')} written to {into}.")


def _look(file: Path, stream: BinaryIO, by: str) -> None:
    """Whether the structure can be trusted to be cut."""
    found = False
    for event in read(stream):
        if isinstance(event, Fault):
            continue
        found = found or isinstance(event, SetEnd | InterchangeEnd)
        broken = (
            (isinstance(event, InterchangeStart) and event.inferred)
            or (isinstance(event, InterchangeEnd) and event.iea is None)
            or (by != "interchange" and isinstance(event, GroupStart) and event.inferred)
            or (by != "interchange" and isinstance(event, GroupEnd) and event.ge is None)
            or (by != "interchange" and isinstance(event, SetEnd) and not event.sound)
        )
        if broken:
            raise click.ClickException(
                f"{file} is not whole at segment {event.segment_number}, so that it cannot be cut. Ask for it again; "
                f"gateway x12 faults {file} says what is wrong."
            )
    if not found:
        raise Unreadable(nothing_in(file))


def _parts(stream: BinaryIO, by: str, first: int | None) -> Iterator[Part]:
    every = tokens(stream)
    if by == "interchange":
        return by_interchange(every)
    if by == "set":
        return by_set(every, first or 1)
    return by_claims(every, int(by.removeprefix("claims:")), first or 1)


def _name(file: Path, number: int) -> str:
    return f"{file.stem}-{number:04d}{file.suffix or '.edi'}"


def _write(part: Part, path: Path) -> Path:
    with path.open("xb") as stream:
        for text in part:
            stream.write(text.encode("latin-1"))
    return path
