"""`gateway x12 merge`: the claims of several files in one interchange."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ..core.clock import SystemClock
from ..core.x12.delimit import WriterFault
from ..core.x12.merging import File, MergeFault, merged, plan
from .looking import count
from .x12_file import free, opened, writing


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write it.")
@click.option(
    "--first",
    type=click.IntRange(1, 999_999_999),
    required=True,
    help="The control number (ISA13, GS06) of the new interchange.",
)
@click.option("--lines", is_flag=True, help="A line for each segment.")
@click.option("--force", is_flag=True, help="Replace what is at --out.")
def merge(files: tuple[Path, ...], out: Path, first: int, lines: bool, force: bool) -> None:
    """Put the claims (837P) of FILES into one interchange, with counts, levels and control numbers made anew. They keep
    their order, but that neighbours of one subscriber stand by patient. The files must agree on sender, receiver,
    submitter and guide; what a claim says stays as it is.

    Exit code 0: written. 1: they cannot be merged; says why. 2: a file cannot be read.
    """
    if any(out.exists() and path.exists() and out.samefile(path) for path in files):
        raise click.ClickException(f"{out} is one of the files to merge. Name another.")
    free(out, force=force)
    sources = [File(path.name, partial(opened, path)) for path in files]
    try:
        made = plan(sources)
        with writing(out, force=force) as stream:
            for piece in merged(sources, made, first, SystemClock().now(), line_ending="\n" if lines else ""):
                stream.write(piece)
    except (MergeFault, WriterFault) as error:
        raise click.ClickException(f"{error} Nothing was written.") from error
    click.echo(f"{count(made.claims, 'claim')} of {count(len(files), 'file')} written to {out}.")
