"""The envelope of an answer: who it is from and to, and its control numbers, written by the gateway's own writer."""

from __future__ import annotations

import datetime as dt

import msgspec

from .settings import SandboxPartner


class Correspondent(msgspec.Struct, frozen=True):
    """The other side: ISA05-06 of what it sent, and its GS02."""

    qualifier: str
    id: str
    group: str


class Outgoing(msgspec.Struct, frozen=True):
    """What goes into one interchange: a TA1, or the sets of one group (ST01, version, bodies)."""

    ta1: str = ""
    gs01: str = ""
    kind: str = ""
    version: str = ""
    bodies: list[list[str]] = []


def render(
    partner: SandboxPartner, to: Correspondent, outgoing: Outgoing, isa13: int, gs06: int, now: dt.datetime
) -> bytes:
    """One interchange as bytes. `now` is local time of the clearinghouse."""
    ending = "~" + partner.line_ending
    isa = (
        f"ISA*00*{'':10}*00*{'':10}*{partner.receiver_qualifier}*{partner.receiver_id:15}*{to.qualifier}*{to.id:15}"
        f"*{now:%y%m%d}*{now:%H%M}*^*00501*{isa13:09d}*0*{partner.usage}*:"
    )
    found = [isa]
    if outgoing.ta1:
        found.append(outgoing.ta1)
    if outgoing.bodies:
        sender = partner.group_id or partner.receiver_id
        found.append(
            f"GS*{outgoing.gs01}*{sender}*{to.group or to.id}*{now:%Y%m%d}*{now:%H%M%S}*{gs06}*X*{outgoing.version}"
        )
        for number, body in enumerate(outgoing.bodies, 1):
            # The guide of the 835 does not use ST03.
            guide = "" if outgoing.kind == "835" else f"*{outgoing.version}"
            found.append(f"ST*{outgoing.kind}*{number:04d}{guide}")
            found += body
            found.append(f"SE*{len(body) + 2}*{number:04d}")
        found.append(f"GE*{len(outgoing.bodies)}*{gs06}")
    found.append(f"IEA*{1 if outgoing.bodies else 0}*{isa13:09d}")
    return "".join(segment + ending for segment in found).encode("latin-1")
