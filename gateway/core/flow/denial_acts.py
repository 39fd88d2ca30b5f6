"""What a person does about a denial: correct and resubmit, reopen, appeal, give it up, or bill the patient.

Each verb locks the claim and the denial, looks at both as they stand then, and does it once: asked again, it answers
what came of the first time. Who and why stand on the claim's timeline and in the denial's own history. Nothing is
written off but by a person who may, or by a person under a named rule within its limit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from ...config import Config
from ..clock import business_date
from ..store import timeline
from ..store.denial_tables import ENDED, denial_acts, denial_cases
from ..store.ids import allocate
from ..store.tables import claim_lines, claims, denials, work_items
from ..work import touches
from ..work.items import close_items
from .again import CannotBeDone, needs_who_and_why, sentence
from .denial_cases import WORKED
from .resubmit import locked_claim

STATION = "denial"
FOLLOW_UP_DAYS = 30
"""After so many days somebody looks again at what was sent, where no table says when the payer decides."""


class Done(NamedTuple):
    """What came of a verb. `new`: it was not done before; `what` says it in a sentence; `act_id` names the entry of the
    denial's history, with its letter where there is one."""

    denial_id: int
    new: bool
    what: str
    act_id: int = 0


class Asked(NamedTuple):
    """Who asks for something, why, and when: `today` is the supplier's date."""

    who: str
    why: str
    now: dt.datetime
    today: dt.date
    config: Config

    @classmethod
    def at(cls, config: Config, who: str, why: str, now: dt.datetime) -> Asked:
        """Raises CannotBeDone where who or why is missing."""
        needs_who_and_why(who, why)
        return cls(
            who.strip()[:80], why.strip()[:1000], now, business_date(now, config.gateway.organisation.time_zone), config
        )


class Case(NamedTuple):
    """A denial with its claim, locked: the rows of `denials`, `denial_cases` and `claims`, its line's number and
    modifiers (0 and empty: the whole claim), and the id of its open work item (0: none)."""

    denial: Any
    case: Any
    claim: Any
    line: int
    modifiers: tuple[str, ...]
    item_id: int

    @property
    def id(self) -> int:
        """Of the denial."""
        return int(self.denial.id)

    @property
    def cents(self) -> int:
        """What was denied."""
        return int(self.denial.cents)

    @property
    def codes(self) -> str:
        """`CO-50, N115`."""
        remark = f", {self.denial.remark_code}" if self.denial.remark_code else ""
        return f"{self.denial.group_code}-{self.denial.reason_code}{remark}"


def locked(connection: Connection, denial_id: int, *, lock: bool = True) -> Case:
    """A denial and its claim, locked until the transaction ends (not where one only looks: `lock`). Raises
    CannotBeDone where there is none."""
    claim_id = connection.execute(select(denials.c.claim_id).where(denials.c.id == denial_id)).scalar_one_or_none()
    if claim_id is None:
        raise CannotBeDone(f"There is no denial {denial_id}. See: gateway denial list")
    wanted = select(denials).where(denials.c.id == denial_id)
    if lock:
        claim = locked_claim(connection, claim_id)
        denial = connection.execute(wanted.with_for_update()).one()
    else:
        claim = connection.execute(select(claims).where(claims.c.id == claim_id)).one()
        denial = connection.execute(wanted).one()
    case = connection.execute(select(denial_cases).where(denial_cases.c.denial_id == denial_id)).one_or_none()
    if case is None:
        raise CannotBeDone(
            f"Denial {denial_id} is of the time before denials were worked here; work its item: gateway queue list"
        )
    line = connection.execute(
        select(claim_lines.c.number, claim_lines.c.modifiers).where(claim_lines.c.id == denial.line_id)
    ).one_or_none()
    number, modifiers = (line.number, line.modifiers) if line is not None else (0, _common(connection, claim_id))
    item_id = connection.execute(
        select(work_items.c.id).where(work_items.c.key == f"denial:{denial_id}", work_items.c.state == "open")
    ).scalar_one_or_none()
    return Case(denial, case, claim, number, tuple(filter(None, modifiers.split(":"))), item_id or 0)


def _common(connection: Connection, claim_id: int) -> str:
    """The modifiers that every line of a claim has."""
    rows = connection.execute(select(claim_lines.c.modifiers).where(claim_lines.c.claim_id == claim_id)).scalars()
    sets = [set(one.split(":")) for one in rows]
    return ":".join(sorted(set.intersection(*sets))) if sets else ""


def still_open(one: Case) -> None:
    """Raises CannotBeDone where the denial is over."""
    if one.case.status in ENDED or one.denial.state not in WORKED:
        when = f" since {one.case.ended_on:%m/%d/%Y}" if one.case.ended_on is not None else ""
        raise CannotBeDone(f"Denial {one.id} is over ({one.case.status}{when}).")


def done_before(connection: Connection, key: str) -> Done | None:
    """The answer to somebody who asks a second time; None where it was not done."""
    row = connection.execute(select(denial_acts).where(denial_acts.c.key == key)).one_or_none()
    if row is None:
        return None
    return Done(
        row.denial_id, False, f"{row.who} did this on {row.at:%m/%d/%Y}, and it is done once. {row.outcome}", row.id
    )


class Letter(NamedTuple):
    """A letter in the archive, and what it is called when it is saved."""

    sha256: str
    name: str


def note(
    connection: Connection,
    one: Case,
    asked: Asked,
    verb: str,
    key: str,
    what: str,
    *,
    level: int = 0,
    cents: int = 0,
    letter: Letter | None = None,
) -> Done:
    """Write down what was done: in the denial's history, and on the claim's timeline."""
    act_id = allocate(connection, "denial_acts", 1)
    connection.execute(
        insert(denial_acts).values(
            id=act_id,
            denial_id=one.id,
            at=asked.now,
            who=asked.who,
            verb=verb,
            level=level,
            cents=cents,
            why=asked.why,
            outcome=what[:1000],
            sha256=letter.sha256 if letter is not None else "",
            name=letter.name if letter is not None else "",
            key=key,
        )
    )
    where = f"line {one.line}" if one.line else "the whole claim"
    told = f"Denial {one.id} ({one.codes}, {where}): {what} {sentence(asked.why)}"
    timeline.add(connection, [timeline.Entry("claim", one.claim.id, STATION, told, who=asked.who)], asked.now)
    return Done(one.id, True, what, act_id)


def set_status(connection: Connection, one: Case, status: str, **more: Any) -> None:
    """How the denial stands from now on."""
    values: Mapping[str, Any] = {"status": status, **more}
    connection.execute(update(denial_cases).where(denial_cases.c.denial_id == one.id).values(**values))


def end(connection: Connection, one: Case, asked: Asked, status: str, outcome: str) -> None:
    """The denial is over, and so is its work item, which counts as this person's."""
    set_status(connection, one, status, ended_on=asked.today)
    connection.execute(update(denials).where(denials.c.id == one.id).values(state=status))
    close_items(connection, [f"denial:{one.id}"], outcome[:200], asked.now, who=asked.who)


def waits(connection: Connection, one: Case, asked: Asked, action: str, days: int | None, **item: Any) -> dt.date:
    """What was sent is with the payer: its work item rests until somebody should look again. Returns that day."""
    follow_up = asked.today + dt.timedelta(days=days or FOLLOW_UP_DAYS)
    if one.item_id:
        values = {"follow_up": follow_up, "touched_at": asked.now, "snoozed_until": None, **item}
        touches.keep_promises(connection, [one.item_id], asked.now)
        connection.execute(update(work_items).where(work_items.c.id == one.item_id).values(values))
        touch = touches.Touch(one.item_id, asked.who, "touch", action, asked.why, follow_up)
        touches.add(connection, [touch], asked.now)
    return follow_up


def changed(connection: Connection, one: Case, asked: Asked, **more: Any) -> None:
    """The claim is another one than before: what is being decided on it is decided again."""
    connection.execute(
        update(claims)
        .where(claims.c.id == one.claim.id)
        .values(version=claims.c.version + 1, updated_at=asked.now, **more)
    )
