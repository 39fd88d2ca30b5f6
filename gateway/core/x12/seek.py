"""Between interchanges: from where one ended (or the file begins) to the next header."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from .events import Event
from .fault import Fault
from .header import CANDIDATE, GAPS, LOOKAHEAD, infer_delimiters, parse_isa
from .held import Held
from .segment import Delimiters

_GAP = re.compile(f"[{GAPS}]*")
_TRAILERS = ("SE", "GE", "IEA")
BROKEN_ISA = "An ISA has too few elements, or is cut off."


def encoding(held: Held) -> Iterator[Event]:
    """A mark of the encoding at the start of the file."""
    start = held.ahead()[:6]
    if start.startswith("\xef\xbb\xbf"):
        yield held.finding("byte-order-mark", "The file begins with a byte order mark (EF BB BF); skipped.", 0)
        held.pos = 3
    elif start.startswith(("\xff\xfe", "\xfe\xff", "I\0S\0A\0", "\0I\0S\0A")):
        what = "The file is encoded as UTF-16; X12 has one byte a character. It cannot be read like this."
        yield held.finding("encoding", what, 0)
    elif start.startswith("\xc9\xe2\xc1"):
        what = "The file is encoded as EBCDIC; it has to be converted to ASCII. It cannot be read like this."
        yield held.finding("encoding", what, 0)


def seek(held: Held) -> Generator[Event, None, bool]:
    """Go to the next header: `pos` is then the terminator of an ISA, or one before the first segment that stands under
    no ISA. False where no header comes."""
    first = held.base + held.pos
    stray = -1
    candidate = True
    while ahead := held.ahead():
        if stray < 0 and ahead[0] in GAPS:
            held.pos += _GAP.match(ahead).end()  # type: ignore[union-attr]
            continue
        if candidate:
            at = held.base + held.pos
            begun = _begin(held, ahead, stray < 0)
            if begun is not None:
                yield from _skipped(held, first, stray, at)
                yield from begun
                return True
            if stray < 0 and ahead.startswith("ISA") and not ahead[3:4].isalnum():
                yield held.finding("isa-broken", BROKEN_ISA, held.pos)
        if stray < 0:
            stray = held.base + held.pos
        found = CANDIDATE.search(held.text, held.pos + 1)
        candidate = found is not None
        # Four characters make a candidate, and one before them decides whether it is one.
        kept = len(held.text) - (4 if len(ahead) == LOOKAHEAD else 0)
        held.pos = found.start() if found else max(held.pos + 1, kept)
    end = held.base + held.pos
    yield from _skipped(held, first, stray, end)
    if not held.number and end:
        yield held.nesting.fault(Fault("no-x12", "Neither ISA nor GS nor ST was found.", 0))
    return False


def _skipped(held: Held, first: int, stray: int, at: int) -> Iterator[Event]:
    """What stood between here (`at`) and `first`; `stray` is where it was more than blanks."""
    number = held.number
    if stray >= 0:
        what = f"{at - stray} bytes stand {'after' if number else 'before'} an interchange and belong to none."
        yield held.nesting.fault(Fault("stray-bytes", what, stray, number))
    elif at > first and not first:
        what = f"{at - first} blanks or line ends stand before the first segment."
        yield held.nesting.fault(Fault("leading-blanks", what, first))


def _begin(held: Held, ahead: str, at_once: bool) -> list[Event] | None:
    """Begin what starts at `pos`, if something does. `at_once`: nothing but blanks stood before it."""
    if ahead.startswith("ISA"):
        return begin_interchange(held, ahead)
    known = held.known
    tag = ahead[:3] if ahead[:3] in ("TA1", "IEA") else ahead[:2]
    same = known is not None and ahead[len(tag) : len(tag) + 1] == known.element
    if tag in ("GS", "ST", "TA1"):
        delimiters = infer_delimiters(ahead)
        if known is not None and same and (delimiters is None or delimiters.segment == known.segment):
            delimiters = known
    else:
        delimiters = known if same and at_once and tag in _TRAILERS else None
    if delimiters is None:
        return None
    held.known = held.nesting.delimiters = delimiters
    _to_terminator(held, delimiters)
    return []


def begin_interchange(held: Held, ahead: str, skip: int = 0) -> list[Event] | None:
    """Begin with the ISA that stands `skip` characters from `pos` and is the start of `ahead`; `pos` is then its
    terminator. None where it cannot be read."""
    isa = parse_isa(ahead)
    if isa is None:
        return None
    held.number += 1
    events = held.nesting.interchange(isa, held.place(held.pos + skip))
    held.known = isa.delimiters
    held.pos += skip + len(isa.raw)
    return events


def _to_terminator(held: Held, delimiters: Delimiters) -> None:
    """Let `pos` be a terminator before the segment that is there: the one that is near, or one put there."""
    end, at = delimiters.segment, held.pos
    near = held.text[max(0, at - 8) : at]
    if near.endswith(end):
        held.pos = at - 1
    elif near.rstrip(GAPS).endswith(end):
        held.pos = at - len(near) + len(near.rstrip(GAPS)) - 1
    else:
        held.text = end + held.text[at:]
        held.base += at - 1
        held.pos = 0
