"""What would become of a claim if it were corrected like this: its chain and the guides, asked without any effect.

A child decides on a copy, with a session that cannot write and without calling anybody; nothing is kept, neither in the
database nor in the archive. So it may be asked at every stroke of a key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ...config import Config
from ..x12.correcting import Change
from ..x12.stored import StoredClaim
from . import faulty_claims
from .again import CannotBeDone
from .claim_check import action_of, check_claim, codes_of
from .commit_claims import hold_wrong_usage
from .correct import Corrected, claim_row, corrected, why_not
from .correct_commit import is_refused
from .deciding import Asked, DecideImpossible, Request, answered
from .replay import CORRECTED
from .replay_commit import compared, known_holds
from .services import DecidePool
from .verdicts import HoldRow, Noted, Verdict, unpack_chunk
from .write_batch import as_sent

_WARNS = ("warn", "info")


class Ground(NamedTuple):
    """On what is decided: who decides, the configuration and where its text stands, the database, and the day."""

    pool: DecidePool
    config: Config
    archive_root: str
    database_url: str
    today: dt.date
    resting: Sequence[tuple[int, str | None, str]] = ()


class Asking(NamedTuple):
    """A claim to be looked at: corrected, its holds as they are, and (one that was not taken in yet) those for a number
    or content that has come before."""

    made: Corrected
    holds: Sequence[Any]
    repeats: Sequence[HoldRow] = ()


class Preview(NamedTuple):
    """What would come of a correction. `goes`: nothing would keep the claim back. `what` says it in a sentence.
    `fault`: why it could not be worked on. `findings`, `guide`, `holds` and `gone` are for a person, in their order."""

    claim_id: int
    claim_number: str
    state: str
    version: int
    goes: bool
    what: str
    changes: list[str]
    fault: str
    charge_cents: int
    partner: str
    chain: str
    findings: list[dict[str, Any]]
    guide: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    gone: list[str]


def ask(connection: Connection, claim_id: int, changes: Sequence[Change], who: str) -> Asking:
    """What a preview looks at.

    Raises:
        CannotBeDone: there is no such claim, it is not one to be corrected, or a change cannot be made.
    """
    row = claim_row(connection, claim_id)
    why = why_not(connection, row)
    if why:
        raise CannotBeDone(f"Claim {row.claim_number} is {row.state}: {why}.")
    made = corrected(row, changes, who)
    repeats = faulty_claims.repeats(connection, row, made.after.stored) if faulty_claims.is_faulty(row) else ()
    return Asking(made, known_holds(connection, claim_id), repeats)


async def preview(ground: Ground, asking: Asking) -> Preview:
    """What would become of the corrected claim.

    Raises:
        CannotBeDone: nobody can decide it now.
    """
    row = asking.made.row
    content = asking.made.after.stored.pack()
    request = Request(
        config_hash=ground.config.hash,
        config_root=str(ground.config.root),
        archive_root=ground.archive_root,
        database_url=ground.database_url,
        source=row.source,
        file_id=row.file_id,
        today=ground.today.isoformat(),
        claims=[Asked(row.ordinal, content, row.usage)],
        resting=list(ground.resting),
        first=CORRECTED,
        renumber=faulty_claims.renumbered(ground.config, row),
        before=[row.id],
        only_asked=True,
    )
    try:
        blob = await answered(ground.pool, ground.config.chains.limits, request, request.claims)
    except DecideImpossible as error:
        raise CannotBeDone(f"It cannot be decided here: {error}.") from error
    (verdict,) = unpack_chunk(blob).verdicts
    if faulty_claims.is_faulty(row) and not verdict.fault:
        verdict.holds += asking.repeats
        hold_wrong_usage(ground.config.gateway.usage, [verdict])
    return _told(ground, asking, verdict)


def _told(ground: Ground, asking: Asking, verdict: Verdict) -> Preview:
    row = asking.made.row
    kept, gone, new, reworded = compared(asking.holds, verdict.holds, CORRECTED, ground.today)
    words = {known.id: anew for known, anew in reworded}
    guide = list(_guide(ground.config, verdict))
    stops = [one for one in guide if one["action"] != "report"]
    goes = not verdict.fault and not kept and not new and not stops
    return Preview(
        row.id,
        row.claim_number,
        row.state,
        row.version,
        goes,
        _in_words(row, verdict, len(kept) + len(new), len(stops)),
        [str(one) for one in asking.made.told],
        verdict.fault,
        verdict.columns.charge_cents,
        verdict.partner,
        verdict.chain,
        list(_findings(verdict)),
        guide,
        [*(_hold(words.get(one.id, one), new=False) for one in kept), *(_hold(one, new=True) for one in new)],
        [one.reason for one in gone],
    )


def _in_words(row: Any, verdict: Verdict, holds: int, stops: int) -> str:
    if verdict.fault and faulty_claims.is_faulty(row):
        return f"It would stay faulty: {verdict.fault}"
    if verdict.fault:
        return f"It could not be worked on like that: {verdict.fault}"
    if holds:
        return f"{holds} hold{'s' if holds != 1 else ''} would keep it back."
    if stops:
        return f"It would be taken out of its batch: its guide has {stops} objection{'s' if stops != 1 else ''}."
    if is_refused(row.state):
        return "It would go again, in a new interchange, with the next batch."
    return "It would go with the next batch."


def _findings(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """What the steps find that does not keep the claim back; what does is told as its hold."""
    for station in verdict.stations:
        for step in station.steps:
            for finding in step.get("findings", ()):
                if finding.get("severity") in _WARNS:
                    yield {
                        "plugin": step["plugin"],
                        "rule": finding.get("rule", ""),
                        "severity": finding["severity"],
                        "line": finding.get("line", 0),
                        "message": finding.get("message", ""),
                    }


def _guide(config: Config, verdict: Verdict) -> Iterator[dict[str, Any]]:
    """What the guides find in the claim as its partner would get it (as it came, where it could not be worked on), and
    what is done about each."""
    if verdict.fault:
        yield from (_noted(one, one.action) for one in verdict.noted)
        return
    partner = config.partner(verdict.partner)
    stored = as_sent(config, verdict.columns.payer_id, StoredClaim.unpack(verdict.content))
    held = {hold.rule for hold in verdict.holds}
    found: list[Noted] = check_claim(stored, codes_of(config))
    for one in found:
        action = action_of(partner.check, one) if partner is not None else "report"
        if f"guide:{one.code}" in held:
            action = "report"  # told as its hold
        yield _noted(one, action)


def _noted(one: Noted, action: str) -> dict[str, Any]:
    return {"place": one.place, "line": one.line, "code": one.code, "action": action, "message": one.words}


def _hold(one: HoldRow | Any, *, new: bool) -> dict[str, Any]:
    return {
        "type": one.type,
        "rule": one.rule,
        "plugin": one.plugin,
        "team": one.team,
        "line": one.line,
        "reason": one.reason,
        "new": new,
    }
