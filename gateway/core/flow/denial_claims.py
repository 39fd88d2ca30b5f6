"""What goes to the payer about a denial: the claim again, a request to reopen it, or an appeal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, select

from ..model.states import ClaimState
from ..model.work_tables import REOPENING
from ..store.archive import Archive
from ..store.tables import work_items
from ..work.appeals import Appeals, Limit, Way
from ..x12.correcting import Change
from . import denial_letters
from .again import Again, CannotBeDone
from .correct import correct as correct_claim
from .denial_acts import Asked, Case, Done, done_before, locked, note, set_status, still_open, waits
from .denial_letters import Draft, Round
from .replace import replace
from .resubmit import resubmit as resubmit_claim


def correct(
    connection: Connection, archive: Archive, denial_id: int, asked: Asked, changes: Sequence[Change], cause: str = ""
) -> Again:
    """Correct the claim of a denial and send it again: as new where the payer could not process it (MA130), else as a
    replacement (frequency 7) where the payer takes one.

    Raises:
        CannotBeDone: the denial is over, the claim cannot be corrected like that, or the payer takes no replacement
            (the message says what to do instead).
    """
    one = locked(connection, denial_id)
    still_open(one)
    if one.case.way == Way.RESUBMIT:
        made = correct_claim(
            connection, asked.config, one.claim.id, changes, asked.who, asked.why, asked.now,
            today=asked.today, root_cause=cause,
        )  # fmt: skip
    else:
        made = replace(connection, archive, asked.config, one.claim.id, "7", changes, asked.who, asked.why, asked.now)
    return _sent(connection, one, asked, "correct", made)


def resubmit(connection: Connection, denial_id: int, asked: Asked) -> Again:
    """Send the claim of a denial again as it stands, where the payer could not process it (MA130).

    Raises:
        CannotBeDone: the payer has decided it, so a second one would be a duplicate; or the denial is over.
    """
    one = locked(connection, denial_id)
    still_open(one)
    made = resubmit_claim(connection, one.claim.id, asked.who, asked.why, asked.now)
    return _sent(connection, one, asked, "resubmit", made)


def _sent(connection: Connection, one: Case, asked: Asked, verb: str, made: Again) -> Again:
    key = f"{verb}:{one.id}:{made.request_id}"
    if made.new and done_before(connection, key) is None:
        set_status(connection, one, "resubmitted")
        waits(connection, one, asked, "sent_documents", None)
        note(connection, one, asked, verb, key, made.what)
    return made


def _key(verb: str, one: Case, level: int = 0) -> str:
    return f"{verb}:{one.id}:{level}"


# --- letters ---------------------------------------------------------------------------------------


def reopen(
    connection: Connection,
    archive: Archive,
    denial_id: int,
    asked: Asked,
    document_ids: Sequence[int] = (),
    *,
    good_cause: bool = False,
) -> Done:
    """Ask the payer to reopen a claim because of a clerical error, by a letter.

    Raises:
        CannotBeDone: the payer hears nothing but a new claim, or the time is over and no good cause is named.
    """
    one = locked(connection, denial_id)
    before = done_before(connection, _key("reopen", one))
    if before is not None:
        return before
    round_ = to_reopen(one, asked, good_cause=good_cause)
    letter = denial_letters.kept(connection, archive, one, asked, round_, document_ids)
    set_status(connection, one, "reopening")
    follow_up = waits(connection, one, asked, "sent_reopening", round_.decides)
    what = f"A {round_.name} is asked for; somebody looks again on {follow_up:%m/%d/%Y}."
    return note(connection, one, asked, "reopen", _key("reopen", one), what, cents=one.cents, letter=letter)


def to_reopen(one: Case, asked: Asked, *, good_cause: bool) -> Round:
    """The reopening that may be asked for. Raises CannotBeDone as `reopen` does."""
    still_open(one)
    _may_be_heard(one)
    limits = Appeals.of(asked.config.tables)
    limit = limits.limit(one.case.filing_code, one.case.payer_id, REOPENING, one.case.noticed_on)
    _in_time(one, one.case.reopen_by, "a reopening", asked.today, good_cause)
    name = limit.name if limit is not None else REOPENING
    return Round(REOPENING, name, 0, one.case.reopen_by, limit.decides if limit is not None else None)


def appeal(
    connection: Connection,
    archive: Archive,
    denial_id: int,
    asked: Asked,
    document_ids: Sequence[int] = (),
    *,
    good_cause: bool = False,
) -> Done:
    """Appeal a denial at its next level, by a letter with the documents behind it.

    Raises:
        CannotBeDone: there is no appeal (MA130, filed too late), an appeal is under way, there is no further level, too
            little is at stake, or the time is over and no good cause is named.
    """
    one = locked(connection, denial_id)
    if one.case.status == "appealed":
        before = done_before(connection, _key("appeal", one, one.case.level))
        if before is not None:
            return before
    round_ = to_appeal(one, asked, good_cause=good_cause)
    letter = denial_letters.kept(connection, archive, one, asked, round_, document_ids)
    set_status(connection, one, "appealed", level=round_.level)
    follow_up = waits(connection, one, asked, "sent_appeal", round_.decides)
    what = f"Appealed, level {round_.level} ({round_.name}); somebody looks again on {follow_up:%m/%d/%Y}."
    key = _key("appeal", one, round_.level)
    return note(connection, one, asked, "appeal", key, what, level=round_.level, cents=one.cents, letter=letter)


def to_appeal(one: Case, asked: Asked, *, good_cause: bool) -> Round:
    """The appeal that is next. Raises CannotBeDone as `appeal` does."""
    still_open(one)
    _may_be_heard(one)
    level = one.case.level + 1
    limit = Appeals.of(asked.config.tables).limit(
        one.case.filing_code, one.case.payer_id, str(level), one.case.noticed_on
    )
    if limit is None and level > 1:
        raise CannotBeDone(f"Denial {one.id} has been through every appeal that its payer hears.")
    name = limit.name if limit is not None else "appeal"
    if limit is not None and one.cents < limit.least_cents:
        raise CannotBeDone(f"A {name} needs at least ${limit.least_cents / 100:,.2f} at stake.")
    _in_time(one, one.case.appeal_by, f"a {name}", asked.today, good_cause)
    return Round("appeal", name, level, one.case.appeal_by, limit.decides if limit is not None else None)


def would_be(
    connection: Connection,
    archive: Archive,
    denial_id: int,
    asked: Asked,
    verb: Literal["appeal", "reopen"],
    document_ids: Sequence[int] = (),
    *,
    good_cause: bool = False,
) -> Draft:
    """The letter that `appeal` or `reopen` would make now; nothing is written.

    Raises:
        CannotBeDone: it would not be made.
    """
    one = locked(connection, denial_id, lock=False)
    round_ = (to_appeal if verb == "appeal" else to_reopen)(one, asked, good_cause=good_cause)
    return denial_letters.draft(connection, archive, one, asked, round_, document_ids)


def decided(connection: Connection, denial_id: int, asked: Asked, decided_on: dt.date, *, won: bool) -> Done:
    """The payer has answered an appeal or reopening by letter. One that is won waits for its payment; one that is lost
    has the date of the next level, counted from this decision.

    Raises:
        CannotBeDone: nothing is with the payer, or the day is still to come.
    """
    one = locked(connection, denial_id)
    key = f"decided:{one.id}:{one.case.level}:{decided_on.isoformat()}"
    before = done_before(connection, key)
    if before is not None:
        return before
    still_open(one)
    if one.case.status not in denial_letters.WITH_PAYER:
        raise CannotBeDone(f"Denial {one.id} is {one.case.status}: no appeal or reopening of it is with the payer.")
    if decided_on > asked.today:
        raise CannotBeDone("The decision is of a day that is still to come.")
    if won:
        follow_up = waits(connection, one, asked, "waiting_payer", None)
        what = f"The payer will pay; it ends when the payment posts. Somebody looks again on {follow_up:%m/%d/%Y}."
        return note(connection, one, asked, "decided", key, what, level=one.case.level)
    following = _next(asked, one, decided_on)
    by = following.by if following is not None else None
    set_status(connection, one, "new", appeal_by=by, noticed_on=decided_on)
    _redate(connection, one, by)
    what = "The payer keeps its decision. " + (
        f"Next: {following.name}, by {following.by:%m/%d/%Y}."
        if following is not None
        else "There is no further appeal."
    )
    return note(connection, one, asked, "decided", key, what, level=one.case.level)


def _next(asked: Asked, one: Case, decided_on: dt.date) -> Limit | None:
    limits = Appeals.of(asked.config.tables)
    return limits.limit(one.case.filing_code, one.case.payer_id, str(one.case.level + 1), decided_on)


def _redate(connection: Connection, one: Case, appeal_by: dt.date | None) -> None:
    """The work item goes by the new date of appeal, and is to be worked now."""
    from ..work.priority import priority_date

    row = connection.execute(select(work_items).where(work_items.c.id == one.item_id)).one_or_none()
    if row is None:
        return
    first = priority_date(row.deadline, row.refile_by, appeal_by, work_by=row.work_by, kind=row.kind)
    connection.execute(
        work_items.update()
        .where(work_items.c.id == one.item_id)
        .values(appeal_by=appeal_by, priority_date=first, follow_up=None)
    )


def _may_be_heard(one: Case) -> None:
    if one.case.way == Way.RESUBMIT:
        raise CannotBeDone(
            f"The payer could not process this claim (MA130), so there is no appeal: correct it and send it as new "
            f"(gateway denial correct {one.id})."
        )
    if one.case.way == Way.NONE:
        raise CannotBeDone(
            f"Denial {one.id} says that the claim came too late (CARC 29, N211): there is no appeal. With a proof that "
            "it was in time, call the payer; else ask for a write-off."
        )
    if ClaimState(one.claim.state) is ClaimState.CANCELLED:
        raise CannotBeDone("The claim was withdrawn.")


def _in_time(one: Case, by: dt.date | None, what: str, today: dt.date, good_cause: bool) -> None:
    if by is not None and today > by and not good_cause:
        raise CannotBeDone(
            f"The time for {what} was over on {by:%m/%d/%Y}. If there is a good cause for the delay, say so "
            "(--good-cause) and write it into the reason."
        )
