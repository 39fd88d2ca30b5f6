"""What is held of a file while it is read, and what was odd in it."""

from __future__ import annotations

from typing import BinaryIO

from .envelope import Nesting, Place
from .events import Finding
from .fault import Fault
from .header import LOOKAHEAD
from .segment import Delimiters


class Tally:
    """Oddities of one kind that stand close together: told once, with the place of the first and their number."""

    def __init__(self, code: str, one: str, many: str) -> None:
        self.code = code
        self.one = one
        self.many = many
        self.count = 0
        self.offset = self.number = 0

    def add(self, offset: int, number: int, count: int = 1) -> None:
        if not self.count:
            self.offset, self.number = offset, number
        self.count += count

    def told(self) -> list[Finding]:
        """A finding, if there is something to tell; then nothing is left to tell."""
        if not self.count:
            return []
        message = self.one if self.count == 1 else self.many.format(self.count)
        self.count = 0
        return [Finding(Fault(self.code, message, self.offset, self.number))]


def empty_segments() -> Tally:
    return Tally(
        "empty-segment", "A segment is empty: two terminators in a row.", "{} segments are empty: terminators in a row."
    )


def segments_without_id() -> Tally:
    return Tally("segment-id", "A segment begins with no segment id.", "{} segments begin with no segment id.")


def line_ends_in_segments() -> Tally:
    return Tally("line-end-in-segment", "A segment has a line end in its data.", "{} segments have line ends in them.")


def segments_outside() -> Tally:
    one, many = "A segment stands outside any transaction set.", "{} segments stand outside any transaction set."
    return Tally("segment-outside-set", one, many)


class Held:
    """A file that is being read: `text` is what is held of it, its first character at byte `base`; all before `pos`
    is done with, and the segment before it was number `number` of the file."""

    def __init__(self, stream: BinaryIO, chunk_size: int) -> None:
        self.stream = stream
        self.chunk_size = chunk_size
        self.text = ""
        self.base = 0
        self.pos = 0
        self.rest = ""
        self.number = 0
        self.nesting = Nesting()
        self.known: Delimiters | None = None
        self.outside = segments_outside()
        self.empty = empty_segments()

    def more(self) -> bool:
        """Let go of what is done with and read on; False at the end of the file."""
        if self.rest:
            # It was put aside behind a terminator that the file does not have.
            more, self.rest = self.rest, ""
            self.base -= 1
        else:
            more = self.stream.read(self.chunk_size).decode("latin-1")
        if self.pos:
            self.text = self.text[self.pos :]
            self.base += self.pos
            self.pos = 0
        self.text += more
        return bool(more)

    def ahead(self, skip: int = 0) -> str:
        """As much of what comes as decides on a header, `skip` characters from `pos`."""
        while len(self.text) - self.pos < LOOKAHEAD + skip and self.more():
            pass
        at = self.pos + skip
        return self.text[at : at + LOOKAHEAD]

    def place(self, at: int) -> Place:
        return Place(self.base + at, self.number)

    def finding(self, code: str, message: str, at: int, stops: bool = False) -> Finding:
        """A finding at this place of `text`."""
        return self.nesting.fault(Fault(code, message, self.base + at, self.number, stops_set=stops))

    def odd(self) -> list[Finding]:
        """What was counted and not yet told."""
        return [*self.empty.told(), *self.outside.told()]
