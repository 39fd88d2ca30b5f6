"""The envelope of an answer: who it is from and to, and its control numbers, written by the gateway's own writer."""

from __future__ import annotations

import datetime as dt

import msgspec

from gateway.core.x12.segment import Delimiters
from gateway.core.x12.writer import InterchangeHead, isa_text, write_sets

from .settings import SandboxPartner

DELIMITERS = Delimiters()


class Correspondent(msgspec.Struct, frozen=True):
    """The other side: ISA05-06 of what it sent, and its GS02."""

    qualifier: str
    id: str
    group: str


class Outgoing(msgspec.Struct, frozen=True):
    """What goes into one interchange: a TA1, or the sets of one group (GS01, ST01, version, bodies)."""

    ta1: str = ""
    gs01: str = ""
    kind: str = ""
    version: str = ""
    bodies: list[list[str]] = []


def render(
    partner: SandboxPartner, to: Correspondent, outgoing: Outgoing, isa13: int, gs06: int, now: dt.datetime
) -> bytes:
    """One interchange as bytes. `now` is local time of the clearinghouse."""
    head = InterchangeHead(
        sender_qualifier=partner.receiver_qualifier,
        sender=partner.receiver_id,
        receiver_qualifier=to.qualifier,
        receiver=to.id,
        group_sender=partner.group_id or partner.receiver_id,
        group_receiver=to.group or to.id,
        isa13=f"{isa13:09d}",
        gs06=str(gs06),
        usage=partner.usage,
        at=now,
        version=outgoing.version or "005010",
        function=outgoing.gs01,
    )
    if outgoing.ta1:
        # A TA1 stands alone between ISA and IEA.
        segments = (isa_text(head, DELIMITERS), outgoing.ta1, f"IEA*0*{head.isa13}")
        return "".join(f"{segment}~{partner.line_ending}" for segment in segments).encode("latin-1")
    sets = [(outgoing.kind, f"{number:04d}", body) for number, body in enumerate(outgoing.bodies, 1)]
    return b"".join(write_sets(head, sets, DELIMITERS, line_ending=partner.line_ending))
