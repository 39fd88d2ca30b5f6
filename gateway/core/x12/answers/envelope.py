"""The envelope of an answer: that of the file it answers, turned round."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ..segment import Delimiters
from ..sets import Envelope
from ..writer import InterchangeHead, isa_text, segment_text
from .values import plain

_LONGEST = 15


def turned(
    to: Envelope,
    number: int,
    at: dt.datetime,
    marks: Delimiters,
    *,
    function: str,
    version: str,
    own: str = "GATEWAY",
    theirs: str = "SENDER",
    usage: str = "T",
) -> InterchangeHead:
    """Who answers, and whom. What of the file's own ids cannot stand in an ISA or GS (it was read all the same) is
    brought into a form that can; `own`, `theirs` and `usage` stand where nothing is left of them.

    Args:
        to: the envelope of what is answered.
        number: ISA13 and GS06, up to nine digits.
        at: the moment shown, in the zone in which it is to be shown.
        function: GS01, FA of a 999, HN of a 277CA.
        version: GS08.
    """
    sender = plain(to.receiver, _LONGEST, marks, own)
    receiver = plain(to.sender, _LONGEST, marks, theirs)
    return InterchangeHead(
        sender_qualifier=_qualifier(to.receiver_qualifier),
        sender=sender,
        receiver_qualifier=_qualifier(to.sender_qualifier),
        receiver=receiver,
        group_sender=_group_id(to.gs03, marks) or sender,
        group_receiver=_group_id(to.gs02, marks) or receiver,
        isa13=f"{number % 1_000_000_000:09d}",
        gs06=f"{number % 1_000_000_000}",
        usage=to.usage if to.usage in ("P", "T") else usage,
        at=at,
        version=version,
        function=function,
    )


def interchange_of_ta1(head: InterchangeHead, ta1: str, marks: Delimiters, *, line_ending: str = "") -> Iterator[bytes]:
    """A TA1 alone between ISA and IEA."""
    end = marks.segment + line_ending
    for segment in (isa_text(head, marks), ta1, segment_text(("IEA", "0", head.isa13), marks)):
        yield (segment + end).encode("latin-1")


def _qualifier(text: str) -> str:
    return text if len(text) == 2 and text.isascii() and text.isalnum() else "ZZ"


def _group_id(text: str, marks: Delimiters) -> str:
    found = plain(text, _LONGEST, marks)
    return found if len(found) > 1 else ""
