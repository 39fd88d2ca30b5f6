"""Modifiers among themselves (hme-billing-rules 1.2): twice, too many, sides, repairs, replacements, bidding."""

from __future__ import annotations

import re

from .book import OVERFLOW, Book
from .findings import Findings
from .line import LABOR, RENTAL, Line
from .whole import Whole

PLACE = "2400 SV101-3"
MOST = 4
DENIES = frozenset({"GA", "GZ", "GY"})
_MODIFIER = re.compile(r"[A-Z0-9]{2}", re.ASCII)
_MORE_IN_NOTE = re.compile(r"\b(?:MORE|OTHER|ADDITIONAL|ADDL)\s+MOD(?:IFIER)?S?\b", re.IGNORECASE)


def check_modifiers(whole: Whole, out: Findings) -> None:
    """Each line's modifiers."""
    book = whole.book
    for line in whole.lines:
        modifiers, have = line.modifiers, line.have
        if len(have) != len(modifiers):
            doubled = sorted({one for one in modifiers if modifiers.count(one) > 1})
            out.say("R1.11", f"modifier {', '.join(doubled)} stands twice. Remove one.", line=line, place=PLACE)
        if len(modifiers) >= MOST or OVERFLOW in have:
            _many(line, whole, out)
        if not have:
            continue
        _coverage(line, out)
        _sides(line, out)
        if "KR" in have and (RENTAL not in have or line.start is None or line.start == line.end):
            out.say(
                "R1.KR-1",
                "KR bills a part of a rental month: it needs RR, and the from and to dates of the part.",
                line=line,
                place="2400 DTP03",
            )
        if "EY" in have:
            out.say(
                "R1.EY-1",
                "EY says that there is no order, and the line will be denied. Release it if a denial is wanted.",
                line=line,
                place=PLACE,
                team="documentation",
            )
        if "RA" in have:
            _replacement(line, whole, book, out)
        if "RB" in have:
            _part(line, whole, out)
        _nutrition(line, whole, out)
        for modifier in modifiers:
            _bidding(line, modifier, book, out)


def _many(line: Line, whole: Whole, out: Findings) -> None:
    """R1.12: more than four without 99; R1.99-1: 99, but not as it must be."""
    if OVERFLOW in line.have:
        if len(line.modifiers) != MOST or line.modifiers[-1] != OVERFLOW:
            what = "99 stands in the fourth place, after the three modifiers that matter most"
        elif not whole.told(line):
            what = "99 says that there are more modifiers. Write them into the line's note"
        else:
            return
        out.say("R1.99-1", f"{what}.", line=line, place="2400 SV101-6")
        return
    # A fifth modifier has no place but that of the description, or a note.
    fifth = line.raw.description
    if (_MODIFIER.fullmatch(fifth) and not fifth.isdigit()) or _MORE_IN_NOTE.search(line.notes):
        out.say(
            "R1.12",
            "has more than four modifiers. Put 99 in the fourth place, the rest in the note.",
            line=line,
            place="2400 SV101-6",
        )


def _coverage(line: Line, out: Findings) -> None:
    denies = line.have & DENIES
    if not denies:
        return
    if "KX" in line.have:
        others = ", ".join(sorted(denies))
        out.say("R1.KX-1", f"KX may not stand beside {others}: the line cannot be processed.", line=line, place=PLACE)
    if len(denies) > 1:
        out.say(
            "R1.GA-1",
            f"has {' and '.join(sorted(denies))}, which say different things. Keep the one that is true.",
            line=line,
            place=PLACE,
        )


def _sides(line: Line, out: Findings) -> None:
    both = "RT" in line.have and "LT" in line.have
    if both:
        out.say(
            "R1.LT-1",
            "both sides are billed on two lines, RT on one and LT on the other, with one unit each.",
            line=line,
            place=PLACE,
        )
    elif ("RT" in line.have or "LT" in line.have) and line.units > 1:
        out.say(
            "R1.LT-2",
            f"one side is one unit, not {line.units.normalize():f}. Correct the units, or bill two lines.",
            line=line,
            place="2400 SV104",
        )


def _replacement(line: Line, whole: Whole, book: Book, out: Findings) -> None:
    """RA: a whole item that was lost, stolen or destroyed (oxygen also at the end of its lifetime)."""
    if line.have & {"KI", "KJ"}:
        out.say(
            "R1.RA-1",
            "RA stands on the first rental month of the replacing item only. Remove it from later months.",
            line=line,
            place=PLACE,
        )
    if book.refills.find(line.code, line.day) is not None:
        out.say("R1.RA-3", "is a refill; RA is for whole items. Remove it.", line=line, place=PLACE)
    elif not whole.told(line):
        out.say(
            "R1.RA-2",
            "RA needs a note: lost, stolen or destroyed, when and how.",
            line=line,
            place="2400 NTE02",
        )


def _part(line: Line, whole: Whole, out: Findings) -> None:
    """RB: a part that is replaced in a repair."""
    if not whole.told(line):
        out.say("R1.RB-1", "RB needs a note: what was repaired, and why.", line=line, place="2400 NTE02")
    if not any(other.code in LABOR for other in whole.lines):
        out.say("R1.RB-2", "is a part of a repair, and no labor (K0739) is billed with it.", line=line, place=PLACE)


def _nutrition(line: Line, whole: Whole, out: Findings) -> None:
    if "BO" in line.have:
        out.say(
            "R1.BO-1",
            "nutrition taken by mouth (BO) is not covered, and will be denied. Release it if a denial is wanted.",
            line=line,
            place=PLACE,
        )
    if "BA" in line.have and not any(other.code.startswith("B") for other in whole.lines):
        out.say(
            "R1.BA-1",
            "BA goes with enteral or parenteral nutrition, and none is on the claim.",
            line=line,
            place=PLACE,
        )


def _bidding(line: Line, modifier: str, book: Book, out: Findings) -> None:
    """R1.CB-1: a modifier of competitive bidding outside its days (a row says on which it stands)."""
    if book.bidding.of(modifier) and book.bidding.find(modifier, line.day) is None:
        out.say(
            "R1.CB-1",
            f"{modifier} is a modifier of competitive bidding, and no round ran on {line.day:%m/%d/%Y}. Remove it.",
            line=line,
            place=PLACE,
        )
