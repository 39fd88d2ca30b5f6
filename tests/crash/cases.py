"""Which cases run: all of them with SOAK=1, else a sample by the seed in GATEWAY_TEST_SEED (see tests/conftest.py)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.boundary import BOUNDARIES
from gateway.core.flow import stations

from ..soak import SOAK, chosen, seed

stations.load()

NOT_REACHED: dict[str, str] = {
    **dict.fromkeys(
        ("replay.decided", "replay.committed", "replay.payments.decided", "replay.payments.committed"),
        "nobody asks for a replay here; tests/posting/test_replay_kills.py kills at each",
    ),
    **dict.fromkeys(
        ("plugin.schedule.decided", "plugin.schedule.done"),
        "no plugin here has a schedule; tests/web/test_plugin_kills.py kills there",
    ),
    **dict.fromkeys(
        ("inquire.allocated", "inquire.written"),
        "nobody asks how a claim stands here; tests/sandbox/test_inquiry_kills.py kills at each",
    ),
    **dict.fromkeys(
        ("plugin.claims.archived", "plugin.drop.decided", "plugin.drop.done"),
        "no plugin here makes claims or takes documents; tests/web/test_plugin_kills.py kills there",
    ),
    **dict.fromkeys(
        ("bank.archived", "bank.read", "bank.taken", "cash.matched", "day.written"),
        "no bank here sends files; tests/cash/test_cash_kills.py kills at each",
    ),
}
"""Boundaries that the claims of these tests do not come by, each with the reason."""

ALWAYS = ("send.put.done", "post.committed")
"""Boundaries right behind what leaves, and behind what is money: killed at in every session."""

AGAIN = ("intake.decided:2", "intake.chunk.committed:3", "post.decided:2", "post.committed:2", "fetch.archived:2")
"""Boundaries that a run passes several times, killed at on a later pass."""


def boundaries() -> list[str]:
    """Every boundary that is to be killed at."""
    return sorted(BOUNDARIES.keys() - NOT_REACHED.keys())


def kills(kind: str) -> list[str]:
    """Where the gateway is killed on this kind of database: names of boundaries, some with the pass (`:2`)."""
    every = [*boundaries(), *AGAIN]
    return chosen(f"kills on {kind}", every, keep=ALWAYS, of=6 if kind == "sqlite" else 1)


def summary(passed: Sequence[str]) -> str:
    """How far this session went: `passed` are the ids of the tests that killed at one boundary each."""
    names = {one.partition("[")[2].rstrip("]").partition("@")[0].partition(":")[0] for one in passed}
    return (
        f"{len(boundaries())} boundaries of both rails are declared; killed at {len(names & BOUNDARIES.keys())} of "
        f"them, {len(passed)} kills, {'every case' if SOAK else f'a sample by GATEWAY_TEST_SEED={seed()}'}"
    )
