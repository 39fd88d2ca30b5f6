"""What a plugin's call wants done is written, in one transaction: work items, notes, rows of its own,
deliveries, equipment, claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ...plugins.desk_views import (
    Act,
    AskStatus,
    CloseItem,
    KeepRow,
    MakeClaim,
    Note,
    OpenItem,
    TellDelivery,
    TellEquipment,
)
from ..store import patients as patient_store
from ..store import plugin_rows, timeline
from ..store.claims import bulks
from ..store.tables import claims, patients
from ..work.items import WorkItem, close_items, open_items
from . import inquire
from .desk_lookups import key_of
from .desk_rests import Call
from .kept_rows import TableMissing, unpacked
from .look_again import look_again
from .make_claims import Makes, make_claims
from .tell_belongings import tell_deliveries, tell_equipment

STATION = "plugin"
"""What is noted on a timeline stands there under this name."""


def apply(connection: Connection, call: Call, acts: Sequence[Act], makes: Makes, now: dt.datetime) -> None:
    """Write all that a call wants done."""
    known = _known(connection, _claim_ids(acts))
    opened: list[WorkItem] = []
    for act in acts:
        if isinstance(act, OpenItem):
            opened.append(_item(call, act, known))
        elif isinstance(act, CloseItem):
            # In their order: what was opened before may be what is closed.
            open_items(connection, opened, now)
            opened = []
            close_items(connection, [key_of(call.plugin, act.key)], act.outcome, now)
    open_items(connection, opened, now)
    notes = [
        timeline.Entry("claim", act.claim_id, STATION, act.what, who=f"plugin {call.plugin}"[:80])
        for act in acts
        if isinstance(act, Note) and act.claim_id in known
    ]
    timeline.add(connection, notes, now)
    _keep(connection, call, [act for act in acts if isinstance(act, KeepRow)], known, now)
    asked = [act.claim_id for act in acts if isinstance(act, AskStatus)]
    inquire.ask(connection, asked, f"plugin {call.plugin}", now)
    # Before the claims: these are decided with what was delivered for them and is there, and locks are taken in
    # intake's order.
    tell_deliveries(connection, call, [act for act in acts if isinstance(act, TellDelivery)], makes, now)
    tell_equipment(connection, call, [act for act in acts if isinstance(act, TellEquipment)], makes, now)
    make_claims(connection, call, [act for act in acts if isinstance(act, MakeClaim)], makes, now)


def _claim_ids(acts: Iterable[Act]) -> Iterator[int]:
    for act in acts:
        if isinstance(act, OpenItem | Note | KeepRow) and act.claim_id is not None:
            yield act.claim_id


def _item(call: Call, act: OpenItem, known: Collection[int]) -> WorkItem:
    claim_id = act.claim_id if act.claim_id in known else None
    return WorkItem(
        kind=act.kind,
        key=key_of(call.plugin, act.key),
        reason=act.reason,
        team=act.team,
        subject_kind="claim" if claim_id is not None else "plugin",
        subject_id=claim_id,
        claim_id=claim_id,
        rule=act.rule,
        cents=act.cents,
        work_by=act.work_by,
        deadline=act.deadline,
        payer_id=act.payer_id,
        partner=act.partner,
        refile_by=act.refile_by,
    )


def _known(connection: Connection, claim_ids: Iterable[int]) -> set[int]:
    """Those that are there: a claim may never have been."""
    found: set[int] = set()
    for some in bulks(sorted(set(claim_ids))):
        found.update(connection.execute(select(claims.c.id).where(claims.c.id.in_(some))).scalars())
    return found


def _keep(
    connection: Connection, call: Call, acts: Sequence[KeepRow], known: Collection[int], now: dt.datetime
) -> None:
    """Write rows; those of an owner that is not there are left out. A patient was perhaps merged into another since the
    function looked; the row is then that one's. Of patients of whom something new is noted, what is being decided is
    decided again, and so are claims that are held.

    Raises:
        TableMissing: a table was not made.
    """
    if not acts:
        return
    tables = plugin_rows.known(connection)
    wanted = {act.patient_id for act in acts if act.patient_id is not None}
    finals = patient_store.final_ids(connection, _patients(connection, wanted))
    rows = []
    for act in acts:
        declared = tables.get((call.plugin, act.table))
        if declared is None:
            raise TableMissing(call.plugin, act.table)
        owner: Any = {
            "patient": finals.get(act.patient_id or 0),
            "claim": act.claim_id if act.claim_id in known else None,
            "payer": act.payer_id,
            "none": "",
        }[declared.table.of]
        if owner is not None:
            values = [unpacked(act.values.get(name), kind) for name, kind in declared.table.columns.items()]
            rows.append(plugin_rows.Kept(declared, owner, values))
    news = _of_whom_it_is_new(connection, [row for row in rows if row.declared.table.of == "patient"])
    plugin_rows.write(connection, rows, now)
    patient_store.changed(connection, news)
    look_again(connection, news, f"Plugin {call.plugin} has noted something new about the patient.", now)


def _of_whom_it_is_new(connection: Connection, rows: Sequence[plugin_rows.Kept]) -> set[int]:
    """The patients of rows that say something else than what is kept of them."""
    found: set[int] = set()
    for declared in {row.declared.name: row.declared for row in rows}.values():
        mine = [row for row in rows if row.declared.name == declared.name]
        before = plugin_rows.rows_by_owner(connection, declared, {row.owner: row.owner for row in mine})
        for row in mine:
            values = dict(zip(declared.table.columns, row.values, strict=True))
            if values not in before.get(row.owner, ()):
                found.add(row.owner)
    return found


def _patients(connection: Connection, ids: Collection[int]) -> set[int]:
    found: set[int] = set()
    for some in bulks(sorted(ids)):
        found.update(connection.execute(select(patients.c.id).where(patients.c.id.in_(some))).scalars())
    return found
