"""A file as tokens that make up every byte of it: what passes a file through unchanged, or cuts it at its segments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from .headers import ISA_LIMIT, parse_isa

BLOCK = 1 << 16
BLANK = " \t\r\n\x00\x1a"


class Token(NamedTuple):
    """A segment with what stands before it (blanks, line ends, stray bytes) and its terminator, which is empty where
    the file ends without one. The three together are the file's own bytes."""

    gap: str
    raw: str
    terminator: str


def tokens(stream: BinaryIO) -> Iterator[Token]:
    """Every segment of a file, in order; joined, they are the file. Never raises on the bytes.

    Text that stands in no interchange comes as the gap of the next ISA, or as a last token with an empty `raw`. Only
    what lies between two ISA (or the whole of a file without one) is ever held as a gap.
    """
    text = ""
    terminator = ""
    gap = ""
    while True:
        block = stream.read(BLOCK)
        text += block.decode("latin-1")
        ended = not block
        while text:
            lead = len(text) - len(text.lstrip(BLANK.replace(terminator, "") if terminator else BLANK))
            rest = text[lead:]
            if rest[:3] == "ISA" and not rest[3:4].isalnum():
                if len(rest) < ISA_LIMIT and not ended:
                    break
                header = parse_isa(rest)
                if header is not None:
                    yield Token(gap + text[:lead], header.isa.raw, header.delimiters.segment)
                    gap, terminator, text = "", header.delimiters.segment, rest[header.length :]
                    continue
            elif len(rest) < 4 and not ended:
                break
            if not terminator:
                at = rest.find("ISA", 1)
                at = at if at > 0 else (len(rest) if ended else max(0, len(rest) - 3))
                gap, text = gap + text[: lead + at], rest[at:]
                if not at or ended:
                    break
                continue
            end = rest.find(terminator)
            if end < 0:
                break
            yield Token(gap + text[:lead], rest[:end], terminator)
            gap, text = "", rest[end + 1 :]
        if ended:
            break
    if text or gap:
        raw = text.strip(BLANK) if terminator else ""
        at = text.find(raw) if raw else len(text)
        yield Token(gap + text[:at], text[at:], "")


def copy(stream: BinaryIO) -> Iterator[bytes]:
    """The file through the tokens, in pieces: the same bytes."""
    for token in tokens(stream):
        yield (token.gap + token.raw + token.terminator).encode("latin-1")
