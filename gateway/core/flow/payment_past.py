"""What the patients had before whose claims a chunk of payments is for. Nothing is looked up unless a plugin asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ...plugins.context import HistoryLine
from ...plugins.past import LinePayment, WaitingItem
from ...plugins.rows import KeptRow, RowTable
from ..model.belongings import Authorization, Delivery, Document, Equipment, Order
from ..model.posting import OpenClaim, PostingPlan
from ..model.practitioners import Practitioner
from ..store import patients as patient_store
from ..store.patients import Known
from .history import NOBODY
from .kept_rows import KeptRows, owner_of
from .past import Opens, Past, line_payment


class PaymentPast:
    """The `Lookups` of a chunk of payments. The station says whose turn it is (`turn`) before it runs a payment's
    chain, and asks afterwards which patient was looked at (`seen`). Without `opens` nobody has a past."""

    def __init__(
        self,
        opens: Opens | None = None,
        claim_ids: Iterable[int] = (),
        *,
        paused: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._opens = opens
        self._claim_ids = sorted(set(claim_ids))
        self._paused = paused
        self._patients: dict[int, Known] | None = None
        self._past = Past(None, ())
        self._rows = KeptRows(self._past)
        # What earlier payments of the chunk do, by claim: what they pay, and which earlier ones they take back.
        self._paid: dict[int, list[LinePayment]] = {}
        self._taken_back: dict[int, list[int]] = {}
        self._claim_id = 0
        self.seen = NOBODY
        """The patient that was looked at since the last `turn`, and their version; `NOBODY` where nobody asked."""

    def turn(self, claim_id: int) -> None:
        """A payment for this claim (0: for none of ours) is decided now."""
        self._claim_id = claim_id
        self.seen = NOBODY

    def history(self, claim: Any = None) -> Sequence[HistoryLine]:
        """The lines of the patient's claims, this one's among them."""
        who = self._who()
        return tuple(self._past.lines(who))

    def payments(self) -> Sequence[LinePayment]:
        """What was paid on them, with what earlier payments of the chunk pay."""
        who = self._who()
        posted = self._past.payments(who)
        seen = [one for _, one in posted]
        for claim_id, known in (self._patients or {}).items() if who else ():
            if known.patient_id == who:
                seen += self._paid.get(claim_id, ())
                back = self._taken_back.get(claim_id, ())
                seen += [_taken_back(one) for payment_id, one in posted if payment_id in back]
        return seen

    def deliveries(self) -> Sequence[Delivery]:
        """What was delivered to the patient."""
        who = self._who()
        return self._past.deliveries(who)

    def equipment(self) -> Sequence[Equipment]:
        """The equipment that the patient has or had."""
        who = self._who()
        return self._past.equipment(who)

    def orders(self) -> Sequence[Order]:
        """What practitioners ordered for the patient."""
        who = self._who()
        return self._past.orders(who)

    def authorizations(self) -> Sequence[Authorization]:
        """Prior authorizations of the patient."""
        who = self._who()
        return self._past.authorizations(who)

    def documents(self) -> Sequence[Document]:
        """Papers of the patient."""
        who = self._who()
        return self._past.documents(who)

    def practitioner(self, npi: str) -> Practitioner | None:
        """What the list of who may order equipment says of an NPI."""
        return self._past.practitioner(npi)

    def rows(self, plugin: str, table: RowTable, payer_id: str) -> Sequence[Mapping[str, Any]]:
        """Rows of a plugin's own table."""
        who = self._who()
        return self._rows.of(plugin, table, owner_of(table.of, who, self._claim_id, payer_id))

    def has_owner(self, of: str) -> bool:
        """Whether the payment is for a claim of ours."""
        return of not in ("patient", "claim") or bool(self._claim_id)

    def work_items(self) -> Sequence[WaitingItem]:
        """What waits for a person about the patient's claims."""
        who = self._who()
        return tuple(self._past.items(who))

    def keep(self, claim_id: int, rows: Sequence[KeptRow]) -> None:
        """A payment has been decided that keeps rows: later ones see them."""
        if rows:
            self._rows.keep(rows, self._who(), claim_id)

    def decided(self, claim: OpenClaim, plan: PostingPlan, paid_by: str, status: str, today: dt.date) -> None:
        """A payment has been decided: later ones of the same patient see what it does."""
        if self._opens is None or plan.information:
            return
        if plan.reverses is not None:
            self._taken_back.setdefault(claim.claim_id, []).append(plan.reverses)
        else:
            self._paid.setdefault(claim.claim_id, []).extend(_paid(claim, plan, paid_by, status, today))

    def _who(self) -> int:
        """The patient whose turn it is; 0 for nobody we know."""
        if self._opens is None:
            return 0
        if self._patients is None:
            with self._paused(), self._opens() as connection:
                self._patients = patient_store.of_claims(connection, self._claim_ids)
            ids = {known.patient_id for known in self._patients.values()}
            self._past = Past(self._opens, ids, paused=self._paused)
            self._rows = KeptRows(self._past, self._claim_ids)
        known = self._patients.get(self._claim_id)
        if known is None:
            return 0
        self.seen = known
        return known.patient_id


def _paid(claim: OpenClaim, plan: PostingPlan, paid_by: str, status: str, today: dt.date) -> Iterator[LinePayment]:
    lines = {line.line_id: line for line in claim.lines}
    for line in plan.lines:
        ours = lines.get(line.line_id) if line.line_id is not None else None
        yield line_payment(
            claim_number=claim.claim_number,
            line=ours.number if ours else 0,
            code=line.code,
            modifiers=ours.modifiers if ours else (),
            days=(ours.from_date, ours.thru_date) if ours else (None, None),
            charge_cents=line.charge_cents,
            paid_cents=line.paid_cents,
            reasons=[(one.group, one.reason, one.remark, one.cents, one.kind.value) for one in line.adjustments],
            payer_id=claim.payer_id,
            paid_by=paid_by,
            paid_on=today,
            status=status,
        )


def _taken_back(one: LinePayment) -> LinePayment:
    return one._replace(
        charge=-one.charge,
        paid=-one.paid,
        contractual=-one.contractual,
        patient=-one.patient,
        denied=-one.denied,
        reasons=tuple(reason._replace(amount=-reason.amount) for reason in one.reasons),
        status="22",
    )
