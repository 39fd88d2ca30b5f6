"""What `gateway explain` tells of one claim or payment, and how it is written down."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..config import Config
from ..core.flow.verdicts import ItemRow, RowKept
from ..core.model.spreadsheet import CsvWriter
from ..core.work.calendar import add_business_days
from ..plugins.answers import StepRecord
from ..plugins.chains import Considered
from ..plugins.matching import Details
from .explain_child import Told
from .looking import day

_WIDTH = 9


class Section(NamedTuple):
    """A word and its lines."""

    name: str
    lines: Sequence[str]


class Explained(NamedTuple):
    """A claim, a remittance or a claim payment. `number` is the claim's; `goes` says that nothing keeps it back;
    `facts` are for a program."""

    kind: str
    number: str
    title: str
    sections: Sequence[Section]
    goes: bool
    facts: Mapping[str, Any]


class Head(NamedTuple):
    """What is said of the file as a whole, first of all: lines for a person, and facts."""

    lines: Sequence[str]
    facts: Mapping[str, Any]


def as_text(head: Head, found: Iterable[Explained]) -> Iterator[str]:
    """For a person, piece by piece."""
    yield from head.lines
    for one in found:
        yield ""
        yield one.title
        for section in one.sections:
            for number, line in enumerate(section.lines):
                yield f"  {section.name if not number else '':<{_WIDTH}} {line}".rstrip()


def as_json(head: Head, found: Iterable[Explained]) -> Iterator[str]:
    """For a program: one document, written as it comes."""
    start = json.dumps({"file": dict(head.facts), "said": list(head.lines)}, indent=2, default=str)
    yield start[: start.rindex("\n}")] + ',\n  "found": ['
    separator = ""
    for one in found:
        facts = {"kind": one.kind, "number": one.number, "title": one.title, "goes": one.goes, **one.facts}
        yield separator + json.dumps(facts, default=str)
        separator = ","
    yield "]}"


CSV_COLUMNS = ("what", "number", "payer", "chain", "goes", "said by", "rule", "why")


def as_csv(found: Iterable[Explained]) -> Iterator[str]:
    """For a spreadsheet: a row for each reason why something waits, one row where it goes. Lines without line ends."""
    yield _row(CSV_COLUMNS)
    for one in found:
        for by, rule, why in reasons(one) or [("", "", "")]:
            payer, chain = str(one.facts.get("payer_id") or ""), str(one.facts.get("chain") or "")
            yield _row((one.kind, one.number, payer, chain, "yes" if one.goes else "no", by, rule, why))


def reasons(one: Explained) -> list[tuple[str, str, str]]:
    """Why something waits: the team or step that says so, the rule, and the reason."""
    if one.goes:
        return []
    holds = one.facts.get("holds") or ()
    found = [(hold["team"], hold["rule"], hold["reason"]) for hold in holds]
    if not found:
        why = one.facts.get("fault") or one.facts.get("reason") or one.title.rpartition(": ")[2]
        found = [(str(one.facts.get("team") or ""), "", str(why))]
    return found


def rules_of(one: Explained) -> set[str]:
    """The rules that anything was found by, or that keep it back."""
    found = {str(hold["rule"]) for hold in one.facts.get("holds") or ()}
    for step in one.facts.get("steps") or ():
        found.update(str(finding["rule"]) for finding in step["findings"])
    return found


def _row(values: Iterable[str]) -> str:
    written = io.StringIO()
    CsvWriter(written, "").writerow(values)
    return written.getvalue()


def considered(config: Config, payer_id: str, partner: str, filing_code: str, details: Details) -> list[Considered]:
    """Which chain matches a claim or payment, after which others, and why. The only place that asks."""
    return config.chains.explain(payer_id, partner, filing_code, details)


def chain_section(config: Config, chains: Sequence[Considered]) -> Section:
    """The chain that matches, why those before it do not, and which were not tried any more."""
    lines = [f"{one.chain}: {one.why}" for one in chains if one.matches]
    lines += [f"not {one.chain}: {one.why}" for one in chains if not one.matches]
    tried = {one.chain for one in chains}
    after = [chain.name for chain in config.chains if chain.name not in tried]
    if after:
        lines.append(f"not tried, because the first that matches counts: {', '.join(after)}")
    return Section("chain", lines)


def station_sections(decisions: Sequence[Told], hide: bool) -> Iterator[Section]:
    """What each step of each station decides, with what it sets. `hide`: without what it sets about the patient."""
    for decision in decisions:
        lines: list[str] = []
        for step in decision.steps:
            lines += step_lines(step)
        for edit in decision.edits:
            lines.append(f"{edit.by} {edit_words(edit, hide)}")
        if lines:
            yield Section(decision.station, lines)


def step_lines(step: StepRecord) -> Iterator[str]:
    """What one step decides."""
    name = f"{step.plugin} {step.version}"
    words = {"continue": "goes on" if step.findings or step.edits else "nothing to object", "hold": "keeps it back"}
    words |= {"answer": "decides", "failed": "fails", "skipped": "fails, and is skipped"}
    yield f"{name}: {words.get(step.outcome, step.outcome)}" + (f": {step.note}" if step.note else "")
    for note in step.notes:
        yield f"  notes: {note}"
    for finding in step.findings:
        line = f"line {finding.line}: " if finding.line and not finding.message.startswith("Line ") else ""
        place = f" ({finding.place})" if finding.place else ""
        yield f"  [{finding.rule}] {finding.severity}, {line}{finding.message}{place}"


def item_lines(items: Iterable[ItemRow], today: dt.date) -> list[str]:
    """The work that plugins want done beside what they decide."""
    return [
        f"review for {draft.team}, work by {day(draft.work_by or add_business_days(today, draft.business_days))}"
        + (f", deadline {day(draft.deadline)}" if draft.deadline else "")
        + f" [{draft.rule}] by {plugin}"
        + (f", line {line}" if line else "")
        + f": {draft.reason}"
        for plugin, line, draft in ((item.plugin, item.line, item.draft) for item in items)
    ]


def row_lines(rows: Iterable[RowKept], hide: bool) -> list[str]:
    """The rows that plugins keep. `hide`: without their values, which may tell who somebody is."""
    lines = []
    for row in rows:
        values = ", ".join(f"{name} {value}" for name, value in row.values.items() if value is not None)
        lines.append(f"{row.plugin} in its table {row.table}: {HIDDEN if hide else values}")
    return lines


_ABOUT_PATIENTS = re.compile(r"(2000B|2010BA|2000C|2010CA|2320|2330A)|(.* )?(NTE|K3|REF\[EA\])")
"""Places of what tells who the patient is: their levels, free text, and the number of their chart."""
HIDDEN = "(shown with --patient)"


def _tells_who(edit: Any) -> bool:
    return _ABOUT_PATIENTS.match(edit.place) is not None or any(
        text.startswith("REF*EA*") for text in (edit.before, edit.after)
    )


def edit_words(edit: Any, hide: bool) -> str:
    """One edit: `sets 2400 SV101-3 of line 2 from 'NU' to 'RR'`."""
    where = edit.place + (f" of line {edit.line}" if edit.line else "")
    if hide and _tells_who(edit):
        return f"{edit.kind}s {where} {HIDDEN}"
    if edit.kind == "set":
        return f"sets {where} from {edit.before or 'nothing'!r} to {edit.after!r}"
    return f"{edit.kind}s {where}: {edit.after or edit.before}"


def edit_facts(edit: Any, hide: bool) -> dict[str, Any]:
    """The same for a program."""
    facts: dict[str, Any] = edit._asdict()
    if hide and _tells_who(edit):
        facts |= {"before": HIDDEN, "after": HIDDEN}
    return facts


def step_facts(decisions: Sequence[Told]) -> list[dict[str, Any]]:
    """Every step of the stations, for a program."""
    return [
        {
            "station": decision.station,
            "plugin": step.plugin,
            "version": step.version,
            "outcome": step.outcome,
            "note": step.note,
            "notes": list(step.notes),
            "findings": [
                {"rule": one.rule, "severity": one.severity.value, "line": one.line, "message": one.message}
                for one in step.findings
            ],
        }
        for decision in decisions
        for step in decision.steps
    ]
