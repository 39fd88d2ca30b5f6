"""A new claim after one that was billed: the next month of a rental, a refill of the same supplies.

What belongs to the patient, the payer and the item stays as it was written (diagnoses, ordering provider, notes,
authorization); what belongs to the old claim alone is left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from .claim import Claim
from .editing import EditError
from .service_line import ServiceLine
from .spans import head_spans, line_spans
from .stored import StoredClaim
from .values import x12_amount

OLD_REFERENCES = frozenset({"F8", "D9", "6R"})
"""What REFs of the old claim say: the payer's number of it, the clearinghouse's, and its lines' own numbers."""
OLD_ON_CLAIM = frozenset({"PWK", "AMT"})
OLD_ON_LINE = frozenset({"PWK", "CR3", "MEA"})
"""Attachments and amounts paid; certificates and their measurements (since 2023 none may be sent, R1.40)."""
SERVICE_DATE = "472"


class NotAgain(ValueError):
    """A claim is none after which another can be billed; the message says why, without values."""


def claim_anew(claim: Claim, number: str, lines: Collection[int], by: str) -> Claim:
    """A new original claim (frequency 1) after `claim`, with some of its lines; to be edited as it must be.

    Args:
        number: its CLM01.
        lines: the numbers (LX01) of the lines that it has again; they are numbered from 1.
        by: who edits through the handle.

    Raises:
        NotAgain: another payer has decided on it (what it paid holds for that claim alone), or none of its lines is
            wanted.
    """
    again = [line for line in claim.lines if line.number in lines]
    if not again:
        raise NotAgain("the claim has none of these lines")
    if any(line.adjudications for line in again) or any(
        other.paid_cents is not None or other.adjustments for other in claim.other_subscribers
    ):
        raise NotAgain("another payer has decided on the claim")
    stored = claim.stored
    separator = stored.delimiters.element
    raw = list(_head(stored, separator))
    for at, line in enumerate(again, start=1):
        raw += [f"LX{separator}{at}", *_line([segment.raw for segment in line.segments][1:], separator)]
    delimiters, billing, subscriber, patient, _ = stored
    made = Claim(StoredClaim(delimiters, [*billing], [*subscriber], [*patient], raw), by)
    made.set("CLM01", number)
    made.set("CLM05-3", "1")
    made.set("CLM20", "")
    set_total(made)
    return made


def _head(stored: StoredClaim, separator: str) -> Iterator[str]:
    starts = (at for at, text in enumerate(stored.claim) if text.split(separator, 1)[0] == "LX")
    head = stored.claim[: next(starts, len(stored.claim))]
    for span in head_spans(head, separator):
        own = head[span.start : span.end]
        yield from (text for text in own if span.loop != "2300" or _stays(text, separator, OLD_ON_CLAIM))


def _line(raw: Sequence[str], separator: str) -> Iterator[str]:
    for span in line_spans(["LX", *raw], separator):
        # The forms of 2440 are certificates as well.
        if span.loop in ("2430", "2440"):
            continue
        for text in ["LX", *raw][max(span.start, 1) : span.end]:
            elements = text.split(separator)
            old_date = span.loop == "2400" and elements[0] == "DTP" and elements[1:2] != [SERVICE_DATE]
            if not old_date and (span.loop != "2400" or _stays(text, separator, OLD_ON_LINE)):
                yield text


def _stays(text: str, separator: str, old: Collection[str]) -> bool:
    elements = text.split(separator)
    return elements[0] not in old and not (elements[0] == "REF" and elements[1:2] and elements[1] in OLD_REFERENCES)


def set_days(line: ServiceLine, start: dt.date, end: dt.date | None = None) -> None:
    """Set a line's dates of service (DTP*472): one day, or a span.

    Raises:
        EditError: the handle is dead, or `end` lies before `start`.
    """
    if end is not None and end < start:
        raise EditError("a line's last day of service lies before its first")
    one = end is None or end == start
    line.set(f"DTP[{SERVICE_DATE}]02", "D8" if one else "RD8")
    line.set(f"DTP[{SERVICE_DATE}]03", f"{start:%Y%m%d}" if one else f"{start:%Y%m%d}-{end:%Y%m%d}")


def set_quantity(line: ServiceLine, units: Decimal) -> None:
    """Set a line's units, and its charge at the same price for each; the claim's total is `set_total`'s.

    Raises:
        NotAgain: the line has no units, or the charge for so many is no amount of whole cents.
    """
    if not line.units or units <= 0:
        raise NotAgain("a line without units says no price")
    cents = line.charge_cents * units / line.units
    if cents != cents.to_integral_value():
        raise NotAgain("the price of one unit is no amount of whole cents")
    line.set("SV104", f"{units.normalize():f}")
    line.set("SV102", x12_amount(int(cents)))


def set_total(claim: Claim) -> None:
    """Set CLM02 to what the lines add up to. Raises EditError if the handle is dead."""
    claim.set("CLM02", x12_amount(sum(line.charge_cents for line in claim.lines)))
