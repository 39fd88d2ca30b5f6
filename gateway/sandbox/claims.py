"""The claims of a batch: each is refused by the clearinghouse, refused by its payer, or accepted and decided on; the
277CAs say so, and what is to be paid waits for its time."""

from __future__ import annotations

import datetime as dt

import msgspec

from . import acks
from .adjudicate import adjudicate, control_number, forwarded_case, reversal
from .cases import Case, Outcome, Plan, Refusal, Status
from .draws import Draws
from .envelope import Correspondent, Outgoing
from .fees import Fees
from .incoming import Batch
from .outbound import Outbound
from .refuse import refuse
from .remit import Entry, Plb
from .settings import Kind, SandboxPartner, SandboxSettings
from .state import Known, State

CLEARINGHOUSE = "PRACTICE CLEARINGHOUSE"
_UNLINKED = Refusal(False, (Status("A8", "496", "85"),))
_NOT_FOUND = Refusal(True, (Status("A4", "35"),))


class Waiting(msgspec.Struct):
    """What waits for its payment: the entry of a claim (or none), the adjustments that go with it, and who is told."""

    to: Correspondent
    entry: Entry | None
    adjustments: list[Plb]


class Standing(msgspec.Struct):
    """How a paid claim stands once everything is done, and from when on."""

    entry: Entry
    settled: float


class _Taken(msgspec.Struct):
    """One claim of the batch and what became of it."""

    case: Case
    refusal: Refusal | None
    number: str = ""
    trace: str = ""


_encode = msgspec.msgpack.Encoder().encode
DueRow = tuple[str, float, str, str, int, bytes]


class ClaimDesk:
    """Works on the claims of one partner."""

    def __init__(self, settings: SandboxSettings, partner: SandboxPartner, state: State, fees: Fees) -> None:
        self.settings = settings
        self.partner = partner
        self.state = state
        self.fees = fees
        self.outbound = Outbound(partner, state)

    def work(self, batch: Batch, to: Correspondent, now: dt.datetime, times: dict[Kind, float]) -> None:
        """Take every claim of a batch, and queue the 277CAs about it."""
        known = self._known(batch.cases)
        taken: list[_Taken] = []
        rows: list[tuple[str, str, str, str, str, bytes]] = []
        due: list[DueRow] = []
        for index, case in enumerate(batch.cases):
            earlier = known.setdefault((case.number, case.payer_id), [])
            case.attempt = sum(1 for one in earlier if one.state != "paid")
            found = batch.refusals.get(index)
            one, state, data = self._take(case, found, earlier, to, times["835"], due)
            taken.append(one)
            rows.append((self.partner.user, case.number, case.payer_id, one.number, state, data))
            earlier.append(Known(0, case.number, case.payer_id, one.number, state, data))
        self.state.add_claims(rows)
        self.state.add_due(due)
        self._tell(batch, taken, to, now, times)

    def _known(self, cases: list[Case]) -> dict[tuple[str, str], list[Known]]:
        """Earlier claims of the same numbers, and of those that replacements name, by number and payer."""
        numbers = list({case.number for case in cases})
        found: dict[tuple[str, str], list[Known]] = {}
        for one in self.state.known(self.partner.user, numbers):
            found.setdefault((one.number, one.payer), []).append(one)
        return found

    def _take(
        self,
        case: Case,
        found: Refusal | None,
        earlier: list[Known],
        to: Correspondent,
        at: float,
        due: list[DueRow],
    ) -> tuple[_Taken, str, bytes]:
        """What becomes of one claim: itself, its state, and how it stands. `found`: why the guide refuses it."""
        seed = self.settings.seed
        behaviour = self.partner.behaviour_of(case.payer_id)
        draws = Draws(seed, case.number, case.payer_id, case.attempt)
        trace = f"PC{draws.number('trace') % 10**12:012d}"
        unlinked = case.payee.npi in self.partner.unlinked_npis
        refusal = (
            _UNLINKED if unlinked else (found if behaviour.check_claims else None) or refuse(case, behaviour, draws)
        )
        original: Known | None = None
        if refusal is None and case.frequency in ("7", "8"):
            original = self._original(case, earlier)
            if original is None and case.frequency == "8":
                refusal = _NOT_FOUND
        if refusal is not None:
            return _Taken(case, refusal, "", trace), "refused", b""
        number = control_number(seed, case)
        one = _Taken(case, None, number, trace)
        if original is not None:
            at = self._undo(original, to, at, due)
            if case.frequency == "8":
                return one, "void", b""
        paid = any(e.state == "paid" for e in earlier) and case.frequency == "1" and behaviour.deny_duplicates
        plan = adjudicate(case, behaviour, self.fees, seed, self.settings.allowed_percent, paid)
        state, data = self.plan(case, plan, to, at, due, original.control_number if original else "")
        return one, state, data

    def plan(
        self, case: Case, plan: Plan, to: Correspondent, at: float, due: list[DueRow], original: str = ""
    ) -> tuple[str, bytes]:
        """Queue the payments of a plan; the claim's state, and how it stands."""
        first = plan.first
        due.append(self._row(case, at, Waiting(to, Entry(case, first, original), _interest(first))))
        standing, settled = first, at
        if plan.reversed:
            settled = at + self.partner.delays.correction
            back = reversal(first)
            put_off = [Plb("WO", first.control_number, back.paid)] if plan.postponed else []
            due.append(self._row(case, settled, Waiting(to, Entry(case, back), put_off)))
            if put_off:
                later = [Plb("WO", first.control_number, first.paid)]
                due.append(self._row(case, settled + self.partner.delays.correction, Waiting(to, None, later)))
            if plan.second is None:
                return "taken back", b""
            standing = plan.second
            due.append(self._row(case, settled, Waiting(to, Entry(case, standing, first.control_number), [])))
        if standing.paid <= 0:
            return "unpaid", b""
        return "paid", _encode(Standing(Entry(case, standing), settled))

    def _row(self, case: Case, at: float, waiting: Waiting) -> DueRow:
        alone = int(waiting.entry is not None)
        return (self.partner.user, at, case.payer_id, case.payee.npi, alone, _encode(waiting))

    def _original(self, case: Case, earlier: list[Known]) -> Known | None:
        """The paid claim that a replacement or a void is about: by the payer's number, else by ours."""
        named = self.state.known(self.partner.user, (), [case.replaces]) if case.replaces else []
        for one in [*named, *reversed(earlier)]:
            if one.state == "paid" and one.payer == case.payer_id:
                return one
        return None

    def _undo(self, original: Known, to: Correspondent, at: float, due: list[DueRow]) -> float:
        """Queue the reversal of what was paid on the original; when the new decision can follow."""
        standing = msgspec.msgpack.decode(original.data, type=Standing)
        at = max(at, standing.settled + 0.001)
        entry = standing.entry
        due.append(self._row(entry.case, at, Waiting(to, Entry(entry.case, reversal(entry.outcome)), [])))
        if original.id:
            self.state.set_claim_state(original.id, "replaced")
        return at

    def _tell(
        self, batch: Batch, taken: list[_Taken], to: Correspondent, now: dt.datetime, times: dict[Kind, float]
    ) -> None:
        """The clearinghouse's 277CA, and those of the payers, a set each in one file."""
        front = acks.Source("AY", CLEARINGHOUSE, "46", self.partner.receiver_id)
        said = [
            acks.Said(one.case, None if one.refusal and one.refusal.by_payer else one.refusal, "", one.trace)
            for one in taken
        ]
        unlinked = self.partner.unlinked_npis
        bodies = [acks.claim_status(front, batch.submitter, batch.bht03, self._trace(), now, said, unlinked)]
        self.outbound.put("277CA", to, Outgoing("", "HN", "277", acks.X214, bodies), now, times)
        by_payer: dict[str, list[acks.Said]] = {}
        for one in taken:
            if one.refusal is None or one.refusal.by_payer:
                by_payer.setdefault(one.case.payer_id, []).append(
                    acks.Said(one.case, one.refusal, one.number, one.trace)
                )
        bodies = [
            acks.claim_status(
                acks.Source("PR", theirs[0].case.payer_name, "PI", payer),
                batch.submitter,
                batch.bht03,
                self._trace(),
                now,
                theirs,
            )
            for payer, theirs in by_payer.items()
        ]
        if bodies:
            self.outbound.put("277CA-payer", to, Outgoing("", "HN", "277", acks.X214, bodies), now, times)

    def _trace(self) -> str:
        return f"{self.state.allocate(f'trace:{self.partner.user}'):09d}"

    def forward(self, case: Case, outcome: Outcome, to: Correspondent, at: float) -> None:
        """Hand a claim on to the second payer, who decides on it and pays."""
        second = forwarded_case(case, outcome)
        behaviour = self.partner.behaviour_of(second.payer_id)
        plan = adjudicate(second, behaviour, self.fees, self.settings.seed, self.settings.allowed_percent)
        due: list[DueRow] = []
        state, data = self.plan(second, plan, to, at, due)
        self.state.add_claims(
            [(self.partner.user, second.number, second.payer_id, plan.first.control_number, f"crossed {state}", data)]
        )
        self.state.add_due(due)


def _interest(outcome: Outcome) -> list[Plb]:
    return [Plb("L6", outcome.control_number, -outcome.interest)] if outcome.interest else []
