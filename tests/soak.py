"""`make soak`: the full sizes of the long tests. A module that knows of it has the mark `long` (conftest.py)."""

from __future__ import annotations

import os
import random
from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

T = TypeVar("T")
SOAK = bool(os.environ.get("SOAK"))
"""Full sizes are wanted, with new examples each time; else a sample."""


def examples(usual: int, full: int, **more: Any) -> settings:
    """So many examples of a property as a rule, and in a soak. A fixture that many examples share is none that they
    change for each other."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=full if SOAK else usual, deadline=None, suppress_health_check=checks, **more)


def seed() -> str:
    """The seed of this session's samples (GATEWAY_TEST_SEED; see conftest.py)."""
    return os.environ.get("GATEWAY_TEST_SEED", "0")


def chosen(what: str, every: Sequence[T], *, keep: Collection[T] = (), of: int) -> list[T]:
    """A sample of `of` cases beside those to `keep`, in their order; in a soak every case. `what` names the sample, so
    that no two of a session choose alike."""
    if SOAK:
        return list(every)
    rest = [one for one in every if one not in keep]
    drawn = random.Random(f"{seed()}:{what}").sample(rest, min(of, len(rest)))
    return [one for one in every if one in keep or one in drawn]
