"""Named boundaries between two effects, where a crash test may kill the process.

`boundary("send.put.done")` does nothing in production. With GATEWAY_KILL_AT=send.put.done in the environment the
process kills itself there with SIGKILL, the first time it comes by (or the n-th: `send.put.done:3`); once killed
it leaves a mark file (GATEWAY_KILL_MARK), so that the restarted process lives on.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

_target = ""
_left = 1

BOUNDARIES: dict[str, str] = {}
"""Every boundary of both rails, by name, with what has just happened there. Each module declares its own."""


def declare(**boundaries: str) -> None:
    """Name boundaries of a module: `declare(send_put_done="the bytes are at the partner under ...")`."""
    for name, meaning in boundaries.items():
        BOUNDARIES[name.replace("_", ".")] = meaning


def arm(where: str) -> None:
    """Kill this process at a boundary, as GATEWAY_KILL_AT says it; an empty string disarms."""
    global _target, _left
    _target, _, count = where.partition(":")
    _left = int(count or "1")


arm(os.environ.get("GATEWAY_KILL_AT", ""))


def boundary(name: str) -> None:
    """Pass a named boundary. Must have been declared."""
    if not _target:
        return
    global _left
    if name not in BOUNDARIES:
        raise KeyError(f"boundary {name!r} is not declared")
    if name != _target:
        return
    _left -= 1
    if _left:
        return
    mark = os.environ.get("GATEWAY_KILL_MARK")
    if mark:
        path = Path(mark)
        if path.exists():
            return
        path.write_text(name)
    os.kill(os.getpid(), signal.SIGKILL)
