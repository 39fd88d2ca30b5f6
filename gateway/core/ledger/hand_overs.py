"""Money that changes hands by no payment: a denial that is written off or becomes the patient's, and what one payer
left and the next is asked for. Each is a transfer with a key of its own, so it happens once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, case, func, select, union_all

from ..store.denial_tables import RETURNED, next_claims, write_offs
from ..store.tables import transfers
from . import accounts
from .accounts import sides
from .transfers import Transfer

WRITE_OFF, TO_PATIENT, TO_NEXT, REOPENED = "write-off", "to patient", "next payer", "reopened"


def write_off(write_off_id: int, claim_id: int, line_id: int | None, cents: int, day: dt.date, why: str) -> Transfer:
    """A denied amount is given up, by a person who may or under a named rule."""
    key = f"write-off:{write_off_id}"
    return Transfer(
        accounts.WRITTEN_OFF, accounts.DENIED, cents, day, WRITE_OFF, key, why[:300], claim_id=claim_id, line_id=line_id
    )


def take_back(connection: Connection, write_off_id: int, day: dt.date, why: str) -> Transfer:
    """A write-off is taken back: its transfer the other way round, with a key of its own, so it happens once."""
    columns = [transfers.c[name] for name in Transfer._fields]
    key = f"write-off:{write_off_id}"
    transfer_id, *values = connection.execute(select(transfers.c.id, *columns).where(transfers.c.key == key)).one()
    done = Transfer(*values)
    return done._replace(
        debit=done.credit,
        credit=done.debit,
        on_date=day,
        key=f"reverse:{transfer_id}",
        why=why[:300],
        reverses=transfer_id,
    )


def to_patient(denial_id: int, claim_id: int, line_id: int | None, cents: int, day: dt.date, why: str) -> Transfer:
    """A denied amount is the patient's to pay."""
    owes = accounts.PATIENT + "other"
    key = f"to-patient:{denial_id}"
    return Transfer(owes, accounts.DENIED, cents, day, TO_PATIENT, key, why[:300], claim_id=claim_id, line_id=line_id)


def to_next_payer(
    next_id: int,
    first: int,
    second: int,
    left: Mapping[int | None, Mapping[str, int]],
    lines: Mapping[int | None, int | None],
    day: dt.date,
    after: int = 0,
) -> list[Transfer]:
    """What the first claim's payer left is receivable from the second claim's: taken off the patient's accounts of the
    first, line by line (`left`: line, account, cents), and put on the insurance account of the second (`lines`: which
    of its lines is which). Nothing is charged anew: together the two claims are owed what the first was. `after`:
    how many transfers between claims there are for it already (`count`)."""
    made: list[Transfer] = []
    for line_id, by_account in left.items():
        total = 0
        for account, cents in sorted(by_account.items()):
            if cents <= 0 or not account.startswith(accounts.PATIENT):
                continue
            key = _key(next_id, after + len(made))
            made.append(
                Transfer(
                    accounts.NEXT_PAYER, account, cents, day, TO_NEXT, key, "left to the next payer",
                    claim_id=first, line_id=line_id,
                )
            )  # fmt: skip
            total += cents
        if total:
            key = _key(next_id, after + len(made))
            made.append(
                Transfer(
                    accounts.INSURANCE, accounts.NEXT_PAYER, total, day, TO_NEXT, key, "left by the payer before",
                    claim_id=second, line_id=lines.get(line_id),
                )
            )  # fmt: skip
    return made


def _key(next_id: int, number: int) -> str:
    return f"next:{next_id}:{number}"


def _of(next_id: int, between: Collection[int]) -> Any:
    return and_(
        transfers.c.claim_id.in_(sorted(between)), transfers.c.key.startswith(f"next:{next_id}:", autoescape=True)
    )


def count(connection: Connection, next_id: int, between: Collection[int]) -> int:
    """How many transfers a next claim has made so far on these claims, all that ever were of it; those that took one
    back are not counted."""
    statement = select(func.count()).select_from(transfers).where(_of(next_id, between))
    return int(connection.execute(statement).scalar_one())


def handed(moved: Sequence[Transfer]) -> int:
    """What transfers of a hand-over take off the first claim, in cents."""
    return sum(one.cents for one in moved if one.debit == accounts.NEXT_PAYER)


def reopened(
    next_id: int, second: int, stands: Mapping[int | None, Mapping[str, int]], day: dt.date, after: int
) -> list[Transfer]:
    """What the next payer denied is with it again, as before its decision."""
    made: list[Transfer] = []
    for line_id, by_account in stands.items():
        cents = by_account.get(accounts.DENIED, 0)
        if cents > 0:
            key = _key(next_id, after + len(made))
            made.append(
                Transfer(
                    accounts.INSURANCE, accounts.DENIED, cents, day, REOPENED, key, "asked for by another claim",
                    claim_id=second, line_id=line_id,
                )
            )  # fmt: skip
    return made


def back(connection: Connection, next_id: int, between: Collection[int], day: dt.date, why: str) -> list[Transfer]:
    """What a next claim handed over and has not handed back, the other way round, to the cent and the line."""
    columns = [transfers.c[name] for name in Transfer._fields]
    on_these = transfers.c.claim_id.in_(sorted(between))
    taken_back = select(transfers.c.reverses).where(on_these, transfers.c.reverses.is_not(None))
    rows = connection.execute(
        select(transfers.c.id, *columns)
        .where(_of(next_id, between), transfers.c.kind == TO_NEXT, transfers.c.id.not_in(taken_back))
        .order_by(transfers.c.id)
    )
    made = []
    for transfer_id, *values in rows:
        one = Transfer(*values)
        made.append(
            one._replace(
                debit=one.credit,
                credit=one.debit,
                on_date=day,
                key=f"reverse:{transfer_id}",
                why=why[:300],
                reverses=transfer_id,
            )
        )
    return made


# --- for the proof ---------------------------------------------------------------------------------


def given_up() -> Any:
    """Cents written off by claim, as the write-offs themselves say."""
    return (
        select(write_offs.c.claim_id, func.sum(write_offs.c.cents).label("cents"))
        .where(write_offs.c.state == "done")
        .group_by(write_offs.c.claim_id)
        .subquery()
    )


def moved() -> Any:
    """Cents by claim that came from the payer before (positive) or went to the next (negative), as the next claims
    themselves say."""
    here = and_(next_claims.c.made_claim_id.is_not(None), next_claims.c.state != RETURNED)
    both = union_all(
        select(next_claims.c.claim_id.label("claim_id"), (-next_claims.c.cents).label("cents")).where(here),
        select(next_claims.c.made_claim_id.label("claim_id"), next_claims.c.cents.label("cents")).where(here),
    ).subquery()
    return select(both.c.claim_id, func.sum(both.c.cents).label("cents")).group_by(both.c.claim_id).subquery()


def between_claims(connection: Connection) -> Iterator[str]:
    """Nothing is left between two claims, and every write-off that stands has its transfer."""
    both = sides()
    left = connection.execute(select(func.sum(both.c.cents)).where(both.c.account == accounts.NEXT_PAYER)).scalar()
    if left:
        yield f"Between claims and their next payers {int(left)} cents are on no claim."
    net = case((transfers.c.debit == accounts.WRITTEN_OFF, transfers.c.cents), else_=-transfers.c.cents)
    booked = connection.execute(select(func.sum(net)).where(transfers.c.kind == WRITE_OFF)).scalar()
    told = connection.execute(select(func.sum(write_offs.c.cents)).where(write_offs.c.state == "done")).scalar()
    if int(booked or 0) != int(told or 0):
        yield f"Write-offs come to {int(told or 0)} cents, and {int(booked or 0)} cents were booked."
