"""Decide: what a child process does with a chunk of claims. It reads, runs the plugins, and writes nothing.

For each claim the stations confirm, scrub and hold of its chain are run, in the order of the file; what the first
claims of a chunk decided is history for the later ones. The answer is one blob, which the commit applies.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec

from ...config import Config
from ...plugins.chains import STATIONS
from ...plugins.http import NoCalls
from ...plugins.outgoing import OutgoingCalls
from ...plugins.past import WaitingItem
from ...plugins.runner import Decision, Runner
from ..model.decision import HoldType
from ..model.money import to_dollars
from ..model.states import ClaimState
from ..store.patients import Person
from ..x12.claim import Claim
from ..x12.stored import StoredClaim
from . import confirm, hold, scrub
from .claim_check import action_of, check_claim, codes_of
from .claim_check import in_words as in_plain_words
from .columns import LONGEST_CLAIM_NUMBER, columns_of, content_hash, in_words, number_lines, under_our_number
from .commit_claims import CHECK
from .deciding import Asked, Request
from .details import details_of
from .faulty_edits import UNREADABLE, edit_of
from .history import History
from .in_child import BATCH, DESK, PAYMENTS, Marking, reads, where
from .kept_rows import packed
from .past import Opens
from .release import NO_PARTNER
from .stored_config import by_hash
from .verdicts import PLUGIN_ITEM, Chunk, Columns, HoldRow, ItemRow, Noted, StationRow, Verdict, pack_chunk

_ON_THE_WAY: tuple[tuple[str, Callable[[Decision], str]], ...] = (
    (confirm.STATION, confirm.what_happened),
    (scrub.STATION, scrub.what_happened),
    (hold.STATION, hold.what_happened),
)
_NAMES = frozenset(station for station, _ in _ON_THE_WAY)
_ONLY_ASKED = "it calls out, and a preview does not: nobody knows what it would decide"
_requests = msgspec.msgpack.Decoder(Request)
_NO_PERSON = Person("", "", None, "", "")
_NO_COLUMNS = Columns("", "", "", "", "", "", "", 0, None, None, "", _NO_PERSON, [])


class ReadClaim:
    """A claim as it was read: the view, its columns, and what is wrong with it. `as_it_came`: nothing was added."""

    __slots__ = ("as_it_came", "claim", "columns", "fault", "hash")

    def __init__(self, asked: Asked, source: str, file_id: int, *, renumber: bool) -> None:
        self.claim: Claim | None = None
        self.columns = _NO_COLUMNS
        self.fault = asked.aside or asked.fault
        self.hash = ""
        self.as_it_came = False
        if asked.aside:
            return
        try:
            stored = StoredClaim.unpack(asked.content)
            self.hash = content_hash(stored)
            self.columns = columns_of(stored, source)
            read = Claim(stored, "gateway")
            if not self.fault:
                self.fault = in_words(read.faults())
            if not self.fault and len(read.id) > LONGEST_CLAIM_NUMBER:
                self.fault = f"CLM01: the claim number has more than {LONGEST_CLAIM_NUMBER} characters."
            if not self.fault:
                numbered = number_lines(stored, self.columns, file_id, asked.ordinal)
                if renumber:
                    numbered = under_our_number(numbered, self.columns, file_id, asked.ordinal)
                # What was parsed for the faults stays parsed.
                self.as_it_came = numbered is stored
                self.claim = read if self.as_it_came else Claim(numbered, "gateway")
        except Exception as error:  # one claim that our own code cannot read harms no other
            self.fault = self.fault or f"The gateway cannot work on it ({where(error)}). Report this."


async def decide(payload: bytes, mark: Marking) -> bytes:
    """Decide a chunk. `payload` is a packed `deciding.Request`; returns a packed `verdicts.Chunk`. A chunk of payments
    (`post_decide`) begins with PAYMENTS and goes its own way; so do a batch to be written and a plugin's own work."""
    if payload.startswith(DESK):
        from .desk_child import at_desk

        return await at_desk(payload, reads, mark)
    # Thousands of small things that all end with the chunk: looking for cycles among them costs a tenth of the time.
    gc.disable()
    try:
        if payload.startswith(PAYMENTS):
            from .post_decide import decide_payments

            return await decide_payments(payload, mark)
        if payload.startswith(BATCH):
            from .batch_child import in_child

            return in_child(payload, reads)
        return await _decide(_requests.decode(payload), mark)
    finally:
        gc.enable()


async def _decide(request: Request, mark: Marking) -> bytes:
    config = by_hash(request.archive_root, request.config_root, request.config_hash)
    read = read_claims(config, request.source, request.file_id, request.claims, mark, renumber=request.renumber)
    mark.outside()
    opens = reads(request.database_url).connect
    history = history_of(opens, read, before=request.before, paused=mark.paused)
    outgoing = NoCalls(_ONLY_ASKED) if request.only_asked else OutgoingCalls()
    runner = Runner(
        today=dt.date.fromisoformat(request.today),
        lookups=history,
        mark=mark,
        killed={(item, step): why for item, step, why in request.killed},
        resting={(step, payer): why for step, payer, why in request.resting},
        outgoing=outgoing,
    )
    verdicts = []
    try:
        for item, (asked, one) in enumerate(zip(request.claims, read, strict=True)):
            mark.outside(item)
            verdict, _ = await decide_claim(
                item, asked, one, config, history, runner, request.source, first=request.first
            )
            verdicts.append(verdict)
            read[item].claim = None
            if not item % 50:
                await asyncio.sleep(0)
    finally:
        if isinstance(outgoing, OutgoingCalls):
            await outgoing.close()
    mark.outside()
    return pack_chunk(Chunk(request.config_hash, verdicts))


def read_claims(
    config: Config,
    source: str,
    file_id: int,
    claims: Sequence[Asked],
    mark: Marking,
    *,
    renumber: bool | None = None,
) -> list[ReadClaim]:
    """The claims of a chunk, read and numbered as their source wants it (or as `renumber` says)."""
    if renumber is None:
        settings = config.source(source)
        renumber = settings is not None and settings.our_claim_numbers
    read = []
    for item, asked in enumerate(claims):
        mark.outside(item)
        read.append(ReadClaim(asked, source, file_id, renumber=renumber))
    return read


def history_of(
    opens: Opens | None,
    read: Sequence[ReadClaim],
    without_file: int = 0,
    before: Sequence[int] = (),
    paused: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> History:
    """What the patients of a chunk had before; see `History`."""
    people = [one.columns.person if one.claim else _NO_PERSON for one in read]
    return History(opens, people, without_file=without_file, before=before, paused=paused)


def _checked(asked: Asked, one: ReadClaim, config: Config, source: str) -> list[Noted]:
    """What the guides find in a claim as it came, and what is done about each; nothing where it is not asked."""
    checks = config.checks_of(source)
    if asked.aside or not asked.alone or checks is None:
        return []
    stored = one.claim.stored if one.claim is not None else StoredClaim.unpack(asked.content)
    noted = check_claim(stored, codes_of(config), one.claim)
    for found in noted:
        found.action = action_of(checks, found)
    return noted


def _faulty(asked: Asked, one: ReadClaim, noted: list[Noted]) -> Verdict:
    return Verdict(
        ordinal=asked.ordinal,
        content=asked.content,
        content_hash=one.hash,
        columns=one.columns,
        partner="",
        chain="",
        usage=asked.usage,
        patient_id=0,
        patient_version=0,
        holds=[],
        stations=[],
        fault=one.fault,
        alone=asked.alone,
        noted=noted,
        edit=edit_of(asked.content, noted) if not asked.aside else UNREADABLE,
    )


async def decide_claim(
    item: int,
    asked: Asked,
    one: ReadClaim,
    config: Config,
    history: History,
    runner: Runner,
    source: str,
    *,
    first: str = "",
) -> tuple[Verdict, list[Decision]]:
    """Run the chain of claim number `item` of a chunk: the verdict, and what each station decided on the way. `first`
    is the station to begin with (the first of all, where it is none of them)."""
    claim = one.claim
    noted: list[Noted] = []
    if first not in _NAMES:
        try:
            noted = _checked(asked, one, config, source)
        except Exception as error:  # one claim that our own code cannot read harms no other
            one.fault, claim = one.fault or f"The gateway cannot check it ({where(error)}). Report this.", None
    refused = [found for found in noted if found.action == "refuse"]
    if claim is not None and refused:
        one.fault, claim = f"It does not keep to its guide. {in_plain_words(refused)}", None
    if claim is None:
        return _faulty(asked, one, noted), []
    patient = history.turn(item)
    columns = one.columns
    partner = config.partner_for(columns.payer_id)
    name = partner.name if partner is not None else ""
    stored = claim.stored
    chain = config.chains.choose(
        columns.payer_id, name, columns.filing_code, lambda: details_of(stored, columns, asked.usage)
    )
    decisions: list[Decision] = []
    stations: list[StationRow] = []
    edited = False
    begun = first not in _NAMES
    for station, words in _ON_THE_WAY:
        begun = begun or station == first
        if not begun or not chain.steps(station):
            continue
        decision, after = await runner.claim(item, chain, station, claim, columns.payer_id, name)
        if after is not claim and STATIONS[station].edits:
            claim, edited = after, True
        decisions.append(decision)
        stations.append(StationRow(station, words(decision), decision.steps))  # type: ignore[arg-type]
        if decision.quarantine is not None or decision.retry is not None:
            break
    holds = [_guide_hold(found) for found in noted if found.action == "hold"] + hold.holds_of(decisions)
    if partner is None:
        holds.append(_no_partner(columns.payer_id))
    if edited:
        columns = columns_of(claim.stored, source)
        columns.source_number = one.columns.source_number
    rows = [row for decision in decisions for row in decision.rows]
    items = [ItemRow(*one) for decision in decisions for one in decision.items]
    history.decided(
        item,
        columns,
        ClaimState.HELD if holds else ClaimState.READY,
        lambda: _waiting(columns, holds, items),
        rows,
    )
    verdict = Verdict(
        ordinal=asked.ordinal,
        content=asked.content if one.as_it_came and not edited else claim.stored.pack(),
        content_hash=one.hash,
        columns=columns,
        partner=name,
        chain=chain.name,
        usage=asked.usage,
        patient_id=patient.patient_id,
        patient_version=patient.version,
        holds=holds,
        stations=stations,
        items=items,
        rows=[packed(row) for row in rows],
        noted=noted,
    )
    return verdict, decisions


def _waiting(columns: Columns, holds: Sequence[HoldRow], items: Sequence[ItemRow]) -> Iterator[WaitingItem]:
    """What will wait for a person about a claim, as later claims of its patient see it."""
    amount, number = to_dollars(columns.charge_cents), columns.claim_number
    for row in holds:
        kind = "plugin_failure" if row.rule.startswith("plugin:") else "hold"
        yield WaitingItem(kind, row.rule, row.reason, row.team, row.due, row.expires, amount, number)
    for item in items:
        draft = item.draft
        cents = to_dollars(draft.cents) if draft.cents else amount
        yield WaitingItem(
            PLUGIN_ITEM, draft.rule, draft.reason, draft.team, draft.work_by, draft.deadline, cents, number
        )


def _guide_hold(found: Noted) -> HoldRow:
    return HoldRow(
        HoldType.SYSTEM.value, f"guide:{found.code}"[:40], "", found.words, "billing", found.line, station=CHECK
    )


def _no_partner(payer_id: str) -> HoldRow:
    reason = (
        f"No partner reaches payer {payer_id or '(none named)'}. Name the payer in a file of config/partners, then "
        "release this hold."
    )
    return HoldRow(HoldType.SYSTEM.value, NO_PARTNER, "", reason, "edi")
