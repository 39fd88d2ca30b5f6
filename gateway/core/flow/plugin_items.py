"""Work items that plugins open beside what they decide: something for a person that keeps no claim back.

Those that a step of a claim's chain has opened end by themselves, when the chain runs again and the step does not ask
for them any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from ..store.tables import work_items
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items
from .verdicts import PLUGIN_ITEM, ItemRow, StationRow

_NOT_ASKED = frozenset({"failed", "skipped", "resting"})
"""Outcomes of a step that was not able to say what it wants."""
_ENDED_EARLY = frozenset({"quarantine", "retry"})
"""Outcomes after which no step was called any more."""


def plugin_item(
    item: ItemRow,
    *,
    claim_id: int | None,
    payment_id: int | None = None,
    cents: int,
    today: dt.date,
    payer_id: str,
    partner: str,
) -> WorkItem:
    """The work item of a claim (or of a claim payment that no claim of ours is known for). `cents` is at stake where
    the plugin says nothing else. Its key makes it one for each claim, plugin, rule and line; what is opened about a
    payment is not what the claim's own chain has opened."""
    draft = item.draft
    subject = f"claim:{claim_id}" if claim_id is not None else f"payment:{payment_id}"
    if claim_id is not None and payment_id is not None:
        subject = f"paid:{claim_id}"
    return WorkItem(
        kind=PLUGIN_ITEM,
        key=f"plugin:{subject}:{item.plugin}:{draft.rule}:{item.line}",
        reason=draft.reason,
        team=draft.team,
        subject_kind="claim" if claim_id is not None else "claim_payment",
        subject_id=claim_id if claim_id is not None else payment_id,
        claim_id=claim_id,
        rule=draft.rule,
        cents=draft.cents or cents,
        work_by=draft.work_by or add_business_days(today, draft.business_days),
        deadline=draft.deadline,
        payer_id=payer_id,
        partner=partner,
    )


def start_of(claim_id: int) -> str:
    """How the keys begin of the items that steps of a claim's chain open."""
    return f"plugin:claim:{claim_id}:"


class Unasked(NamedTuple):
    """An open item that its plugin does not ask for any more."""

    key: str
    plugin: str


def unasked(
    connection: Connection, claim_id: int, asked: Collection[str], stations: Sequence[StationRow]
) -> list[Unasked]:
    """The open items of a claim that its chain, run again as a whole, does not ask for (`asked`: the keys of those that
    it does). Those of a plugin that could not say so stay."""
    start = start_of(claim_id)
    keys = connection.execute(
        select(work_items.c.key)
        .where(
            work_items.c.claim_id == claim_id,
            work_items.c.kind == PLUGIN_ITEM,
            work_items.c.state == "open",
            work_items.c.key.startswith(start, autoescape=True),
        )
        .order_by(work_items.c.id)
    ).scalars()
    outcomes = list(_outcomes(stations))
    silent = {plugin for plugin, outcome in outcomes if outcome in _NOT_ASKED}
    called = {plugin for plugin, _ in outcomes}
    early = any(outcome in _ENDED_EARLY for _, outcome in outcomes)
    found = []
    for key in keys:
        plugin = key[len(start) :].split(":", 1)[0]
        if key not in asked and plugin not in silent and (plugin in called or not early):
            found.append(Unasked(key, plugin))
    return found


def _outcomes(stations: Sequence[StationRow]) -> Iterator[tuple[str, str]]:
    for station in stations:
        for step in station.steps:
            if isinstance(step, Mapping):
                yield str(step["plugin"]), str(step["outcome"])


def end(connection: Connection, several: Sequence[Unasked], request_id: int, now: dt.datetime) -> list[str]:
    """Close items that nobody asks for any more; what is said of each. Asked for again, they are opened anew."""
    told = []
    for one in several:
        words = f"The claim was decided again, and plugin {one.plugin} does not ask for it any more."
        close_items(connection, [one.key], words, now)
        values: dict[str, Any] = {"key": f"{one.key}:before:{request_id}"[:200]}
        connection.execute(update(work_items).where(work_items.c.key == one.key).values(**values))
        told.append(words)
    return list(dict.fromkeys(told))
