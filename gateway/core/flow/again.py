"""What resubmit and replay have in common: a person asks, with a reason, and asking twice does it once.

Three verbs that are never mixed. Retransmit (`outgoing.send_again`): the same bytes under the same numbers, where the
partner never had them. Resubmit: a claim goes in a new interchange. Replay: run again inside, from a chosen station.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class CannotBeDone(ValueError):
    """What is asked for cannot be done to this claim, payment or file. The message says why and what to do instead."""


class Again(NamedTuple):
    """What came of asking. `new`: it was not asked for before; else `what` says when it was, and what came of it."""

    request_id: int
    subject_id: int
    new: bool
    what: str


class NeedsWhoAndWhy(CannotBeDone):
    """Who asks for it, or why, was not said. `missing`: which of `who` and `reason`."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(self.told({}))

    def told(self, names: Mapping[str, str]) -> str:
        """The same, with what is missing by the names under which it is given."""
        given = [names.get(one, one) for one in self.missing]
        are = "is" if len(given) == 1 else "are"
        return f"It needs who asks for it, and why: {' and '.join(given)} {are} missing."


def needs_who_and_why(who: str, reason: str) -> None:
    """Raises NeedsWhoAndWhy where either is empty: both stand on the timeline."""
    missing = [name for name, said in (("who", who), ("reason", reason)) if not said.strip()]
    if missing:
        raise NeedsWhoAndWhy(missing)


def sentence(text: str) -> str:
    """A person's reason as a sentence."""
    return text.strip().rstrip(".") + "."


def asked_before(row: Any) -> Again:
    """The answer to somebody who asks a second time. `row` is the first request."""
    when = f"{row.asked_at:%m/%d/%Y %H:%M} UTC"
    came = row.outcome if row.done_at is not None else "It is under way."
    return Again(row.id, row.subject_id, False, f"{row.who} asked for this on {when}, and it is done once. {came}")


def standing(row: Any | None, version: int, now: dt.datetime) -> bool:
    """Whether the last request of this kind still says all there is to say: it is under way, or it was done today
    (what a chain decides depends on the date) and its subject has not changed since."""
    if row is None:
        return False
    return row.done_at is None or (row.stands == version and row.asked_at.date() == now.date())
