"""Figures that the ledger tells: DSO, ageing, and what became of what was billed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select

from ..clock import day_begins
from ..ledger.accounts import CHARGES, CLEARING, OF_KIND, RECEIVABLE
from ..model.posting import Kind
from ..store.tables import claims, transfers
from .measure import ALL, NOT_SAID, Definition, Figure, Report, Scope, Threshold, Unit, percent, ratio

CONTRACTUAL = OF_KIND[Kind.CONTRACTUAL]
MONEY_FROM = (CLEARING, "cash:")
"""Where money that is posted to a claim comes from: a remittance, or the till; and what was set aside of one before."""
SET_ASIDE = ":unapplied"
WRITTEN_OFF = ("write-off", "adjustment:write-off", "expense:bad-debt")
"""How the accounts begin on which bad debt stands; nothing gets there by itself."""
BEYOND_CONTRACT = ("adjustment:", "expense:fees")
"""Adjustments of payers; those that the contract or a law expects are taken out of them."""
EXPECTED = (CONTRACTUAL, OF_KIND[Kind.SEQUESTRATION])

BUCKETS = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
OLDEST = "over 120"

_t = transfers.c


def _begins(column: Any, *prefixes: str) -> ColumnElement[bool]:
    # A comparison of the first letters: LIKE takes twice as long, and there are many transfers.
    return or_(*(func.substr(column, 1, len(one)) == one for one in prefixes))


def _moved(debit: ColumnElement[bool], credit: ColumnElement[bool]) -> ColumnElement[int]:
    """What a transfer adds to accounts that are debited where `debit` holds, credited where `credit` does."""
    return case((and_(debit, credit), 0), (debit, _t.cents), (credit, -_t.cents), else_=0)


def _on(*accounts: str, prefix: bool = False) -> ColumnElement[int]:
    """What a transfer adds to the balance of these accounts, a debit counting positive."""
    if prefix:
        return _moved(_begins(_t.debit, *accounts), _begins(_t.credit, *accounts))
    return _moved(_t.debit.in_(accounts), _t.credit.in_(accounts))


_OWED = _on(RECEIVABLE, prefix=True)
_CHARGED = -_on(CHARGES)


def _is_money(column: Any) -> ColumnElement[bool]:
    return or_(_begins(column, *MONEY_FROM), column.endswith(SET_ASIDE))


_PAID = case(
    (and_(_begins(_t.credit, RECEIVABLE), _is_money(_t.debit)), _t.cents),
    (and_(_begins(_t.debit, RECEIVABLE), _is_money(_t.credit)), -_t.cents),
    else_=0,
)
_BAD_DEBT = _on(*WRITTEN_OFF, prefix=True)
_BEYOND = _on(*BEYOND_CONTRACT, prefix=True) - _on(*EXPECTED) - _on("adjustment:write-off", prefix=True)
# A charge that was taken back, less what was charged for it anew: the new one says why.
_NOT_TO_BE_BILLED = case((or_(_t.debit == CHARGES, _t.why != ""), -_CHARGED), else_=0)


# --- allowable billing, and what is held against it -------------------------------------------------


def _sums(connection: Connection, scope: Scope, *amounts: ColumnElement[int]) -> list[tuple[str, str, list[int]]]:
    """Sums over the transfers of the period, by payer where it is asked for: the group, its words, the sums."""
    columns: list[Any] = [func.coalesce(func.sum(one), 0) for one in amounts]
    groups: list[Any] = [claims.c.payer_id, func.min(claims.c.payer_name)] if scope.by == "payer" else []
    statement: Select[Any] = select(*groups, *columns).where(_t.on_date >= scope.first, _t.on_date <= scope.last)
    if groups or scope.narrowed:
        statement = statement.join(claims, claims.c.id == _t.claim_id).where(scope.of_claims)
    if not groups:
        row = connection.execute(statement).one()
        return [(ALL, "", [int(one) for one in row])]
    rows = connection.execute(statement.group_by(claims.c.payer_id).order_by(claims.c.payer_id))
    return [(row[0] or NOT_SAID, row[1], [int(one) for one in row[2:]]) for row in rows]


def _rate(above: ColumnElement[int]) -> Any:
    """Figures of an amount over allowable billing."""

    def figures(connection: Connection, scope: Scope) -> list[Figure]:
        rows = _sums(connection, scope, above, _CHARGED, _on(CONTRACTUAL))
        found = []
        for group, words, (part, charged, contractual) in rows:
            allowable = charged - contractual
            found.append(Figure(group, part, allowable, percent(part, allowable), words))
        return found if scope.by != "payer" else [*found, _together(found)]

    return figures


def _together(found: list[Figure]) -> Figure:
    part, whole = sum(one.numerator for one in found), sum(one.denominator or 0 for one in found)
    return Figure(ALL, part, whole, percent(part, whole))


def _behind(*amounts: ColumnElement[int]) -> Any:
    """The claims whose transfers of the period make an amount."""

    def query(connection: Connection, scope: Scope) -> Select[Any]:
        total = sum(amounts[1:], amounts[0])
        part: Any = claims.c.payer_id if scope.by == "payer" else literal(ALL)
        statement: Select[Any] = (
            select(_t.claim_id.label("claim_id"), func.sum(total).label("cents"), func.min(part).label("part"))
            .join(claims, claims.c.id == _t.claim_id)
            .where(_t.on_date >= scope.first, _t.on_date <= scope.last, scope.of_claims)
        )
        return statement.group_by(_t.claim_id).having(func.sum(total) != 0)

    return query


def _adjustments(connection: Connection, scope: Scope) -> list[Figure]:
    (row,) = _sums(connection, scope._replace(by=""), _BEYOND, _NOT_TO_BE_BILLED, _CHARGED, _on(CONTRACTUAL))
    beyond, never, charged, contractual = row[2]
    allowable = charged - contractual
    return [
        Figure("allowable", beyond, allowable, percent(beyond, allowable), "taken off by payers beyond the contract"),
        Figure("billing error", never, allowable, percent(never, allowable), "charges that were taken back"),
        Figure(ALL, beyond + never, allowable, percent(beyond + never, allowable)),
    ]


def _adjusted(connection: Connection, scope: Scope) -> Select[Any]:
    part = case((func.sum(_NOT_TO_BE_BILLED) != 0, "billing error"), else_="allowable")
    return (
        select(_t.claim_id.label("claim_id"), func.sum(_BEYOND + _NOT_TO_BE_BILLED).label("cents"), part.label("part"))
        .join(claims, claims.c.id == _t.claim_id)
        .where(_t.on_date >= scope.first, _t.on_date <= scope.last, scope.of_claims)
        .group_by(_t.claim_id)
        .having(or_(func.sum(_NOT_TO_BE_BILLED) != 0, func.sum(_BEYOND) != 0))
    )


# --- what is owed ----------------------------------------------------------------------------------


def owed(scope: Scope) -> Select[Any]:
    """What is owed on each claim at the end of the period (claim_id, cents); claims on which nothing is are not in
    it."""
    total = func.sum(_OWED)
    return (
        select(_t.claim_id.label("claim_id"), total.label("cents"))
        .where(_t.claim_id.is_not(None), _t.on_date <= scope.last)
        .group_by(_t.claim_id)
        .having(total != 0)
    )


def _invoiced_bucket(scope: Scope) -> ColumnElement[str]:
    """How old the invoice of a claim is: counted from the day on which it was taken in."""
    young = [
        (claims.c.created_at >= day_begins(scope.last - dt.timedelta(days=most), scope.zone), words)
        for most, words in BUCKETS
    ]
    return case(*young, else_=OLDEST)


def _served_bucket(scope: Scope) -> ColumnElement[str]:
    young = [(claims.c.from_date >= scope.last - dt.timedelta(days=most), words) for most, words in BUCKETS]
    return case((claims.c.from_date.is_(None), NOT_SAID), *young, else_=OLDEST)


def _aged(bucket: Any) -> Any:
    def figures(connection: Connection, scope: Scope) -> list[Figure]:
        each = owed(scope).subquery()
        part = bucket(scope)
        columns = [claims.c.payer_id, part] if scope.by == "payer" else [part]
        rows = connection.execute(
            select(*columns, func.sum(each.c.cents), func.count())
            .select_from(each.join(claims, claims.c.id == each.c.claim_id))
            .where(scope.of_claims)
            .group_by(*columns)
        ).all()
        total = sum(int(row[-2]) for row in rows)
        order = [*(words for _, words in BUCKETS), OLDEST, NOT_SAID]
        found = {
            (row[0] or NOT_SAID if scope.by == "payer" else "", row[-3]): (int(row[-2]), int(row[-1])) for row in rows
        }
        payers = sorted({payer for payer, _ in found}) if scope.by == "payer" else [""]
        made = []
        for payer in payers:
            for words in order:
                cents, count = found.get((payer, words), (0, 0))
                if count or (not payer and words != NOT_SAID):
                    name = f"{payer} {words}" if payer else words
                    made.append(Figure(name, cents, total, percent(cents, total), _claims(count)))
        return [*made, Figure(ALL, total, total, percent(total, total), _claims(sum(n for _, n in found.values())))]

    return figures


def _claims(count: int) -> str:
    return f"{count:,} claim{'' if count == 1 else 's'}"


def _aged_claims(bucket: Any) -> Any:
    def query(connection: Connection, scope: Scope) -> Select[Any]:
        each = owed(scope).subquery()
        part = bucket(scope)
        if scope.by == "payer":
            part = claims.c.payer_id + literal(" ") + part
        return (
            select(each.c.claim_id, each.c.cents, part.label("part"))
            .select_from(each.join(claims, claims.c.id == each.c.claim_id))
            .where(scope.of_claims)
        )

    return query


def receivable(connection: Connection, scope: Scope) -> int:
    """All that is owed at the end of the period, in cents."""
    each = owed(scope).subquery()
    statement = select(func.coalesce(func.sum(each.c.cents), 0))
    if scope.narrowed:
        statement = statement.select_from(each.join(claims, claims.c.id == each.c.claim_id)).where(scope.of_claims)
    return int(connection.execute(statement).scalar_one())


def _dso(connection: Connection, scope: Scope) -> list[Figure]:
    total = receivable(connection, scope)
    (row,) = _sums(connection, scope._replace(by=""), _CHARGED, _on(CONTRACTUAL))
    charged, contractual = row[2]
    allowable = charged - contractual
    return [Figure(ALL, total, allowable, ratio(total, allowable, scope.days), f"over {scope.days} days")]


def _all_owed(connection: Connection, scope: Scope) -> Select[Any]:
    each = owed(scope).subquery()
    return (
        select(each.c.claim_id, each.c.cents, literal(ALL).label("part"))
        .select_from(each.join(claims, claims.c.id == each.c.claim_id))
        .where(scope.of_claims)
    )


def _is_old(scope: Scope) -> ColumnElement[bool]:
    return claims.c.created_at < day_begins(scope.last - dt.timedelta(days=90), scope.zone)


def _over_90(connection: Connection, scope: Scope) -> list[Figure]:
    each = owed(scope).subquery()
    old = case((_is_old(scope), each.c.cents), else_=0)
    columns = [claims.c.payer_id] if scope.by == "payer" else []
    statement = (
        select(*columns, func.coalesce(func.sum(old), 0), func.coalesce(func.sum(each.c.cents), 0))
        .select_from(each.join(claims, claims.c.id == each.c.claim_id))
        .where(scope.of_claims)
    )
    if columns:
        statement = statement.group_by(*columns).order_by(*columns)
    found = [
        Figure(
            (row[0] or NOT_SAID) if columns else ALL, int(row[-2]), int(row[-1]), percent(int(row[-2]), int(row[-1]))
        )
        for row in connection.execute(statement)
    ]
    return [*found, _together(found)] if columns else found


def _old_claims(connection: Connection, scope: Scope) -> Select[Any]:
    each = owed(scope).subquery()
    part: Any = claims.c.payer_id if scope.by == "payer" else literal(ALL)
    return (
        select(each.c.claim_id, each.c.cents, part.label("part"))
        .select_from(each.join(claims, claims.c.id == each.c.claim_id))
        .where(scope.of_claims, _is_old(scope))
    )


# --- what each is ----------------------------------------------------------------------------------

ALLOWABLE = "allowable billing: charges less contractual adjustments booked in the period"
BOTH = (True, True)
_INVOICE = "The invoice date is the day on which the gateway took the claim in, so that its charge stood in the books."

DSO = Report(
    Definition(
        "dso",
        "Days sales outstanding",
        "A/R / (allowable billing / days in the period)",
        "A/R: what payers and patients owe at the end of the last day",
        ALLOWABLE,
        Unit.DAYS,
        BOTH,
        "claims with a balance at the end of the last day",
        threshold=Threshold(Decimal(56), Decimal(76), True, "VGM, S167"),
    ),
    _dso,
    _all_owed,
)


def _ageing(name: str, of: str, bucket: Any, note: str) -> Report:
    return Report(
        Definition(
            name,
            f"Ageing from {of}",
            "A/R of an age / A/R",
            f"A/R by days from {of} to the last day",
            "A/R at the end of the last day",
            Unit.PERCENT,
            BOTH,
            "claims with a balance, by age",
            ("payer",),
            note=note,
        ),
        _aged(bucket),
        _aged_claims(bucket),
    )


AGEING = _ageing("ageing", "the invoice date", _invoiced_bucket, _INVOICE)
AGEING_SERVICE = _ageing("ageing-service", "the date of service", _served_bucket, "The first day of service counts.")
OVER_90 = Report(
    Definition(
        "over-90",
        "A/R over 90 days",
        "A/R older than 90 days from the invoice date / A/R",
        "A/R older than 90 days",
        "A/R at the end of the last day",
        Unit.PERCENT,
        BOTH,
        "claims with a balance older than 90 days",
        ("payer",),
        note=_INVOICE,
    ),
    _over_90,
    _old_claims,
)
PAYMENTS = Report(
    Definition(
        "payment-rate",
        "Payment rate",
        "payments / allowable billing",
        "payments posted to claims in the period, less those taken back",
        ALLOWABLE,
        Unit.PERCENT,
        BOTH,
        "claims to which money was posted in the period",
        ("payer",),
    ),
    _rate(_PAID),
    _behind(_PAID),
)
WRITE_OFFS = Report(
    Definition(
        "write-off-rate",
        "Write-off rate",
        "bad debt written off / allowable billing",
        "bad debt written off in the period",
        ALLOWABLE,
        Unit.PERCENT,
        BOTH,
        "claims of which something was written off",
        ("payer",),
        Threshold(Decimal(6), Decimal(9), True, "VGM, S167"),
        "Nothing is written off by itself: who did it and why stands on the claim.",
    ),
    _rate(_BAD_DEBT),
    _behind(_BAD_DEBT),
)
ADJUSTMENTS = Report(
    Definition(
        "adjustment-rate",
        "Adjustment rate",
        "adjustments / allowable billing; `allowable`: expected but not remitted; `billing error`: should not have "
        "been billed",
        "what payers took off beyond contract and sequestration; charges that were taken back",
        ALLOWABLE,
        Unit.PERCENT,
        BOTH,
        "claims that were adjusted, by kind",
    ),
    _adjustments,
    _adjusted,
)
