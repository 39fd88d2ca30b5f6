"""The station that sends: a written batch goes to its partner, exactly once as far as anybody can know.

Before each try a mark is committed. If the try then ends without an answer (the line was lost around the rename, or
this process died), nobody knows whether the file arrived: the final name is looked for at the partner; if it is not
there (some take files away at once), an acknowledgment for this interchange is waited for; only when none has come in
the partner's time do the same bytes go again. Every one of these steps is told on the batch's timeline.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ...plugins.transport import AlreadyThere, OutcomeUnknown, Transport, TransportError
from ..boundary import boundary, declare
from ..engine.port import Payload, Run, workflow
from ..store import batches as batch_store
from . import lines, outgoing
from .services import Services

FIRST_PAUSE = 30.0
LONGEST_PAUSE = 900.0
"""Seconds between two tries; doubled after each."""
LOOKS_FOR_AN_ANSWER = 20
"""How often, within the partner's time, an acknowledgment is looked for when the outcome of a put is unknown."""

declare(
    send_wrapped="the bytes as they travel are in the archive",
    send_marked="a try to send is marked, nothing has been sent",
    send_put_done="the file stands at the partner under its final name, which nobody here knows yet",
    send_put_known="the engine knows that the file arrived, the batch does not say so yet",
    send_committed="the batch is noted as sent",
)


def pause(tries: int) -> float:
    """Seconds to wait after so many failed tries."""
    return float(min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE))


def _lookup(services: Services, batch_id: int) -> dict[str, Any]:
    """What is to be sent, and where to; `stop` says why nothing is to be done."""
    with services.reads.connect() as connection:
        batch = batch_store.get(connection, batch_id)
        stored = batch_store.file_of(connection, batch_id)
    partner = services.partner(batch.partner)
    facts: dict[str, Any] = {
        "batch_id": batch_id,
        "partner": batch.partner,
        "path": batch.remote_name,
        "plain": stored.sha256,
        "wire": stored.wire_sha256 or "",
        "wait": 0.0,
    }
    if batch.state in batch_store.GONE:
        return facts | {"stop": f"it is {batch.state} already"}
    if partner is None:
        return facts | {"stop": "the configuration has this partner no more", "refused": True}
    if partner.usage != batch.usage or services.config.gateway.usage != batch.usage:
        return facts | {"stop": outgoing.WRONG_USAGE, "refused": True}
    return facts | {"wait": partner.resend_after}


def _wrap(services: Services, facts: dict[str, Any]) -> dict[str, Any]:
    """Encrypt or sign, where the partner wants it; what travels goes into the archive as well."""
    try:
        transport = services.transports.describe(facts["partner"])
        with tempfile.TemporaryDirectory(dir=services.archive.root / "incoming") as folder:
            plain = services.archive.path(facts["plain"])
            wrapped = transport.wrap(os.path.basename(facts["path"]), plain, Path(folder))
            if wrapped == plain:
                return {"wire": ""}
            with wrapped.open("rb") as stream:
                stored = services.archive.put_stream(stream)
    except TransportError as error:
        return {"error": lines.problem(error)}
    return {"wire": stored.sha256, "size": stored.size}


def _stopped(services: Services, partner: str) -> str:
    with services.reads.connect() as connection:
        return lines.stopped(connection, partner)


class _Life:
    """This process's memory of the puts that it has begun. A try that was marked in this life and is not in it has
    surely sent nothing; one that was marked in another life may have."""

    def __init__(self) -> None:
        self.name = os.urandom(8).hex()
        self.begun: set[tuple[str, int]] = set()


_lives: WeakKeyDictionary[Services, _Life] = WeakKeyDictionary()


def _life(services: Services) -> _Life:
    return _lives.setdefault(services, _Life())


class _Try:
    """One marked try to put a file: `number` of the workflow `key`."""

    def __init__(self, services: Services, facts: dict[str, Any], key: str, number: int) -> None:
        self._services = services
        self._facts = facts
        self._place = (key, number)

    def put(self, marked_by: str, again: bool) -> dict[str, Any]:
        """Bring the file to the partner; or only look, where this try may have done so before. `marked_by` is the
        life that marked it. `again`: nobody has acknowledged the earlier try; what is left of it is taken away."""
        life = _life(self._services)
        look_first = marked_by != life.name or self._place in life.begun
        try:
            with self._services.transports.open(self._facts["partner"]) as transport:
                if look_first:
                    return self._look(transport)
                if again:
                    self._clear(transport)
                life.begun.add(self._place)
                return self._put(transport)
        except OutcomeUnknown as error:
            return {"kind": "unknown", "what": str(error)}
        except TransportError as error:
            # Whoever looks and finds the line down still does not know.
            return lines.problem(error) | ({"kind": "unknown"} if look_first else {})

    def look(self) -> dict[str, Any]:
        """Is the final name there?"""
        try:
            with self._services.transports.open(self._facts["partner"]) as transport:
                return self._look(transport)
        except TransportError as error:
            return lines.problem(error)

    @property
    def _sha256(self) -> str:
        return str(self._facts["wire"] or self._facts["plain"])

    @property
    def _size(self) -> int:
        return self._services.archive.path(self._sha256).stat().st_size

    def _put(self, transport: Transport) -> dict[str, Any]:
        with self._services.archive.open(self._sha256) as data:
            try:
                done = transport.put(data, self._facts["path"])
            except AlreadyThere as error:
                if error.size == self._size:
                    return {"kind": "delivered", "what": "It stood at the partner already, whole."}
                raise
        boundary("send.put.done")
        how = "under a temporary name, then renamed" if done.renamed else "straight under its name"
        seen = "its size was checked there" if done.verified else "the partner lets nobody look at it"
        return {"kind": "delivered", "what": f"Put {how}; {seen}."}

    def _look(self, transport: Transport) -> dict[str, Any]:
        there = transport.stat(self._facts["path"])
        if there is not None and there.size == self._size:
            return {"kind": "delivered", "what": "Found at the partner under its final name, whole."}
        seen = "only a part of it stands there" if there is not None else "it does not stand there"
        return {"kind": "unknown", "what": f"Looked for its final name at the partner: {seen}."}

    def _clear(self, transport: Transport) -> None:
        """Take away a part that a broken put has left under the final name."""
        there = transport.stat(self._facts["path"])
        if there is not None and there.size < self._size:
            transport.delete(self._facts["path"])


@workflow("send", waits=True)
async def send(run: Run, payload: Payload) -> str:
    """Send a written batch. `payload`: {batch_id}. Returns the state in which the batch ends: sent, waiting (its
    partner is stopped), refused (a person must look)."""
    services: Services = run.services
    batch_id = int(payload["batch_id"])
    life = _life(services).name
    facts = await run.step("lookup", _lookup, services, batch_id)
    if "stop" in facts:
        if facts.get("refused"):
            return await run.transact("refuse", outgoing.refuse, services, batch_id, facts["stop"])
        return str(facts["stop"])
    if not facts["wire"]:
        wrapped = await run.step("wrap", _wrap, services, facts)
        if "error" in wrapped:
            return await run.transact("refuse", outgoing.refuse, services, batch_id, wrapped["error"]["what"])
        boundary("send.wrapped")
        if wrapped["wire"]:
            await run.transact("note wire", outgoing.note_wire, services, batch_id, wrapped)
            facts = facts | {"wire": wrapped["wire"]}
    again = False
    tries = 0
    while True:
        tries += 1
        if await run.step("stopped", _stopped, services, facts["partner"]):
            return await run.transact("wait for partner", outgoing.wait_for_partner, services, batch_id)
        marked_by = await run.transact("mark", outgoing.mark_try, services, batch_id, life, again)
        boundary("send.marked")
        one_try = _Try(services, facts, run.key, tries)
        outcome = await run.step("put", one_try.put, marked_by, again)
        if outcome["kind"] == "unknown":
            outcome = await _find_out(run, services, facts, one_try, outcome)
            again = outcome["kind"] == "again"
        if outcome["kind"] == "delivered":
            boundary("send.put.known")
            await run.transact("sent", outgoing.sent, services, batch_id, outcome["what"])
            boundary("send.committed")
            return "sent"
        if outcome["kind"] == "again":
            continue
        stop = await run.transact("failed", outgoing.failed, services, batch_id, outcome)
        if stop:
            return stop
        await run.sleep(pause(tries))


async def _find_out(
    run: Run, services: Services, facts: dict[str, Any], one_try: _Try, outcome: dict[str, Any]
) -> dict[str, Any]:
    """Nobody knows whether the file arrived: look, then wait for its acknowledgment. Returns a `delivered` outcome,
    or `again` when the partner's time has passed in silence."""
    batch_id = int(facts["batch_id"])
    until = await run.transact("unknown", outgoing.unknown, services, batch_id, outcome["what"], facts["wait"])
    span = max(float(facts["wait"]) / LOOKS_FOR_AN_ANSWER, 0.05)
    looked = outcome["what"]
    while True:
        # The file may appear late, and so may its acknowledgment; the line may still be down.
        if await run.step("stopped", _stopped, services, facts["partner"]):
            seen = {"kind": "stopped", "what": "The partner is stopped: it cannot be looked for there."}
        else:
            seen = await run.step("look", one_try.look)
        if seen["kind"] == "delivered":
            return dict(seen)
        if seen["kind"] not in ("unknown", "stopped"):
            await run.transact("look failed", outgoing.look_failed, services, facts["partner"], seen)
        if seen["what"] != looked:
            looked = seen["what"]
            await run.transact("note look", outgoing.note, services, batch_id, looked)
        answer = await run.step("answered", _answered, services, batch_id, until)
        if answer["by"]:
            return {"kind": "delivered", "what": f"It arrived: the partner has answered it ({answer['by']})."}
        if answer["over"] and seen["kind"] == "unknown":
            await run.transact("give up waiting", outgoing.note, services, batch_id, outgoing.SAME_BYTES_AGAIN)
            return {"kind": "again"}
        await run.sleep(min(span if not answer["over"] else LONGEST_PAUSE, LONGEST_PAUSE))


def _answered(services: Services, batch_id: int, until: str) -> dict[str, Any]:
    """Whether an acknowledgment for this interchange has come, and whether its time is over."""
    with services.reads.connect() as connection:
        batch = batch_store.get(connection, batch_id)
    by = "TA1" if batch.ta1 else "999" if batch.group_ack else "277CA" if batch.claim_acks else ""
    return {"by": by, "over": services.clock.now() >= dt.datetime.fromisoformat(until)}
