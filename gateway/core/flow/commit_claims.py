"""Commit: what was decided about a chunk of claims becomes rows, in one transaction.

Nothing is decided here but what only the database can know: whose patient a claim is, whether its number or its
content has come before, and whether a patient's history changed since the decision was made (then that claim is
decided again).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from ..ledger import transfers
from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import patients as patient_store
from ..store import timeline
from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.tables import claim_lines, claims, holds
from ..work.calendar import add_business_days
from ..work.deadlines import Deadlines
from ..work.items import WorkItem, open_items
from . import came_again, kept_rows, post_again
from .faulty_items import faulty_items
from .plugin_items import plugin_item
from .verdicts import Chunk, HoldRow, Noted, Verdict

WORK_WITHIN_BUSINESS_DAYS = 2
"""When a hold or a faulty claim should be worked, unless whoever decided it said another date."""

CHECK = "check"
"""The station of what the guides find."""
DUPLICATE_NUMBER = "duplicate-claim-number"
DUPLICATE_CONTENT = "duplicate-claim"
WRONG_USAGE = "usage"

_KINDS = {
    DUPLICATE_NUMBER: "duplicate_claim",
    DUPLICATE_CONTENT: "duplicate_claim",
    "plugin": "plugin_failure",
}
_VOID = "8"
NEXT_PAYERS = "plugin:secondary"
"""The source of claims for next payers (`next_claims`)."""
_REPLACES = frozenset({"7", _VOID})


# The columns of the rows that are written here, in their order.
_CLAIM = (
    *("id", "source", "file_id", "ordinal", "claim_number", "source_claim_number", "patient_id", "partner", "chain"),
    *("payer_id", "payer_name", "filing_code", "member_id", "billing_npi", "frequency", "charge_cents", "from_date"),
    *("thru_date", "state", "usage", "version", "payer_claim_number", "config_hash", "content_hash", "content"),
    *("created_at", "updated_at"),
)
_LINE = (
    *("id", "claim_id", "number", "control_number", "code", "modifiers", "charge_cents", "units", "from_date"),
    *("thru_date", "patient_id"),
)
HOLD = (
    *("id", "claim_id", "type", "rule", "plugin", "reason", "team", "line", "due", "expires", "opened_at"),
    *("released_by", "release_reason", "station"),
)


class Origin(NamedTuple):
    """Where a chunk comes from: the file, its source, and ISA15 as this environment wants it; the tables that say by
    when what waits must be done."""

    file_id: int
    file_name: str
    source: str
    usage: str
    today: dt.date
    deadlines: Deadlines | None = None


class Committed(NamedTuple):
    """What a commit did; `again` are the ordinals whose patient changed meanwhile and which must be decided
    again. `cents` is charged by the claims that were committed."""

    claims: int
    cents: int
    ready: int
    held: int
    faulty: int
    again: list[int]


def commit_chunk(
    connection: Connection, origin: Origin, chunk: Chunk, now: dt.datetime, *, final: bool = False
) -> Committed:
    """Write the claims of a chunk with all that belongs to them.

    `final`: the rounds are used up; a claim whose patient changed once more is held instead of being decided
    again.
    """
    # First of all: the counter's row is the lock that lets one commit of claims in at a time (PostgreSQL; on
    # SQLite there is one writer anyway), so that what is looked up below stays true until it is written.
    first_id = allocate(connection, "claims", max(len(chunk.verdicts), 1))
    changed, known = changed_patients(connection, chunk.verdicts)
    if final:
        for verdict in chunk.verdicts:
            if verdict.ordinal in changed:
                verdict.holds.append(_system_hold("history", _HISTORY_CHANGED))
        changed = set()
    verdicts = [verdict for verdict in chunk.verdicts if verdict.ordinal not in changed]
    again = sorted(changed)
    if not verdicts:
        return Committed(0, 0, 0, 0, 0, again)
    Earlier(origin.source).hold_repeats(connection, verdicts)
    hold_wrong_usage(origin.usage, verdicts)
    ids = {verdict.ordinal: first_id + index for index, verdict in enumerate(verdicts)}
    linked = patient_store.link(
        connection,
        [verdict.columns.person._replace(source=origin.source) for verdict in verdicts],
        [verdict.columns.from_date for verdict in verdicts],
        now,
        None if final else known,
    )
    patient_of = {
        verdict.ordinal: patient_id if not verdict.fault else None
        for verdict, patient_id in zip(verdicts, linked.patient_ids, strict=True)
    }
    states = {verdict.ordinal: _state(verdict) for verdict in verdicts}
    _write_claims(connection, origin, chunk.config_hash, verdicts, ids, patient_of, states, now)
    line_ids = _write_lines(connection, verdicts, ids, patient_of)
    came_again.end_what_waited(connection, origin.source, _usable(verdicts, ids), first_id, now)
    items = write_holds(connection, origin, verdicts, ids, now)
    items += faulty_items(add_business_days(origin.today, WORK_WITHIN_BUSINESS_DAYS), verdicts, ids)
    items += merge_items(origin.today, linked.suggested)
    items += plugin_items(origin, verdicts, ids)
    open_items(connection, items, now, origin.deadlines)
    timeline.add(connection, _entries(origin, chunk.config_hash, verdicts, ids, states), now)
    transfers.write(connection, _charges(origin, verdicts, ids, line_ids), now)
    kept_rows.write(
        connection,
        ((row, patient_of[one.ordinal], ids[one.ordinal]) for one in verdicts for row in one.rows),
        now,
    )
    numbers = {verdict.columns.claim_number for verdict in verdicts if not verdict.fault}
    post_again.of_numbers(connection, numbers, f"Its claim has come (file {origin.file_id})", now)
    count = list(states.values())
    return Committed(
        claims=len(verdicts),
        cents=sum(verdict.columns.charge_cents for verdict in verdicts),
        ready=count.count(ClaimState.READY),
        held=count.count(ClaimState.HELD),
        faulty=count.count(ClaimState.FAULTY),
        again=again,
    )


_HISTORY_CHANGED = (
    "The history of this patient kept changing while the claim was checked. Check it against the "
    "patient's other claims, then release it."
)


def _system_hold(rule: str, reason: str) -> HoldRow:
    return HoldRow(type="SYS", rule=rule, plugin="", reason=reason, team="billing")


def changed_patients(
    connection: Connection, verdicts: Sequence[Verdict]
) -> tuple[set[int], Mapping[patient_store.Key, patient_store.Known]]:
    """Ordinals of the claims whose patient is not as it was when they were decided; nobody changes them any more until
    this is committed. So what comes for a patient meanwhile finds the holds that are written here. And whom the ids of
    the claims belong to, which is true of those that have not changed."""
    keys = {v.ordinal: patient_store.keys_of(v.columns.person) for v in verdicts}
    known = patient_store.find(connection, (key for some in keys.values() for key in some))
    versions = patient_store.hold_still(connection, known.values())
    changed = set()
    for verdict in verdicts:
        found = next((known[key] for key in keys[verdict.ordinal] if key in known), None)
        now = (found.patient_id, versions[found.patient_id]) if found is not None else (0, 0)
        if not verdict.fault and (verdict.patient_id, verdict.patient_version) != now:
            changed.add(verdict.ordinal)
    return changed, known


class Earlier:
    """The claim numbers and contents that a source has sent before. One that comes again waits for a person; both are
    kept.

    A replacement or void (frequency 7, 8) may bear the number of the claim it speaks of.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._numbers: dict[str, int | None] = {}
        self._hashes: dict[str, int | None] = {}

    def hold_repeats(self, connection: Connection | None, verdicts: Sequence[Verdict]) -> None:
        """Hold what has come before: according to the database, where there is one, or to what was shown before."""
        candidates = [v for v in verdicts if not v.fault]
        if connection is not None:
            numbers = (_given_number(v) for v in candidates)
            self._numbers |= claim_store.numbers_in_use(connection, self._source, numbers)
            hashes = (v.content_hash for v in candidates)
            self._hashes |= claim_store.contents_in_use(connection, self._source, hashes)
        for verdict in candidates:
            number = _given_number(verdict)
            if number in self._numbers and verdict.columns.frequency not in _REPLACES:
                verdict.holds.append(_system_hold(DUPLICATE_NUMBER, _came_before("number", self._numbers[number])))
            elif verdict.content_hash in self._hashes:
                earlier = self._hashes[verdict.content_hash]
                verdict.holds.append(_system_hold(DUPLICATE_CONTENT, _came_before("content", earlier)))
            self._numbers.setdefault(number, None)
            self._hashes.setdefault(verdict.content_hash, None)


def _usable(verdicts: Sequence[Verdict], ids: dict[int, int]) -> dict[str, int]:
    """The claims that can be worked on: their id by the number that the source gave them."""
    return {_given_number(verdict): ids[verdict.ordinal] for verdict in verdicts if not verdict.fault}


def _given_number(verdict: Verdict) -> str:
    """CLM01 as the source gave it."""
    return verdict.columns.source_number or verdict.columns.claim_number


def _came_before(what: str, claim_id: int | None) -> str:
    where = "earlier in this file" if claim_id is None else f"before, as claim {claim_id}"
    return (
        f"This source sent a claim with the same {what} {where}. Cancel one of the two (gateway claim "
        "cancel), or release this one if both are meant."
    )


def hold_wrong_usage(usage: str, verdicts: Sequence[Verdict]) -> None:
    """Hold what is marked for another environment (ISA15) than this one."""
    words = {"P": "production", "T": "test"}
    for verdict in verdicts:
        if not verdict.fault and verdict.usage and verdict.usage != usage:
            came = words.get(verdict.usage, "neither test nor production")
            reason = (
                f"It came marked as {came} (ISA15), and this gateway runs for {words[usage]}. "
                "Cancel it here (gateway claim cancel) and send it where it belongs."
            )
            verdict.holds.append(_system_hold(WRONG_USAGE, reason))


def _state(verdict: Verdict) -> ClaimState:
    if verdict.fault:
        return ClaimState.FAULTY
    return ClaimState.HELD if verdict.holds else ClaimState.READY


def _write_claims(
    connection: Connection,
    origin: Origin,
    config_hash: str,
    verdicts: Sequence[Verdict],
    ids: dict[int, int],
    patient_of: dict[int, int | None],
    states: dict[int, ClaimState],
    now: dt.datetime,
) -> None:
    rows = []
    for verdict in verdicts:
        columns = verdict.columns
        rows.append(
            (
                ids[verdict.ordinal],
                origin.source,
                origin.file_id,
                verdict.ordinal,
                columns.claim_number,
                _given_number(verdict),
                patient_of[verdict.ordinal],
                verdict.partner,
                verdict.chain,
                columns.payer_id,
                columns.payer_name,
                columns.filing_code,
                columns.member_id,
                columns.billing_npi,
                columns.frequency,
                columns.charge_cents,
                columns.from_date,
                columns.thru_date,
                states[verdict.ordinal].value,
                verdict.usage,
                1,
                columns.payer_claim_number,
                config_hash,
                verdict.content_hash,
                verdict.content,
                now,
                now,
            )
        )
    insert_bulk(connection, claims, _CLAIM, rows)


def _write_lines(
    connection: Connection,
    verdicts: Sequence[Verdict],
    ids: dict[int, int],
    patient_of: dict[int, int | None],
) -> dict[int, list[int]]:
    """Write the service lines; returns their ids, by ordinal of the claim."""
    count = sum(len(verdict.columns.lines) for verdict in verdicts)
    if not count:
        return {}
    next_id = allocate(connection, "claim_lines", count)
    rows: list[tuple[Any, ...]] = []
    line_ids: dict[int, list[int]] = {}
    for verdict in verdicts:
        mine = line_ids[verdict.ordinal] = []
        for line in verdict.columns.lines:
            mine.append(next_id)
            rows.append(
                (
                    next_id,
                    ids[verdict.ordinal],
                    line.number,
                    line.control_number,
                    line.code,
                    line.modifiers,
                    line.charge_cents,
                    line.units,
                    line.from_date,
                    line.thru_date,
                    patient_of[verdict.ordinal],
                )
            )
            next_id += 1
    insert_bulk(connection, claim_lines, _LINE, rows)
    return line_ids


def write_holds(
    connection: Connection, origin: Origin, verdicts: Sequence[Verdict], ids: dict[int, int], now: dt.datetime
) -> list[WorkItem]:
    """Write the holds of the claims that are not faulty; returns a work item for each."""
    held = [(verdict, hold) for verdict in verdicts if not verdict.fault for hold in verdict.holds]
    if not held:
        return []
    first = allocate(connection, "holds", len(held))
    soon = add_business_days(origin.today, WORK_WITHIN_BUSINESS_DAYS)
    rows, items = [], []
    for index, (verdict, hold) in enumerate(held):
        claim_id = ids[verdict.ordinal]
        due = hold.due or _due(origin, hold, soon)
        rows.append(
            (
                first + index,
                claim_id,
                hold.type,
                hold.rule[:40],
                hold.plugin[:80],
                hold.reason[:1000],
                hold.team[:30],
                hold.line,
                due,
                hold.expires,
                now,
                "",
                "",
                hold.station,
            )
        )
        items.append(
            WorkItem(
                kind=_kind(hold.rule),
                key=f"hold:{first + index}",
                reason=hold.reason[:1000],
                team=hold.team[:30],
                subject_kind="claim",
                subject_id=claim_id,
                claim_id=claim_id,
                rule=hold.rule[:40],
                cents=verdict.columns.charge_cents,
                work_by=due,
                deadline=hold.expires,
                payer_id=verdict.columns.payer_id,
                partner=verdict.partner,
            )
        )
    insert_bulk(connection, holds, HOLD, rows)
    return items


def _due(origin: Origin, hold: HoldRow, soon: dt.date) -> dt.date:
    """When a hold should be worked that does not say it: by its type, and before it falls away."""
    due = origin.deadlines.hold_due(hold.type, origin.today) if origin.deadlines is not None else soon
    return min(due, hold.expires) if hold.expires is not None else due


def _kind(rule: str) -> str:
    # The chain runner names a failed plugin in the rule of the hold that it opens.
    return "plugin_failure" if rule.startswith("plugin:") else _KINDS.get(rule, "hold")


def plugin_items(origin: Origin, verdicts: Sequence[Verdict], ids: dict[int, int]) -> list[WorkItem]:
    """What plugins want done beside."""
    return [
        plugin_item(
            item,
            claim_id=ids[verdict.ordinal],
            cents=verdict.columns.charge_cents,
            today=origin.today,
            payer_id=verdict.columns.payer_id,
            partner=verdict.partner,
        )
        for verdict in verdicts
        for item in verdict.items
    ]


def merge_items(today: dt.date, suggested: Sequence[tuple[int, int]]) -> list[WorkItem]:
    """A work item for each two patients that may be one."""
    soon = add_business_days(today, 5)
    return [
        WorkItem(
            kind="patient_merge",
            key=f"merge:{patient_id}:{other}",
            reason=f"Patients {patient_id} and {other} have the same name and birth date but no id in common. "
            "Merge them if they are one person (gateway patient merge), else dismiss the suggestion (gateway patient "
            "dismiss).",
            team="billing",
            subject_kind="patient",
            subject_id=patient_id,
            work_by=soon,
        )
        for patient_id, other in suggested
    ]


def check_entry(claim_id: int, noted: Sequence[Noted], config_hash: str) -> timeline.Entry:
    """What the guides find in a claim, for its timeline."""
    count = len(noted)
    words = f"Held against its guide: {count} finding{'s' if count != 1 else ''}."
    steps = [msgspec.structs.asdict(one) for one in noted]
    return timeline.Entry("claim", claim_id, CHECK, words, steps, config_hash)


def _entries(
    origin: Origin,
    config_hash: str,
    verdicts: Sequence[Verdict],
    ids: dict[int, int],
    states: dict[int, ClaimState],
) -> list[timeline.Entry]:
    """One event for each claim and station that it has passed."""
    entries = []
    for verdict in verdicts:
        claim_id = ids[verdict.ordinal]
        what = f"Came in file {origin.file_id} from {origin.source}, as its claim number {verdict.ordinal}."
        if verdict.fault:
            what += f" It cannot be worked on: {verdict.fault}"
        entries.append(timeline.Entry("claim", claim_id, "intake", what, None, config_hash))
        if verdict.noted:
            entries.append(check_entry(claim_id, verdict.noted, config_hash))
        for row in verdict.stations:
            entries.append(timeline.Entry("claim", claim_id, row.station, row.what, row.steps or None, config_hash))
        if states[verdict.ordinal] is ClaimState.HELD:
            steps = [
                {"type": hold.type, "rule": hold.rule, "plugin": hold.plugin, "reason": hold.reason}
                for hold in verdict.holds
            ]
            count = len(verdict.holds)
            words = f"Kept back by {count} hold{'s' if count != 1 else ''}."
            entries.append(timeline.Entry("claim", claim_id, "hold", words, steps, config_hash))
    return entries


def _charges(
    origin: Origin, verdicts: Sequence[Verdict], ids: dict[int, int], line_ids: dict[int, list[int]]
) -> list[transfers.Transfer]:
    """What is owed to us from now on; a claim that cannot be worked on is not charged, nor is a void (frequency 8),
    which asks for nothing."""
    made: list[transfers.Transfer] = []
    if origin.source == NEXT_PAYERS:  # what they ask for was charged with the claims before them
        return made
    for verdict in verdicts:
        if not verdict.fault and verdict.columns.frequency != _VOID:
            lines = zip(
                line_ids.get(verdict.ordinal, ()),
                [line.charge_cents for line in verdict.columns.lines],
                strict=True,
            )
            made += transfers.charge_transfers(ids[verdict.ordinal], lines, verdict.columns.charge_cents, origin.today)
    return made
