"""`gateway x12 check`: everything that is wrong with files, claim by claim, at the levels 1 to 5."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import click

from ..core.model.spreadsheet import CsvWriter
from ..core.x12.fault import Fault
from ..core.x12.guides.walk import Finding
from ..core.x12.guides.words import Words, words_of
from ..core.x12.reader import read
from ..core.x12.rules.codes import Codes
from ..core.x12.rules.rule import RuleFinding
from ..core.x12.rules.sweep import Swept, SweptClaim, SweptFault, SweptRest, SweptSet, sweep
from ..core.x12.segment import display
from .looking import count
from .x12_file import Unreadable, clear, known_codes, may_see_patients, nothing_in, opened

COLUMNS = (
    *("file", "set", "claim", "concerns", "level", "rule", "segment_number", "position", "place", "name"),
    *("segment_code", "element_code", "finding"),
)
_PARTS = (
    *(("2000A", "billing provider"), ("2010A", "billing provider"), ("2000B", "subscriber"), ("2010B", "subscriber")),
    *(("2000C", "patient"), ("2010C", "patient"), ("2000", "group of claims")),
)
_STRUCTURE = 1
_NO_GUIDE_LEVEL = 2
_MOST_KINDS = 20


class Row(NamedTuple):
    """One finding. `claim` is empty where it is no claim's; `concerns`: whose it is; `value` is a patient's, perhaps;
    `kind` is how findings are counted."""

    set: str
    claim: str
    concerns: str
    level: int
    rule: str
    segment_number: int
    position: int
    place: str
    name: str
    ik304: str
    ik403: str
    words: str
    value: str
    kind: str


class Totals:
    """What is counted over all files."""

    def __init__(self) -> None:
        self.sets = self.claims = self.bad_claims = self.findings = self.unread = 0
        self.kinds: Counter[str] = Counter()

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "sets": self.sets,
            "claims": self.claims,
            "claims_good": self.claims - self.bad_claims,
            "claims_with_findings": self.bad_claims,
            "findings": self.findings,
            "kinds": dict(self.kinds.most_common()),
            "files_not_read": self.unread,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        good = self.claims - self.bad_claims
        yield (
            f"{count(self.sets, 'transaction set')}, {count(self.claims, 'claim')} checked: {good:,} good, "
            f"{self.bad_claims:,} with findings; {count(self.findings, 'finding')} in all."
        )
        for kind, number in self.kinds.most_common(_MOST_KINDS):
            yield f"  {number:>7,}  {kind}"
        if len(self.kinds) > _MOST_KINDS:
            yield f"  and {len(self.kinds) - _MOST_KINDS:,} kinds more; all of them: --json"


class _Rows:
    """The findings of one file as rows."""

    def __init__(self, path: Path, levels: frozenset[int], totals: Totals) -> None:
        self.path = path
        self.anything = False
        self._levels = levels
        self._totals = totals
        self._set: SweptSet | None = None
        self._words: Words | None = None

    def of(self, swept: Swept) -> Iterator[Row]:
        """The rows of what was swept, each counted."""
        found = list(self._of(swept))
        kept = [row for row in found if row.level in self._levels]
        if isinstance(swept, SweptClaim):
            self._totals.claims += 1
            # Findings of the levels over it were told before; they are its own all the same.
            self._totals.bad_claims += bool(kept) or (not swept.sound and not found and len(self._levels) == 5)
        self._totals.findings += len(kept)
        self._totals.kinds.update(row.kind for row in kept)
        yield from kept

    def _of(self, swept: Swept) -> Iterator[Row]:
        if isinstance(swept, SweptSet):
            self.anything = True
            self._totals.sets += 1
            self._set = swept
            self._words = words_of(swept.guide) if swept.guide is not None else None
            if swept.guide is None:
                yield self._no_guide(swept)
        elif isinstance(swept, SweptFault):
            yield self._fault(swept)
        elif isinstance(swept, SweptClaim | SweptRest) and self._set is not None:
            number = swept.number if isinstance(swept, SweptClaim) else ""
            yield from (self._finding(self._set, one, number, swept) for one in swept.findings)

    def _finding(self, of: SweptSet, one: Finding, claim: str, swept: SweptClaim | SweptRest) -> Row:
        assert self._words is not None
        rule = one.rule.id if isinstance(one, RuleFinding) else ""
        value = display(one.fault.value) if one.fault is not None else ""
        code = rule or "/".join(part for part in (one.ik304, one.ik403) if part)
        own = isinstance(swept, SweptClaim) and of.number(one) >= swept.segment_number
        return Row(
            of.st02,
            claim,
            "claim" if own else _whose(one.loop),
            one.level,
            rule,
            of.number(one),
            one.position,
            one.place,
            one.name,
            one.ik304,
            one.ik403,
            self._words.of(one),
            value,
            f"{one.place} [{code}]",
        )

    def _no_guide(self, of: SweptSet) -> Row:
        version = f"{of.kind} {of.version}".strip() if (of.kind + of.version).replace(" ", "").isalnum() else "this set"
        words = f"There is no guide for {version} here, so that only the structure of the set is looked at."
        place = ("ST01", "start of the transaction", "", "")
        return Row(of.st02, "", "set", _NO_GUIDE_LEVEL, "", of.segment_number, 1, *place, words, "", "no guide")

    def _fault(self, swept: SweptFault) -> Row:
        fault = swept.fault
        st02 = self._set.st02 if swept.inside and self._set is not None else ""
        place = _place(fault)
        words = f"{place}: {fault.message}" if place else fault.message
        number = max(0, fault.segment_number)
        whose = "set" if swept.inside else "envelope"
        return Row(st02, "", whose, _STRUCTURE, fault.code, number, 0, place, "", "", "", words, "", fault.code)


def _place(fault: Fault) -> str:
    return f"{fault.loop} {fault.segment_id}{f'{fault.element:02d}' if fault.element else ''}".strip()


def _whose(loop: str) -> str:
    return next((name for start, name in _PARTS if loop.startswith(start)), "set")


class _Shape(Protocol):
    """How findings are shown."""

    def row(self, path: Path, row: Row) -> None: ...

    def file(self, path: Path) -> None: ...

    def end(self, totals: Totals, notes: list[str]) -> None: ...


class _Text:
    def __init__(self, patient: bool) -> None:
        self._patient = patient
        self._under = ("", "")

    def file(self, path: Path) -> None:
        self._under = ("", "")
        click.echo(f"{path}:")

    def row(self, path: Path, row: Row) -> None:
        under = (row.set, row.claim)
        if under != self._under:
            self._under = under
            claim = f", claim {_printable(row.claim)}" if row.claim else ""
            click.echo(f"  set {_printable(row.set)}{claim}" if row.set else "  envelope")
        codes = row.rule or "/".join(part for part in (row.ik304, row.ik403) if part)
        codes = f" [{codes}]" if codes else ""
        every = (
            "" if row.concerns in ("claim", "set", "envelope") else f" It concerns every claim of the {row.concerns}."
        )
        value = f" It says: {_printable(row.value)}" if self._patient and row.value else ""
        place = f"level {row.level}, segment {row.segment_number}" if row.segment_number else f"level {row.level}"
        click.echo(f"    {place}: {row.words}{every}{value}{codes}")

    def end(self, totals: Totals, notes: list[str]) -> None:
        for line in totals.lines():
            click.echo(line)
        for note in notes:
            click.echo(note)


class _Csv:
    def __init__(self, patient: bool) -> None:
        self._patient = patient
        self._writer = CsvWriter(sys.stdout)
        self._writer.writerow([*COLUMNS, *(["value"] if patient else [])])

    def file(self, path: Path) -> None:
        pass

    def row(self, path: Path, row: Row) -> None:
        self._writer.writerow([path, *row[:-2], *([row.value] if self._patient else [])])

    def end(self, totals: Totals, notes: list[str]) -> None:
        pass


class _Json:
    """One document, a line for each finding, so that it can be written and read as it comes."""

    def __init__(self, patient: bool) -> None:
        self._patient = patient
        self._separator = ""
        sys.stdout.write('{"findings": [')

    def file(self, path: Path) -> None:
        pass

    def row(self, path: Path, row: Row) -> None:
        facts = dict(zip(COLUMNS, (str(path), *row[:-2]), strict=True))
        facts |= {"value": row.value} if self._patient else {}
        sys.stdout.write(f"{self._separator}\n{json.dumps(facts)}")
        self._separator = ","

    def end(self, totals: Totals, notes: list[str]) -> None:
        sys.stdout.write(f'\n], "totals": {json.dumps(totals.facts())}, "notes": {json.dumps(notes)}}}\n')


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--level", "levels", type=click.IntRange(1, 5), multiple=True, help="Only this level; may be repeated.")
@click.option("--csv", "as_csv", is_flag=True, help="A row for each finding.")
@click.option("--json", "as_json", is_flag=True, help="The findings and the totals.")
@click.option("--patient", is_flag=True, help="With the values that are wrong, which may be a patient's.")
@click.pass_obj
def check(
    config_path: Path, files: tuple[Path, ...], levels: tuple[int, ...], as_csv: bool, as_json: bool, patient: bool
) -> None:
    """Check FILES of claims, remittances and answers at the levels 1 (syntax), 2 (guide), 3 (sums), 4 (situations) and
    5 (codes of others). Each finding says where, what, and what to do.

    Exit code 0: nothing was found. 1: there are findings. 2: a file cannot be read, or is no X12.
    """
    if as_csv and as_json:
        raise click.UsageError("Say --csv or --json, not both.")
    if patient:
        may_see_patients(config_path, f"x12 check --patient {' '.join(path.name for path in files)}")
    sets, notes = known_codes(config_path)
    codes = Codes(sets)
    totals = Totals()
    shape: _Shape = _Csv(patient) if as_csv else _Json(patient) if as_json else _Text(patient)
    for path in files:
        try:
            _check(path, frozenset(levels or range(1, 6)), codes, totals, shape)
        except Unreadable as error:
            totals.unread += 1
            click.echo(error.message, err=True)
    shape.end(totals, notes if totals.claims else [])
    sys.exit(2 if totals.unread else 1 if totals.findings else 0)


def _check(path: Path, levels: frozenset[int], codes: Codes, totals: Totals, shape: _Shape) -> None:
    rows = _Rows(path, levels, totals)
    with opened(path) as stream:
        shape.file(path)
        for swept in sweep(read(stream), codes):
            for row in rows.of(swept):
                clear(stream)
                shape.row(path, row)
    if not rows.anything:
        raise Unreadable(nothing_in(path))
