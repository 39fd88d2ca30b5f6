"""Before a remittance posts: is it whole, does it add up, has it come before? Then its row, its deposit, its PLBs.

A set that does not add up posts nothing and is one work item, with the difference in dollars. The same payment again is
recorded and does nothing (hme-billing-rules 5.2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, insert, select, update

from ...config.work_tables import work_table
from ...plugins.tables import Tables
from ..ledger import accounts, automatch, money, transfers
from ..ledger.transfers import Transfer, signed
from ..model.money import to_dollars
from ..model.payer_habits import HABITS, PAYER_PLB, PLB, USUAL, Habits, habits_of, provider_level
from ..model.work_tables import PROVIDER_LEVEL_USES
from ..store import timeline
from ..store.ids import allocate
from ..store.tables import deposits, provider_adjustments, remittances, work_items
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from . import takebacks
from .post_records import Scanned

PRENOTE = "P"
REVIEW = "review"
"""A remittance that pays the same money as another one, and waits for a person to look at both."""
_METHODS = {"ACH": "eft", "CHK": "check", "FWT": "wire", "BOP": "eft", "NON": "none"}
_COUNTED = ("posting", "posted", "partly posted", "review")


class Origin(NamedTuple):
    """The file, the partner that brought it, ISA15 as this environment wants it, and the business day."""

    file_id: int
    file_name: str
    partner: str
    usage: str
    today: dt.date


class Judged(NamedTuple):
    """What becomes of a set: its state, why, the remittance it repeats, and those it replaces."""

    state: str
    reason: str = ""
    duplicate_of: int | None = None
    replaces: tuple[int, ...] = ()


def begin_sets(
    connection: Connection,
    origin: Origin,
    sets: Sequence[Scanned],
    tables: Tables,
    now: dt.datetime,
    accepted: Collection[int] = (),
    *,
    match_days: int = 3,
) -> list[list[Any]]:
    """Record the sets of a file that are not recorded yet, and begin with those that waited and that a person has
    `accepted` (their ordinals). Returns those that post: [ordinal, remittance id, id of the first claim payment, payer
    id]. Their deposits are matched to money that was there before them, at most `match_days` business days apart."""
    known = {
        row.ordinal: row
        for row in connection.execute(
            select(remittances.c.ordinal, remittances.c.id, remittances.c.state).where(
                remittances.c.file_id == origin.file_id
            )
        )
    }
    waited = {at: row.id for at, row in known.items() if at in accepted and row.state == REVIEW}
    sets = [found for found in sets if found.ordinal not in known or found.ordinal in waited]
    if not sets:
        return []
    # The counter's row lets one file at a time in (PostgreSQL), so that a copy is always seen.
    first_id = allocate(connection, "remittances", len(sets))
    money.my_turn(connection)
    posts: list[list[Any]] = []
    items: list[WorkItem] = []
    entries: list[timeline.Entry] = []
    moves: list[Transfer] = []
    pairs: list[tuple[takebacks.Origin, list[takebacks.Pair]]] = []
    for index, found in enumerate(sets):
        habits = habits_in(tables, origin.today, found)
        if found.ordinal in waited:
            remittance_id = waited[found.ordinal]
            # That it pays the same money as another one is what the person has looked at.
            accepting = habits._replace(repeats_trace=True)
            judged = judge(connection, origin.usage, found, accepting, itself=remittance_id)
            _accept(connection, found, remittance_id, judged, now)
        else:
            remittance_id = first_id + index
            judged = judge(connection, origin.usage, found, habits)
            _insert(connection, origin, found, remittance_id, judged, now)
        for old in judged.replaces:
            _replace(connection, old, remittance_id, now)
        if judged.state == "posting":
            first_payment = allocate(connection, "claim_payments", found.claims) if found.claims else 0
            posts.append([found.ordinal, remittance_id, first_payment, found.payer_id])
            moves += _money(connection, origin, found, remittance_id, now)
            booked = _levels(connection, origin, found, remittance_id, tables)
            moves += [pair.transfer for pair in booked.pairs]
            items += booked.items
            pairs.append((takebacks.Origin(remittance_id, found.payer_id, origin.partner, origin.today), booked.pairs))
        elif judged.state != "duplicate" and judged.reason:
            items.append(_item(origin, found, remittance_id, judged))
        entries.append(timeline.Entry("remittance", remittance_id, "post", what_happens(found, judged)))
    transfers.write(connection, moves, now)
    open_items(connection, items, now)
    for bringing, some in pairs:
        takebacks.look(connection, bringing, some, now)
    timeline.add(connection, entries, now)
    announced = deposits.c.remittance_id.in_([remittance_id for _, remittance_id, _, _ in posts])
    new = list(connection.execute(select(deposits.c.id).where(announced)).scalars()) if posts else []
    if new:
        automatch.match_open(connection, match_days, origin.today, now, deposit_ids=new)
    return posts


# Made once: a statement that is built with its values is built, and its key computed, for each set.
_REMITTANCE = insert(remittances)
_DEPOSIT = insert(deposits)


def habits_in(tables: Tables, today: dt.date, found: Scanned) -> Habits:
    """What the payer of a set does otherwise (table `payer_habits`)."""
    return habits_of(work_table(tables, HABITS), today, found.payer_id, found.originator)


def judge(
    connection: Connection | None, usage: str, found: Scanned, habits: Habits = USUAL, *, itself: int = 0
) -> Judged:
    """What becomes of a set. `usage` is ISA15 as this environment wants it; without a connection nothing has come
    before. `itself`: its own remittance, where it is recorded already."""
    copy, alike = _before(connection, found, habits, itself) if connection is not None else (None, [])
    if copy is not None:
        return Judged("duplicate", f"The same contents as remittance {copy.id}; nothing is posted.", copy.id)
    if found.usage and found.usage != usage:
        words = {"P": "production", "T": "test"}
        return Judged(
            "information",
            f"It is marked as {words.get(found.usage, 'neither test nor production')} (ISA15), and this gateway runs "
            f"for {words[usage]}. Nothing is posted.",
        )
    if found.handling == PRENOTE:
        return Judged("information")
    counted = next((row for row in alike if row.state in _COUNTED), None)
    if counted is not None:
        return Judged(
            REVIEW,
            f"Remittance {counted.id} has the same number, amount, date, payer and payee, and other contents. Compare "
            "the two; nothing of this one is posted.",
            counted.id,
        )
    if found.fault:
        return Judged("exception", f"{found.fault} Nothing of it is posted. Ask the partner for it again.")
    if found.difference_cents:
        return Judged(
            "exception",
            f"It does not add up: the payment is ${to_dollars(found.paid_cents):,}, its claims are "
            f"${to_dollars(found.claims_cents):,} less ${to_dollars(found.provider_cents):,} at provider level; "
            f"${to_dollars(abs(found.difference_cents)):,} apart. Nothing of it is posted. Ask the payer.",
        )
    return Judged("posting", replaces=tuple(row.id for row in alike if row.state == "exception"))


def _before(connection: Connection, found: Scanned, habits: Habits, itself: int) -> tuple[Any, list[Any]]:
    """The remittance with the same contents (None: there is none), and those that pay the same money."""
    columns = (remittances.c.id, remittances.c.state)
    # What came marked for the other environment did not count: the same marked rightly is no copy of it.
    first = and_(remittances.c.state.not_in(("duplicate", "information")), remittances.c.id != itself)
    copy = connection.execute(
        select(*columns).where(remittances.c.body_hash == found.body, first).order_by(remittances.c.id).limit(1)
    ).first()
    if copy is not None or not found.money_key or habits.repeats_trace:
        return copy, []
    same_key = select(*columns).where(remittances.c.money_key == found.money_key, first).order_by(remittances.c.id)
    return None, list(connection.execute(same_key))


def _insert(
    connection: Connection, origin: Origin, found: Scanned, remittance_id: int, judged: Judged, now: dt.datetime
) -> None:
    waits = judged.state in ("exception", "review")
    level = -found.provider_cents if judged.state == "posting" else 0
    open_cents = found.paid_cents - level if waits or judged.state == "posting" else 0
    connection.execute(
        _REMITTANCE,
        {
            "id": remittance_id,
            "file_id": origin.file_id,
            "ordinal": found.ordinal,
            "partner": origin.partner,
            "state": judged.state,
            "payer_name": found.payer_name,
            "payer_id": found.payer_id,
            "payee_npi": found.payee_id,
            "handling": found.handling,
            "method": found.method,
            "trace_number": found.trace_number,
            "originator": found.originator,
            "paid_cents": found.paid_cents,
            "effective_date": found.effective_date,
            "money_key": found.money_key,
            "body_hash": found.body,
            "claims": found.claims,
            "posted_cents": 0,
            "exception_cents": open_cents,
            "provider_level_cents": level,
            "reason": judged.reason[:1000],
            "duplicate_of": judged.duplicate_of,
            "received_at": now,
        },
    )


def _accept(connection: Connection, found: Scanned, remittance_id: int, judged: Judged, now: dt.datetime) -> None:
    """A person has looked at a remittance that waited: it is a payment of its own."""
    level = -found.provider_cents if judged.state == "posting" else 0
    connection.execute(
        update(remittances)
        .where(remittances.c.id == remittance_id)
        .values(
            state=judged.state,
            reason=judged.reason[:1000],
            duplicate_of=judged.duplicate_of,
            provider_level_cents=level,
            exception_cents=found.paid_cents - level if judged.state in ("posting", "exception") else 0,
        )
    )
    key = f"remittance:{remittance_id}"
    if judged.state == "posting":
        close_items(connection, [key], "A person has accepted it.", now)
    else:
        told = {"reason": judged.reason[:1000], "rule": judged.state}
        connection.execute(update(work_items).where(work_items.c.key == key).values(told))


def _replace(connection: Connection, old: int, new: int, now: dt.datetime) -> None:
    """An earlier copy of this payment could not be posted (cut, or it did not add up); this one can."""
    reason = f"It came again as remittance {new}, which adds up; this one is not counted."
    connection.execute(
        update(remittances)
        .where(remittances.c.id == old, remittances.c.state == "exception")
        .values(state="duplicate", duplicate_of=new, exception_cents=0, reason=reason)
    )
    close_items(connection, [f"remittance:{old}"], reason, now)
    timeline.add(connection, [timeline.Entry("remittance", old, "post", reason)], now)


def _money(
    connection: Connection, origin: Origin, found: Scanned, remittance_id: int, now: dt.datetime
) -> list[Transfer]:
    """The payment is expected at the bank, and waits on its clearing account to be posted."""
    if not found.paid_cents:
        return []
    connection.execute(
        _DEPOSIT,
        {
            "id": allocate(connection, "deposits", 1),
            "remittance_id": remittance_id,
            "method": _METHODS.get(found.method, found.method.lower())[:12],
            "payer_id": found.payer_id,
            "payer_name": found.payer_name,
            "trace_number": found.trace_number,
            "cents": found.paid_cents,
            "expected_on": found.effective_date,
            "state": "expected",
            "created_at": now,
        },
    )
    return [
        signed(
            accounts.CASH_EXPECTED,
            accounts.clearing(remittance_id),
            found.paid_cents,
            origin.today,
            "receipt",
            f"receipt:{remittance_id}",
            remittance_id=remittance_id,
        )
    ]


class _Levels(NamedTuple):
    """The provider-level adjustments of a set: what is booked, and what a person must look at."""

    pairs: list[takebacks.Pair]
    items: list[WorkItem]


def _levels(connection: Connection, origin: Origin, found: Scanned, remittance_id: int, tables: Tables) -> _Levels:
    """The provider-level adjustments: a row, a transfer by the table `plb`, and a work item where it says so."""
    booked = _Levels([], [])
    if not found.levels:
        return booked
    first = allocate(connection, "provider_adjustments", len(found.levels))
    rows, items = [], booked.items
    general, own = tables.get(PLB), tables.get(PAYER_PLB)
    for index, level in enumerate(found.levels):
        rows.append(
            {
                "id": first + index,
                "remittance_id": remittance_id,
                "provider": level.provider[:50],
                "reason_code": level.code[:2],
                "reference": level.reference[:50],
                "cents": level.cents,
            }
        )
        values = provider_level(general, own, origin.today, level.code, found.payer_id, found.originator)
        use = values.get("account", "other")
        if level.cents:
            transfer = signed(
                accounts.provider_level(
                    use if use in PROVIDER_LEVEL_USES else "other", found.originator or found.payer_id
                ),
                accounts.clearing(remittance_id),
                level.cents,
                origin.today,
                "provider level",
                f"plb:{first + index}",
                f"PLB {level.code}"[:300],
                remittance_id=remittance_id,
            )
            booked.pairs.append(takebacks.Pair(first + index, level.code, level.reference[:50], transfer))
        if values.get("review", "Y") == "Y":
            meaning = values.get("meaning", "a reason that the table plb does not have")
            direction = "taken from" if level.cents > 0 else "added to"
            items.append(
                WorkItem(
                    kind="provider_level",
                    key=f"plb:{first + index}",
                    reason=f"${to_dollars(abs(level.cents)):,} {direction} the payment at provider level, {level.code} "
                    f"({meaning}), reference {level.reference or '(none)'}. Find out what it is for."[:1000],
                    team=values.get("team", "posting")[:30],
                    subject_kind="remittance",
                    subject_id=remittance_id,
                    rule=f"PLB-{level.code}"[:40],
                    cents=level.cents,
                    work_by=add_business_days(origin.today, 2),
                    payer_id=found.payer_id,
                    partner=origin.partner,
                )
            )
    connection.execute(insert(provider_adjustments), rows)
    return booked


def _item(origin: Origin, found: Scanned, remittance_id: int, judged: Judged) -> WorkItem:
    name = f"{found.payer_name or 'Unknown payer'}, {found.trace_number or 'no number'}"
    return WorkItem(
        kind="remittance_exception",
        key=f"remittance:{remittance_id}",
        reason=f"Remittance of {name}, in file {origin.file_name}: {judged.reason}"[:1000],
        team="posting",
        subject_kind="remittance",
        subject_id=remittance_id,
        rule=judged.state,
        cents=found.paid_cents,
        work_by=add_business_days(origin.today, 1),
        payer_id=found.payer_id,
        partner=origin.partner,
    )


def what_happens(found: Scanned, judged: Judged) -> str:
    """What becomes of a set, for its timeline."""
    amount = f"${to_dollars(found.paid_cents):,}"
    if judged.state == "posting":
        return f"{amount} with {found.claims:,} claim payments; it adds up and is being posted."
    if judged.state == "information" and not judged.reason:
        return "A prenote: it announces how money will come, and posts nothing."
    return f"{amount} with {found.claims:,} claim payments. {judged.reason}"
