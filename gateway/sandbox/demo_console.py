"""The console on what the demo has done: somebody who may sign in, and the gateway kept running to be looked at."""

from __future__ import annotations

import asyncio
import secrets
import signal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..server import Gateway

NAME, FULL_NAME = "demo", "Dana Demo"


class Key(NamedTuple):
    """Where the console is, and with what somebody comes in."""

    address: str
    name: str
    password: str


async def let_in(gateway: Gateway) -> Key:
    """An administrator of the demo, with a password of its own each time."""
    from ..core.store import users

    password = "-".join(secrets.token_hex(2) for _ in range(4))
    kept = await asyncio.to_thread(users.hashed, password)
    now = gateway.clock.now()
    await gateway.write(lambda sql: users.add(sql, NAME, kept, "administrator", now, full_name=FULL_NAME))
    return Key(f"http://127.0.0.1:{gateway.port}/", NAME, password)


async def stay(key: Key, say: Callable[[str], None], *, browse: bool) -> None:
    """Until somebody ends it (Ctrl+C)."""
    say(f"\nThe console is open at {key.address}  Sign in as {key.name} with {key.password}")
    say("The gateway and the practice clearinghouse go on until you press Ctrl+C.")
    if browse:
        import webbrowser

        await asyncio.to_thread(webbrowser.open, key.address)
    ends = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, ends.set)
    await ends.wait()
