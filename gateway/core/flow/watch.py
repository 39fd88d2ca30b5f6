"""The watch over answers that do not come (hme-billing-rules 7.5).

Runs on a schedule. Each silence is one work item for its batch, with the number of claims and the dollars that hang on
it; the item closes by itself when the answer arrives (`acknowledge`, `post`). Hours of the payer's 277CA are business
hours: weekends and US federal holidays do not count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, select, text, update

from ...config.partner import Expectation, Partner
from ...config.values import SpanOfTime
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..model.money import to_dollars
from ..model.states import Hop, SubmissionState
from ..store.tables import WAITING, batches, submissions, work_items
from ..work.calendar import add_business_days, is_business_day
from ..work.items import WorkItem, close_items, open_items
from . import alarms, bank, replaced, turns
from .services import Services


class Limits(NamedTuple):
    """Since when sent batches are overdue, per hop: before `told` somebody is told, before `late` it is late."""

    told: dt.datetime
    late: dt.datetime


class Silence(NamedTuple):
    """A batch of which something is missing: `hop` has not spoken about `claims` of its claims."""

    batch_id: int
    partner: str
    isa13: str
    hop: Hop
    claims: int
    cents: int
    sent_at: dt.datetime
    late: bool


_MISSING = {
    Hop.SET: "no TA1 or 999 has come",
    Hop.CLEARINGHOUSE: "the clearinghouse has not answered (277CA)",
    Hop.PAYER: "the payer has not answered (277CA)",
    Hop.REMITTANCE: "no remittance (835) has come",
}
_DO = {
    Hop.SET: "Ask the partner whether the file arrived; do not send it again before they have said no.",
    Hop.CLEARINGHOUSE: "Look at the partner's portal, then ask their support.",
    Hop.PAYER: "Ask the clearinghouse for the payer's reports.",
    Hop.REMITTANCE: "Check the claim status with the payer, and whether remittances are enrolled.",
}


def business_hours_before(now: dt.datetime, hours: float) -> dt.datetime:
    """The moment that lies so many business hours back; a business day, in the zone of `now`, counts 24 of them."""
    moment, left = now, hours
    while left > 0:
        day_start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        if moment == day_start:
            day_start -= dt.timedelta(days=1)
        span = (moment - day_start).total_seconds() / 3600
        if is_business_day(day_start.date()):
            used = min(span, left)
            left -= used
            moment -= dt.timedelta(hours=used)
        else:
            moment = day_start
    return moment


def before(now: dt.datetime, span: SpanOfTime, zone: str = "UTC") -> dt.datetime:
    """The moment that lies a span back; a business day counts 24 hours, from midnight to midnight in `zone`."""
    if span.business_hours or span.business_days:
        local = now.astimezone(ZoneInfo(zone))
        return business_hours_before(local, span.business_hours + 24 * span.business_days).astimezone(dt.UTC)
    return now - dt.timedelta(seconds=span.seconds)


def _limits(expectation: Expectation, now: dt.datetime, zone: str) -> Limits | None:
    if not expectation.expected:
        return None
    late = before(now, expectation.alarm, zone)
    return Limits(before(now, expectation.warn, zone) if expectation.warn else late, late)


def silences(connection: Connection, partner: Partner, now: dt.datetime) -> list[Silence]:
    """Every batch of a partner of which an answer is overdue."""
    answers = partner.answers
    # A partner that acknowledges only what it refuses says nothing by its silence.
    first = answers.ack_999 if answers.positive_999 else answers.ta1
    heard = submissions.c.hop >= int(Hop.SET if answers.positive_999 else Hop.INTERCHANGE)
    waiting: list[tuple[Hop, Expectation, ColumnElement[bool]]] = [
        (
            Hop.SET,
            first,
            and_(
                batches.c.group_ack == "",
                batches.c.ta1 != "R" if answers.positive_999 else batches.c.ta1 == "",
                ~heard,
            ),
        ),
        (
            Hop.CLEARINGHOUSE,
            answers.clearinghouse_277ca,
            and_(
                submissions.c.hop == int(Hop.SET)
                if answers.positive_999
                else submissions.c.hop < int(Hop.CLEARINGHOUSE),
                submissions.c.state.in_([SubmissionState.SENT, SubmissionState.ACKNOWLEDGED]),
            ),
        ),
        (
            Hop.PAYER,
            answers.payer_277ca,
            and_(submissions.c.hop == int(Hop.CLEARINGHOUSE), submissions.c.state == SubmissionState.ACKNOWLEDGED),
        ),
        (Hop.REMITTANCE, answers.remittance, submissions.c.state == SubmissionState.ACCEPTED),
    ]
    found: list[Silence] = []
    for hop, expectation, condition in waiting:
        limits = _limits(expectation, now, partner.batch.time_zone)
        if limits is not None:
            found += _overdue(connection, partner.name, hop, limits, condition)
    return found


def _overdue(
    connection: Connection, partner: str, hop: Hop, limits: Limits, condition: ColumnElement[bool]
) -> Iterator[Silence]:
    rows = connection.execute(
        select(
            batches.c.id,
            batches.c.isa13,
            batches.c.sent_at,
            func.count().label("claims"),
            func.sum(submissions.c.charge_cents).label("cents"),
        )
        .join(submissions, submissions.c.batch_id == batches.c.id)
        .where(batches.c.partner == partner, batches.c.sent_at < limits.told, text(f"submissions.{WAITING}"), condition)
        .group_by(batches.c.id, batches.c.isa13, batches.c.sent_at)
        .order_by(batches.c.id)
    )
    for row in rows:
        late = row.sent_at < limits.late
        yield Silence(row.id, partner, row.isa13, hop, row.claims, int(row.cents or 0), row.sent_at, late)


def silence_key(hop: Hop, batch_id: int) -> str:
    """The key of the work item for a silence; closing it by this key is how an answer clears it."""
    return f"overdue:{'999' if hop is Hop.SET else hop.name}:{batch_id}"


def raise_alarms(connection: Connection, found: Iterable[Silence], now: dt.datetime, today: dt.date) -> int:
    """One work item for each silence; asking twice is once. One that has become late says so. `today` is the
    supplier's business date.

    Returns how many are new.
    """
    opened = 0
    for silence in found:
        item = _item(silence, today)
        new = open_items(connection, [item], now)
        opened += new
        if not new and silence.late:
            connection.execute(
                update(work_items)
                .where(work_items.c.key == item.key, work_items.c.state == "open")
                .values(reason=item.reason, work_by=item.work_by)
            )
    return opened


def _item(silence: Silence, today: dt.date) -> WorkItem:
    return WorkItem(
        kind="overdue_ack",
        key=silence_key(silence.hop, silence.batch_id),
        reason=f"{'Late: ' if silence.late else ''}interchange {silence.isa13} went to {silence.partner} on "
        f"{silence.sent_at:%m/%d/%Y %H:%M} UTC, and {_MISSING[silence.hop]} for {silence.claims} claim(s) of "
        f"${to_dollars(silence.cents):,.2f}. {_DO[silence.hop]}",
        team="billing" if silence.hop is Hop.REMITTANCE else "edi",
        subject_kind="batch",
        subject_id=silence.batch_id,
        cents=silence.cents,
        work_by=today if silence.late else add_business_days(today, 1),
        partner=silence.partner,
    )


def clear_alarms(connection: Connection, partner: str, found: Iterable[Silence], now: dt.datetime) -> int:
    """Close the alarms of a partner whose silence is over. Returns how many."""
    still = {silence_key(silence.hop, silence.batch_id) for silence in found}
    open_keys = connection.execute(
        select(work_items.c.key).where(
            work_items.c.kind == "overdue_ack", work_items.c.state == "open", work_items.c.partner == partner
        )
    ).scalars()
    return close_items(connection, [key for key in open_keys if key not in still], "The answer has come.", now)


def _watch(connection: Connection, services: Services) -> dict[str, int]:
    now = services.clock.now()
    today = business_date(now, services.config.gateway.organisation.time_zone)
    opened = closed = 0
    for partner in services.config.partners:
        found = silences(connection, partner, now)
        opened += raise_alarms(connection, found, now, today)
        closed += clear_alarms(connection, partner.name, found, now)
        turns.one_at_a_time(connection, partner.name)
        turns.next_to_post(connection, partner.name, now)
    return {"opened": opened, "closed": closed}


@workflow("watch")
async def watch(run: Run, payload: Payload) -> dict[str, int]:
    """Raise and clear the alarms of every partner, and those of money that is missing; tell people outside."""
    done = await run.transact("watch", _watch, run.services)
    await run.transact("cash", bank.look_after, run.services)
    await run.transact("replaced", replaced.look_after, run.services)
    await run.transact("alarms", alarms.look_after, run.services)
    return done
