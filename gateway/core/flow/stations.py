"""Every station of both rails, loaded so that its workflow is known to the engine."""

from __future__ import annotations

from sqlalchemy import Connection

from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..store import idempotency
from ..store import webhooks as webhook_store
from .release import expire_holds
from .services import Services


def load() -> tuple[str, ...]:
    """Import every station; returns their names in the order of the rails."""
    from ..ledger import day_figures  # no station: a person closes a day. Its boundary is known with the others.
    from . import (
        acknowledge,
        alarm_causes,
        alarm_send,
        answers,
        bank,
        batch,
        drop,
        fetch,
        inquire,
        intake,
        look_again,
        next_claims,
        plugin_drop,
        plugin_schedule,
        post,
        read,
        replay_claims,
        replay_payments,
        reply,
        send,
        watch,
        webhooks,
    )

    assert day_figures
    rails = (drop, intake, batch, send, fetch, read, acknowledge, post, answers, watch)
    beside = (
        bank,
        reply,
        inquire,
        replay_claims,
        replay_payments,
        look_again,
        next_claims,
        plugin_schedule,
        plugin_drop,
        alarm_causes,
        alarm_send,
        webhooks,
    )
    return tuple(module.__name__.rpartition(".")[2] for module in (*rails, *beside))


@workflow("expire")
async def expire(run: Run, payload: Payload) -> int:
    """Release the holds whose last day is over, and forget what is kept for a while alone: answers of writes that named
    a key, and deliveries to webhooks that ended."""
    services: Services = run.services
    return await run.transact("expire", _expire, services)


def _expire(connection: Connection, services: Services) -> int:
    now = services.clock.now()
    idempotency.forget(connection, now)
    webhook_store.forget(connection, now)
    return expire_holds(connection, business_date(now, services.config.gateway.organisation.time_zone), now)
