"""Equipment at a patient's home, as the registry has it: plain functions over its records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.core.model.belongings import Equipment


def back_since(equipment: Iterable[Equipment], codes: Collection[str], today: dt.date) -> dt.date | None:
    """The day on which equipment came back after a time in which the patient had none of these items, the last one
    until today; None where they never were without.

    What is due of equipment is over when it goes, and due anew when it is back: a work item that was closed meanwhile
    stays closed, and wants another key.
    """
    pieces = [one for one in equipment if one.code in codes and one.started_on <= today]
    since: dt.date | None = None
    there_until: dt.date | None = None
    for piece in sorted(pieces, key=lambda one: one.started_on):
        if there_until is not None and piece.started_on > there_until:
            since = piece.started_on
        there_until = max(there_until or dt.date.min, piece.ended_on or dt.date.max)
    return since
