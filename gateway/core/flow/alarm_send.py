"""Sending one message of alarms by its channel, and again where it does not go out: after a minute and then ever later,
for a day. What fails is a work item for the edi team as with everything that a plugin does beside the chains."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from ...plugins.declaring import SEND_ALARMS, NotDeclared
from ..engine.port import Payload, Run, workflow
from ..store import alarms as store
from .alarms import KIND
from .desk_calls import ask, call_of, makes_of, take
from .desk_records import DONE, NOT_TAKEN, DeskAnswer, pack_answer, read_answer
from .services import Services

PAUSES = (60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 8 * 3600.0, 10 * 3600.0)
"""Seconds between one try and the next."""


@workflow(KIND, waits=True)
async def send(run: Run, payload: Payload) -> str:
    """Send one message. `payload`: {message_id}. Returns its state."""
    number = int(payload["message_id"])
    state = store.WAITING
    for pause in (*PAUSES, 0.0):
        answered: str = await run.step("send", _send, run.services, number)
        state = await run.transact("note", _note, run.services, number, answered, not pause)
        if state != store.WAITING:
            break
        await run.sleep(pause)
    return state


async def _send(services: Services, number: int) -> str:
    """Call the channel; its answer, packed as text."""
    with services.reads.connect() as connection:
        row = store.message(connection, number)
    gateway = services.config.gateway
    argument: dict[str, Any] = {
        "id": f"{number}-{int(row.created_at.timestamp())}",
        "organisation": gateway.organisation.name,
        "environment": gateway.environment,
        "alarms": row.alarms,
    }
    try:
        call = call_of(services.config, row.channel, SEND_ALARMS)
        answer = await ask(services, services.desks, services.config, call, argument, services.clock.now())
    except NotDeclared as error:
        answer = DeskAnswer(NOT_TAKEN, str(error))
    return pack_answer(answer).hex()


def _note(connection: Connection, services: Services, number: int, answered: str, last: bool) -> str:
    answer = read_answer(bytes.fromhex(answered))
    row = store.message(connection, number)
    now = services.clock.now()
    state = store.WAITING
    if answer.outcome == DONE:
        state = store.SENT
    elif answer.outcome == NOT_TAKEN or last:
        state = store.GIVEN_UP
    store.tried(connection, number, state, answer.why, now)
    if answer.outcome != NOT_TAKEN:
        call = call_of(services.config, row.channel, SEND_ALARMS)
        take(connection, call, answer, makes_of(services.archive, services.config), now)
    return state
