"""In time, in the right form (hme-billing-rules 1.6, 1.7): filing time, claim frequency, unlisted codes."""

from __future__ import annotations

from .findings import Findings
from .whole import Whole

ORIGINAL = frozenset({"", "1"})
YOUNG_DAYS = 14
"""No payer's time ends, or nearly ends, before."""


def check_filing_time(whole: Whole, out: Findings) -> None:
    """R1.TF-1 and R1.TF-2: the time counts from the first day of each line; a delay reason (CLM20) is an answer."""
    book, today = whole.book, whole.today
    earliest = min((line for line in whole.lines if line.start is not None), key=lambda line: line.day, default=None)
    if earliest is None:
        return
    # Most claims are young: nothing is near, whatever the payer's time.
    if (today - earliest.day).days < YOUNG_DAYS:
        return
    found = book.filing.find(whole.payer_id, earliest.day) or book.filing.find(whole.payer_class, earliest.day)
    if found is None:
        return
    last = found[0].after(earliest.day)
    left = (last - today).days
    if left < 0:
        if not whole.claim.delay_reason:
            out.say(
                "R1.TF-1",
                f"the time for filing ended on {last:%m/%d/%Y}; it will be denied, and that cannot be appealed. "
                "If an exception applies, put its delay reason on the claim (CLM20).",
                line=earliest,
                place="2400 DTP03",
            )
    elif left <= book.settings.timely_warning_days:
        out.say("R1.TF-2", f"must be filed by {last:%m/%d/%Y}.", line=earliest, place="2400 DTP03")


def check_frequency(whole: Whole, out: Findings) -> None:
    """R1.60: frequency 7 and 8 only where the payer takes them, with its number of the claim before."""
    claim = whole.claim
    given = claim.frequency
    if given in ORIGINAL:
        return
    taken = whole.book.frequency(claim.filing_code, whole.payer_id, whole.today)
    if taken is not None and given not in taken.takes:
        what = f"This payer does not take claims of frequency {given}."
        out.say("R1.60", f"{what} {taken.instead}".strip(), place="2300 CLM05-3")
    elif not claim.payer_control_number:
        out.say(
            "R1.60-1",
            f"A claim of frequency {given} names the payer's number of the claim before (REF F8). Take it from the "
            "remittance.",
            place="2300 REF02",
        )


def check_unlisted(whole: Whole, out: Findings) -> None:
    """R1.NOC-1: a code that stands for anything says what it is."""
    book = whole.book
    if not book.unlisted:
        return
    for line in whole.lines:
        row = book.unlisted.find(line.code, line.day)
        if row is not None and not line.raw.description and not whole.told(line):
            out.say(
                "R1.NOC-1",
                "stands for any item: describe it (SV101-7, or a note with maker, model and price).",
                line=line,
                place="2400 SV101-7",
                most=row[0],
            )
