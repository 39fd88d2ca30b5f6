"""The queue of what did not post, for a person: why, which claims it may be for, how sure each is, and what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from ..model.money import to_dollars
from ..model.payer_habits import Habits
from ..model.posting import SCORES, How
from ..store import keyset
from ..store.keyset import Key
from ..store.posting_tables import WAITS, set_asides
from ..store.tables import claim_payments, claims, files, patients, remittances, work_items
from ..x12.remittance import ClaimPayment
from .match import Keys, keys_of, match_payment
from .open_claims import called, find_claims, open_claims
from .post_records import unpack_payment

MOST = 1000
NEAR = 20
"""How many claims are looked at that no rule found."""


class Waiting(NamedTuple):
    """What waits: a claim payment (`payment`), or a whole remittance (`remittance`). `id` is that one's, `item_id`
    that of its work item (None: it has none)."""

    kind: str
    id: int
    remittance_id: int
    payer_id: str
    payer_name: str
    trace_number: str
    claim_number: str
    cents: int
    rule: str
    reason: str
    team: str
    assignee: str
    work_by: dt.date | None
    since: dt.datetime
    state: str
    item_id: int | None


class CandidateClaim(NamedTuple):
    """A claim that a payment may be for: how sure that is, of 100, and by what."""

    claim_id: int
    claim_number: str
    score: int
    why: str
    charge_cents: int
    open_cents: int
    state: str


class CandidateLine(NamedTuple):
    """What a service of the payment may be for: the line (0: none for certain), how sure, why, and other lines."""

    service: int
    code: str
    charge_cents: int
    paid_cents: int
    line: int
    score: int
    why: str
    others: tuple[int, ...]


class Shown(NamedTuple):
    """All about one payment that waits."""

    waits: Waiting
    file: str
    status: str
    charge_cents: int
    patient_cents: int
    match: str
    candidates: list[CandidateClaim]
    lines: list[CandidateLine]
    actions: list[str]


# By kind of subject, so that the index of subjects finds them, however many items there are.
_PAYMENT_ITEM = and_(
    work_items.c.subject_kind == "claim_payment",
    work_items.c.subject_id == claim_payments.c.id,
    work_items.c.kind == "posting_exception",
)
_REMITTANCE_ITEM = and_(
    work_items.c.subject_kind == "remittance",
    work_items.c.subject_id == remittances.c.id,
    work_items.c.kind == "remittance_exception",
)
_ASIDE = (
    claim_payments.c.state == "set aside",
    claim_payments.c.id.in_(select(set_asides.c.claim_payment_id).where(set_asides.c.taken_back_at.is_(None))),
)
_ITEM = (
    *(work_items.c.rule, work_items.c.team, work_items.c.assignee, work_items.c.work_by),
    work_items.c.id.label("item_id"),
)


_ORDER = (Key(func.abs(claim_payments.c.paid_cents), descending=True), Key(claim_payments.c.id))
_WHOLE_ORDER = (Key(func.abs(remittances.c.paid_cents), descending=True), Key(remittances.c.id))
PLACE = (str, int, int)
"""What tells a place in the list: remittance or payment, its cents without their sign, its id."""


def place(one: Waiting) -> tuple[Any, ...]:
    """Where it stands in the list."""
    return (one.kind, abs(one.cents), one.id)


def _payments(*where: Any) -> Any:
    return (
        select(
            claim_payments.c.id,
            claim_payments.c.remittance_id,
            remittances.c.payer_id,
            remittances.c.payer_name,
            remittances.c.trace_number,
            claim_payments.c.claim_number,
            claim_payments.c.paid_cents,
            claim_payments.c.reason,
            claim_payments.c.at,
            claim_payments.c.state,
            *_ITEM,
        )
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .outerjoin(work_items, _PAYMENT_ITEM)
        .where(*where)
        .order_by(*keyset.order(_ORDER))
    )


def waiting(
    connection: Connection,
    *,
    payer: str = "",
    rule: str = "",
    aside: bool = False,
    remittance_id: int | None = None,
    limit: int = MOST,
    skip: int = 0,
    behind: Sequence[Any] | None = None,
) -> list[Waiting]:
    """What did not post, the most dollars first; whole remittances before the payments of others. `aside`: instead,
    what persons have set aside. `remittance_id`: only of this one. `skip`: without the first so many; `behind`: what
    comes after a place of the list."""
    kind, *at = behind or ("", 0, 0)
    where: list[Any] = [*_ASIDE] if aside else [WAITS]
    if remittance_id is not None:
        where.append(claim_payments.c.remittance_id == remittance_id)
    if payer:
        where.append(remittances.c.payer_id == payer)
    if rule:
        where.append(work_items.c.rule == rule)
    if kind == "payment":
        where.append(keyset.behind(_ORDER, at))
    whole = not aside and kind != "payment"
    some = skip + limit
    found = [*_whole(connection, payer, rule, remittance_id, some, at if kind else None)] if whole else []
    rows = connection.execute(_payments(*where).limit(max(some - len(found), 0)))
    return [*found, *(_payment(row) for row in rows)][skip:]


class Reason(NamedTuple):
    """What waits for one reason: payments, or whole remittances (`kind`), and when the first should be worked."""

    kind: str
    rule: str
    many: int
    cents: int
    work_by: dt.date | None


def by_reason(connection: Connection) -> list[Reason]:
    """What did not post, by reason; the most dollars first."""
    item = work_items.c
    of_payments = (
        select(item.rule, func.count(), func.sum(func.abs(claim_payments.c.paid_cents)), func.min(item.work_by))
        .select_from(claim_payments)
        .outerjoin(work_items, _PAYMENT_ITEM)
        .where(WAITS)
        .group_by(item.rule)
    )
    of_remittances = (
        select(remittances.c.state, func.count(), func.sum(func.abs(remittances.c.paid_cents)), func.min(item.work_by))
        .select_from(remittances)
        .outerjoin(work_items, _REMITTANCE_ITEM)
        .where(remittances.c.state.in_(("exception", "review")))
        .group_by(remittances.c.state)
    )
    found = []
    for kind, statement in (("remittance", of_remittances), ("payment", of_payments)):
        for rule, many, cents, work_by in connection.execute(statement):
            found.append(Reason(kind, rule or "", int(many), int(cents or 0), work_by))
    return sorted(found, key=lambda one: (-one.cents, one.kind, one.rule))


def _payment(row: Any) -> Waiting:
    return Waiting(
        "payment",
        row.id,
        row.remittance_id,
        row.payer_id,
        row.payer_name,
        row.trace_number,
        row.claim_number,
        row.paid_cents,
        row.rule or "",
        row.reason,
        row.team or "",
        row.assignee or "",
        row.work_by,
        row.at,
        row.state,
        row.item_id,
    )


def _whole(
    connection: Connection,
    payer: str,
    rule: str,
    remittance_id: int | None,
    limit: int,
    behind: Sequence[Any] | None,
) -> Iterator[Waiting]:
    where: list[Any] = [remittances.c.state.in_(("exception", "review"))]
    if remittance_id is not None:
        where.append(remittances.c.id == remittance_id)
    if behind is not None:
        where.append(keyset.behind(_WHOLE_ORDER, behind))
    if payer:
        where.append(remittances.c.payer_id == payer)
    if rule:
        where.append(work_items.c.rule == rule)
    for row in connection.execute(
        select(remittances, *_ITEM)
        .outerjoin(work_items, _REMITTANCE_ITEM)
        .where(*where)
        .order_by(*keyset.order(_WHOLE_ORDER))
        .limit(limit)
    ):
        yield Waiting(
            "remittance",
            row.id,
            row.id,
            row.payer_id,
            row.payer_name,
            row.trace_number,
            "",
            row.paid_cents,
            row.rule or row.state,
            row.reason,
            row.team or "",
            row.assignee or "",
            row.work_by,
            row.received_at,
            row.state,
            row.item_id,
        )


def one(connection: Connection, payment_id: int, habits: Habits, *, claim_id: int | None = None) -> Shown | None:
    """A payment that waits, or was set aside, with what it may be for as things stand now; None where there is none.
    `claim_id`: the claim that its services are held against, instead of the one that is found."""
    found = connection.execute(_payments(claim_payments.c.id == payment_id)).one_or_none()
    if found is None:
        return None
    row = connection.execute(
        select(claim_payments, files.c.name)
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .join(files, files.c.id == remittances.c.file_id)
        .where(claim_payments.c.id == payment_id)
    ).one()
    payment = unpack_payment(row.content)
    (match,) = find_claims(connection, [payment], [habits.claims_by_numbers])
    named = [(match.found.claim_id, SCORES[match.how], match.why)] if match.found is not None else []
    named += [(one.claim_id, SCORES[one.how], f"found by {one.how.value}") for one in match.candidates]
    if not named:
        named = _near(connection, keys_of(payment))
    candidates = _candidates(connection, named)
    lines = []
    for_sure = claim_id or (match.found.claim_id if match.found is not None else row.claim_id)
    if for_sure is None and len(candidates) == 1:
        for_sure = candidates[0].claim_id
    if for_sure is not None:
        lines = _lines(connection, payment, for_sure, habits)
    waits = _payment(found)
    actions = _actions(waits, candidates, lines)
    return Shown(
        waits,
        row.name,
        row.status,
        row.charge_cents,
        row.patient_cents,
        match.why,
        candidates,
        lines,
        actions,
    )


def payer_of(connection: Connection, payment_id: int) -> str:
    """The payer of a payment, by its remittance; empty where there is none."""
    found = connection.execute(
        select(remittances.c.payer_id)
        .join(claim_payments, claim_payments.c.remittance_id == remittances.c.id)
        .where(claim_payments.c.id == payment_id)
    ).scalar_one_or_none()
    return str(found or "")


def _candidates(connection: Connection, named: Sequence[tuple[int, int, str]]) -> list[CandidateClaim]:
    known = open_claims(connection, [claim_id for claim_id, _, _ in named], [], [])
    found = [
        CandidateClaim(
            claim_id,
            known[claim_id].claim_number,
            score,
            why,
            known[claim_id].charge_cents,
            known[claim_id].open_cents,
            known[claim_id].state,
        )
        for claim_id, score, why in named
    ]
    return sorted(found, key=lambda one: (-one.score, one.claim_id))


def _near(connection: Connection, keys: Keys) -> list[tuple[int, int, str]]:
    """Claims that no rule found and that share something with the payment; never sure enough to post by themselves."""
    wanted: list[ColumnElement[bool]] = []
    if keys.member_ids:
        wanted.append(claims.c.member_id.in_(keys.member_ids))
    if keys.last_name:
        same = or_(claims.c.from_date == keys.from_date, claims.c.charge_cents == keys.charge_cents)
        named = list(connection.execute(select(patients.c.id).where(called([keys.last_name])).limit(MOST)).scalars())
        wanted.append(and_(claims.c.patient_id.in_(named), same))
    rows = {
        row.id: row
        for where in wanted
        for row in connection.execute(
            select(claims.c.id, claims.c.member_id, claims.c.from_date, claims.c.charge_cents, patients.c.last_name)
            .outerjoin(patients, patients.c.id == claims.c.patient_id)
            .where(where)
            .order_by(claims.c.id.desc())
            .limit(NEAR)
        )
    }
    found = []
    for row in sorted(rows.values(), key=lambda row: -row.id)[:NEAR]:
        alike = {
            "member id": (row.member_id in keys.member_ids, 30),
            "date": (row.from_date is not None and row.from_date == keys.from_date, 15),
            "charge": (row.charge_cents == keys.charge_cents, 15),
            "last name": (bool(keys.last_name) and (row.last_name or "").upper() == keys.last_name, 10),
        }
        words = [word for word, (same_one, _) in alike.items() if same_one]
        score = sum(points for same_one, points in alike.values() if same_one)
        found.append((row.id, score, f"the same {', '.join(words)}; no rule takes that for proof"))
    return found


def _lines(connection: Connection, payment: ClaimPayment, claim_id: int, habits: Habits) -> list[CandidateLine]:
    claim = open_claims(connection, [claim_id], [], []).get(claim_id)
    if claim is None:
        return []
    matched = match_payment(payment, claim.lines, by_numbers=habits.lines_by_numbers)
    return [
        CandidateLine(
            number,
            service.code,
            service.charge_cents,
            service.paid_cents,
            match.line_number if match.line_id is not None else 0,
            match.score if match.line_id is not None else SCORES[How.NOTHING],
            match.why,
            match.candidates,
        )
        for number, (service, match) in enumerate(zip(payment.lines, matched, strict=True), 1)
    ]


def _actions(waits: Waiting, candidates: Sequence[CandidateClaim], lines: Sequence[CandidateLine]) -> list[str]:
    """What can be done, as commands."""
    if waits.state == "set aside":
        return [f"gateway exceptions take-back {waits.id} --reason ..."]
    if waits.state != "exception":
        return []
    claim = str(candidates[0].claim_id) if len(candidates) == 1 else "CLAIM"
    unsure = "".join(f" --line {one.service}=LINE" for one in lines if not one.line)
    made = [f"gateway exceptions assign {waits.id} {claim}{unsure} --reason ..."]
    made.append(f"gateway exceptions post-again {waits.id} --reason ...")
    return [*made, f"gateway exceptions set-aside {waits.id} --reason ..."]


def asides(connection: Connection, payment_id: int) -> list[Mapping[str, Any]]:
    """How often a payment was set aside, by whom and why, oldest first."""
    rows = connection.execute(
        select(set_asides).where(set_asides.c.claim_payment_id == payment_id).order_by(set_asides.c.id)
    )
    return [dict(row._mapping) for row in rows]


def data(found: Waiting) -> dict[str, Any]:
    """For a program; amounts in dollars as text."""
    values = found._asdict()
    values["dollars"] = str(to_dollars(values.pop("cents")))
    values["work_by"] = found.work_by.isoformat() if found.work_by else None
    values["since"] = found.since.isoformat()
    return values


def shown_data(found: Shown) -> dict[str, Any]:
    """All about one, for a program."""
    return {
        **data(found.waits),
        "file": found.file,
        "status": found.status,
        "charge": str(to_dollars(found.charge_cents)),
        "patient": str(to_dollars(found.patient_cents)),
        "match": found.match,
        "candidates": [
            {
                "claim_id": one.claim_id,
                "claim_number": one.claim_number,
                "score": one.score,
                "why": one.why,
                "charge": str(to_dollars(one.charge_cents)),
                "open": str(to_dollars(one.open_cents)),
                "state": one.state,
            }
            for one in found.candidates
        ],
        "services": [
            {
                "service": one.service,
                "code": one.code,
                "charge": str(to_dollars(one.charge_cents)),
                "paid": str(to_dollars(one.paid_cents)),
                "line": one.line or None,
                "score": one.score,
                "why": one.why,
                "others": list(one.others),
            }
            for one in found.lines
        ],
        "actions": found.actions,
    }
