"""A file as tokens that make up every byte of it: what passes a file through unchanged, or cuts it at its segments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from .header import GAPS, LOOKAHEAD, infer_delimiters, parse_isa
from .marks import marks_of
from .segment import Delimiters

BLOCK = 1 << 16
LONGEST = 1 << 20
"""Bytes: what is longer without a terminator comes in several tokens."""
_FLUSH = 3_000
_GAP = re.compile(f"[{GAPS}]*")
_ISA = re.compile("ISA[^A-Za-z0-9 \r\n]")


class Token(NamedTuple):
    """A segment with what stands before it (blanks, line ends, a byte order mark) and its terminator, which is empty
    where the file has none. The three together are the file's own bytes."""

    gap: str
    raw: str
    terminator: str


def tokens(stream: BinaryIO) -> Iterator[Token]:
    """Every segment of a file, in order; joined, they are the file. Never raises on the bytes.

    What belongs to no interchange comes as tokens too, cut at the terminators known so far; where none is known, as
    one token up to the next ISA.
    """
    held = _Held(stream)
    delimiters: Delimiters | None = None
    while held.any():
        if delimiters is not None:
            token = marks_of(delimiters).token.match
            while (found := token(held.text, held.at)) and "ISA" not in found[2]:
                held.at = found.end()
                yield Token(found[1], found[2], found[3])
        start = held.gap(delimiters)
        while len(held.text) - start < LOOKAHEAD and held.grow():
            start = held.gap(delimiters)
        if start == len(held.text):
            if start > held.at:
                yield held.token(start, start, 0)
            continue
        isa = parse_isa(held.ahead(start)) if held.text.startswith("ISA", start) else None
        if isa is not None:
            delimiters = isa.delimiters
            yield held.token(start, start + len(isa.raw), 1)
            continue
        delimiters = delimiters or infer_delimiters(held.ahead(start))
        if delimiters is None:
            candidate = _ISA.search(held.text, start + 1)
            stop = candidate.start() if candidate else max(start + 1, len(held.text) - len("ISA"))
            yield held.token(start, stop, 0)
            continue
        marks = marks_of(delimiters)
        end = marks.terminator.search(held.text, start)
        while end is None and len(held.text) - start < LONGEST and held.grow():
            start = held.gap(delimiters)
            end = marks.terminator.search(held.text, start)
        stop = end.start() if end else len(held.text)
        glued = marks.glued.search(held.text, start + 1, stop)
        if glued:
            yield held.token(start, glued.start(), 0)
        else:
            yield held.token(start, stop, 1 if end else 0)


class _Held:
    """What is held of the file; all before `at` has been handed on."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.text = ""
        self.at = 0

    def any(self) -> bool:
        """Whether anything is left."""
        return self.at < len(self.text) or self.grow()

    def grow(self) -> bool:
        """Hold a block more; False at the end of the file."""
        block = self.stream.read(BLOCK)
        if block:
            self.text = self.text[self.at :] + block.decode("latin-1")
            self.at = 0
        return bool(block)

    def ahead(self, start: int) -> str:
        return self.text[start : start + LOOKAHEAD]

    def gap(self, delimiters: Delimiters | None) -> int:
        """Where the segment begins."""
        gap = marks_of(delimiters).gap if delimiters else _GAP
        start = gap.match(self.text, self.at, self.at + LONGEST).end()  # type: ignore[union-attr]
        return start + 3 if self.text.startswith("\xef\xbb\xbf", start) else start

    def token(self, start: int, stop: int, terminator: int) -> Token:
        """What comes next: the segment stands from `start` to `stop`."""
        at, self.at = self.at, stop + terminator
        return Token(self.text[at:start], self.text[start:stop], self.text[stop : self.at])


def copy(stream: BinaryIO) -> Iterator[bytes]:
    """The file through the tokens, in pieces: the same bytes."""
    waiting: list[str] = []
    for token in tokens(stream):
        waiting += token
        if len(waiting) >= _FLUSH:
            yield "".join(waiting).encode("latin-1")
            waiting.clear()
    yield "".join(waiting).encode("latin-1")
