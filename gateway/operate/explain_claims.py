"""What would happen to each claim of a file: the stations' own code, on a connection that cannot write, or on none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import Connection

from ..config import Config
from ..core.flow import chunk
from ..core.flow.columns import columns_of, line_control_number
from ..core.flow.commit_claims import Earlier, hold_wrong_usage
from ..core.flow.deciding import Asked
from ..core.flow.details import details_of
from ..core.flow.verdicts import HoldRow, Verdict
from ..core.flow.write_batch import as_sent, fitted, marks_of
from ..core.x12 import delimit
from ..core.x12.segment import Delimiters
from ..core.x12.stored import StoredClaim
from . import explain_report as report
from .explain_ask import Asking
from .explain_child import Told
from .explain_report import Explained, Section
from .explain_segments import marked
from .looking import days, dollars


class Ground(NamedTuple):
    """On what is decided. `source` and `partner`: the billing system that claims, and the partner that payments are
    taken to come from; `connection`: the history (None: nobody has one); `known_file`: the file that brought the same
    bytes before (0: none), whose claims are then no history; `hide`: without what tells who the patient is. `asking`:
    who is asked, which is a process of its own."""

    asking: Asking
    config: Config
    source: str
    partner: str
    connection: Connection | None
    today: dt.date
    known_file: int = 0
    hide: bool = True


def explain_claims(ground: Ground, stream: BinaryIO, survey: chunk.Survey) -> Iterator[Explained]:
    """Each claim of a file, in order; in the memory of a chunk. `survey` is what was seen of the file."""
    earlier = Earlier(ground.source)
    for some, verdicts in _decided(ground, stream, survey):
        connection = None if ground.known_file else ground.connection
        earlier.hold_repeats(connection, [verdict for verdict, _ in verdicts])
        hold_wrong_usage(ground.config.gateway.usage, [verdict for verdict, _ in verdicts])
        for asked, (verdict, decisions) in zip(some, verdicts, strict=True):
            yield _explained(ground, asked, verdict, decisions)


def decided_chunks(ground: Ground, stream: BinaryIO, survey: chunk.Survey, file_id: int) -> Iterator[list[Verdict]]:
    """The verdicts about a file's claims chunk by chunk, as they would be committed for file `file_id`."""
    for _, decided in _decided(ground, stream, survey, file_id):
        yield [verdict for verdict, _ in decided]


def _decided(
    ground: Ground, stream: BinaryIO, survey: chunk.Survey, file_id: int = 0
) -> Iterator[tuple[list[Asked], list[tuple[Verdict, list[Told]]]]]:
    stream.seek(0)
    for some in _in_chunks(stream, survey.unsound, ground.config.gateway.workers.chunk):
        yield some, ground.asking.claims(ground, some, file_id)


def _in_chunks(stream: BinaryIO, unsound: dict[int, str], size: int) -> Iterator[list[Asked]]:
    some: list[Asked] = []
    for asked, _ in chunk.cut(stream, unsound):
        some.append(asked)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def _explained(ground: Ground, asked: Asked, verdict: Verdict, decisions: Sequence[Told]) -> Explained:
    columns = verdict.columns
    number = columns.source_number or columns.claim_number
    payer = columns.payer_name or "no payer named"
    payer += f" ({columns.payer_id})" if columns.payer_id else ""
    code = f", filing code {columns.filing_code}" if columns.filing_code else ""
    served = days(columns.from_date, columns.thru_date)
    head = f"Claim {asked.ordinal}, {number or 'without a number'}, {dollars(columns.charge_cents)}, {payer}{code}" + (
        f", service {served}" if served else ""
    )
    facts: dict[str, Any] = {
        "ordinal": asked.ordinal,
        "claim_number": columns.claim_number,
        "payer_id": columns.payer_id,
    }
    facts |= {"charge_cents": columns.charge_cents, "filing_code": columns.filing_code, "partner": verdict.partner}
    if verdict.fault:
        facts |= {"state": "faulty", "fault": verdict.fault}
        return Explained(
            "claim",
            number,
            f"{head}: cannot be worked on",
            [Section("fault", [verdict.fault])],
            False,
            facts,
        )
    came = StoredClaim.unpack(asked.content)
    details = details_of(came, columns_of(came, ""), asked.usage)
    chains = report.considered(ground.config, columns.payer_id, verdict.partner, columns.filing_code, details)
    sent, remark, why_not = _as_sent(ground.config, verdict)
    sections = [report.chain_section(ground.config, chains), *report.station_sections(decisions, ground.hide)]
    if verdict.holds:
        sections.append(Section("holds", [_hold(hold) for hold in verdict.holds]))
    if verdict.items:
        sections.append(Section("work", report.item_lines(verdict.items, ground.today)))
    kept = report.row_lines(verdict.rows, ground.hide)
    if kept:
        sections.append(Section("keeps", kept))
    segments = marked(came, sent, hide=ground.hide)
    notes = [note for note in (why_not, remark) if note]
    if number != columns.claim_number:
        notes.append("Its number (CLM01) is ours, and is made anew when the file is taken in.")
    if any(line.control_number.startswith(line_control_number(0, asked.ordinal)) for line in columns.lines):
        notes.append("The numbers that its lines lack (REF*6R) are made anew when the file is taken in.")
    where = f"to {verdict.partner}" if verdict.partner else "to nobody: no partner reaches this payer"
    when = ", when the holds are released" if verdict.holds and verdict.partner else ""
    sections.append(Section("sent", [f"{where}{when}", *notes, *segments]))
    goes = not verdict.holds and not why_not
    if goes:
        title = f"{head}: goes to {verdict.partner}"
    else:
        title = f"{head}: is held" if verdict.holds else f"{head}: cannot be sent"
    facts |= {
        "state": "ready" if goes else "held",
        "chain": verdict.chain,
        "considered": [one._asdict() for one in chains],
        "steps": report.step_facts(decisions),
        "edits": [report.edit_facts(edit, ground.hide) for decision in decisions for edit in decision.edits],
        "holds": [
            {"type": one.type, "rule": one.rule, "team": one.team, "reason": one.reason} for one in verdict.holds
        ],
        "work": report.item_lines(verdict.items, ground.today),
        "keeps": kept,
        "notes": notes,
        "segments": segments,
    }
    return Explained("claim", number, title, sections, goes, facts)


def _hold(hold: HoldRow) -> str:
    by = f" by {hold.plugin}" if hold.plugin else ""
    line = f", line {hold.line}" if hold.line else ""
    return f"{hold.type} hold [{hold.rule}]{by} for {hold.team}{line}: {hold.reason}"


def _as_sent(config: Config, verdict: Verdict) -> tuple[StoredClaim, str, str]:
    """The claim as its partner would get it, a remark, and why it cannot be written for that partner."""
    stored = as_sent(config, verdict.columns.payer_id, StoredClaim.unpack(verdict.content))
    partner = config.partner(verdict.partner)
    if partner is None:
        return stored, "", ""
    marks = marks_of(partner)
    if partner.delimiters.fixed:
        fits = fitted(stored, marks)
        if fits.why_not:
            return fits.stored, fits.blanked, fits.why_not
        return _with(fits.stored, marks), fits.blanked, ""
    chosen = delimit.choose([stored], marks)
    if chosen is None:
        return stored, "", "It cannot be written: no separators are left that its data does not hold."
    remark = "It goes with other separators than usual, because data holds the usual ones." if chosen != marks else ""
    return _with(stored, chosen), remark, ""


def _with(stored: StoredClaim, marks: Delimiters) -> StoredClaim:
    """The claim with these separators, which its values do not hold."""
    return StoredClaim(marks, *(delimit.translated(part, stored.delimiters, marks) for part in stored[1:]))
