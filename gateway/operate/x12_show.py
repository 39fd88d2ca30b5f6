"""`gateway x12 show`: a file laid out by loop, its segments and elements named, with what is wrong at its place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

import click

from ..core.model.spreadsheet import CsvWriter
from ..core.model.value_words import Meanings
from ..core.x12.guides.walk import Finding
from ..core.x12.guides.words import words_of
from ..core.x12.reader import read
from ..core.x12.rules.codes import Codes
from ..core.x12.rules.rule import RuleFinding
from .x12_decoded import Decoded, decoded, elements_of, printable, text_of
from .x12_file import Unreadable, known_codes, may_see_patients, nothing_in, opened
from .x12_laid import Shown, laid

COLUMNS = (
    *("segment_number", "set", "position", "loop", "segment", "name", "place", "element", "value", "meaning"),
    "finding",
)
_INDENT = "  "


def _told(shown: Shown, findings: list[Finding]) -> Iterator[str]:
    """A sentence for each finding of a segment, with its codes."""
    for one in findings:
        assert shown.guide is not None
        code = one.rule.id if isinstance(one, RuleFinding) else "/".join(x for x in (one.ik304, one.ik403) if x)
        yield f"{words_of(shown.guide).of(one)} [{code}]"


def _broken(shown: Shown) -> Iterator[str]:
    """What the reader says of the structure at a segment."""
    for fault in shown.faults:
        place = f"segment {fault.segment_number}: " if fault.segment_number else ""
        yield f"{place}{fault.message} [{fault.code}]"


class _Shape(Protocol):
    """How segments are shown."""

    def segment(self, shown: Shown, elements: list[str], details: list[Decoded]) -> None: ...

    def end(self) -> None: ...


class _Text:
    def segment(self, shown: Shown, elements: list[str], details: list[Decoded]) -> None:
        depth = len(shown.loops) + (1 if shown.kind else 0)
        indent = _INDENT * depth
        for line in (*_told(shown, shown.before), *_broken(shown)):
            click.echo(f"{'!':>8}  {indent}{line}")
        if not shown.raw:
            return
        if shown.begins:
            loop = shown.loops[-1]
            click.echo(f"{'':8}  {_INDENT * (depth - 1)}{loop.id} {loop.name}")
        name = f"{shown.segment.name}: " if shown.segment is not None and shown.segment.name else ""
        click.echo(f"{shown.number:>8}  {indent}{name}{text_of(elements, shown.delimiters)}")
        for one in details:
            name = f"{one.name}: " if one.name else ""
            meaning = f" ({one.meaning})" if one.meaning else ""
            click.echo(
                f"{'':8}  {indent}{_INDENT}{one.place:<8} {one.name + ': ' if one.name else ''}{one.value}{meaning}"
            )
        for line in _told(shown, shown.at):
            click.echo(f"{'!':>8}  {indent}{line}")

    def end(self) -> None:
        pass


class _Csv:
    """A row for each segment, or for each element; a finding is a row of its own."""

    def __init__(self) -> None:
        self._writer = CsvWriter(sys.stdout)
        self._writer.writerow(COLUMNS)

    def segment(self, shown: Shown, elements: list[str], details: list[Decoded]) -> None:
        loop = shown.loops[-1].id if shown.loops else ""
        tag = printable(elements[0]) if shown.raw else ""
        name = shown.segment.name if shown.segment is not None else ""
        start = [shown.number, shown.st02, shown.position or "", loop, tag, name]
        for line in (*_told(shown, shown.before), *_broken(shown)):
            self._writer.writerow([*start[:4], "", "", "", "", "", "", line])
        if shown.raw and not details:
            self._writer.writerow([*start, "", "", text_of(elements, shown.delimiters), "", ""])
        for one in details:
            self._writer.writerow([*start, one.place, one.name, one.value, one.meaning, ""])
        for line in _told(shown, shown.at):
            self._writer.writerow([*start, "", "", "", "", line])

    def end(self) -> None:
        pass


class _Json:
    """One document, a line for each segment, so that it can be written and read as it comes."""

    def __init__(self) -> None:
        self._separator = ""
        sys.stdout.write("[")

    def segment(self, shown: Shown, elements: list[str], details: list[Decoded]) -> None:
        findings = [*_told(shown, [*shown.before, *shown.at]), *_broken(shown)]
        facts: dict[str, Any] = {"segment_number": shown.number, "set": shown.st02, "position": shown.position}
        facts["loops"] = [{"id": one.id, "name": one.name} for one in shown.loops]
        if shown.raw:
            facts["segment"] = printable(elements[0])
            facts["name"] = shown.segment.name if shown.segment is not None else ""
            facts["text"] = text_of(elements, shown.delimiters)
        if details:
            facts["elements"] = [one._asdict() for one in details]
        facts["findings"] = findings
        sys.stdout.write(f"{self._separator}\n{json.dumps(facts)}")
        self._separator = ","

    def end(self) -> None:
        sys.stdout.write("\n]\n")


def _tables(config_path: Path) -> Meanings | None:
    """What reasons and remarks mean in the tables of the configuration, or of the one that comes with the gateway;
    None where neither can be read."""
    from ..config.config import Config
    from ..config.loading import load
    from ..config.shipped import shipped_config
    from ..core.clock import SystemClock

    here = (config_path / "gateway.yaml" if config_path.is_dir() else config_path).is_file()
    found = load(config_path if here else shipped_config(), secrets=False)
    if not isinstance(found, Config) or "carc" not in found.tables:
        return None
    carc, today = found.tables["carc"], SystemClock().now().date()

    def meanings(name: str, code: str) -> str:
        row = carc.find(today, code) if name == "carc" else None
        return row.values.get("meaning", "") if row is not None else ""

    return meanings


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--elements", is_flag=True, help="Each element by itself, named, with what its value means.")
@click.option("--claim", default="", help="Only the claims of this number, with the levels over them.")
@click.option("--loop", default="", help="Only this loop, such as 2300, with the loops in it.")
@click.option("--limit", type=click.IntRange(1), default=None, help="No more segments than this.")
@click.option("--csv", "as_csv", is_flag=True, help="A row for each segment, or with --elements for each element.")
@click.option("--json", "as_json", is_flag=True, help="A list of segments.")
@click.option("--patient", is_flag=True, help="With names, addresses, birth dates and ids of patients, and free text.")
@click.pass_obj
def show(
    config_path: Path,
    file: Path,
    elements: bool,
    claim: str,
    loop: str,
    limit: int | None,
    as_csv: bool,
    as_json: bool,
    patient: bool,
) -> None:
    """Lay FILE out by the loops of its guides, with what is wrong at its place. Who a patient is stays hidden.

    Exit code 0: shown. 1: there is no such claim or loop in it. 2: it cannot be read, or is no X12.
    """
    if as_csv and as_json:
        raise click.UsageError("Say --csv or --json, not both.")
    if patient:
        may_see_patients(config_path, f"x12 show --patient {file.name}")
    tables = _tables(config_path) if elements else None
    codes, _ = known_codes(config_path)
    with opened(file, quiet=sys.stdout.isatty()) as stream:
        found = laid(read(stream), Codes(codes), claim)
        begun = list(_to_first_segment(found))
        if not claim and not (begun and begun[-1].raw):
            raise Unreadable(nothing_in(file))
        every = chain(begun, found)
        wanted = (one for one in every if not loop or any(each.id == loop for each in one.loops))
        shape: _Shape = _Csv() if as_csv else _Json() if as_json else _Text()
        count = _write(islice(wanted, limit), elements, tables, patient, shape)
        more = limit is not None and next(wanted, None) is not None
    if not count:
        what = " and ".join(part for part in (claim and "claim", loop and f"loop {loop}") if part)
        click.echo(f"There is no such {what} in {file}.", err=True)
        sys.exit(1)
    if more:
        click.echo(f"There is more; it ends here because of --limit {limit}.", err=True)


def _to_first_segment(found: Iterator[Shown]) -> Iterator[Shown]:
    """What is shown up to the first segment; where there is none, it is no X12."""
    for one in found:
        yield one
        if one.raw:
            return


def _write(found: Iterator[Shown], with_elements: bool, tables: Meanings | None, patient: bool, shape: _Shape) -> int:
    count = 0
    for shown in found:
        count += 1
        parts = elements_of(shown, patient=patient)
        shape.segment(shown, parts, list(decoded(shown, parts, tables)) if with_elements and shown.raw else [])
    shape.end()
    return count
