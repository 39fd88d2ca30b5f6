"""The register of deposits: what is expected and what was seen, in one list, itemised by way and payer."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, null, select

from ..model.money import to_dollars
from ..store.cash_tables import cash_matches, deposit_papers, money_lines
from ..store.tables import deposits, remittances, timeline
from . import accounts
from .money import BANK, UNIDENTIFIED
from .standing import STANDS

REMITTANCE, SLIP, AT_BANK, IN_HAND = "remittance", "slip", "bank", "in hand"
ALL_STATES = ("expected", "matched", "posted", "reconciled", UNIDENTIFIED, "noted")


class Which(NamedTuple):
    """Which entries: empty and None mean any. `payer` is a part of the name or the id, `number` the whole trace or
    check number; the days are those of the money, or on which it is expected."""

    state: str = ""
    method: str = ""
    payer: str = ""
    number: str = ""
    kind: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    cents: int | None = None


class Entry(NamedTuple):
    """A deposit (`kind` remittance, slip) or a line of money (bank, in hand). `with_` are the numbers of the other
    halves; `paper_count` counts what is attached."""

    id: int
    kind: str
    state: str
    method: str
    cents: int
    on_date: dt.date | None
    payer: str
    payer_id: str
    number: str
    bank: str
    account: str
    type_code: str
    remittance_id: int | None
    slip_id: int | None
    with_: tuple[int, ...]
    paper_count: int


COLUMNS = (
    *(
        "id",
        "kind",
        "state",
        "method",
        "dollars",
        "on_date",
        "payer",
        "payer_id",
        "number",
        "bank",
        "account",
        "type_code",
    ),
    *("remittance_id", "slip_id", "with", "papers"),
)


def page(connection: Connection, which: Which, limit: int, *, below: int = 0) -> list[Entry]:
    """Entries, the newest first; those whose number is below `below`, where one is given."""
    rows: list[Any] = []
    if which.kind in ("", REMITTANCE, SLIP):
        rows += connection.execute(_deposits(which, below).limit(limit))
    if which.kind in ("", AT_BANK, IN_HAND):
        rows += connection.execute(_lines(which, below).limit(limit))
    rows = sorted(rows, key=lambda row: -row.id)[:limit]
    ids = [row.id for row in rows]
    halves, papers = _halves(connection, ids), _papers(connection, ids)
    return [Entry._make((*row, tuple(sorted(halves[row.id])), papers.get(row.id, 0))) for row in rows]


def _deposits(which: Which, below: int) -> Select[Any]:
    d = deposits.c
    kind = case((d.remittance_id.is_(None), SLIP), else_=REMITTANCE)
    statement = select(
        *(d.id, kind.label("kind"), d.state, d.method, d.cents, d.expected_on, d.payer_name, d.payer_id),
        *(d.trace_number, literal("").label("bank"), literal("").label("account"), literal("").label("type_code")),
        *(d.remittance_id, null().label("slip_id")),
    ).order_by(d.id.desc())
    if which.kind:
        statement = statement.where(
            d.remittance_id.is_not(None) if which.kind == REMITTANCE else d.remittance_id.is_(None)
        )
    names = (d.payer_name, d.payer_id)
    return _where(statement, which, below, d.id, d.state, d.method, names, d.trace_number, d.expected_on, d.cents)


def _lines(which: Which, below: int) -> Select[Any]:
    m = money_lines.c
    statement = select(
        *(m.id, m.origin, m.state, m.method, m.cents, m.on_date, m.payer, literal("").label("payer_id")),
        *(m.trace_number, m.bank, m.account, m.type_code, null().label("remittance_id"), m.deposit_id),
    ).order_by(m.id.desc())
    if which.kind:
        statement = statement.where(m.origin == BANK if which.kind == AT_BANK else m.origin != BANK)
    names = (m.payer, m.told)
    return _where(statement, which, below, m.id, m.state, m.method, names, m.trace_number, m.on_date, m.cents)


def _where(
    statement: Select[Any],
    which: Which,
    below: int,
    id_: ColumnElement[int],
    state: ColumnElement[str],
    method: ColumnElement[str],
    names: Sequence[ColumnElement[str]],
    number: ColumnElement[str],
    on_date: ColumnElement[dt.date],
    cents: ColumnElement[int],
) -> Select[Any]:
    if below:
        statement = statement.where(id_ < below)
    for column, value in ((state, which.state), (method, which.method), (number, which.number)):
        if value:
            statement = statement.where(column == value)
    if which.payer:
        wanted = [func.lower(name).contains(which.payer.lower(), autoescape=True) for name in names]
        statement = statement.where(wanted[0] | wanted[1])
    if which.first is not None:
        statement = statement.where(on_date >= which.first)
    if which.last is not None:
        statement = statement.where(on_date <= which.last)
    if which.cents is not None:
        statement = statement.where(cents == which.cents)
    return statement


def _halves(connection: Connection, ids: Sequence[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    m = cash_matches.c
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        rows = connection.execute(
            select(m.line_id, m.deposit_id).where(
                STANDS, m.deposit_id.is_not(None), m.line_id.in_(some) | m.deposit_id.in_(some)
            )
        )
        for row in rows:
            found[row.line_id].add(row.deposit_id)
            found[row.deposit_id].add(row.line_id)
    return found


def _papers(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    p = deposit_papers.c
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        rows = connection.execute(
            select(p.of_id, func.count().label("many")).where(p.of_id.in_(some)).group_by(p.of_id)
        )
        found |= {row.of_id: row.many for row in rows}
    return found


def entry_data(entry: Entry) -> dict[str, Any]:
    """An entry for a program: dollars as text, days in ISO."""
    data = entry._asdict()
    data["dollars"] = str(to_dollars(data.pop("cents")))
    data["on_date"] = entry.on_date.isoformat() if entry.on_date else None
    data["kind"] = IN_HAND if entry.kind == "hand" else entry.kind
    data["with"], data["papers"] = list(data.pop("with_")), data.pop("paper_count")
    return {name: data[name] for name in COLUMNS}


class One(NamedTuple):
    """An entry with everything about it: what it is matched to and was (rows of `cash_matches`), what its remittance
    says, what stands on a slip, its papers, and its timeline."""

    entry: Entry
    told: str
    matches: list[Any]
    remittance: Any
    checks: list[Any]
    papers: list[Any]
    events: list[Any]


def one(connection: Connection, number: int) -> One | None:
    """A deposit or a line by its number."""
    found = [one for one in page(connection, Which(), 1, below=number + 1) if one.id == number]
    if not found:
        return None
    entry = found[0]
    m = cash_matches.c
    matches = connection.execute(
        select(cash_matches).where((m.line_id == number) | (m.deposit_id == number)).order_by(m.id)
    ).all()
    remittance = None
    if entry.remittance_id is not None:
        remittance = connection.execute(select(remittances).where(remittances.c.id == entry.remittance_id)).one()
    line = money_lines.c
    told = connection.execute(select(line.told).where(line.id == number)).scalar()
    checks = connection.execute(select(money_lines).where(line.deposit_id == number).order_by(line.id)).all()
    papers = connection.execute(
        select(deposit_papers).where(deposit_papers.c.of_id == number).order_by(deposit_papers.c.id)
    ).all()
    events = connection.execute(
        select(timeline)
        .where(timeline.c.subject_kind == "deposit", timeline.c.subject_id == number)
        .order_by(timeline.c.id)
    ).all()
    return One(entry, told or "", list(matches), remittance, list(checks), list(papers), list(events))


def match_data(row: Any) -> dict[str, Any]:
    """A match for a program."""
    return {
        "line": row.line_id,
        "deposit": row.deposit_id,
        "dollars": str(to_dollars(row.cents)),
        "what": "" if row.deposit_id is not None else accounts.in_words(row.account),
        "rule": row.rule,
        "reason": row.reason,
        "who": row.who,
        "at": row.at.isoformat(),
        "undone_at": row.undone_at.isoformat() if row.undone_at else None,
        "undone_by": row.undone_by,
        "undone_reason": row.undone_reason,
    }


class Sum(NamedTuple):
    """Deposits of one state, way and payer: how many, and their cents."""

    state: str
    kind: str
    method: str
    payer: str
    many: int
    cents: int


def itemised(connection: Connection, first: dt.date | None = None, last: dt.date | None = None) -> list[Sum]:
    """Deposits and unidentified money by state, way and payer; of these days, where they are given."""
    found = []
    d, m = deposits.c, money_lines.c
    in_days = [d.expected_on >= first] if first else []
    in_days += [d.expected_on <= last] if last else []
    for row in connection.execute(
        select(
            d.state, d.remittance_id.is_(None).label("slip"), d.method, d.payer_name, func.count(), func.sum(d.cents)
        )
        .where(*in_days)
        .group_by(d.state, d.remittance_id.is_(None), d.method, d.payer_name)
    ):
        found.append(Sum(row[0], SLIP if row[1] else REMITTANCE, row[2], row[3], int(row[4]), int(row[5] or 0)))
    in_days = [m.on_date >= first] if first else []
    in_days += [m.on_date <= last] if last else []
    for row in connection.execute(
        select(m.origin, m.method, m.payer, func.count(), func.sum(m.cents))
        .where(m.state == UNIDENTIFIED, *in_days)
        .group_by(m.origin, m.method, m.payer)
    ):
        kind = AT_BANK if row[0] == BANK else IN_HAND
        found.append(Sum(UNIDENTIFIED, kind, row[1], row[2], int(row[3]), int(row[4] or 0)))
    order = {state: at for at, state in enumerate(ALL_STATES)}
    return sorted(found, key=lambda one: (order.get(one.state, 9), one.kind, one.method, one.payer))
