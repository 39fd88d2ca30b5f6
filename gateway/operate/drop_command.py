"""`gateway drop`: a document for a plugin that takes such."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..config.commands import NotAsked, require
from .commands import database
from .desk_commands import Parts, note_access, show_answer
from .work_commands import show

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ..config import Config
    from ..core.flow.plugin_drop import Result
    from ..core.store.drop_documents import Dropped

T = TypeVar("T")


@click.command()
@click.argument("plugin", required=False)
@click.argument("name", required=False)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="", help="The system whose ids of patients the document uses.")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do none of it.")
@click.option("--csv", "as_csv", is_flag=True, help="Tables as CSV, for a spreadsheet.")
@click.pass_obj
def drop(
    config_path: Path,
    plugin: str | None,
    name: str | None,
    file: Path | None,
    source: str,
    dry_run: bool,
    as_csv: bool,
) -> None:
    """Hand FILE (CSV or JSON) in to the drop NAME of PLUGIN; without them, list the drops that there are.

    Of a file with a fault in a row nothing is taken; every fault is told by line and column. The same file again does
    nothing.
    """
    from ..core.flow.plugin_drop import NoSource, in_words, source_for
    from ..core.store.drop_documents import Dropped
    from ..plugins.declaring import NotDeclared

    config = require(config_path, secrets=False)
    if plugin is None:
        _list(config, as_csv)
        return
    if name is None or file is None:
        raise click.UsageError("Say PLUGIN, NAME and FILE; without any of them the drops are listed.")
    try:
        to = Dropped(plugin, name, source_for(config, plugin, name, source, "--source"))
        result = _hand_in(config, to, file, dry_run)
    except (NotDeclared, NoSource) as error:
        raise NotAsked(str(error)) from None
    _tell_faults(file, plugin, result)
    if result.answer is None:
        click.echo(f"{file.name} came before, as file {result.duplicate_of}: nothing is done again.")
        return
    show_answer(result.answer, as_csv, dry_run=dry_run)
    if not dry_run and not as_csv:
        click.echo(f"{file.name} is file {result.file_id}: {in_words(result.answer.acts)}.")


def _tell_faults(file: Path, plugin: str, result: Result) -> None:
    from ..core.flow.desk_records import FAILED, NOT_TAKEN

    answer = result.answer
    if answer is not None and answer.outcome == NOT_TAKEN:
        raise click.ClickException(f"{file}: nothing was taken.\n{answer.why}")
    if answer is not None and answer.outcome == FAILED:
        item = f" It is file {result.file_id}; a work item says so." if result.file_id else ""
        raise click.ClickException(f"Plugin {plugin} failed here: {answer.why}. Nothing was changed by it.{item}")


def _list(config: Config, as_csv: bool) -> None:
    rows = [
        (f"{one.plugin.name} {made.name}", " ".join(_columns(made.row)), made.team, made.help)
        for one in config.declared.values()
        for made in one.drops
    ]
    show(("drop", "columns", "team", "takes"), rows, as_csv, "No plugin in use takes documents.")


def _columns(model: Any) -> list[str]:
    """Its columns; those that may be left out in brackets."""
    return [name if field.is_required() else f"[{name}]" for name, field in model.model_fields.items()]


def _hand_in(config: Config, to: Dropped, file: Path, dry_run: bool) -> Result:
    from ..core.clock import SystemClock
    from ..core.engine.decide_pool import DecidePool
    from ..core.flow.kept_rows import TableMissing
    from ..core.flow.plugin_drop import Sent, hand_in
    from ..core.store.archive import Archive
    from ..core.store.engine import make_sync_engine

    data = file.read_bytes()
    sent = Sent(to, to.source, "upload", file.name)

    async def run(parts: Parts, engine: Engine) -> Result:
        async def write(function: Callable[..., T], *args: object) -> T:
            with engine.begin() as connection:
                return function(connection, *args)

        pool = DecidePool(1, memory_mb=config.gateway.workers.decide_memory_mb)
        try:
            return await hand_in(
                parts,
                pool,
                write,
                config,
                sent,
                data,
                SystemClock().now(),
                dry_run=dry_run,
                keep_refused=False,
            )
        finally:
            await pool.close()

    with database(config) as (engine, places):
        places.prepare()
        with engine.begin() as connection:
            note_access(connection, f"drop {to}")
        reads = make_sync_engine(places.business_url, read_only=True)
        try:
            return asyncio.run(run(Parts(Archive(places.archive_dir), reads), engine))
        except TableMissing as missing:
            raise click.ClickException(str(missing)) from None
        finally:
            reads.dispose()
