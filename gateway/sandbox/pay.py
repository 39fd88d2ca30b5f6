"""Payments: what is due is put together by payer and billing provider, balanced, and written as 835."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec

from .claims import ClaimDesk, Waiting
from .envelope import Correspondent, Outgoing
from .outbound import Outbound
from .remit import X221, Payment, Plb, remittance
from .settings import Kind, SandboxPartner, SandboxSettings
from .state import Due, Paid, State

_decode = msgspec.msgpack.Decoder(Waiting).decode
_encode = msgspec.msgpack.Encoder().encode


class Cashier:
    """Pays what is due to one partner."""

    def __init__(self, settings: SandboxSettings, partner: SandboxPartner, state: State, desk: ClaimDesk) -> None:
        self.partner = partner
        self.state = state
        self.desk = desk
        self.outbound = Outbound(partner, state)
        self.zone = ZoneInfo(settings.time_zone)

    def pay(self, due: list[Due], now: dt.datetime) -> None:
        """Write the payments of everything in `due`. Runs in a transaction of the caller's."""
        groups: dict[tuple[str, str], list[Due]] = {}
        for one in due:
            groups.setdefault((one.payer, one.payee), []).append(one)
        made: list[tuple[Correspondent, Payment]] = []
        for group in groups.values():
            made += self._payments(group, now)
        self.state.remove_due([one.id for one in due])
        self._write(made, now)

    def _payments(self, group: list[Due], now: dt.datetime) -> list[tuple[Correspondent, Payment]]:
        """The payments of one payer to one billing provider: one, or two where zero payments come apart."""
        waiting = [_decode(one.data) for one in group]
        behaviour = self.partner.behaviour_of(group[0].payer)
        parts: list[list[Waiting]] = [[], []]
        for one in waiting:
            nothing = one.entry is not None and not one.entry.outcome.paid and not one.adjustments
            parts[behaviour.zero_pay_apart and nothing].append(one)
        made = []
        for part in parts:
            if any(one.entry for one in part):
                made.append((part[0].to, self._payment(group[0], part, now)))
            elif part:
                # Adjustments without a claim wait for the next payment.
                self.state.add_due(
                    [(group[0].partner, now.timestamp(), group[0].payer, group[0].payee, 0, _encode(w)) for w in part]
                )
        return made

    def _payment(self, first: Due, part: list[Waiting], now: dt.datetime) -> Payment:
        behaviour = self.partner.behaviour_of(first.payer)
        local = now.astimezone(self.zone)
        entries = [one.entry for one in part if one.entry is not None]
        for one in part:
            entry = one.entry
            if entry is not None and entry.outcome.forwarded is not None and behaviour.crossover_pays:
                at = now.timestamp() + self.partner.delays.crossover
                self.desk.forward(entry.case, entry.outcome, one.to, at)
        payment = Payment(
            payer_id=first.payer,
            payer_name=entries[0].case.payer_name,
            payee=entries[0].case.payee,
            entries=entries,
            adjustments=[adjustment for one in part for adjustment in one.adjustments],
            trace=f"EFT{self.state.allocate('payment'):09d}",
            day=f"{local:%Y%m%d}",
            received=f"{local:%Y%m%d}",
        )
        self._carry(first, part[0].to, payment, now)
        if not payment.total and behaviour.zero_pay_trace:
            payment.trace = behaviour.zero_pay_trace
        return payment

    def _carry(self, first: Due, to: Correspondent, payment: Payment, now: dt.datetime) -> None:
        """A payment is never below zero: what is left goes forward to the next one (PLB FB, negative now, positive
        then)."""
        left = payment.total
        if left >= 0:
            return
        payment.adjustments.append(Plb("FB", payment.trace, left))
        later = Waiting(to, None, [Plb("FB", payment.trace, -left)])
        self.state.add_due([(first.partner, now.timestamp(), first.payer, first.payee, 0, _encode(later))])

    def _write(self, made: list[tuple[Correspondent, Payment]], now: dt.datetime) -> None:
        local = now.astimezone(self.zone)
        times: dict[Kind, float] = dict.fromkeys(("TA1", "999", "277CA", "277CA-payer", "835"), now.timestamp())
        files: dict[object, list[tuple[Correspondent, Payment]]] = {}
        for number, (to, payment) in enumerate(made):
            key: object = {"per_payment": number, "per_payer": payment.payer_id}.get(self.partner.remittance_files, "")
            files.setdefault(key, []).append((to, payment))
        for theirs in files.values():
            bodies = [remittance(one, self.partner.behaviour_of(one.payer_id)) for _, one in theirs]
            outgoing = Outgoing("", "HP", "835", X221, bodies)
            self.outbound.put("835", theirs[0][0], outgoing, local, times)
        for _, one in made:
            paid = sum(entry.outcome.paid for entry in one.entries)
            self.state.add_payment(
                Paid(self.partner.user, one.payer_id, one.payee.npi, one.trace, one.total, paid, len(one.entries)),
                now.timestamp(),
            )
