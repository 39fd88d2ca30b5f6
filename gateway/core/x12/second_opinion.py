"""A second opinion on what we write: badx12 reads the envelope independently of our own reader.

badx12 0.2.1 holds a whole file in memory, knows one interchange at a time and no newline as terminator; so it is asked
for its opinion on outgoing files only, where a partner's setting or the command wants it, and is never part of the
work itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from badx12.document import EDIDocument


class NoOpinion(Exception):
    """badx12 cannot read this file (which says nothing about whether it is right); the message says why."""


class Envelope(NamedTuple):
    """What a file is meant to hold: ISA13, GS06, and each transaction set's ST02, in order."""

    isa13: str
    gs06: str
    st02: tuple[str, ...]


def as_badx12(data: bytes) -> EDIDocument:
    """The file as badx12's document, for those who already speak it.

    Raises:
        NoOpinion: badx12 cannot read it.
    """
    from badx12 import Parser

    text = data.decode("latin-1")
    if text[:3] != "ISA" or len(text) < 106:
        raise NoOpinion("It does not begin with an ISA.")
    if text[105] in "\r\n":
        raise NoOpinion("badx12 cannot read a line end as segment terminator.")
    if text.count(f"{text[105]}ISA{text[3]}") or text.replace("\r", "").count(f"{text[105]}\nISA{text[3]}"):
        raise NoOpinion("badx12 reads one interchange of a file only.")
    try:
        # It drops newlines itself, but not carriage returns.
        return Parser(text.replace("\r", "")).document
    except Exception as error:
        # Its own error classes, AttributeError and IndexError alike: all mean that it could not make sense of it.
        raise NoOpinion(f"badx12 could not read it ({type(error).__name__}).") from None


def suspicions(data: bytes, meant: Envelope) -> list[str]:
    """What badx12 finds wrong with the counts and control numbers of a file; empty where it agrees.

    Raises:
        NoOpinion: badx12 cannot read it.
    """
    document = as_badx12(data)
    interchange = document.interchange
    found: list[str] = []

    def compare(what: str, said: str, wanted: object) -> None:
        if said.strip() != str(wanted):
            found.append(f"badx12 reads {said.strip() or 'nothing'} as {what}, where {wanted} is meant.")

    compare("ISA13", interchange.header.isa13.content, meant.isa13)
    compare("IEA02", interchange.trailer.iea02.content, meant.isa13)
    compare("IEA01 (groups)", interchange.trailer.iea01.content, len(interchange.groups))
    compare("the number of groups", str(len(interchange.groups)), 1)
    for group in interchange.groups:
        compare("GS06", group.header.gs06.content, meant.gs06)
        compare("GE02", group.trailer.ge02.content, meant.gs06)
        compare("GE01 (sets)", group.trailer.ge01.content, len(meant.st02))
        sets = group.transaction_sets
        compare("the transaction sets", " ".join(one.header.st02.content for one in sets), " ".join(meant.st02))
        for one in sets:
            compare("SE02", one.trailer.se02.content, one.header.st02.content)
            compare("SE01 (segments)", one.trailer.se01.content, len(one.transaction_body) + 2)
    return found
