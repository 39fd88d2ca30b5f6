"""Putting an answer in the way of a partner: numbered, written, and, where the script says so, spoilt."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import PurePosixPath

from .envelope import Correspondent, Outgoing, render
from .script import copies, due_time, faults_for
from .settings import Kind, SandboxPartner
from .state import State


class Outbound:
    """The answers to one partner."""

    def __init__(self, partner: SandboxPartner, state: State) -> None:
        self.partner = partner
        self.state = state

    def put(self, kind: Kind, to: Correspondent, what: Outgoing, now: dt.datetime, times: dict[Kind, float]) -> None:
        """Allocate numbers and queue the file for its time.

        Args:
            now: local time of the clearinghouse.
            times: when each kind of answer to the same file is written, in seconds since 1970.
        """
        partner, state = self.partner, self.state
        nth = state.allocate(f"nth:{partner.user}:{kind}")
        faults = faults_for(partner, kind, nth)
        isa13 = state.allocate(f"isa13:{partner.user}")
        gs06 = state.allocate(f"gs06:{partner.user}") if what.bodies else 0
        body = render(partner, to, what, isa13, gs06, now)
        shown = "277CA" if kind == "277CA-payer" else kind
        name = PurePosixPath(partner.names.format(kind=shown, stamp=f"{now:%Y%m%d%H%M%S}", number=isa13))
        folder = partner.outgoing_by_kind.get(kind, partner.outgoing)
        for one in copies(due_time(kind, faults, times), body, faults):
            written = name.with_stem(f"{name.stem}_again") if one.copy else name
            sha256 = hashlib.sha256(one.body).hexdigest()
            state.add_answer(partner.user, kind, one.at, folder, str(written), one.body, sha256)
