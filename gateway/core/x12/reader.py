"""The reader: a binary stream in, events out, lazily, in bounded memory. Nothing raises out of it on any bytes.

Text is cut at the segment terminator at C speed, a block at a time; only segments that open, close or cut
something are looked at closely. What is structurally wrong becomes a `Finding`, and reading goes on: a broken
transaction set does not take its neighbours with it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO

from .events import (
    CUT_AT,
    Event,
    Finding,
    GroupEnd,
    GroupStart,
    InterchangeAck,
    InterchangeEnd,
    InterchangeStart,
    Piece,
    SetEnd,
    SetStart,
)
from .fault import Fault
from .headers import ISA_LIMIT, Header, bare_delimiters, parse_isa
from .segment import Delimiters, Segment

BLOCK = 1 << 20
MAX_SEGMENT = 1 << 20
"""A longer segment (bytes) is not read; the set that it stands in is not sound."""
MAX_PIECE = 20_000
"""A loop of more segments comes in several pieces."""
PLAIN_PIECE = 1_000
"""Segments a piece, in transaction sets that are not cut at loops."""
BLANK = " \t\r\n\x00\x1a\ufeff"
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_START = re.compile(r"ISA(?=[^A-Za-z0-9 ])|(?:GS|ST)(?=[^A-Za-z0-9 \r\n])")
_ENVELOPE = ("ISA", "IEA", "GS", "GE", "ST", "SE", "TA1")
_NOTHING: frozenset[str] = frozenset()


def read(stream: BinaryIO, *, chunk_size: int = BLOCK) -> Iterator[Event]:
    """The events of a file, in its order; `chunk_size` (bytes read at a time) changes nothing about them."""
    return _Reader(stream, max(1, chunk_size)).events()


class _Reader:
    def __init__(self, stream: BinaryIO, chunk_size: int) -> None:
        self._stream = stream
        self._chunk = chunk_size
        self._text = ""  # what was read and is not worked off
        self._at = 0  # the offset of its first character in the file
        self._ended = False
        self.delimiters = Delimiters()
        self.number = 0  # segments so far
        self.interchange: Segment | None = None
        self.isa13 = ""
        self.inferred = False
        self.groups = 0
        self.group: Segment | None = None
        self.group_inferred = False
        self.sets = 0
        self.set_numbers: set[str] = set()
        self.set: Segment | None = None
        self.set_start = 0  # the number of its ST
        self.sound = True
        self.cut: frozenset[str] = _NOTHING
        self.longest = MAX_PIECE
        self.benign: set[str] = set()
        self.strange = False  # in a run of segments outside any set
        self.piece: list[str] = []
        self.piece_tag = ""
        self.piece_at = 0
        self.piece_number = 0

    # --- bytes ----------------------------------------------------------------------------------------

    def _more(self) -> bool:
        """Read one more block; False at the end (a stream that fails ends)."""
        if self._ended:
            return False
        block = self._stream.read(self._chunk)
        if not block:
            self._ended = True
            return False
        self._text += block.decode("latin-1")
        return True

    def _want(self, count: int) -> None:
        while len(self._text) < count and self._more():
            pass

    def _drop(self, count: int) -> None:
        self._text = self._text[count:]
        self._at += count

    # --- between interchanges -------------------------------------------------------------------------

    def events(self) -> Iterator[Event]:
        yield from self._byte_order_mark()
        while True:
            found = yield from self._seek()
            if not found:
                return
            yield from self._segments()

    def _byte_order_mark(self) -> Iterator[Event]:
        self._want(4)
        if self._text.startswith("\xef\xbb\xbf"):
            self._drop(3)
        elif self._text[:2] in ("\xff\xfe", "\xfe\xff"):
            yield self._finding(
                "utf-16", "The file is in UTF-16; X12 is plain bytes. Ask the sender for it as plain text."
            )
            self._drop(2)

    def _finding(self, code: str, message: str, **more: object) -> Finding:
        offset = int(str(more.pop("offset", self._at)))
        number = int(str(more.pop("number", self.number)))
        stops = bool(more.pop("stops_set", False))
        return Finding(
            Fault(code, message, offset, number, segment_id=str(more.pop("segment_id", "")), stops_set=stops)
        )

    def _seek(self) -> Generator[Event, None, bool]:
        """Find the next ISA (or a bare GS or ST); what is skipped on the way is told. Returns whether one came."""
        skipped, first = 0, -1
        while True:
            self._want(4)
            if not self._text:
                break
            blank = len(self._text) - len(self._text.lstrip(BLANK))
            if blank and not skipped:
                self._drop(blank)
                continue
            # At a line's start only: ISA inside other text is not a header.
            match = _START.match(self._text) if not skipped else _START.search(self._text)
            if match and match.start() == 0:
                if skipped:
                    yield self._stray(first, skipped)
                if match.group() == "ISA":
                    opened = yield from self._open_isa()
                    if opened:
                        return True
                    skipped, first = skipped + 3, self._at
                    self._drop(3)
                    continue
                yield from self._open_bare()
                return True
            first = self._at if first < 0 else first
            step = match.start() if match else max(1, len(self._text) - 3)
            if not match and len(self._text) <= 3 and not self._more():
                step = len(self._text)
            skipped += step
            self._drop(step)
        if skipped:
            yield self._stray(first, skipped)
        if self.number == 0 and not skipped:
            yield self._finding("empty", "The file is empty; there is nothing to read.")
        return False

    def _stray(self, first: int, count: int) -> Finding:
        return self._finding(
            "stray-bytes", f"{count} byte(s) stand outside any interchange; they were skipped.", offset=first
        )

    def _open_isa(self) -> Generator[Event, None, bool]:
        self._want(ISA_LIMIT)
        header = parse_isa(self._text)
        if header is None:
            yield self._finding(
                "isa-unreadable",
                "An ISA without its 16 elements cannot be read; looking for the next one.",
                segment_id="ISA",
            )
            return False
        yield from self._start_interchange(header)
        return True

    def _start_interchange(self, header: Header) -> Iterator[Event]:
        self.number += 1
        self.delimiters = header.delimiters
        self.interchange = header.isa
        self.inferred = False
        self.isa13 = header.isa[13].strip()
        self.groups = 0
        if header.fault:
            yield self._finding(*header.fault, segment_id="ISA")
        yield InterchangeStart(header.isa, header.delimiters, self._at, self.number)
        self._drop(header.length)

    def _open_bare(self) -> Iterator[Event]:
        """A GS or ST without an ISA: separators are inferred from what stands there."""
        self._want(4096)
        self.delimiters = bare_delimiters(self._text)
        yield self._finding(
            "no-isa",
            "There is no interchange header (ISA); its separators are inferred and it is read as it stands.",
        )
        self.interchange = Segment(self.delimiters.element.join(["ISA"] + [""] * 16), self.delimiters)
        self.inferred = True
        self.isa13 = ""
        self.groups = 0
        yield InterchangeStart(self.interchange, self.delimiters, self._at, self.number, inferred=True)

    # --- inside an interchange ------------------------------------------------------------------------

    def _segments(self) -> Iterator[Event]:
        """Everything up to the end of this interchange, or to an ISA that stands where none should."""
        element, terminator = self.delimiters.element, self.delimiters.segment
        blanks = "".join(c for c in BLANK if c not in self.delimiters)
        strips_end = terminator == "\n"
        while True:
            end = self._text.rfind(terminator)
            if end < 0:
                if len(self._text) > MAX_SEGMENT:
                    yield from self._skip_long(terminator)
                    continue
                if self._more():
                    continue
                yield from self._last(element, blanks)
                return
            body = self._text[:end]
            tokens = body.split(terminator)
            if strips_end or any(terminator + blank in body for blank in blanks) or body[:1] in blanks:
                segments = [token.strip(blanks) if strips_end else token.lstrip(blanks) for token in tokens]
            else:
                segments = tokens
            done = yield from self._walk(tokens, segments, element)
            if done:
                return
            self._drop(end + 1)
            if len(self._text) < MAX_SEGMENT:
                self._more()

    def _walk(self, tokens: list[str], segments: list[str], element: str) -> Generator[Event, None, bool]:
        """Go through the segments of a block. Returns whether the interchange ended (or another began) here; then
        everything up to there is dropped from the text."""
        before = self.number  # of the last segment before this block
        empty = 0
        base, counted = self._at, 0  # the offset of tokens[counted]
        start = 0  # segments[start:index] belong to the open piece and are not in it yet
        for index, raw in enumerate(segments):
            tag = raw.partition(element)[0]
            if tag in self.benign:
                continue
            base += sum(map(len, tokens[counted:index])) + index - counted
            counted = index
            token = tokens[index]
            at = base if raw is token else base + token.find(raw[:1])
            if self.set is not None:
                self.piece += segments[start:index]
            start = index + 1
            self.number = before + index + 1 - empty
            if not raw:
                empty += 1
                self.number -= 1
                yield self._finding(
                    "empty-segment", "A segment terminator follows another one; there is no segment between.", offset=at
                )
            elif tag[:3] == "ISA" and not raw[3:4].isalnum():
                self.number -= 1
                yield from self._close_interchange(None, at)
                self._drop(at - self._at)
                return True
            elif tag in _ENVELOPE:
                yield from self._envelope(tag, Segment(raw, self.delimiters), at)
                if tag == "IEA":
                    self._drop(base + len(token) + 1 - self._at)
                    return True
            else:
                yield from self._content(tag, raw, at)
        if self.set is not None:
            self.piece += segments[start:]
            while len(self.piece) > self.longest:
                yield from self._flush_part()
        self.number = before + len(segments) - empty
        return False

    def _content(self, tag: str, raw: str, at: int) -> Iterator[Event]:
        """A segment of a body that begins a piece, or one that is seen for the first time."""
        if not _TAG.fullmatch(tag):
            self.sound = False
            shown = "A segment" if self.set is not None else "Something outside any transaction set"
            yield self._finding("segment-id", f"{shown} does not begin with a segment id.", offset=at)
            if self.set is not None:
                self.piece.append(raw)
            return
        if self.set is None:
            if not self.strange:
                self.strange = True
                yield self._finding(
                    "outside-set",
                    f"Segment {tag} stands outside any transaction set; it was skipped.",
                    offset=at,
                    segment_id=tag,
                )
            return
        if tag in self.cut:
            yield from self._flush()
            self.piece_tag, self.piece_at, self.piece_number = tag, at, self.number
            self.piece = [raw]
            return
        self.benign.add(tag)
        if not self.piece:
            self.piece_tag, self.piece_at, self.piece_number = tag, at, self.number
        self.piece.append(raw)

    def _flush(self) -> Iterator[Event]:
        if self.piece:
            position = self.piece_number - self.set_start + 1
            yield Piece(self.piece_tag, self.piece, self.delimiters, self.piece_at, self.piece_number, position)
            self.piece = []

    def _flush_part(self) -> Iterator[Event]:
        """Hand on the first part of a piece that is too long; what follows comes as a piece of its own."""
        whole = self.piece
        part, rest = whole[: self.longest], whole[self.longest :]
        self.piece = part
        yield from self._flush()
        self.piece = rest
        self.piece_at += sum(map(len, part)) + len(part)
        self.piece_number += len(part)
        self.piece_tag = rest[0].partition(self.delimiters.element)[0] if rest else ""

    # --- envelopes ------------------------------------------------------------------------------------

    def _envelope(self, tag: str, segment: Segment, at: int) -> Iterator[Event]:
        self.strange = False
        if tag == "TA1":
            yield from self._close_set(None, at)
            yield InterchangeAck(segment, at, self.number)
        elif tag == "GS":
            yield from self._close_group(None, at)
            yield from self._start_group(segment, at)
        elif tag == "ST":
            yield from self._close_set(None, at)
            yield from self._start_set(segment, at)
        elif tag == "SE":
            yield from self._close_set(segment, at)
        elif tag == "GE":
            yield from self._close_group(segment, at)
        elif tag == "IEA":
            yield from self._close_interchange(segment, at)

    def _start_group(self, gs: Segment, at: int) -> Iterator[Event]:
        self.group, self.group_inferred = gs, False
        self.groups += 1
        self.sets = 0
        self.set_numbers = set()
        yield GroupStart(gs, at, self.number)

    def _start_set(self, st: Segment, at: int) -> Iterator[Event]:
        if self.group is None:
            if not self.inferred:
                yield self._finding(
                    "no-gs", "A transaction set stands outside any group (GS).", offset=at, segment_id="ST"
                )
            gs = Segment(self.delimiters.element.join(["GS"] + [""] * 8), self.delimiters)
            self.group, self.group_inferred = gs, True
            self.groups += 1
            self.sets = 0
            self.set_numbers = set()
            yield GroupStart(gs, at, self.number, inferred=True)
        self.set = st
        self.set_start = self.number
        self.sound = True
        self.sets += 1
        self.benign = set()
        kind = st[1].strip()
        self.cut = CUT_AT.get(kind, _NOTHING)
        self.longest = MAX_PIECE if self.cut else PLAIN_PIECE
        self.piece = []
        number = st[2].strip()
        if number and number in self.set_numbers:
            yield self._finding(
                "st02-repeated",
                f"Control number {number} (ST02) is used twice in its group.",
                offset=at,
                segment_id="ST",
            )
        self.set_numbers.add(number)
        yield SetStart(st, kind, (st[3] or self.group[8]).strip(), at, self.number)

    def _differs(self, code: str, what: str, said: str, wanted: str, at: int, segment_id: str) -> Iterator[Event]:
        if said.strip() != wanted.strip():
            yield self._finding(
                code,
                f"{what} is {said.strip() or 'empty'}, where {wanted.strip() or 'nothing'} is expected.",
                offset=at,
                segment_id=segment_id,
            )

    def _miscounted(self, code: str, what: str, said: str, counted: int, at: int, segment_id: str) -> Iterator[Event]:
        text = said.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) == counted):
            yield self._finding(
                code, f"{what} says {text or 'nothing'}, and there are {counted}.", offset=at, segment_id=segment_id
            )

    def _close_set(self, se: Segment | None, at: int) -> Iterator[Event]:
        st = self.set
        if st is None:
            if se is not None:
                yield self._finding(
                    "se-alone", "A trailer (SE) stands without its header (ST).", offset=at, segment_id="SE"
                )
            return
        yield from self._flush()
        # A trailer that is missing is noticed at the segment after it, which does not count.
        count = self.number - self.set_start + (1 if se is not None else 0)
        found: list[Event] = []
        if se is None:
            found.append(
                self._finding(
                    "se-missing",
                    f"Transaction set {st[2]} has no trailer (SE).",
                    offset=at,
                    segment_id="SE",
                    stops_set=True,
                )
            )
        else:
            found += self._miscounted("se01-count", "SE01", se[1], count, at, "SE")
            found += self._differs("se02-number", "SE02", se[2], st[2], at, "SE")
        self.sound = self.sound and not found
        yield from found
        self.set = None
        self.benign = set()
        yield SetEnd(se, count, self.sound, at, self.number)

    def _close_group(self, ge: Segment | None, at: int) -> Iterator[Event]:
        yield from self._close_set(None, at)
        gs = self.group
        if gs is None:
            if ge is not None:
                yield self._finding(
                    "ge-alone", "A trailer (GE) stands without its header (GS).", offset=at, segment_id="GE"
                )
            return
        if ge is not None:
            yield from self._miscounted("ge01-count", "GE01", ge[1], self.sets, at, "GE")
            if not self.group_inferred:
                yield from self._differs("ge02-number", "GE02", ge[2], gs[6], at, "GE")
        elif not self.group_inferred:
            yield self._finding("ge-missing", f"Group {gs[6]} has no trailer (GE).", offset=at, segment_id="GE")
        self.group = None
        yield GroupEnd(ge, self.sets, at, self.number)

    def _close_interchange(self, iea: Segment | None, at: int) -> Iterator[Event]:
        yield from self._close_group(None, at)
        if self.interchange is None:
            return
        if iea is not None:
            yield from self._miscounted("iea01-count", "IEA01", iea[1], self.groups, at, "IEA")
            if not self.inferred:
                yield from self._differs("iea02-number", "IEA02", iea[2], self.isa13, at, "IEA")
        elif not self.inferred:
            yield self._finding(
                "iea-missing",
                f"Interchange {self.isa13} has no trailer (IEA); the file may be cut short.",
                offset=at,
                segment_id="IEA",
            )
        self.interchange = None
        self.strange = False
        yield InterchangeEnd(iea, self.groups, at, self.number)

    # --- the end of the file --------------------------------------------------------------------------

    def _skip_long(self, terminator: str) -> Iterator[Event]:
        """A segment that does not end within bounds: skipped, and its set is not sound."""
        first, skipped = self._at, 0
        while True:
            end = self._text.find(terminator)
            if end >= 0:
                skipped += end
                self._drop(end + 1)
                break
            skipped += len(self._text)
            self._drop(len(self._text))
            if not self._more():
                break
        self.number += 1
        self.sound = False
        yield self._finding(
            "segment-too-long",
            f"A segment of {skipped:,} bytes is longer than any X12 has; it was skipped. Is its terminator missing?",
            offset=first,
            stops_set=self.set is not None,
        )

    def _last(self, element: str, blanks: str) -> Iterator[Event]:
        """What stands after the last terminator, and everything that is still open."""
        raw = self._text.strip(blanks)
        at = self._at + len(self._text) - len(self._text.lstrip(blanks))
        if raw:
            yield self._finding(
                "no-terminator", "The last segment has no terminator; the file may be cut short.", offset=at
            )
            token = self._text
            self._text += self.delimiters.segment
            done = yield from self._walk([token], [raw], element)
            if done:
                return
            self._drop(len(self._text))
        else:
            self._drop(len(self._text))
        yield from self._close_interchange(None, self._at)
