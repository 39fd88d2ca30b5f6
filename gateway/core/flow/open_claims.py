"""What the store knows of the claims that a chunk of payments is for: one query for each kind of look-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from ..ledger import accounts
from ..ledger.balances import LineBalances, by_line
from ..model.posting import (
    OFF_KINDS,
    Kind,
    OpenClaim,
    OpenLine,
    PostedAdjustment,
    PostedLine,
    PostedPayment,
)
from ..store.claims import bulks
from ..store.denial_tables import next_claims
from ..store.posting_tables import WAITS
from ..store.tables import (
    adjustments,
    claim_lines,
    claim_payments,
    claims,
    line_payments,
    patients,
    submissions,
)
from ..x12.remittance import ClaimPayment
from .match import ClaimMatch, Found, Keys, Lookups, is_sure, keys_of, match_claim
from .post_records import unpack_payment

REVERSAL = "22"
_FOUND = tuple(claims.c[name] for name in ("id", "claim_number", "state", "from_date", "charge_cents", "frequency"))
_OFF_ACCOUNTS = frozenset({*(accounts.OF_KIND[kind] for kind in OFF_KINDS), accounts.WRITTEN_OFF})

K = TypeVar("K")


def find_claims(
    connection: Connection, payments: Sequence[ClaimPayment], by_numbers: Sequence[bool] = ()
) -> list[ClaimMatch]:
    """The claim that each payment is for, in order. The sure keys are looked up for all, the weaker ones only for
    the payments that the sure ones did not find. `by_numbers`: those that nothing but a number may find."""
    by_number = _by_number(connection, {payment.claim_id.strip() for payment in payments} - {""})
    keys: list[Keys] = []
    open_keys: list[Keys] = []
    for payment in payments:
        number = payment.claim_id.strip()
        if is_sure(by_number.get(number, ())):
            keys.append(Keys(number, "", (), "", "", None, 0))
        else:
            keys.append(keys_of(payment))
            open_keys.append(keys[-1])
    lookups = Lookups(by_number, {}, {}, {}, {})
    if open_keys:
        lookups = Lookups(
            by_number,
            _by_payer_number(connection, {key.payer_claim_number for key in open_keys} - {""}),
            _by_member(connection, open_keys),
            _by_name(connection, open_keys),
            _reversible(connection, {key.payer_claim_number for key in open_keys if key.reverses} - {""}),
        )
    if not any(by_numbers):
        return [match_claim(key, lookups) for key in keys]
    return [match_claim(key, lookups, by_numbers=only) for key, only in zip(keys, by_numbers, strict=True)]


def _by_number(connection: Connection, numbers: Iterable[str]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    for some in bulks(sorted(numbers)):
        rows = connection.execute(select(*_FOUND).where(claims.c.claim_number.in_(some)).order_by(claims.c.id)).all()
        for row in rows:
            found.setdefault(row.claim_number, []).append(Found(*row))
    return found


def _by_payer_number(connection: Connection, numbers: Iterable[str]) -> dict[str, list[Found]]:
    """By the number that the payer gave a claim, learnt from its 277CA or from an earlier payment."""
    found: dict[str, dict[int, Found]] = {}
    for some in bulks(sorted(numbers)):
        for column in (submissions.c.payer_claim_number, claim_payments.c.payer_claim_number):
            rows = connection.execute(
                select(column, *_FOUND)
                .join(claims, claims.c.id == column.table.c.claim_id)
                .where(column.in_(some))
                .order_by(claims.c.id)
            ).all()
            for number, *values in rows:
                found.setdefault(number, {})[values[0]] = Found(*values)
    return {number: list(by_id.values()) for number, by_id in found.items()}


def _reversible(connection: Connection, numbers: Iterable[str]) -> dict[str, set[tuple[int, int]]]:
    """By the payer's claim number: the claim and the charge of each payment that is posted."""
    found: dict[str, set[tuple[int, int]]] = {}
    paid = claim_payments.c
    for some in bulks(sorted(numbers)):
        rows = connection.execute(
            select(paid.payer_claim_number, paid.claim_id, paid.charge_cents).where(
                paid.payer_claim_number.in_(some), paid.state == "posted", paid.status != REVERSAL
            )
        )
        for number, claim_id, charge in rows:
            found.setdefault(number, set()).add((claim_id, charge))
    return found


def _by_member(connection: Connection, keys: Sequence[Keys]) -> dict[tuple[str, dt.date, int], list[Found]]:
    members = sorted({member for key in keys if key.from_date for member in key.member_ids})
    found: dict[tuple[str, dt.date, int], list[Found]] = {}
    for some in bulks(members):
        rows = connection.execute(
            select(claims.c.member_id, *_FOUND).where(claims.c.member_id.in_(some)).order_by(claims.c.id)
        ).all()
        for member, *values in rows:
            claim = Found(*values)
            if claim.from_date is not None:
                found.setdefault((member, claim.from_date, claim.charge_cents), []).append(claim)
    return found


def _by_name(connection: Connection, keys: Sequence[Keys]) -> dict[tuple[str, str, dt.date, int], list[Found]]:
    wanted = {(key.last_name, key.first_name) for key in keys if key.from_date and key.last_name}
    charges = {key.charge_cents for key in keys if key.from_date and key.last_name}
    names: dict[int, tuple[str, str]] = {}
    # The patients first, then their claims: the other way round every claim would be looked at.
    p = patients.c
    for some in bulks(sorted({last for last, _ in wanted})):
        for patient_id, last, first in connection.execute(select(p.id, p.last_name, p.first_name).where(called(some))):
            if (last.upper(), first.upper()) in wanted:
                names[patient_id] = last.upper(), first.upper()
    rows: list[Any] = []
    for ids in bulks(sorted(names)):
        rows += connection.execute(select(claims.c.patient_id, *_FOUND).where(claims.c.patient_id.in_(ids)))
    found: dict[tuple[str, str, dt.date, int], list[Found]] = {}
    for patient_id, *values in sorted(rows, key=lambda row: int(row.id)):
        claim = Found(*values)
        if claim.from_date is not None and claim.charge_cents in charges:
            found.setdefault((*names[patient_id], claim.from_date, claim.charge_cents), []).append(claim)
    return found


def called(last_names: Sequence[str]) -> ColumnElement[bool]:
    """Patients with one of these last names (in capitals), however theirs is spelt: looked for among those alone that
    begin with the same letters, which the index of names finds."""
    column = patients.c.last_name
    letters = sorted({letter for name in last_names for letter in (name[:1].upper(), name[:1].lower())})
    among = [and_(column >= letter, column < letter + "\uffff") for letter in letters]
    return and_(or_(*among), func.upper(column).in_(last_names))


def by_id(connection: Connection, claim_ids: Iterable[int]) -> dict[int, Found]:
    """Claims by their id in our books, as a look-up finds them."""
    found: dict[int, Found] = {}
    for some in bulks(sorted(claim_ids)):
        for row in connection.execute(select(*_FOUND).where(claims.c.id.in_(some))):
            found[row.id] = Found(*row)
    return found


def contents_of(connection: Connection, claim_ids: Sequence[int]) -> dict[int, bytes]:
    """The packed content (`x12.stored`) of each claim."""
    found: dict[int, bytes] = {}
    for some in bulks(claim_ids):
        for claim_id, content in connection.execute(select(claims.c.id, claims.c.content).where(claims.c.id.in_(some))):
            found[claim_id] = content
    return found


# --- what is open on them --------------------------------------------------------------------------


def open_claims(
    connection: Connection, claim_ids: Sequence[int], reversed_ids: Iterable[int], decided_ids: Iterable[int]
) -> dict[int, OpenClaim]:
    """The claims as they stand. Earlier payments are given for `reversed_ids`, the payers told for `decided_ids`."""
    stands = by_line(connection, claim_ids)
    posted = _posted(connection, sorted(set(reversed_ids)))
    payers = _payers_of(connection, sorted(set(decided_ids)))
    lines: dict[int, list[OpenLine]] = {claim_id: [] for claim_id in claim_ids}
    columns = [claim_lines.c[name] for name in _LINE_COLUMNS]
    for some in bulks(claim_ids):
        for row in connection.execute(
            select(*columns)
            .where(claim_lines.c.claim_id.in_(some))
            .order_by(claim_lines.c.claim_id, claim_lines.c.number)
        ):
            lines[row[0]].append(_line(row, stands[row[0]]))
    found: dict[int, OpenClaim] = {}
    handed = _handed_over(connection, claim_ids)
    for claim_id, before in handed.items():
        lines[claim_id] = [_with_off(line, before.off.get(line.number, 0)) for line in lines[claim_id]]
    for some in bulks(claim_ids):
        for row in connection.execute(
            select(
                claims.c.id,
                claims.c.claim_number,
                claims.c.version,
                claims.c.state,
                claims.c.payer_id,
                claims.c.charge_cents,
                claims.c.payer_claim_number,
            ).where(claims.c.id.in_(some))
        ):
            claim_id, number, version, state, payer_id, charge, payer_number = row
            if claim_id in handed:
                charge = handed[claim_id].charge
            own, others = payers.get(claim_id, ("", 0))
            found[claim_id] = OpenClaim(
                claim_id,
                number,
                version,
                state,
                payer_id,
                charge,
                others,
                payer_number,
                tuple(lines[claim_id]),
                _whole(stands[claim_id].get(None, {})),
                tuple(posted.get(claim_id, ())),
                responsibility=own,
            )
    return found


class _Before(NamedTuple):
    """What the claim before hands to one for the next payer: what was taken off it, by line number, which that payer
    may say again; and the charge of which the rest is asked for."""

    off: dict[int, int]
    charge: int


def _handed_over(connection: Connection, claim_ids: Sequence[int]) -> dict[int, _Before]:
    """Of those of these claims that were made for a next payer."""
    pairs: dict[int, tuple[int, int]] = {}
    for some in bulks(claim_ids):
        rows = connection.execute(
            select(next_claims.c.made_claim_id, next_claims.c.claim_id, next_claims.c.cents).where(
                next_claims.c.made_claim_id.in_(some)
            )
        )
        pairs |= {row.made_claim_id: (row.claim_id, row.cents) for row in rows}
    if not pairs:
        return {}
    first = sorted({before for before, _ in pairs.values()})
    stands = by_line(connection, first)
    offs: dict[int, dict[int, int]] = {claim_id: {} for claim_id in first}
    for some in bulks(first):
        for claim_id, line_id, number in connection.execute(
            select(claim_lines.c.claim_id, claim_lines.c.id, claim_lines.c.number).where(
                claim_lines.c.claim_id.in_(some)
            )
        ):
            offs[claim_id][number] = _amounts(stands[claim_id].get(line_id, {}))[3]
    return {
        claim_id: _Before(offs[before], cents + sum(offs[before].values()))
        for claim_id, (before, cents) in pairs.items()
    }


def _with_off(line: OpenLine, off: int) -> OpenLine:
    return msgspec.structs.replace(line, off_cents=line.off_cents + off)


_LINE_COLUMNS = (
    "claim_id",
    "id",
    "number",
    "control_number",
    "code",
    "modifiers",
    "charge_cents",
    "from_date",
    "thru_date",
)


def _line(row: Any, stands: LineBalances) -> OpenLine:
    _, line_id, number, control_number, code, modifiers, charge, first, last = row
    amounts = _amounts(stands.get(line_id, {}))
    return OpenLine(
        line_id,
        number,
        control_number,
        code.upper(),
        tuple(modifiers.upper().split(":")) if modifiers else (),
        charge,
        first,
        last,
        *amounts,
    )


def _whole(stands: dict[str, int]) -> OpenLine:
    return OpenLine(0, 0, "", "", (), 0, None, None, *_amounts(stands))


def _amounts(stands: dict[str, int]) -> tuple[int, dict[Kind, int], int, int, dict[Kind, int]]:
    """With the payer, with the patient by kind, denied, and taken off before (together with what we wrote off; and what
    payers took off, by kind)."""
    patient: dict[Kind, int] = {}
    off: dict[Kind, int] = {}
    taken = 0
    for account, cents in stands.items():
        if account.startswith(accounts.PATIENT):
            if cents:
                patient[accounts.KIND_OF[account]] = cents
        elif account in _OFF_ACCOUNTS and cents:
            taken += cents
            if account != accounts.WRITTEN_OFF:
                off[accounts.KIND_OF[account]] = cents
    return stands.get(accounts.INSURANCE, 0), patient, stands.get(accounts.DENIED, 0), taken, off


def _posted(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[PostedPayment]]:
    """The payments that stand on these claims: posted, no reversal, and not reversed."""
    rows: list[Any] = []
    gone: set[int] = set()
    columns = ("id", "claim_id", "status", "payer_claim_number", "charge_cents", "paid_cents", "reverses")
    for some in bulks(claim_ids):
        for row in connection.execute(
            select(*(claim_payments.c[name] for name in columns))
            .where(claim_payments.c.claim_id.in_(some), claim_payments.c.state == "posted")
            .order_by(claim_payments.c.id)
        ):
            if row.reverses is None:
                rows.append(row)
            else:
                gone.add(row.reverses)
    rows = [row for row in rows if row.id not in gone]
    ids = [row.id for row in rows]
    lines: dict[int, list[PostedLine]] = {}
    reasons: dict[int, list[PostedAdjustment]] = {}
    for some in bulks(ids):
        for owner, *values in connection.execute(
            select(
                line_payments.c.claim_payment_id,
                line_payments.c.line_id,
                line_payments.c.code,
                line_payments.c.charge_cents,
                line_payments.c.paid_cents,
            )
            .where(line_payments.c.claim_payment_id.in_(some))
            .order_by(line_payments.c.id)
        ):
            lines.setdefault(owner, []).append(PostedLine(*values))
        for owner, line_id, group, reason, cents, kind in connection.execute(
            select(
                adjustments.c.claim_payment_id,
                adjustments.c.line_id,
                adjustments.c.group_code,
                adjustments.c.reason_code,
                adjustments.c.cents,
                adjustments.c.kind,
            )
            .where(adjustments.c.claim_payment_id.in_(some))
            .order_by(adjustments.c.id)
        ):
            reasons.setdefault(owner, []).append(PostedAdjustment(line_id, group, reason, cents, Kind(kind)))
    found: dict[int, list[PostedPayment]] = {}
    for row in rows:
        found.setdefault(row.claim_id, []).append(
            PostedPayment(
                row.id,
                row.status,
                row.payer_claim_number,
                row.charge_cents,
                row.paid_cents,
                tuple(lines.get(row.id, ())),
                tuple(reasons.get(row.id, ())),
            )
        )
    return found


def waiting_reversals(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[PostedPayment]]:
    """The reversals that wait for these claims, with their amounts as they stand there."""
    found: dict[int, list[PostedPayment]] = {}
    for some in bulks(claim_ids):
        for row in connection.execute(
            select(claim_payments.c.id, claim_payments.c.claim_id, claim_payments.c.content)
            .where(
                WAITS,
                claim_payments.c.claim_id.in_(some),
                claim_payments.c.status == REVERSAL,
            )
            .order_by(claim_payments.c.id)
        ):
            found.setdefault(row.claim_id, []).append(_as_posted(row.id, unpack_payment(row.content)))
    return found


def _as_posted(payment_id: int, payment: ClaimPayment) -> PostedPayment:
    parts = (payment.adjustments, *(line.adjustments for line in payment.lines))
    return PostedPayment(
        payment_id,
        payment.status,
        payment.payer_control_number,
        payment.charge_cents,
        payment.paid_cents,
        tuple(PostedLine(None, line.code, line.charge_cents, line.paid_cents) for line in payment.lines),
        tuple(PostedAdjustment(None, one.group, one.reason, one.cents) for some in parts for one in some),
    )


def _payers_of(connection: Connection, claim_ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """As which payer of each claim it was sent to that one, and how many come after it (SBR01 of 2000B and of each
    2320)."""
    return {claim_id: payers_of(content) for claim_id, content in contents_of(connection, claim_ids).items()}


_RANKS = b"PSTABCDEFGH"


def payers_of(content: bytes) -> tuple[str, int]:
    """Of a packed claim (`x12.stored`): the letter of the payer it was sent to, and how many payers come after it."""
    # A claim has one SBR in its 2000B, the first, and one in each 2320; nothing else of it is needed.
    start = content[2:3] + b"SBR" + content[:1]
    at = content.find(start)
    letter = content[at + 5 : at + 6] if at >= 0 else b""
    own = _RANKS.find(letter) if letter else 0
    count = 0
    while at >= 0:
        count += _RANKS.find(content[at + 5 : at + 6]) > own
        at = content.find(start, at + 5)
    return letter.decode() if letter and letter in _RANKS else "", count
