"""Holds release themselves: held claims are decided again when something has come that may clear their cause.

A paper, a delivery, a piece of equipment or a payment of a patient asks, in the transaction that brings it, that the
held claims of this patient are decided again, each once however much came. A claim that is just being decided for the
first time is not among them: its commit finds that the patient is not as they were, and decides again by itself. Once a
day all of them are, for a day that has passed may clear a cause as well.

What is asked for runs as a replay does (`replay_claims`), from `confirm` on and with the configuration in force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select

from ..engine.port import Payload, Run, workflow
from ..model.states import ClaimState
from ..store.bulk import insert_bulk
from ..store.claims import bulks
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..store.patients import with_merged
from ..store.tables import claims, holds, requests
from . import confirm
from .release import BY_ITSELF
from .services import Services

LOOK = "look"
"""The verb of what the gateway asks for by itself."""
DAILY = "The day has changed."
"""Why held claims are looked at without anything having come."""
TURN = dt.time(4, 30)
"""When that is, where the supplier is: before anybody works, and before the day's batches."""
MOST = 1000
"""How many claims one piece of work decides again."""

_REQUEST = (
    *("id", "verb", "subject_kind", "subject_id", "part_of", "station", "config_hash", "stood", "reason", "who"),
    *("asked_at", "outcome", "key"),
)
_AT = f"{confirm.STATION}/today"


def look_again(connection: Connection, patient_ids: Collection[int], why: str, now: dt.datetime) -> int:
    """Have the held claims of these patients, and of everybody who was merged into them, decided again; returns how
    many that are.

    Called in the transaction that changed what is known about the patients, after it has said so
    (`patients.changed`, `patients.link`). `why` is for the claims' timeline: what came, in a sentence without names.
    """
    if not patient_ids:
        return 0
    found: list[int] = []
    for some in bulks(sorted(with_merged(connection, patient_ids))):
        found += _held(connection, claims.c.patient_id.in_(some))
    return _ask(connection, sorted(found), why, now)


def _held(connection: Connection, *where: Any) -> Iterable[int]:
    """Held claims that a step of their chain keeps back. Holds of a person and of the gateway itself do not clear."""
    of_a_step = exists().where(holds.c.claim_id == claims.c.id, holds.c.released_at.is_(None), holds.c.plugin != "")
    return connection.execute(select(claims.c.id).where(claims.c.state == ClaimState.HELD, of_a_step, *where)).scalars()


def _ask(connection: Connection, claim_ids: list[int], why: str, now: dt.datetime) -> int:
    for some in bulks(claim_ids, MOST):
        first = allocate(connection, "requests", len(some))
        part_of = f"{LOOK}-{first}"
        insert_bulk(
            connection,
            requests,
            _REQUEST,
            [
                (
                    number,
                    LOOK,
                    "claim",
                    claim_id,
                    part_of,
                    _AT,
                    "",
                    0,
                    why[:500],
                    BY_ITSELF,
                    now,
                    "",
                    f"{LOOK}:{number}",
                )
                for number, claim_id in enumerate(some, start=first)
            ],
        )
        put_outbox(connection, "replay", part_of, {"part_of": part_of}, now)
    return len(claim_ids)


def due_today(services: Services, now: dt.datetime) -> tuple[str, Payload] | None:
    """The day's look at what is held, when its time has come (for `Engine.schedule`, kind `look`)."""
    local = now.astimezone(ZoneInfo(services.config.gateway.organisation.time_zone))
    return (local.date().isoformat(), {}) if local.time() >= TURN else None


@workflow(LOOK)
async def look(run: Run, payload: Payload) -> int:
    """Have every held claim decided again; returns how many that are."""
    return await run.transact("ask", _ask_for_all, run.services)


def _ask_for_all(connection: Connection, services: Services) -> int:
    return _ask(connection, sorted(_held(connection)), DAILY, services.clock.now())
