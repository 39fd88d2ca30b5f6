"""What was billed before, or is billed twice (hme-billing-rules 1.4, 1.7): duplicates, same and similar items."""

from __future__ import annotations

from gateway.plugins import HistoryLine
from gateway.plugins.months import VOID

from .book import Book
from .findings import Findings
from .line import Line
from .months import MAY_COME_AGAIN, months_of
from .whole import Whole

COUNTED = frozenset({"CR", "FS", "IN"})


def check_repeats(whole: Whole, out: Findings) -> None:
    """R1.DUP-1 and R1.DUP-2. A replacement or void is about a claim that was sent; a denied or rejected one may come
    again."""
    seen: set[tuple[object, ...]] = set()
    original = whole.claim.frequency in ("", "1")
    for line in whole.lines:
        if line.start is None:
            continue
        key = (line.code, line.have, line.start, line.end, line.notes)
        if key in seen:
            out.say("R1.DUP-2", "stands twice on the claim. Remove one, or say what differs.", line=line)
        seen.add(key)
        if original:
            _before(line, whole, out)


def _before(line: Line, whole: Whole, out: Findings) -> None:
    past = whole.past
    same: list[HistoryLine] = []
    for old in past.lines(line.code):
        if old.from_date != line.start or old.payer_id != whole.payer_id or old.state in MAY_COME_AGAIN:
            continue
        # The same number again is known as such when it is taken in; a person looks at it already.
        if old.claim_number == whole.claim.id:
            continue
        if old.frequency == VOID:
            same.clear()
        elif line.have == frozenset(old.modifiers):
            same.append(old)
    if not same:
        return
    denied = past.denied(same)
    if any((old.claim_number, old.line) not in denied for old in same):
        out.say(
            "R1.DUP-1",
            f"the same was billed to this payer for {line.day:%m/%d/%Y} already, on another claim. Cancel this one, or "
            "correct what differs.",
            line=line,
            place="2400 SV101-2",
        )


def check_similar(whole: Whole, out: Findings) -> None:
    """R1.SS-1: two items of one same-or-similar group rented in one month, as the table useful_lifetime groups them."""
    book, past = whole.book, whole.past
    for line in whole.lines:
        if not line.rented or line.start is None or line.kind not in COUNTED:
            continue
        group = book.group(line.code, line.day)
        if not group:
            continue
        other = next(
            (one.code for one in whole.lines if one.rented and one.code != line.code and _in(one, group, book)), ""
        )
        others = [code for code in book.in_group(group) if code != line.code and past.lines(code)]
        if others and not other:
            lines = past.of(others)
            months = months_of(lines, past.denied(lines))
            other = next(
                (month.code for month in months if month.counts and month.start <= line.start <= month.end), ""
            )
        if other:
            out.say(
                "R1.SS-1",
                f"{other} is rented in the same month, and is the same or similar ({group}). One will be denied; "
                "find out which the patient has.",
                line=line,
                place="2400 SV101-2",
                team="confirmation",
            )


def _in(line: Line, group: str, book: Book) -> bool:
    return book.group(line.code, line.day) == group
