"""The whole way, with the engine and a real server: claims leave, answers come in, and stand in the source's folder."""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
import time
from collections.abc import Callable
from typing import Any

import pytest

from gateway.config.shipped import shipped_config
from gateway.core.ledger.proof import prove
from gateway.core.store.tables import batches, remittances

from ...posting.made import Cas, Clp, Era, Svc, make_835
from ..out.conftest import World
from ..out.made import Made
from .conftest import with_transport
from .files import ack_999, envelope, status_277ca, ta1

pytestmark = pytest.mark.sshd


async def until(look: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + 60
    while not look():
        assert time.monotonic() < end, f"not in a minute: {what}"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", ["C-1", "GW1-1"])
async def test_claims_leave_and_their_answers_stand_in_the_folder_of_the_source(
    number: str, sftp_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`number`: the one under which the claim leaves; another than its source's where that wants ours."""
    world = sftp_world
    world.source = f"    our_claim_numbers: {'false' if number == 'C-1' else 'true'}\n"
    root = world.config().root
    shutil.copytree(shipped_config() / "tables", root / "tables")
    world.stations = "  scrub: []\n  post: [autoposting]"
    plain = world.config
    monkeypatch.setattr(
        world,
        "config",
        lambda: plain() and with_transport(root, "after_fetch: delete", "pickup: {polls: 1, stable: 0s}"),
    )
    assert world.server is not None
    outbound = world.server.root / "outbound"
    folder = world.folder / "out" / "desk"

    def names() -> set[str]:
        return {path.name.split("-", 2)[2] for path in folder.iterdir()} if folder.is_dir() else set()

    async with world.running(by_itself=True) as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", charge="15O"))
        await until(lambda: names() == {"999.x12", "277CA.x12"}, "the source hears of the file, and of the claim in it")
        await gateway.batch()
        assert await gateway.sent(1) == "sent"
        (batch,) = world.rows(batches)
        first = envelope([ack_999(batch.gs06, batch.first_st02)], ta1=[ta1(batch.isa13)])
        status = envelope([status_277ca(batch.bht03, [(number, "A2")])], isa13="000000702")
        paid = make_835(
            Era([Clp(number, [Svc("E1390", "150", "100", [Cas("CO", "45", "50")], modifiers=["RR"], date="20261101")])])
        )
        for name, data in (("a.999", first), ("b.277", status), ("c.835", paid)):
            (outbound / name).write_bytes(data)
            found = await gateway.run("poll", f"practice:{name}", partner="practice")
            assert len(found["files"]) == 1
            file_id = found["files"][0]
            await gateway.engine.wait("read", str(file_id))
            await gateway.engine.wait("post" if name == "c.835" else "acknowledge", str(file_id))
        await until(lambda: {"277CA-b.277", "835-c.835", "postings.csv"} <= names(), "the answers are given")
    assert world.states() == {number: "closed", "C-2": "faulty"}
    assert not list(outbound.iterdir())
    (remitted,) = world.rows(remittances)
    assert (remitted.state, remitted.posted_cents) == ("posted", 10_000)
    given = {path.name.split("-", 2)[2]: path.read_bytes() for path in folder.iterdir()}
    assert given["277CA-b.277"] == status.replace(f"TRN*2*{number}~".encode(), b"TRN*2*C-1~")
    assert given["835-c.835"] == paid.replace(f"CLP*{number}*".encode(), b"CLP*C-1*")
    (row,) = csv.DictReader(io.StringIO(given["postings.csv"].decode()))
    assert (row["claim_number"], row["paid"]) == ("C-1", "100.00")
    with world.sql.connect() as connection:
        assert prove(connection).ok
