"""Reading X12: a binary stream in, events out, lazily, in memory that does not grow with the file.

Text is cut where one pattern finds the next segment that matters (envelope, or a loop of `CUT_AT`), and what stands
between is split at once: a loop over every segment would be several times slower. What is odd (blanks, empty
segments, line ends in data) is looked at one by one, and gives the same pieces.

Nothing raises here, whatever the bytes; what raises in `stream.read` does.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO

from .envelope import Place
from .events import CUT_AT, Event, Finding, Piece
from .fault import Fault
from .header import GAPS
from .held import Held, Tally, empty_segments, line_ends_in_segments, segments_without_id
from .marks import Marks, marks_of
from .seek import BROKEN_ISA, begin_interchange, encoding, seek

MAX_SEGMENT = 100_000
"""Bytes from one terminator to the next; more is no segment of any guide here, and is passed over with a fault."""
MAX_PIECE = 2 << 20
MAX_PIECE_SEGMENTS = 20_000
"""A loop of more bytes or segments comes in several pieces; the later ones begin with another tag."""
BLOCK_SEGMENTS = 1_000
"""Segments in a piece of a set that `CUT_AT` does not name."""
_PIECE_AT_ONCE = 40_000
"""Bytes: a piece of no more has no segment that is too long and not too many."""
_BLOCK = 1 << 18
_NOWHERE = 1 << 62
_UNKNOWN = -_NOWHERE
_NO_CUTS: frozenset[str] = frozenset()


def read(stream: BinaryIO, *, chunk_size: int = 1 << 20) -> Iterator[Event]:
    """The events of a file, in its order (see `events`). Raises nothing of its own.

    `chunk_size`: bytes asked of the stream at a time; the events do not depend on it.
    """
    held = Held(stream, max(1, chunk_size))
    yield from encoding(held)
    while (yield from seek(held)):
        yield from _Interchange(held).events()
    yield from held.odd()
    yield from held.nesting.end_of_file(held.place(held.pos))


class _Interchange:
    """What follows a header, up to the end of its interchange.

    `held.pos` is the terminator before what was not handed on; `scan` is from where to search on, `tag` the cut tag
    that stands there; from one terminator to the next stands `between`, known up to `even_to`. `glued` and `searched`
    count from the start of the file.
    """

    def __init__(self, held: Held) -> None:
        self.held = held
        self.nesting = nesting = held.nesting
        self.marks: Marks = marks_of(nesting.delimiters)
        self.handlers = {
            "GS": nesting.group,
            "ST": nesting.transaction_set,
            "SE": nesting.set_end,
            "GE": nesting.group_end,
            "IEA": nesting.interchange_end,
            "TA1": nesting.acknowledgment,
        }
        self.scan = held.pos
        self.tag = self.between = ""
        self.even_to = -1
        self.glued = self.searched = self.broken = _UNKNOWN
        self.finishing = self.added = False
        self.tried = 0

    def events(self) -> Iterator[Event]:
        held = self.held
        while True:
            found = yield from self._loops()
            if found is not None and (yield from self._envelope(found)):
                if self.nesting.isa is None:
                    held.pos += 1
                    self._forget_terminator()
                    return
            elif not (yield from self._read_on()):
                return

    def _go_on(self, scan: int) -> None:
        """Nothing is known of what comes; what is before `scan` need not be searched."""
        self.scan = scan
        self.tag = self.between = ""
        self.even_to = -1

    def _loops(self) -> Generator[Event, None, re.Match[str] | None]:
        """The hot loop: from one loop of the set to the next, up to a segment of the envelope, which is returned, or
        to the end of what is held."""
        held, nesting, marks = self.held, self.nesting, self.marks
        text, base, start, scan, tag = held.text, held.base, held.pos, self.scan, self.tag
        delimiters = nesting.delimiters
        cuts = CUT_AT.get(nesting.kind, _NO_CUTS) if nesting.st else _NO_CUTS
        search = marks.boundary(nesting.kind if cuts else "").search
        before_set = nesting.st_number - 1
        between, even_to = self.between, self.even_to
        glued = self._next_glued()
        found = search(text, scan)
        while found is not None:
            at = found.start()
            if at > glued:
                found = None
                break
            if at > start:
                if tag and at > even_to:
                    between, even_to = marks.even(text, start, marks.last(text))
                if tag and between and at <= even_to and at - start <= _PIECE_AT_ONCE:
                    first = start + len(between)
                    segments = text[first:at].split(between)
                    number = held.number + 1
                    held.number += len(segments)
                    yield Piece(tag, segments, delimiters, base + first, number, number - before_set)
                else:
                    yield from self._content(start, at)
            start = at
            tag = found[1] or ""
            if tag not in cuts:
                tag = ""
                break
            scan = at + 1
            found = search(text, scan)
        held.pos, self.scan, self.tag = start, max(scan, start), tag
        self.between, self.even_to = between, even_to
        return found

    def _next_glued(self) -> int:
        """Where in `text` the next ISA stands in the middle of a segment (or after a terminator, where it belongs)."""
        held = self.held
        if self.glued < held.base + self.scan:
            at = max(self.searched - held.base, self.scan)
            found = self.marks.glued.search(held.text, at)
            self.glued = held.base + found.start() if found else _NOWHERE
            # One that was found may have to be found again.
            self.searched = held.base + (found.start() if found else max(at, len(held.text) - self.marks.glued_length))
        return self.glued - held.base

    def _envelope(self, found: re.Match[str]) -> Generator[Event, None, bool]:
        """A segment of the envelope, after the terminator at `pos`; False where its end is not held yet."""
        held = self.held
        tag = found[1]
        if tag is None:
            yield from self._next_isa(found.end() - held.pos)
            return True
        ending = self.marks.terminator.search(held.text, found.end())
        if ending is None or ending.start() > self.glued - held.base:
            return False
        yield from held.odd()
        start, stop, raw_at = held.pos, ending.start(), found.start(1)
        held.number += 1
        held.pos = self.scan = stop
        if stop - start - 1 > MAX_SEGMENT:
            yield self._too_long(start)
        else:
            yield from self.handlers[tag](held.text[raw_at:stop], Place(held.base + raw_at, held.number))
        return True

    def _next_isa(self, skip: int) -> Iterator[Event]:
        """An ISA in an interchange that is still open, so many characters from `pos`."""
        held = self.held
        if held.base + held.pos + skip != self.broken:
            yield from held.odd()
            ahead = held.ahead(skip)
            events = begin_interchange(held, ahead, skip)
            if events is not None:
                yield from events
                self.marks = marks_of(self.nesting.delimiters)
                self.glued = self.searched = _UNKNOWN
                self._go_on(held.pos)
                return
            self.broken = held.base + held.pos + skip
            self.glued = _UNKNOWN
            yield held.finding("isa-broken", BROKEN_ISA, held.pos + skip)
        # It counts as a segment like any other.
        self._go_on(held.pos + skip + len("ISA"))

    # --- what is held ends ------------------------------------------------------------------------------

    def _read_on(self) -> Generator[Event, None, bool]:
        """Nothing more can be told from what is held: read on, or bring it to its end. False: that was all."""
        held = self.held
        start = held.pos
        at = self.glued - held.base if self.glued < _NOWHERE else None
        last = max(self.marks.last(held.text, at), start)
        # Whether an ISA stands within a segment of lawful length must be known before it can be called too long.
        if (
            len(held.text) - self.marks.glued_length if at is None else at
        ) - last - 1 > MAX_SEGMENT and not self.finishing:
            yield from self._content(start, last)
            held.number += 1
            yield self._too_long(last)
            self._pass_over(last + 1)
            self.glued = _UNKNOWN
            self._go_on(held.pos)
            return held.pos < len(held.text)
        if at is not None:
            held.rest, held.text = held.text[at:] + held.rest, held.text[:at]
            yield from self._finish()
        elif self.finishing:
            yield from self._content(start, last)
            if not held.rest:
                held.pos = len(held.text)
                self._forget_terminator()
                return False
            held.pos = last
            held.more()
            self.glued, self.finishing, self.added = _UNKNOWN, False, False
            self._go_on(held.pos)
        elif last - start > self._enough():
            yield from self._full_pieces(start, last)
        else:
            more = held.more()
            self.scan = last - start
            self.even_to = self.glued = _UNKNOWN
            if not more:
                yield from self._finish()
        return True

    def _finish(self) -> Iterator[Event]:
        """What is held ends here: put the terminator that may be missing at its end."""
        held, marks = self.held, self.marks
        last = max(marks.last(held.text), held.pos)
        if last > held.pos:
            # What is full by now is handed on first, as it is where less is read at a time.
            yield from self._full_pieces(held.pos, last)
            self.tried = 0
        tail = held.text[last + 1 :].strip(GAPS)
        self.finishing = True
        self.scan, self.glued, self.even_to = last, _NOWHERE, -1
        if tail:
            before = marks.terminator.split(held.text[held.pos + 1 : last])
            number = held.number + sum(1 for raw in before if raw.strip(GAPS)) + 1
            stops = self.nesting.st is not None and tail.split(marks.element, 1)[0] not in ("SE", "GE", "IEA")
            what = "A segment has no terminator: the file was cut off there, or another was put behind it."
            at = held.base + len(held.text)
            yield self.nesting.fault(Fault("terminator-missing", what, at, number, stops_set=stops))
        self.added = bool(tail or held.rest)
        if self.added:
            held.text += marks.end

    def _forget_terminator(self) -> None:
        """All was handed on; what was put at the end of the file does not count."""
        if self.held.pos == len(self.held.text) and self.added and not self.held.rest:
            self.held.base -= 1

    def _pass_over(self, at: int) -> None:
        """Go to the next terminator from here, or to an ISA in the middle of the segment, and hold next to nothing."""
        held, marks = self.held, self.marks
        while True:
            found = marks.terminator.search(held.text, at)
            stop = found.start() if found else len(held.text)
            glued = marks.glued.search(held.text, at, stop)
            if glued and held.base + glued.start() == self.broken:
                # It has been tried, and is part of what is passed over.
                glued = marks.glued.search(held.text, glued.start() + 1, stop)
            if glued:
                # The terminator is put there that the file does not have.
                held.text = marks.end + held.text[glued.start() :]
                held.base += glued.start() - 1
                held.pos = 0
                return
            held.pos = stop if found else max(at, stop - marks.glued_length)
            if found:
                return
            if not held.more():
                held.pos = len(held.text)
                return
            at = 0

    def _enough(self) -> int:
        """So much is held before it is handed on without the end of its loop."""
        cut = self.nesting.st is not None and self.nesting.kind in CUT_AT
        return max(MAX_PIECE if cut else _BLOCK, self.tried)

    def _too_long(self, at: int) -> Finding:
        what = f"A segment is longer than {MAX_SEGMENT:,} bytes; it was passed over."
        return self.held.finding("segment-too-long", what, at + 1, self.nesting.st is not None)

    # --- what stands between the segments that matter ---------------------------------------------------

    def _content(self, start: int, end: int) -> Iterator[Event]:
        """The segments between two terminators, of the set that is open or of none."""
        if start < end:
            yield from (self._pieces(start, end, True) if self.nesting.st else self._outside(start, end))

    def _full_pieces(self, start: int, last: int) -> Iterator[Event]:
        """What of a long stretch can be handed on before its end is known."""
        held = self.held
        if self.nesting.st is not None:
            yield from self._pieces(start, last, False)
        else:
            yield from self._outside(start, last)
            held.pos = last
        self.tried = 0 if held.pos > start else 2 * (last - start)
        self._go_on(max(held.pos, last))

    def _pieces(self, start: int, end: int, whole: bool) -> Iterator[Event]:
        """Segment by segment, from one terminator to another. `whole`: the stretch ends there; else what may still
        grow is left, from `pos` on."""
        held, marks = self.held, self.marks
        limit = MAX_PIECE_SEGMENTS if self.nesting.kind in CUT_AT else BLOCK_SEGMENTS
        segments: list[str] = []
        first = 0
        empty, no_id, line_ends = odd = empty_segments(), segments_without_id(), line_ends_in_segments()
        at = start
        for raw in marks.terminator.split(held.text[start + 1 : end]):
            before, at = at, at + len(raw) + 1
            if segments and (len(segments) >= limit or at - first > MAX_PIECE or len(raw) > MAX_SEGMENT):
                yield from self._hand_on(segments, first, odd)
                segments = []
                held.pos = before
            segment = raw.lstrip(GAPS)
            offset, number = held.base + at - len(segment), held.number + len(segments)
            if not segment:
                if not marks.silent:
                    (empty if segments else held.empty).add(held.base + before + 1, number)
                if not segments:
                    held.pos = at
            elif len(raw) > MAX_SEGMENT:
                held.number += 1
                yield self._too_long(before)
                held.pos = at
            else:
                if not segments:
                    first = at - len(segment)
                segments.append(segment)
                if not marks.starts_with_id(segment):
                    no_id.add(offset, number + 1)
                if "\n" in segment or "\r" in segment:
                    line_ends.add(offset, number + 1)
        if whole:
            yield from self._hand_on(segments, first, odd)
            held.pos = end

    def _hand_on(self, segments: list[str], first: int, odd: tuple[Tally, ...]) -> Iterator[Event]:
        held, nesting = self.held, self.nesting
        yield from held.empty.told()
        if segments:
            number = held.number + 1
            held.number += len(segments)
            tag = segments[0].split(self.marks.element, 1)[0]
            place = number - nesting.st_number + 1
            yield Piece(tag, segments, nesting.delimiters, held.base + first, number, place)
        for tally in odd:
            yield from tally.told()

    def _outside(self, start: int, end: int) -> Iterator[Event]:
        """Segments that belong to no set: counted, and told of at the next one that belongs."""
        held = self.held
        at = start
        for raw in self.marks.terminator.split(held.text[start + 1 : end]):
            before, at = at, at + len(raw) + 1
            segment = raw.lstrip(GAPS)
            if not segment:
                if not self.marks.silent:
                    held.empty.add(held.base + before + 1, held.number)
                continue
            held.number += 1
            if len(raw) > MAX_SEGMENT:
                yield self._too_long(before)
            else:
                held.outside.add(held.base + at - len(segment), held.number)
