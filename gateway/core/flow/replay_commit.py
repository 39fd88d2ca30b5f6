"""Commit of a replay: what was decided anew about claims that exist, in one transaction.

Holds that the chain put and would not put again are released; those that it wants as before stay, with their work
items and their age, also where the same rule says it in other words; what a person has released stays released, where
the plugin says the very same. What the gateway itself or a person put is not touched. The charge is never changed: it
is in the ledger. Work that a step asked for beside, and does not any more, is closed.

What the gateway looks at again by itself (`look_again`) is told where something comes of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, update

from ..model.money import to_dollars
from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import requests, timeline
from ..store.ids import allocate
from ..store.tables import claim_lines, claims, holds, patients, work_items
from ..store.tables import requests as request_table
from ..work.deadlines import Deadlines
from ..work.items import WorkItem, close_items, open_items
from ..x12.stored import StoredClaim
from . import correct_commit, faulty_claims, kept_rows
from .again import sentence
from .commit_claims import (
    CHECK,
    Origin,
    changed_patients,
    check_entry,
    hold_wrong_usage,
    plugin_items,
    write_holds,
)
from .look_again import DAILY, LOOK
from .plugin_items import Unasked, unasked
from .plugin_items import end as end_unasked
from .release import BY_ITSELF, NO_PARTNER
from .replay import AS_IT_CAME, CLAIM_STATIONS, CORRECTED, REPLAYED
from .verdicts import Chunk, HoldRow, Verdict

_CHANGED = "The claim or its patient's history kept changing meanwhile. Ask for it again."


def give_up(connection: Connection, request_id: int, claim_id: int, why: str, now: dt.datetime) -> None:
    """A request comes to nothing: the claim stays as it is, and its timeline says why (a person has asked), or the
    request does (the gateway looked by itself)."""
    requests.done(connection, request_id, why, now)
    correction = correct_commit.refuse(connection, request_id)
    station, told = ("correct", "Not corrected.") if correction else ("replay", "Not replayed.")
    if requests.get(connection, request_id).verb != LOOK:
        timeline.add(connection, [timeline.Entry("claim", claim_id, station, f"{told} {why}")], now)


def commit_replayed(
    connection: Connection,
    plan: Mapping[str, Any],
    chunk: Mapping[str, Any],
    versions: Mapping[str, int],
    decided: Chunk,
    now: dt.datetime,
    *,
    final: bool,
    deadlines: Deadlines | None = None,
) -> list[int]:
    """Apply the verdicts of a chunk. Returns the ids of the claims that are not as they were when they were decided on;
    with `final` these are given up."""
    # The lock that commits of claims and of papers take as well: what is new about a patient was there when this was
    # decided, or it comes after this and finds the holds that stand.
    allocate(connection, "claims", 1)
    by_ordinal = {ordinal: (request_id, claim_id) for request_id, claim_id, ordinal in chunk["asked"]}
    today = dt.date.fromisoformat(plan["today"])
    origin = Origin(chunk["file_id"], chunk["name"], chunk["source"], plan["usage"], today, deadlines)
    rows = {
        row.id: row
        for row in connection.execute(
            select(claims)
            .where(claims.c.id.in_([claim_id for _, claim_id in by_ordinal.values()]))
            .order_by(claims.c.id)
            .with_for_update()
        )
    }
    requested = {
        row.id: row
        for row in connection.execute(
            select(request_table).where(request_table.c.id.in_([request_id for request_id, _ in by_ordinal.values()]))
        )
    }
    corrections = correct_commit.of_chunk(connection, chunk) if chunk["station"] == CORRECTED else {}
    others, _ = changed_patients(connection, decided.verdicts)
    again = []
    for verdict in decided.verdicts:
        request_id, claim_id = by_ordinal[verdict.ordinal]
        row = rows[claim_id]
        asked = requested[request_id]
        if asked.verb == LOOK and row.state != ClaimState.HELD:
            give_up(connection, request_id, claim_id, "It is not held any more.", now)
            continue
        if row.version != versions[str(claim_id)] or verdict.ordinal in others:
            if final:
                give_up(connection, request_id, claim_id, _CHANGED, now)
            else:
                again.append(claim_id)
            continue
        correction = corrections.get(request_id)
        if correction is not None:
            why_not = correct_commit.why_not(connection, row, verdict, correction)
        else:
            why_not = _why_not(connection, row, verdict)
        if why_not:
            give_up(connection, request_id, claim_id, why_not, now)
            continue
        _One(connection, origin, chunk, decided.config_hash, row, verdict, asked, now, correction).apply()
    return again


def _why_not(connection: Connection, row: Any, verdict: Verdict) -> str:
    """Why what was decided cannot be applied; empty where it can."""
    if ClaimState(row.state) not in REPLAYED:
        return f"It is {row.state} by now: nothing that is decided here changes what was sent."
    if verdict.fault:
        return f"It cannot be worked on as it came: {verdict.fault}"
    columns = verdict.columns
    if columns.claim_number != row.claim_number:
        return f"It would be another claim number ({columns.claim_number}); the claim stays as it is."
    lines = [(line.number, line.charge_cents) for line in claim_store.lines_of(connection, [row.id])[row.id]]
    if lines != [(line.number, line.charge_cents) for line in columns.lines]:
        return (
            f"It would change what is charged (${to_dollars(row.charge_cents):,} before, "
            f"${to_dollars(columns.charge_cents):,} after, or its lines). Cancel it, and have the billing system send "
            "it with the new charges."
        )
    return ""


class _One:
    """One claim to which a new verdict is applied."""

    def __init__(
        self,
        connection: Connection,
        origin: Origin,
        chunk: Mapping[str, Any],
        config_hash: str,
        row: Any,
        verdict: Verdict,
        asked: Any,
        now: dt.datetime,
        correction: Any = None,
    ) -> None:
        self.connection = connection
        self.origin = origin
        self.chunk = chunk
        self.config_hash = config_hash
        self.row = row
        self.verdict = verdict
        self.asked = asked
        self.by_itself = asked.verb == LOOK
        self.now = now
        self.correction = correction
        self.patient_id = row.patient_id

    def apply(self) -> None:
        """Holds, state, content, timeline and the request."""
        if self.verdict.fault:
            self._stays_faulty()
            return
        if self.correction is not None and faulty_claims.is_faulty(self.row):
            self._come_in()
        held = compared(self._known_holds(), self.verdict.holds, self.chunk["station"], self.origin.today)
        standing, gone, new, reworded = held
        ids = {self.verdict.ordinal: self.row.id}
        opened = plugin_items(self.origin, [self.verdict], ids)
        ended = self._unasked(opened)
        if self.by_itself and not gone and not new and not reworded and not ended and self._as_it_was():
            self._nothing_new(len(standing))
            return
        for row, anew in reworded:
            self._reword(row, anew)
        if gone:
            self._release(gone)
        open_now = len(standing) + len(new)
        state = ClaimState(self.row.state)
        if state in (ClaimState.HELD, ClaimState.READY, ClaimState.FAULTY):
            state = ClaimState.HELD if open_now else ClaimState.READY
        outcome = _in_words(state, len(standing), len(gone), len(new))
        self._write(state)
        if self.correction is not None:
            self.patient_id, more = correct_commit.settle(
                self.connection, self.origin, self.row, self.verdict, self.correction, self.now
            )
            opened += more
        if new:
            self.verdict.holds = new
            opened += write_holds(self.connection, self.origin, [self.verdict], ids, self.now)
        self._end(ended)
        open_items(self.connection, opened, self.now, self.origin.deadlines)
        kept = ((row, self.patient_id, self.row.id) for row in self.verdict.rows)
        kept_rows.write(self.connection, kept, self.now)
        stands = self.row.version + 1
        told = (gone, new, [anew for _, anew in reworded])
        if self.correction is not None and state in (ClaimState.REJECTED, ClaimState.DENIED):
            self._tell("", *told)
            outcome = correct_commit.goes_again(self.connection, self.row, self.correction, self.now)
            stands += 1
        else:
            self._tell(outcome, *told)
        requests.done(self.connection, self.asked.id, outcome, self.now, stands=stands, config_hash=self.config_hash)

    def _stays_faulty(self) -> None:
        """It was faulty, and still is: what was corrected stands, and what is left is said."""
        self._write(ClaimState.FAULTY)
        faulty_claims.write_charge(self.connection, self.row, self.verdict)
        faulty_claims.still(self.connection, self.row.id, self.verdict)
        correct_commit.made(self.connection, self.correction)
        outcome = f"It stays faulty. {self.verdict.fault}"
        self._tell(outcome, (), (), ())
        stands = self.row.version + 1
        requests.done(self.connection, self.asked.id, outcome, self.now, stands=stands, config_hash=self.config_hash)

    def _come_in(self) -> None:
        """What intake itself holds a claim for, now that it can be worked on."""
        stored = StoredClaim.unpack(self.correction.after)
        self.verdict.holds += faulty_claims.repeats(self.connection, self.row, stored)
        hold_wrong_usage(self.origin.usage, [self.verdict])

    def _unasked(self, opened: Sequence[WorkItem]) -> list[Unasked]:
        """The items that plugins opened about this claim and do not ask for any more; known where all of its chain has
        run."""
        if self.chunk["station"] not in (AS_IT_CAME, CORRECTED, CLAIM_STATIONS[1]):
            return []
        return unasked(self.connection, self.row.id, {one.key for one in opened}, self.verdict.stations)

    def _end(self, ended: Sequence[Unasked]) -> None:
        told = end_unasked(self.connection, ended, self.asked.id, self.now)
        timeline.add(self.connection, [timeline.Entry("claim", self.row.id, "work", one) for one in told], self.now)

    def _as_it_was(self) -> bool:
        verdict, row = self.verdict, self.row
        same = (verdict.content, verdict.partner, verdict.chain) == (row.content, row.partner, row.chain)
        return same and not verdict.rows and not verdict.items

    def _nothing_new(self, standing: int) -> None:
        """The gateway has looked, and all stays as it is: that stands at the request, where something had come."""
        if self.asked.reason == DAILY:
            self.connection.execute(delete(request_table).where(request_table.c.id == self.asked.id))
            return
        outcome = _in_words(ClaimState(self.row.state), standing, 0, 0)
        requests.done(
            self.connection, self.asked.id, outcome, self.now, stands=self.row.version, config_hash=self.config_hash
        )

    def _known_holds(self) -> Sequence[Any]:
        """The holds of the claim, open or not."""
        return known_holds(self.connection, self.row.id)

    def _reword(self, row: Any, anew: HoldRow) -> None:
        """The same rule keeps it back for another reason: the hold and its work item say so, and keep their age."""
        due, expires = anew.due or row.due, anew.expires
        said = {"reason": anew.reason[:1000], "team": anew.team[:30]}
        self.connection.execute(
            update(holds).where(holds.c.id == row.id).values(type=anew.type, due=due, expires=expires, **said)
        )
        self.connection.execute(
            update(work_items)
            .where(work_items.c.key == f"hold:{row.id}", work_items.c.state == "open")
            .values(work_by=due, deadline=expires, **said)
        )

    def _release(self, gone: Sequence[Any]) -> None:
        why = "replayed: it is not wanted any more"
        words = "The replay does not want it any more."
        if self.by_itself:
            why = f"its cause has cleared: {self._came()}"
            words = f"Released: {why}"
        self.connection.execute(
            update(holds)
            .where(holds.c.id.in_([row.id for row in gone]))
            .values(released_at=self.now, released_by=BY_ITSELF, release_reason=why[:500])
        )
        keys = [f"hold:{row.id}" for row in gone]
        close_items(self.connection, keys, words[:200], self.now)

    def _came(self) -> str:
        """What has come: why this look was asked for, and each that waits beside it, for what it brought was there
        when this was decided."""
        of_claim = (request_table.c.subject_kind == "claim") & (request_table.c.subject_id == self.row.id)
        waiting = (request_table.c.verb == LOOK) & request_table.c.done_at.is_(None)
        rows = self.connection.execute(
            select(request_table.c.id, request_table.c.reason).where(of_claim, waiting)
        ).all()
        # In the order in which they came, whichever of them a worker happened to take up first.
        came = sorted({(self.asked.id, self.asked.reason), *((row.id, row.reason) for row in rows)})
        return "; ".join(dict.fromkeys(reason for _, reason in came))[:400]

    def _write(self, state: ClaimState) -> None:
        columns, verdict = self.verdict.columns, self.verdict
        self.connection.execute(
            update(claims)
            .where(claims.c.id == self.row.id)
            .values(
                state=state,
                partner=verdict.partner,
                chain=verdict.chain,
                payer_id=columns.payer_id,
                payer_name=columns.payer_name,
                filing_code=columns.filing_code,
                member_id=columns.member_id,
                billing_npi=columns.billing_npi,
                frequency=columns.frequency,
                from_date=columns.from_date,
                thru_date=columns.thru_date,
                config_hash=self.config_hash,
                content=verdict.content,
                version=claims.c.version + 1,
                updated_at=self.now,
            )
        )
        if verdict.content == self.row.content:
            return
        for line in columns.lines:
            self.connection.execute(
                update(claim_lines)
                .where(claim_lines.c.claim_id == self.row.id, claim_lines.c.number == line.number)
                .values(
                    control_number=line.control_number,
                    code=line.code,
                    modifiers=line.modifiers,
                    units=line.units,
                    from_date=line.from_date,
                    thru_date=line.thru_date,
                )
            )
        if self.row.patient_id is not None:
            # What was decided on the old lines of this patient is decided again; `settle` looks after a new patient.
            self.connection.execute(
                update(patients).where(patients.c.id == self.row.patient_id).values(version=patients.c.version + 1)
            )

    def _was_checked(self) -> bool:
        """Whether something was found in it before: then it is said, too, that nothing is any more."""
        entries = timeline.of(self.connection, "claim", self.row.id)
        return any(one["station"] == CHECK for one in entries)

    def _tell(self, outcome: str, gone: Sequence[Any], new: Sequence[HoldRow], reworded: Sequence[HoldRow]) -> None:
        asked = self.asked
        claim_id, config = self.row.id, self.config_hash
        which = "the configuration it ran with before" if self.chunk["configuration"] == "original" else "today's"
        how = "Decided again" if self.by_itself else "Run again"
        what = f"{how} from {self.chunk['station']}, with {which}: {sentence(asked.reason)} {outcome}"
        entries = [timeline.Entry("claim", claim_id, "replay", what, None, config, asked.who)]
        station = "replay"
        if self.correction is not None:
            station, what = "correct", correct_commit.in_words(self.correction, asked.reason, outcome)
        entries = [timeline.Entry("claim", claim_id, station, what, None, config, asked.who)]
        if self.verdict.noted or (self.correction is not None and self._was_checked()):
            entries.append(check_entry(claim_id, self.verdict.noted, config))
        for row in self.verdict.stations:
            entries.append(timeline.Entry("claim", claim_id, row.station, row.what, row.steps or None, config))
        if gone and self.by_itself:
            words = f"Released: its cause has cleared: {sentence(self._came())}"
            entries.append(timeline.Entry("claim", claim_id, "hold", words, _steps(gone), config, BY_ITSELF))
        if reworded:
            words = f"Still kept back by {_count(len(reworded), 'hold')}, for another reason."
            entries.append(timeline.Entry("claim", claim_id, "hold", words, _steps(reworded), config))
        if new:
            steps = _steps(new)
            words = f"Kept back by {len(new)} new hold{'s' if len(new) != 1 else ''}."
            entries.append(timeline.Entry("claim", claim_id, "hold", words, steps, config))
        timeline.add(self.connection, entries, self.now)


def known_holds(connection: Connection, claim_id: int) -> Sequence[Any]:
    """The holds of a claim, open or not, in the order in which they were put."""
    return connection.execute(select(holds).where(holds.c.claim_id == claim_id).order_by(holds.c.id)).all()


class Compared(NamedTuple):
    """The holds of a claim after its chain has run again: open ones that stay, those that go, what is to be opened,
    and those that stay in other words (each with what is said now; they are among those that stay)."""

    standing: list[Any]
    gone: list[Any]
    new: list[HoldRow]
    reworded: list[tuple[Any, HoldRow]]


def compared(known: Sequence[Any], verdict: Sequence[HoldRow], station: str, today: dt.date) -> Compared:
    """The holds `known` of a claim beside those that its `verdict` wants, from `station` on."""
    wanted = {_same(one): one for one in verdict}
    before: list[str] = []
    if station not in (AS_IT_CAME, CORRECTED):
        before = [*CLAIM_STATIONS[: CLAIM_STATIONS.index(station)], CHECK]
    kept, gone = [], []
    for row in known:
        if row.released_at is not None:
            if row.released_by != BY_ITSELF or _is_over(row, wanted.get(_same(row)), today):
                wanted.pop(_same(row), None)
            continue
        of_the_chain = bool(row.plugin) or row.rule == NO_PARTNER or row.station == CHECK
        if not of_the_chain or row.station in before or wanted.pop(_same(row), None) is not None:
            kept.append(row)
        else:
            gone.append(row)
    reworded = [(row, wanted.pop(_same(anew))) for row, anew in _pairs(gone, list(wanted.values()))]
    stays = {row.id for row, _ in reworded}
    kept += [row for row in gone if row.id in stays]
    return Compared(kept, [row for row in gone if row.id not in stays], list(wanted.values()), reworded)


def _is_over(released: Any, wanted: HoldRow | None, today: dt.date) -> bool:
    """Whether its date has come, and it is wanted until that very date."""
    if wanted is None or wanted.expires is None:
        return False
    return bool(released.expires == wanted.expires) and wanted.expires <= today


def _same(one: Any) -> tuple[str, str, str, int]:
    """What makes two holds the same wish."""
    return one.plugin[:80], one.rule[:40], one.reason[:1000], one.line


def _pairs(gone: Sequence[Any], wanted: Sequence[HoldRow]) -> list[tuple[Any, HoldRow]]:
    """The holds that one rule of one plugin keeps up on a line, with what it says now. Without the name of a rule
    nobody knows whether two are the same."""
    left, found = list(wanted), []
    for row in gone:
        same = (one for one in left if row.rule and (one.plugin[:80], one.rule[:40], one.line) == _rule_of(row))
        anew = next(same, None)
        if anew is not None:
            left.remove(anew)
            found.append((row, anew))
    return found


def _rule_of(row: Any) -> tuple[str, str, int]:
    return row.plugin, row.rule, row.line


def _steps(several: Sequence[Any]) -> list[dict[str, str]]:
    return [{"type": one.type, "rule": one.rule, "plugin": one.plugin, "reason": one.reason} for one in several]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def _in_words(state: ClaimState, kept: int, gone: int, new: int) -> str:
    parts = []
    if gone:
        parts.append(f"{_count(gone, 'hold')} gone")
    if new:
        parts.append(_count(new, "new hold"))
    if kept:
        parts.append(f"{_count(kept, 'hold')} as before")
    told = f"{', '.join(parts)}. " if parts else "Nothing keeps it back. "
    told = told[0].upper() + told[1:]
    if state is ClaimState.REJECTED:
        return f"{told}It stays rejected; resubmit sends it again."
    if state is ClaimState.READY:
        return f"{told}It goes with the next batch."
    return f"{told}It waits."
