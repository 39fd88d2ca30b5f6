"""What front ends refused in a week, the most frequent first (Pareto): by edit, payer, source, billing provider or root
cause, with the share of each and of all before it; and the front-end rejection rate (hme-billing-rules 10).

What our own door did not take in is counted beside: as edits of our own, and not in the rate, for it was never sent."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from ...config import Config
from ..model.answers import StatusCode
from ..model.money import to_dollars
from ..store.claims import bulks
from ..store.tables import acknowledgments, batches, claims, corrections, submissions, work_items
from ..x12.guides.answer_codes import IK3_CODES, IK4_CODES, TA1_NOTES
from .ack_words import code_words, place_words
from .again import CannotBeDone
from .faulty_edits import UNREADABLE, is_own
from .faulty_edits import words_of as own_words_of
from .faulty_items import FAULTY_ITEM
from .refusals import edit_of, is_exact, rows_of
from .rejections import suggestion

By = Literal["edit", "payer", "source", "biller", "cause"]
EVERY: tuple[By, ...] = ("edit", "payer", "source", "biller", "cause")
NOT_SAID = "(not said)"
_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})")


class Row(NamedTuple):
    """One group: how many sendings were refused, of how many claims, their dollars; its share of all refusals, and of
    those up to here, in percent. `words` say what it is; `rule` (by edit) which rule of ours would have caught it."""

    key: str
    words: str
    rejections: int
    claims: int
    cents: int
    share: float
    cumulative: float
    rule: str
    causes: str


class Report(NamedTuple):
    """The rows of a week. `submitted`: sendings of claims that left in it; `rejected`: sendings that were refused;
    `own`: claims that came in it and that our own check did not take in."""

    first: dt.date
    last: dt.date
    by: By
    submitted: int
    rejected: int
    own: int
    rows: list[Row]

    @property
    def rate(self) -> float:
        """Front-end rejection rate in percent; 0 where nothing was submitted."""
        return round(100 * self.rejected / self.submitted, 1) if self.submitted else 0.0


class Refused(NamedTuple):
    """A sending that was refused (or a claim that our own check did not take in), and when."""

    claim_id: int
    edit: str
    payer_id: str
    payer_name: str
    source: str
    npi: str
    cents: int
    cause: str
    at: dt.datetime


def week_of(text: str, today: dt.date) -> dt.date:
    """The Monday of a week such as `2026-W12`; of this week where none is named.

    Raises:
        CannotBeDone: it is no week of the calendar.
    """
    if not text:
        return today - dt.timedelta(days=today.weekday())
    match = _WEEK.fullmatch(text.strip().upper())
    try:
        if match is None:
            raise ValueError
        return dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise CannotBeDone(f"{text!r} is no week: write it like 2026-W12 (ISO 8601, from Monday to Sunday).") from None


def report(connection: Connection, config: Config, monday: dt.date, by: By) -> Report:
    """The refusals of the week that begins on `monday`, in the supplier's zone."""
    start, end = span(config, monday, monday + dt.timedelta(days=6))
    found = _refused(connection, start, end)
    submitted = connection.execute(
        select(func.count())
        .select_from(submissions)
        .join(batches, batches.c.id == submissions.c.batch_id)
        .where(batches.c.sent_at >= start, batches.c.sent_at < end)
    ).scalar_one()
    own = _at_our_door(connection, start, end)
    rows = _rows(found + own, config, monday, by)
    return Report(monday, monday + dt.timedelta(days=6), by, int(submitted), len(found), len(own), rows)


def span(config: Config, first: dt.date, last: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """When these days begin and end in the supplier's zone."""
    zone = ZoneInfo(config.gateway.organisation.time_zone)
    start = dt.datetime.combine(first, dt.time(), zone).astimezone(dt.UTC)
    return start, dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)


def refused_on(connection: Connection, config: Config, first: dt.date, last: dt.date) -> list[Refused]:
    """What was refused on these days, by partners and at our own door."""
    start, end = span(config, first, last)
    return _refused(connection, start, end) + _at_our_door(connection, start, end)


def _refused(connection: Connection, start: dt.datetime, end: dt.datetime) -> list[Refused]:
    """The sendings that were refused for the first time in a span, each once: with what was said of it alone, where
    somebody did."""
    columns = (
        *(submissions.c.charge_cents, claims.c.payer_id, claims.c.payer_name, claims.c.source),
        claims.c.billing_npi,
    )
    in_week = (acknowledgments.c.at >= start, acknowledgments.c.at < end)
    best: dict[int, Any] = {}
    for row in rows_of(connection, *in_week, columns=columns):
        known = best.get(row.of_submission)
        if known is None or _weight(row) > _weight(known):
            best[row.of_submission] = row
    causes = _causes(connection, list(best))
    return [
        Refused(
            row.claim_id,
            edit_of(row.kind, row.details),
            row.payer_id,
            row.payer_name,
            row.source,
            row.billing_npi,
            row.charge_cents,
            causes.get(row.of_submission, ""),
            row.at,
        )
        for row in best.values()
    ]


def _at_our_door(connection: Connection, start: dt.datetime, end: dt.datetime) -> list[Refused]:
    """The claims that came in a span and were not taken in, whatever has become of them since."""
    rows = connection.execute(
        select(claims, work_items.c.rule, work_items.c.opened_at)
        .join(work_items, work_items.c.claim_id == claims.c.id)
        .where(work_items.c.kind == FAULTY_ITEM, work_items.c.opened_at >= start, work_items.c.opened_at < end)
        .order_by(claims.c.id)
    ).all()
    causes: dict[int, str] = {}
    for some in bulks([row.id for row in rows]):
        said = connection.execute(
            select(corrections.c.claim_id, corrections.c.root_cause)
            .where(
                corrections.c.claim_id.in_(some), corrections.c.submission_id.is_(None), corrections.c.root_cause != ""
            )
            .order_by(corrections.c.id.desc())
        )
        # The first that was said: what came later is of holds that it got when it was taken in.
        causes |= {row.claim_id: row.root_cause for row in said}
    return [
        Refused(
            row.id,
            row.rule or UNREADABLE,
            row.payer_id,
            row.payer_name,
            row.source,
            row.billing_npi,
            row.charge_cents,
            causes.get(row.id, ""),
            row.opened_at,
        )
        for row in rows
    ]


def _weight(row: Any) -> int:
    return 2 if row.submission_id is not None else int(is_exact(row))


def _causes(connection: Connection, ids: list[int]) -> dict[int, str]:
    """The root cause that was said of each refused sending when it was corrected."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), 500):
        rows = connection.execute(
            select(corrections.c.submission_id, corrections.c.root_cause)
            .where(corrections.c.submission_id.in_(ids[start : start + 500]), corrections.c.root_cause != "")
            .order_by(corrections.c.id)
        )
        found.update((row.submission_id, row.root_cause) for row in rows)
    return found


_KEY: dict[By, Callable[[Refused], tuple[str, str]]] = {
    "edit": lambda one: (one.edit, words_of(one.edit)),
    "payer": lambda one: (one.payer_id or NOT_SAID, one.payer_name),
    "source": lambda one: (one.source, ""),
    "biller": lambda one: (one.npi or NOT_SAID, ""),
    "cause": lambda one: (one.cause or NOT_SAID, ""),
}


def _rows(found: list[Refused], config: Config, day: dt.date, by: By) -> list[Row]:
    groups: dict[str, list[Refused]] = {}
    words: dict[str, str] = {}
    for one in found:
        key, said = _KEY[by](one)
        groups.setdefault(key, []).append(one)
        words.setdefault(key, said)
    table = config.tables.get("root_causes")
    rows: list[Row] = []
    so_far = 0
    for key, members in sorted(groups.items(), key=lambda pair: (-len(pair[1]), -_cents(pair[1]), pair[0])):
        so_far += len(members)
        causes = Counter(one.cause for one in members if one.cause)
        said = words[key]
        if by == "cause" and table is not None and (row := table.find(day, key)) is not None:
            said = row.values["words"]
        rows.append(
            Row(
                key,
                said,
                len(members),
                len({one.claim_id for one in members}),
                _cents(members),
                round(100 * len(members) / len(found), 1),
                round(100 * so_far / len(found), 1),
                suggestion(config, key, day) if by == "edit" else "",
                ", ".join(f"{cause} {count}" for cause, count in causes.most_common()) if by != "cause" else "",
            )
        )
    return rows


def _cents(members: list[Refused]) -> int:
    return sum(one.cents for one in members)


def words_of(edit: str) -> str:
    """What an edit says, for a person."""
    if is_own(edit):
        return own_words_of(edit)
    first, _, rest = edit.partition(":")
    if first == "TA1":
        return TA1_NOTES.get(rest, "")
    if first == "999":
        return IK4_CODES.get(rest) or IK3_CODES.get(rest) or ""
    parts = edit.split(":")
    if len(parts) < 2:
        return ""
    code = StatusCode(*parts[:3])
    at = place_words(code)
    return code_words(code).removesuffix(f" ({edit})") + (f" ({at})" if at else "")


COLUMNS = ("rejections", "claims", "dollars", "share", "cumulative", "words", "rule", "causes")


def as_rows(found: Report) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Columns and rows for a spreadsheet: the first column is what it is by; columns without any value are left out."""
    columns = (found.by, *COLUMNS)
    rows = [
        (
            row.key,
            row.rejections,
            row.claims,
            to_dollars(row.cents),
            f"{row.share:.1f}",
            f"{row.cumulative:.1f}",
            row.words,
            row.rule,
            row.causes,
        )
        for row in found.rows
    ]
    kept = [at for at in range(len(columns)) if at < 6 or any(row[at] for row in rows)]
    return tuple(columns[at] for at in kept), [tuple(row[at] for at in kept) for row in rows]


def as_data(found: Report) -> dict[str, Any]:
    """The report for a program; cents as cents, shares in percent."""
    return {
        "from": found.first.isoformat(),
        "to": found.last.isoformat(),
        "by": found.by,
        "submitted": found.submitted,
        "rejected": found.rejected,
        "own": found.own,
        "rate": found.rate,
        "rows": [{found.by: row.key, **{k: v for k, v in row._asdict().items() if k != "key"}} for row in found.rows],
    }
