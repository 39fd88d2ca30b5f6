"""Replacement of oxygen equipment: O-R1 to O-R3 (hme-billing-rules 2.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from gateway.core.model.belongings import Document
from gateway.core.model.decision import HoldType
from gateway.core.x12.claim import Claim
from gateway.plugins import Table, Tables
from gateway.plugins.months import add_months
from gateway.plugins.rental_clock import Clock, Facts, near

from .clock import LIFETIME, REPLACED, make_clock
from .equipment import Looked, Rented, notes_of
from .items import Items
from .rules import Says

LOSS, LIFETIME_OVER = "loss", "lifetime"
STATEMENTS = frozenset({"other", "medical_record"})
"""Kinds of documents that a statement of a loss (police, fire, insurance, the patient's own) may be filed as."""
ORDER_MONTHS = 6
"""How long before the end of the lifetime an order may be written and still be for the replacement."""


class Reasons(NamedTuple):
    """The words for the reason of a replacement (table `replacement_reasons`)."""

    table: Table

    def of(self, notes: str, day: dt.date) -> frozenset[str]:
        """The reasons that notes give: loss, lifetime."""
        return frozenset(row.values["reason"] for row in self.table.on(day) if row.values["word"] in notes)


def make_reasons(settings: object, tables: Tables) -> Reasons:
    """The table (`context.prepared`)."""
    return Reasons(tables["replacement_reasons"])


def check_replacement(
    looked: Looked,
    claim: Claim,
    facts: Facts,
    items: Items,
    reasons: Reasons,
    documents: Sequence[Document],
    statement_wanted: bool,
    say: Says,
) -> None:
    """O-R1 and O-R2 for one line: what a replacement needs, and that RA stands on its first month only."""
    rented, month = looked.rented, looked.month
    line, day = rented.line, rented.day
    replaces = REPLACED in line.modifiers
    if not replaces and not looked.begins:
        return
    if replaces and month.number > 1:
        say("O-R2", line, f"RA stands on the first month only, and this is month {month.number}. Remove it.")
        return
    told = reasons.of(notes_of(line, claim), day)
    end = lifetime_before(looked, facts, items)
    if (day >= end) if end is not None else (LIFETIME_OVER in told):
        _check_lifetime_over(looked, facts, items, told, end, say)
    elif replaces:
        _check_loss(looked, told, end, documents, statement_wanted, claim, say)


def lifetime_before(looked: Looked, facts: Facts, items: Items) -> dt.date | None:
    """When the lifetime of what was there before ended; None where nothing was. The stationary equipment's date is that
    of the portable too (O-R3)."""
    rented, clock, which, _ = looked
    own = add_months(clock.terms[which - 1], LIFETIME) if which else None
    if rented.kind == "stationary":
        return own
    stationary = make_clock(facts, items.codes["stationary"], rented.day)
    if stationary is None:
        return own
    begun_now = len(stationary.terms) > 1 and near(stationary.period.start, rented.day)
    term = stationary.terms[-2] if begun_now else stationary.terms[-1]
    return add_months(term, LIFETIME)


def _check_lifetime_over(
    looked: Looked, facts: Facts, items: Items, told: frozenset[str], end: dt.date | None, say: Says
) -> None:
    rented = looked.rented
    codes = items.codes[rented.kind]
    since = add_months(end or rented.day, -ORDER_MONTHS)
    missing = []
    if REPLACED not in rented.line.modifiers:
        missing.append("RA")
    if not told:
        missing.append("a note with the reason (RUL ended, and the initial date)")
    if not any(
        since <= order.ordered_on <= rented.day and any(code in codes for code in order.codes) for order in facts.orders
    ):
        missing.append("a new order")
    if missing:
        over = f"the useful lifetime of the old equipment ended on {end:%m/%d/%Y}; " if end else ""
        say(
            "O-R1",
            rented.line,
            f"{over}the first month of the new one lacks {' and '.join(missing)}.",
            team="documentation",
            hold_type=HoldType.PRESCRIPTION,
        )


def _check_loss(
    looked: Looked,
    told: frozenset[str],
    end: dt.date | None,
    documents: Sequence[Document],
    statement_wanted: bool,
    claim: Claim,
    say: Says,
) -> None:
    line, day = looked.rented.line, looked.rented.day
    missing = []
    if LOSS not in told:
        missing.append("a note that says what happened (lost, stolen, destroyed)")
    if statement_wanted and not any(_is_statement(one, claim, line.code, day) for one in documents):
        missing.append("the statement on file (police, fire, insurance, or the patient's own)")
    if missing:
        inside = f"its useful lifetime ends only on {end:%m/%d/%Y}; " if end else ""
        say("O-R2", line, f"{inside}RA for lost equipment lacks {' and '.join(missing)}.", team="documentation")


def _is_statement(one: Document, claim: Claim, code: str, day: dt.date) -> bool:
    if one.kind not in STATEMENTS:
        return False
    if one.claim_number:
        return one.claim_number == claim.id
    fits = not one.codes or code in one.codes
    return fits and (one.dated is None or add_months(day, -ORDER_MONTHS) <= one.dated <= add_months(day, 1))


def check_together(
    portable: Looked, all_of_claim: list[Rented], facts: Facts, items: Items, told: frozenset[str], say: Says
) -> None:
    """O-R3: the stationary equipment's lifetime is the portable's too, and both are replaced together."""
    line, day = portable.rented.line, portable.rented.day
    now = [one for one in all_of_claim if one.kind == "stationary" and one.day <= day]
    clock = make_clock(facts, items.codes["stationary"], day, [one.month for one in now])
    if clock is None:
        return
    end_before = add_months(clock.terms[-2], LIFETIME) if len(clock.terms) > 1 else None
    begun = len(clock.periods) > 1 and near(clock.period.start, day)
    if REPLACED in line.modifiers and portable.month.number == 1:
        if not begun and LOSS not in told and day < clock.lifetime_end:
            say(
                "O-R3",
                line,
                f"the stationary equipment may be replaced from {clock.lifetime_end:%m/%d/%Y} on, and its date is the "
                "portable's too. Wait until then, or say what happened to the portable.",
            )
    elif begun and end_before is not None and clock.period.start >= end_before and _old(portable, clock):
        say(
            "O-R3",
            line,
            "the stationary equipment was replaced at the end of its lifetime, and the portable is replaced with it. "
            "Deliver the new one and add RA.",
        )


def _old(portable: Looked, stationary: Clock) -> bool:
    """Whether the portable's count began before the stationary's."""
    return portable.clock.begun_on(portable.which) < stationary.begun_on(len(stationary.periods) - 1)
