"""Where the page is open: the situations of `readings.toml`, each as a question about one difference."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from ..oracle.life import Expected, Patient
from .agree import FOLDER, Difference
from .driver import Lived


class Case(NamedTuple):
    """A difference in its life."""

    one: Difference
    patient: Patient
    due: Sequence[Expected]
    lived: Lived


QUESTIONS: dict[str, Callable[[Case], bool]] = {}


@cache
def readings() -> dict[str, str]:
    """The readings that are in force: situation and the reason."""
    rows = tomllib.loads((FOLDER / "readings.toml").read_text()).get("reading", [])
    return {row["situation"]: row["why"] for row in rows}


def excuse(case: Case) -> str:
    """The reading by which both are right; empty where there is none."""
    return next((name for name in readings() if QUESTIONS[name](case)), "")
