"""Figures of what came back: remittances that are posted, money that is not, acknowledgments and how long they took."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, case, func, literal, not_, or_, select

from ..clock import business_date
from ..ledger.accounts import CLEARING
from ..store.tables import (
    acknowledgments,
    batches,
    claim_payments,
    claims,
    line_payments,
    remittances,
    requests,
    submissions,
    transfers,
)
from .billing import COUNTS, _sum
from .measure import ALL, NOT_SAID, Definition, Figure, Report, Scope, Unit, percent, ratio
from .money import BUCKETS, OLDEST

_r, _cp, _lp, _t = remittances.c, claim_payments.c, line_payments.c, transfers.c
MOST_SHOWN = 500


# --- days to post ----------------------------------------------------------------------------------


class _Took(NamedTuple):
    id: int
    payer: str
    days: int


def _took(connection: Connection, scope: Scope) -> Iterator[_Took]:
    """How long each remittance that was posted in the period took, from the payer's payment date."""
    statement = select(_r.id, _r.payer_id, _r.effective_date, _r.received_at, _r.posted_at).where(
        scope.within(_r.posted_at), _r.state.in_(("posted", "partly posted"))
    )
    if scope.payer:
        statement = statement.where(_r.payer_id == scope.payer)
    for row in connection.execute(statement.execution_options(yield_per=1000)):
        begun = row.effective_date or business_date(row.received_at, scope.zone)
        days = (business_date(row.posted_at, scope.zone) - begun).days
        yield _Took(row.id, row.payer_id or NOT_SAID, max(days, 0))


def _days_to_post(connection: Connection, scope: Scope) -> list[Figure]:
    sums: dict[str, list[int]] = {}
    for one in _took(connection, scope):
        for group in {ALL, one.payer} if scope.by == "payer" else {ALL}:
            tally = sums.setdefault(group, [0, 0, 0])
            tally[0] += one.days
            tally[1] += 1
            tally[2] += one.days <= 1
    found = []
    for group in sorted(sums, key=lambda name: (name == ALL, name)):
        days, count, soon = sums[group]
        found.append(Figure(group, days, count, ratio(days, count), f"{percent(soon, count)} % same or next day"))
    return found or [Figure(ALL, 0, 0, None)]


def _late_claims(connection: Connection, scope: Scope) -> Select[Any]:
    late = [one.id for one in _took(connection, scope) if one.days > 1][:MOST_SHOWN]
    part: Any = claims.c.payer_id if scope.by == "payer" else literal(ALL)
    return (
        select(_cp.claim_id.label("claim_id"), func.sum(_cp.paid_cents).label("cents"), func.min(part).label("part"))
        .join(claims, claims.c.id == _cp.claim_id)
        .where(_cp.remittance_id.in_(late), scope.of_claims)
        .group_by(_cp.claim_id)
    )


DAYS_TO_POST = Report(
    Definition(
        "days-to-post",
        "Days to post",
        "days from the payment date to the day of posting / remittances",
        "days from the payer's payment date (BPR16) to the day of posting, none below 0",
        "remittances that were posted in the period",
        Unit.DAYS,
        COUNTS,
        "claims on remittances that took longer than until the next day (of 500 remittances at most)",
        ("payer",),
        note="By payer, the payer is the one that the remittance names. A remittance of many sources cannot be split.",
        narrows=("payer",),
    ),
    _days_to_post,
    _late_claims,
)


# --- auto-posting ----------------------------------------------------------------------------------


def _by_hand() -> Any:
    """Payments that a person had to do something about."""
    return select(requests.c.subject_id).where(requests.c.subject_kind == "claim_payment", requests.c.who != "")


def _received(scope: Scope, *columns: Any) -> Select[Any]:
    statement = (
        select(*columns)
        .select_from(
            remittances.join(claim_payments, _cp.remittance_id == _r.id).outerjoin(claims, claims.c.id == _cp.claim_id)
        )
        .where(scope.within(_r.received_at), _cp.state.in_(("posted", "exception")), scope.of_claims)
    )
    return statement


def _lines_of(connection: Connection, scope: Scope) -> dict[str, int]:
    """Lines of payments that wait, by payer: they have no rows of their own yet."""
    found: dict[str, int] = {}
    statement = _received(scope, _r.payer_id, _cp.content).where(_cp.state == "exception")
    for row in connection.execute(statement.execution_options(yield_per=200)):
        group = (row.payer_id or NOT_SAID) if scope.by == "payer" else ALL
        end, element = row.content[2:3], row.content[:1]
        lines = row.content.count(end + b"SVC" + element)
        found[group] = found.get(group, 0) + max(lines, 1)
    return found


def _auto_posted(connection: Connection, scope: Scope) -> list[Figure]:
    part: Any = _r.payer_id if scope.by == "payer" else literal(ALL)
    untouched = _sum(not_(_cp.id.in_(_by_hand())))
    rows = {
        row[0] or NOT_SAID: (int(row[1]), int(row[2]))
        for row in connection.execute(
            _received(scope, part, untouched, func.count())
            .join(line_payments, _lp.claim_payment_id == _cp.id)
            .where(_cp.state == "posted")
            .group_by(part)
        )
    }
    waiting = _lines_of(connection, scope)
    found = []
    for group in sorted({*rows, *waiting}):
        posted, seen = rows.get(group, (0, 0))
        lines = seen + waiting.get(group, 0)
        found.append(Figure(group, posted, lines, percent(posted, lines), f"{waiting.get(group, 0):,} wait"))
    if scope.by == "payer" and found:
        posted, lines = sum(one.numerator for one in found), sum(one.denominator or 0 for one in found)
        found.append(Figure(ALL, posted, lines, percent(posted, lines), f"{sum(waiting.values()):,} wait"))
    return found or [Figure(ALL, 0, 0, None)]


def _by_hand_claims(connection: Connection, scope: Scope) -> Select[Any]:
    part: Any = _r.payer_id if scope.by == "payer" else literal(ALL)
    return (
        _received(scope, _cp.claim_id.label("claim_id"), func.sum(_cp.paid_cents).label("cents"))
        .add_columns(func.min(part).label("part"))
        .where(_cp.claim_id.is_not(None), (_cp.state == "exception") | _cp.id.in_(_by_hand()))
        .group_by(_cp.claim_id)
    )


AUTO_POST = Report(
    Definition(
        "auto-post-rate",
        "Auto-post rate",
        "lines posted untouched / lines received",
        "lines posted of which no person had their payment run again",
        "lines of the remittances received in the period: posted ones, and those of payments that wait",
        Unit.PERCENT,
        COUNTS,
        "claims whose payment waits, or was posted by hand",
        ("payer",),
        note="A payment without lines counts as one line.",
    ),
    _auto_posted,
    _by_hand_claims,
)


# --- money that is not applied ---------------------------------------------------------------------

_UNAPPLIED = (CLEARING, "cash:unidentified")
_SET_ASIDE = ":unapplied"
"""How the account of a payer ends on which stands what a person has set aside."""


def _open_accounts(connection: Connection, scope: Scope) -> dict[str, int]:
    """Money that no claim has: a credit counts positive."""
    found: dict[str, int] = {}
    for column, sign in ((_t.debit, -1), (_t.credit, 1)):
        wanted = [func.substr(column, 1, len(one)) == one for one in _UNAPPLIED]
        wanted.append(column.endswith(_SET_ASIDE))
        statement = select(column, func.sum(_t.cents)).where(or_(*wanted), _t.on_date <= scope.last).group_by(column)
        for account, cents in connection.execute(statement):
            found[account] = found.get(account, 0) + sign * int(cents)
    return {account: cents for account, cents in found.items() if cents}


class _Waits(NamedTuple):
    remittance_id: int
    payer: str
    age: str
    cents: int


def _waits(connection: Connection, scope: Scope) -> list[_Waits]:
    accounts = _open_accounts(connection, scope)
    by_id = {int(name.removeprefix(CLEARING)): cents for name, cents in accounts.items() if name.startswith(CLEARING)}
    found = []
    for ids in _in_bulks(sorted(by_id)):
        rows = connection.execute(select(_r.id, _r.payer_id, _r.received_at).where(_r.id.in_(ids)))
        for row in rows:
            if scope.payer and row.payer_id != scope.payer:
                continue
            days = (scope.last - business_date(row.received_at, scope.zone)).days
            age = next((words for most, words in BUCKETS if days <= most), OLDEST)
            found.append(_Waits(row.id, row.payer_id or NOT_SAID, age, by_id[row.id]))
    if not scope.payer:
        for words, is_one in (("set aside", True), ("unidentified", False)):
            rest = sum(
                cents
                for name, cents in accounts.items()
                if not name.startswith(CLEARING) and name.endswith(_SET_ASIDE) is is_one
            )
            if rest:
                found.append(_Waits(0, NOT_SAID, words, rest))
    return found


def _in_bulks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]


def _unapplied(connection: Connection, scope: Scope) -> list[Figure]:
    sums: dict[str, list[int]] = {}
    for one in _waits(connection, scope):
        tally = sums.setdefault(one.payer if scope.by == "payer" else one.age, [0, 0])
        tally[0] += one.cents
        tally[1] += 1
    order = {words: at for at, words in enumerate([*(words for _, words in BUCKETS), OLDEST])}
    found = [
        Figure(group, cents, None, Decimal(cents).scaleb(-2), f"{count:,} remittance{'' if count == 1 else 's'}")
        for group, (cents, count) in sorted(sums.items(), key=lambda one: (order.get(one[0], 9), one[0]))
    ]
    total = sum(one.numerator for one in found)
    return [*found, Figure(ALL, total, None, Decimal(total).scaleb(-2))]


def _unapplied_claims(connection: Connection, scope: Scope) -> Select[Any]:
    waiting = {one.remittance_id: one for one in _waits(connection, scope) if one.remittance_id}
    ids = sorted(waiting)[:MOST_SHOWN]
    parts = {one: waiting[one].payer if scope.by == "payer" else waiting[one].age for one in ids}
    part: Any = case(parts, value=_cp.remittance_id, else_=ALL) if parts else literal(ALL)
    return (
        select(_cp.claim_id.label("claim_id"), func.sum(_cp.paid_cents).label("cents"), func.min(part).label("part"))
        .join(claims, claims.c.id == _cp.claim_id)
        .where(_cp.remittance_id.in_(ids), _cp.state == "exception", scope.of_claims)
        .group_by(_cp.claim_id)
    )


UNAPPLIED = Report(
    Definition(
        "unapplied-cash",
        "Unapplied cash",
        "money of remittances that is not posted, and money nobody knows, by age since it came",
        "credit on the clearing accounts of remittances, and on accounts of unidentified money, at the end of the last "
        "day",
        "",
        Unit.DOLLARS,
        (True, False),
        "claims whose payment waits; a payment for which no claim was found is in the queue instead",
        ("payer",),
        note="`gateway queue list --kind posting_exception` has each payment that waits, with the reason.",
        narrows=("payer",),
    ),
    _unapplied,
    _unapplied_claims,
)


# --- how long acknowledgments take -----------------------------------------------------------------

_a, _b, _s = acknowledgments.c, batches.c, submissions.c
HOPS = {3: "277CA clearinghouse", 4: "277CA payer"}


def _latencies(connection: Connection, scope: Scope) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """By partner and kind of answer: pairs of seconds and how many were answered after so long."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    whole = select(_b.partner, _b.sent_at, _b.ta1_at, _b.group_ack_at).where(scope.within(_b.sent_at))
    for row in connection.execute(whole):
        for kind, at in (("TA1", row.ta1_at), ("999", row.group_ack_at)):
            if at is not None:
                found.setdefault((row.partner, kind), []).append((_seconds(row.sent_at, at), 1))
    # The first answer of each hop about each sending; those that came in one file came at one moment.
    first = (
        select(_s.batch_id, _a.hop, func.min(_a.at).label("at"))
        .join(submissions, _s.id == _a.submission_id)
        .join(batches, _b.id == _s.batch_id)
        .where(scope.within(_b.sent_at), _a.hop.in_(tuple(HOPS)))
        .group_by(_a.submission_id, _s.batch_id, _a.hop)
    ).subquery()
    statement = (
        select(_b.partner, _b.sent_at, first.c.hop, first.c.at, func.count())
        .join(batches, _b.id == first.c.batch_id)
        .group_by(_b.id, _b.partner, _b.sent_at, first.c.hop, first.c.at)
    )
    for partner, sent_at, hop, at, count in connection.execute(statement):
        found.setdefault((partner, HOPS[hop]), []).append((_seconds(sent_at, at), int(count)))
    return found


def _seconds(sent_at: dt.datetime, at: dt.datetime) -> int:
    return max(int((at - sent_at).total_seconds()), 0)


def percentile(pairs: Sequence[tuple[int, int]], share: int) -> int:
    """The smallest value that so many in a hundred do not exceed (nearest rank); pairs are value and how often."""
    total = sum(count for _, count in pairs)
    rank = max(-(-share * total // 100), 1)
    seen = 0
    for value, count in sorted(pairs):
        seen += count
        if seen >= rank:
            return value
    raise ValueError("a percentile of nothing")


def _latency(connection: Connection, scope: Scope) -> list[Figure]:
    found = []
    for (partner, kind), pairs in sorted(_latencies(connection, scope).items()):
        count = sum(one for _, one in pairs)
        for share in (50, 95):
            seconds = percentile(pairs, share)
            hours = ratio(seconds, 3600)
            found.append(Figure(f"{partner} {kind} p{share}", seconds, count, hours, f"{count:,} answers"))
    return found or [Figure(ALL, 0, 0, None, "nothing was answered")]


def _unanswered_claims(connection: Connection, scope: Scope) -> Select[Any]:
    return (
        select(_s.claim_id.label("claim_id"), func.max(_s.charge_cents).label("cents"))
        .add_columns(func.min(_b.partner).label("part"))
        .select_from(batches.join(submissions, _s.batch_id == _b.id).join(claims, claims.c.id == _s.claim_id))
        .where(and_(scope.within(_b.sent_at), _s.state.in_(("sent", "acknowledged")), scope.of_claims))
        .group_by(_s.claim_id)
    )


LATENCY = Report(
    Definition(
        "ack-latency",
        "Acknowledgment latency",
        "time from sending to the first answer of each kind, by partner: the median (p50) and what 95 of 100 do not "
        "exceed (p95)",
        "seconds from sending to the answer",
        "answers (TA1 and 999 by interchange, 277CA by claim) to what was sent in the period",
        Unit.HOURS,
        COUNTS,
        "claims sent in the period that no payer has taken or refused",
        note="What has not been answered is not in it: see `gateway queue list --kind overdue_ack`.",
        narrows=(),
    ),
    _latency,
    _unanswered_claims,
)
