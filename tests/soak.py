"""`make soak`: the full sizes of the long tests. A module that knows of it has the mark `long` (conftest.py)."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

SOAK = bool(os.environ.get("SOAK"))
"""Full sizes are wanted, with new examples each time; else a sample."""


def examples(usual: int, full: int, **more: Any) -> settings:
    """So many examples of a property as a rule, and in a soak. A fixture that many examples share is none that they
    change for each other."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=full if SOAK else usual, deadline=None, suppress_health_check=checks, **more)
