"""Figures of claims and their lines: how many were refused on the way, denied, or right at the first try."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
    text,
)

from ..store.tables import (
    REFUSED,
    acknowledgments,
    batches,
    claim_lines,
    claim_payments,
    claims,
    corrections,
    denials,
    line_payments,
    submissions,
    touches,
    work_items,
)
from .measure import ALL, NOT_SAID, Definition, Figure, Report, Scope, Threshold, Unit, percent, shares

COUNTS = (False, False)
BEFORE_PAYER = (
    *("hold", "plugin_failure", "duplicate_claim", "faulty_claim", "rejection", "file_rejection", "claim_review"),
    "overdue_ack",
)
"""Kinds of work items that stand between a claim and its payer: a touch of one is a touch of the claim."""


def _counted(connection: Connection, statement: Select[Any]) -> dict[str, int]:
    """A count by group: None and nothing are `(not said)`."""
    found: dict[str, int] = {}
    for group, count in connection.execute(statement):
        found[group or NOT_SAID] = found.get(group or NOT_SAID, 0) + int(count)
    return found


def _grouped(scope: Scope, columns: dict[str, Any]) -> Any:
    return columns.get(scope.by, literal(ALL))


def _over(parts: dict[str, int], wholes: dict[str, int]) -> list[Figure]:
    return shares([(group, parts.get(group, 0), wholes[group]) for group in sorted(wholes)])


def _pairs(connection: Connection, statement: Select[Any]) -> list[Figure]:
    """Figures of a statement that has group, numerator, denominator."""
    rows = [(row[0] or NOT_SAID, int(row[1] or 0), int(row[2])) for row in connection.execute(statement)]
    return shares(sorted(rows)) if rows else [Figure(ALL, 0, 0, None)]


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


# --- front-end rejections --------------------------------------------------------------------------

_s, _b = submissions.c, batches.c
_BY = {"payer": claims.c.payer_id, "partner": batches.c.partner, "source": claims.c.source}


def _refused() -> ColumnElement[bool]:
    """Whether a sending was refused: by a TA1 or 999 of its whole set, or by name."""
    named = (
        select(acknowledgments.c.submission_id)
        .where(text(REFUSED), acknowledgments.c.submission_id.is_not(None))
        .scalar_subquery()
    )
    return or_(_s.state == "rejected", _s.id.in_(named))


def _sent(scope: Scope, *columns: Any) -> Select[Any]:
    """The sendings of the period."""
    return (
        select(*columns)
        .select_from(batches.join(submissions, _s.batch_id == _b.id).join(claims, claims.c.id == _s.claim_id))
        .where(scope.within(_b.sent_at), scope.of_claims)
    )


def _rejections(connection: Connection, scope: Scope) -> list[Figure]:
    part = _grouped(scope, _BY)
    return _pairs(connection, _sent(scope, part, _sum(_refused()), func.count()).group_by(part))


def _rejected_claims(connection: Connection, scope: Scope) -> Select[Any]:
    part = _grouped(scope, _BY)
    columns = (_s.claim_id.label("claim_id"), func.max(_s.charge_cents).label("cents"), func.min(part).label("part"))
    return _sent(scope, *columns).where(_refused()).group_by(_s.claim_id)


REJECTIONS = Report(
    Definition(
        "rejection-rate",
        "Front-end rejection rate",
        "claims refused by a TA1, 999 or 277CA (A3, A4, A6, A7, A8) / claims submitted",
        "sendings of claims that were refused",
        "sendings of claims that left in the period",
        Unit.PERCENT,
        COUNTS,
        "claims of which a sending was refused",
        ("payer", "partner", "source"),
        note="`gateway report rejections` breaks it down by edit. Clear the queue daily, analyse weekly.",
    ),
    _rejections,
    _rejected_claims,
)


# --- clean claims ----------------------------------------------------------------------------------


def _first_sendings(scope: Scope, *columns: Any) -> Select[Any]:
    """Claims that were sent for the first time in the period."""
    # Of the claims that were sent in the period; a claim of many has one sending.
    earlier = submissions.alias("earlier")
    before = select(earlier.c.id).where(earlier.c.claim_id == _s.claim_id, earlier.c.id < _s.id).exists()
    return _sent(scope, *columns).where(not_(before))


def _untouched() -> ColumnElement[bool]:
    """Accepted, and nobody had to do anything about it before."""
    touched = (
        select(work_items.c.claim_id)
        .join(touches, touches.c.item_id == work_items.c.id)
        .where(
            work_items.c.claim_id.is_not(None),
            work_items.c.kind.in_(BEFORE_PAYER),
            touches.c.verb.in_(("touch", "close")),
        )
    )
    return and_(
        _s.state.in_(("accepted", "adjudicated")),
        not_(_refused()),
        _s.claim_id.not_in(select(corrections.c.claim_id)),
        _s.claim_id.not_in(touched),
    )


def _clean(connection: Connection, scope: Scope) -> list[Figure]:
    part = _grouped(scope, _BY)
    return _pairs(connection, _first_sendings(scope, part, _sum(_untouched()), func.count()).group_by(part))


def _unclean_claims(connection: Connection, scope: Scope) -> Select[Any]:
    part = _grouped(scope, _BY)
    return _first_sendings(
        scope, _s.claim_id.label("claim_id"), _s.charge_cents.label("cents"), part.label("part")
    ).where(not_(_untouched()))


CLEAN = Report(
    Definition(
        "clean-claim-rate",
        "Clean-claim rate",
        "claims that the payer accepted the first time, with no touch / claims submitted",
        "claims accepted (A2) or decided on their first sending; no person had touched, corrected or released them",
        "claims sent for the first time in the period",
        Unit.PERCENT,
        COUNTS,
        "claims that were not clean, or wait for their answer",
        ("payer", "partner", "source"),
        Threshold(Decimal(95), None, False, "generic, S170"),
    ),
    _clean,
    _unclean_claims,
)


# --- first pass ------------------------------------------------------------------------------------

_lp, _cp = line_payments.c, claim_payments.c


def _first_decisions(scope: Scope, *columns: Any) -> Select[Any]:
    """Lines on which a payer decided for the first time in the period."""
    earlier = line_payments.alias("earlier")
    before = select(earlier.c.id).where(earlier.c.line_id == _lp.line_id, earlier.c.id < _lp.id).exists()
    return (
        select(*columns)
        .select_from(
            claim_payments.join(line_payments, _lp.claim_payment_id == _cp.id)
            .join(claims, claims.c.id == _cp.claim_id)
            .join(claim_lines, claim_lines.c.id == _lp.line_id)
        )
        .where(scope.within(_cp.at), _cp.state == "posted", not_(before), scope.of_claims)
    )


def _paid_at_once() -> ColumnElement[bool]:
    again = select(_s.claim_id).where(_s.resubmits.is_not(None))
    return and_(_lp.denied.is_(False), _cp.claim_id.not_in(again))


_BY_LINE = {"payer": claims.c.payer_id, "product": claim_lines.c.code, "source": claims.c.source}


def _first_pass(connection: Connection, scope: Scope) -> list[Figure]:
    part = _grouped(scope, _BY_LINE)
    return _pairs(connection, _first_decisions(scope, part, _sum(_paid_at_once()), func.count()).group_by(part))


def _second_pass_claims(connection: Connection, scope: Scope) -> Select[Any]:
    part = _grouped(scope, _BY_LINE)
    return (
        _first_decisions(
            scope,
            _cp.claim_id.label("claim_id"),
            func.sum(claim_lines.c.charge_cents).label("cents"),
            func.min(part).label("part"),
        )
        .where(not_(_paid_at_once()))
        .group_by(_cp.claim_id)
    )


FIRST_PASS = Report(
    Definition(
        "first-pass-rate",
        "First-pass rate",
        "lines paid on the first submission / lines decided",
        "lines that the payer did not deny when it first decided, of claims that were not sent again",
        "lines on which a payer decided for the first time in the period",
        Unit.PERCENT,
        COUNTS,
        "claims with lines that were not paid at once",
        ("payer", "product", "source"),
        note="A line that goes to the patient's deductible counts as paid: nobody has to do it again.",
    ),
    _first_pass,
    _second_pass_claims,
)


# --- denials ---------------------------------------------------------------------------------------

_d = denials.c
_REASON = _d.group_code + literal("-") + _d.reason_code
_BY_DENIAL = {"payer": claims.c.payer_id, "product": claim_lines.c.code, "reason": _REASON}


def _denied(scope: Scope, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(
            denials.join(claims, claims.c.id == _d.claim_id).outerjoin(claim_lines, claim_lines.c.id == _d.line_id)
        )
        .where(scope.within(_d.opened_at), scope.of_claims)
    )


def _denial_rate(connection: Connection, scope: Scope) -> list[Figure]:
    # What was denied of a claim as a whole is one line of it.
    line = func.coalesce(cast(_d.line_id, String), literal("claim ") + cast(_d.claim_id, String))
    part = _grouped(scope, _BY_DENIAL)
    denied = _counted(connection, _denied(scope, part, func.count(line.distinct())).group_by(part))
    sent = _sent(scope, _s.claim_id).distinct().subquery()
    billed_by = literal(ALL) if scope.by == "reason" else part
    billed = _counted(
        connection,
        select(billed_by, func.count())
        .select_from(
            sent.join(claim_lines, claim_lines.c.claim_id == sent.c.claim_id).join(
                claims, claims.c.id == claim_lines.c.claim_id
            )
        )
        .group_by(billed_by),
    )
    if scope.by == "reason":
        whole = billed.get(ALL, 0)
        return [
            Figure(reason, count, whole, percent(count, whole))
            for reason, count in sorted(denied.items(), key=lambda one: (-one[1], one[0]))
        ]
    wholes = {group: billed.get(group, 0) for group in {*billed, *denied}} or {ALL: 0}
    return _over(denied, wholes)


def _denied_claims(connection: Connection, scope: Scope) -> Select[Any]:
    part = _grouped(scope, _BY_DENIAL)
    columns = (_d.claim_id.label("claim_id"), func.sum(_d.cents).label("cents"), func.min(part).label("part"))
    return _denied(scope, *columns).group_by(_d.claim_id)


DENIALS = Report(
    Definition(
        "denial-rate",
        "Denial rate",
        "denied lines / claim lines billed in the period",
        "lines with a denial that was posted in the period",
        "lines of the claims that left in the period",
        Unit.PERCENT,
        COUNTS,
        "claims with a denial of the period",
        ("payer", "product", "reason"),
        Threshold(Decimal(5), None, True, "target for physicians; vendors report 15-18 for DME, S72, S170"),
        "By reason, a line with two reasons counts in both.",
    ),
    _denial_rate,
    _denied_claims,
)
