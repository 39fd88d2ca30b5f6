"""The kit for what a plugin does beside the chains, in three lines:

    desk = plugin_desk(my_plugin, {"days": "14"}, claims=[make_claim_view("E0601", "RR")])
    desk.schedule("ending")
    assert [item.kind for item in desk.opened] == ["rental_ending"]

What was declared is called as the gateway calls it: the same arguments by the same models, the same checks of what
comes back. What the plugin raises comes out of the test as it is. Everybody here is invented.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gateway.core.model.belongings import Equipment
from gateway.core.x12.claim import Claim

from .alarms import AlarmMessage
from .calling import NotTaken, call, looks_only
from .declared import Sample
from .declaring import SEND_ALARMS, Declared, declare
from .desk import Desk
from .desk_patients import PatientView
from .desk_views import (
    Act,
    BalanceView,
    ClaimView,
    CloseItem,
    DenialView,
    HoldView,
    ItemView,
    KeepRow,
    LineView,
    MakeClaim,
    Note,
    OpenItem,
    PaymentView,
    TellDelivery,
    TellEquipment,
)
from .host import PluginHost, PluginRefused
from .rows import RowTable
from .tables import Table, Tables
from .testing_patients import PatientStock, make_patient_view

__all__ = [
    "Answered",
    "DeskContext",
    "NotTaken",
    "Stock",
    "make_balance_view",
    "make_claim_view",
    "make_denial_view",
    "make_hold_view",
    "make_item_view",
    "make_patient_view",
    "make_payment_view",
    "plugin_desk",
]

NOON = dt.time(17, 0, tzinfo=dt.UTC)
_TODAY = dt.date(2026, 3, 2)


class Stock(NamedTuple):
    """Everything that a desk of a test can look up (`desk.DeskLookups`). `past`: patients and the plugin's rows."""

    past: PatientStock
    all_claims: Sequence[ClaimView] = ()
    whole: Mapping[int, Claim] = {}
    all_items: Sequence[ItemView] = ()
    all_holds: Sequence[HoldView] = ()
    all_denials: Sequence[DenialView] = ()
    all_payments: Sequence[PaymentView] = ()
    all_balances: Sequence[BalanceView] = ()

    def balances(
        self, owed_by: str, states: Collection[str], payer_ids: Collection[str], claim_ids: Collection[int]
    ) -> Iterator[BalanceView]:
        for one in sorted(self.all_balances, key=lambda balance: balance.claim_id):
            owes = {"payer": one.payer > 0, "patient": one.patient_owes > 0}.get(owed_by, True)
            same = _among(one.state, states) and _among(one.payer_id, payer_ids)
            if owes and same and (not claim_ids or one.claim_id in claim_ids):
                yield one

    def claims(
        self,
        states: Collection[str],
        payer_ids: Collection[str],
        partner: str,
        patient_id: int | None,
        number: str,
        from_day: dt.date | None,
        to_day: dt.date | None,
    ) -> Iterator[ClaimView]:
        for one in sorted(self.all_claims):
            if (
                _among(one.state, states)
                and _among(one.payer_id, payer_ids)
                and partner in ("", one.partner)
                and patient_id in (None, one.patient_id)
                and number in ("", one.number)
                and _between(one.from_date, from_day, to_day)
            ):
                yield one

    def claim(self, claim_id: int) -> Claim | None:
        found = self.whole.get(claim_id)
        # Each time anew: what is set on it is not kept.
        return Claim(found.stored, "desk") if found is not None else None

    def items(
        self, kinds: Collection[str], teams: Collection[str], claim_id: int | None, state: str
    ) -> Iterator[ItemView]:
        for one in self.all_items:
            same = claim_id in (None, one.claim_id) and state in ("", one.state)
            if same and _among(one.kind, kinds) and _among(one.team, teams):
                yield one

    def holds(self, plugin: str, rules: Collection[str], claim_id: int | None, standing: bool) -> Iterator[HoldView]:
        for one in self.all_holds:
            same = plugin in ("", one.plugin) and claim_id in (None, one.claim_id)
            if same and _among(one.rule, rules) and not (standing and one.released_at):
                yield one

    def denials(self, states: Collection[str], payer_ids: Collection[str]) -> Iterator[DenialView]:
        for one in self.all_denials:
            if _among(one.state, states) and _among(one.payer_id, payer_ids):
                yield one

    def payments(
        self, payer_ids: Collection[str], claim_id: int | None, from_day: dt.date | None, to_day: dt.date | None
    ) -> Iterator[PaymentView]:
        for one in self.all_payments:
            same = claim_id in (None, one.claim_id) and _between(one.date, from_day, to_day)
            if same and _among(one.payer_id, payer_ids):
                yield one

    def patients(self, codes: Collection[str], patient_ids: Collection[int]) -> Iterator[PatientView]:
        return self.past.patients(codes, patient_ids)

    def patient(self, source: str, patient_id: str, member_id: str, birth_date: dt.date | None) -> int | None:
        return self.past.patient(source, patient_id, member_id, birth_date)

    def equipment_out(self, serials: Collection[str], today: dt.date) -> dict[str, list[tuple[int, Equipment]]]:
        return self.past.equipment_out(serials, today)

    def rows(self, table: RowTable, owner: Any) -> Iterator[Mapping[str, Any]]:
        return self.past.rows(table, owner)

    def made(self, key: str) -> bool:
        return self.past.made(key)

    def number_used(self, number: str) -> bool:
        return self.past.number_used(number)


def _among(value: str, wanted: Collection[str]) -> bool:
    several = [wanted] if isinstance(wanted, str) else list(wanted)
    return not several or several == [""] or value in several


def _between(day: dt.date | None, first: dt.date | None, last: dt.date | None) -> bool:
    if first is None and last is None:
        return True
    return day is not None and (first is None or first <= day) and (last is None or day <= last)


class Answered(NamedTuple):
    """What a route answered: its status, its body (JSON as plain data, or text), and what is said of a refusal."""

    status: int
    body: Any
    detail: str


class DeskContext:
    """A plugin with what it declares, ready to be called. `acts`: what the last call wanted done."""

    def __init__(self, declared: Declared, tables: Tables, now: dt.datetime, today: dt.date, stock: Stock) -> None:
        self.declared = declared
        self._tables = tables
        self._now = now
        self._today = today
        self._stock = stock
        self.acts: list[Act] = []

    @property
    def opened(self) -> list[OpenItem]:
        """Work items that the last call wanted opened."""
        return [act for act in self.acts if isinstance(act, OpenItem)]

    @property
    def closed(self) -> list[CloseItem]:
        """Those that it wanted closed."""
        return [act for act in self.acts if isinstance(act, CloseItem)]

    @property
    def notes(self) -> list[Note]:
        """What it wanted noted on timelines."""
        return [act for act in self.acts if isinstance(act, Note)]

    @property
    def made(self) -> list[MakeClaim]:
        """Claims that the last call wanted made: `.claim`, `.number`, `.key`, `.why`. From the next call on their keys
        and numbers are used."""
        return [act for act in self.acts if isinstance(act, MakeClaim)]

    @property
    def kept(self) -> list[KeepRow]:
        """Rows that the last call wanted kept; from the next call on they are there."""
        return [act for act in self.acts if isinstance(act, KeepRow)]

    @property
    def delivered(self) -> list[TellDelivery]:
        """Deliveries that the last call wanted recorded; the patients of the kit stay as they were given."""
        return [act for act in self.acts if isinstance(act, TellDelivery)]

    @property
    def equipped(self) -> list[TellEquipment]:
        """Equipment that the last call wanted recorded; the patients of the kit stay as they were given."""
        return [act for act in self.acts if isinstance(act, TellEquipment)]

    def schedule(self, name: str) -> list[Act]:
        """One turn of a schedule; what it wants done."""
        self._call("plugin_schedules", name)
        return self.acts

    def report(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a report, each by the names of its columns; Decimal as text."""
        return _rows(self._call("plugin_reports", name, parameters))

    def command(self, name: str, **options: Any) -> Any:
        """What a command says: a text, rows as of a report, or None."""
        said = self._call("plugin_commands", name, options)
        return _rows(said) if isinstance(said, dict) else said

    def request(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None, who: str = "tester"
    ) -> Answered:
        """What a route answers to a request; LookupError where there is none."""
        for route in sorted(self.declared.routes, key=lambda one: one.path.count("{")):
            values = route.match(path)
            if values is not None and route.method == method:
                argument = {"method": method, "path": values, "query": dict(query or {}), "body": body, "who": who}
                told = self._call("plugin_routes", route.name, argument)
                is_json = told["type"] == "application/json"
                return Answered(told["status"], json.loads(told["text"]) if is_json else told["text"], told["detail"])
        raise LookupError(f"The plugin has no route {method} {path}.")

    def drop(self, name: str, rows: Sequence[Mapping[str, Any]] | bytes, *, source: str = "billing") -> Any:
        """What a drop says of a document: a text, rows as of a report, or None.

        Args:
            name: which drop.
            rows: its rows, or the document itself (CSV or JSON).
            source: the system that it comes from (`desk.source`).

        Raises:
            NotTaken: the document is refused; a line for each fault, as its sender is told.
        """
        document = rows if isinstance(rows, bytes) else msgspec.json.encode([dict(row) for row in rows])
        said = self._call("plugin_drops", name, document, source)
        return _rows(said) if isinstance(said, dict) else said

    def metric(self, name: str) -> list[Sample]:
        """The samples of a metric."""
        return [Sample(value, labels) for value, labels in self._call("plugin_metrics", name)]

    def tell(self, hook: str) -> list[Act]:
        """Call `gateway_started`, `gateway_stopping` or `configuration_taken`; what it wants done."""
        if hook not in self.declared.life:
            raise PluginRefused(f"The plugin has no {hook}.")
        self._call(hook, "")
        return self.acts

    def send(self, message: AlarmMessage) -> list[Act]:
        """Have alarms sent by the plugin's `send_alarms`; what it wants done."""
        if not self.declared.sends_alarms:
            raise PluginRefused(f"The plugin has no {SEND_ALARMS}.")
        self._call(SEND_ALARMS, "", message.as_data())
        return self.acts

    def _call(self, hook: str, name: str, argument: Any = None, source: str = "") -> Any:
        desk = Desk(
            self.declared.plugin.name,
            self.declared.settings,
            self._now,
            self._today,
            self._tables,
            self._stock,
            may_change=not looks_only(hook, name),
            row_tables=self.declared.plugin.row_tables,
            source=source,
        )
        self.acts = []
        answer = asyncio.run(call(self.declared, hook, name, argument, desk))
        self.acts = desk.acts
        self._stock.past.done(desk.acts)
        return answer


def _rows(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]


def plugin_desk(
    plugin: object,
    settings: Mapping[str, Any] | None = None,
    *,
    name: str = "tested",
    today: dt.date = _TODAY,
    claims: Sequence[ClaimView] = (),
    whole: Mapping[int, Claim] | None = None,
    items: Sequence[ItemView] = (),
    holds: Sequence[HoldView] = (),
    denials: Sequence[DenialView] = (),
    payments: Sequence[PaymentView] = (),
    balances: Sequence[BalanceView] = (),
    patients: Sequence[PatientView] = (),
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    tables: Mapping[str, Table] | Tables | None = None,
) -> DeskContext:
    """What a plugin declares, ready to be called.

    Args:
        plugin: its module, an instance, or its class.
        settings: as they would stand under `desk` in gateway.yaml; its model's defaults without them.
        today: the business date.
        name: what it is called; its own work items and holds carry it.
        claims: what `desk.claims` finds, see `make_claim_view`.
        whole: what `desk.claim(id)` finds: claims with all their segments (`make_claim`), by that id.
        items: what `desk.items` finds, see `make_item_view`.
        holds: what `desk.holds` finds, see `make_hold_view`.
        denials: what `desk.denials` finds, see `make_denial_view`.
        payments: what `desk.payments` finds, see `make_payment_view`.
        balances: what `desk.balances` finds, see `make_balance_view`.
        patients: whom `desk.patients` and `desk.patient` find, see `make_patient_view`.
        rows: rows of the plugin's own tables, by table; each has its columns and `owner` (the id of the patient or
            claim, the payer's id), but those of nobody. Rows of patients may stand in their views as well.
        tables: a mapping by name, see `make_table`. Those in the plugin's own folder `tables` are there as well.

    Raises:
        PluginRefused: it does not fit the hooks, or declares nothing.
        Rubbish: it declares no table of that name, or a row does not fit its table.
        pydantic.ValidationError: its model refuses the settings.
    """
    from .testing import read_tables

    added = PluginHost().add(name, plugin)
    model = added.model("desk_settings")
    if model is None and settings:
        raise PluginRefused(f"Plugin {name!r} takes no settings beside the chains.")
    declared = declare(added, model.model_validate(dict(settings or {})) if model else None)
    if declared is None:
        raise PluginRefused(f"Plugin {name!r} declares nothing beside the chains.")
    given = {word: tables[word] for word in tables} if tables else {}
    known = Tables({**(read_tables(Path(added.path) / "tables") if added.path else {}), **given})
    numbers = {view.number for view in claims} | {claim.id for claim in (whole or {}).values()}
    past = PatientStock(added.row_tables, patients, rows, numbers)
    stock = Stock(past, claims, whole or {}, items, holds, denials, payments, balances)
    return DeskContext(declared, known, dt.datetime.combine(today, NOON), today, stock)


# --- builders --------------------------------------------------------------------------------------


def make_claim_view(
    code: str = "E1390",
    *modifiers: str,
    id: int = 1,
    number: str = "SW1001",
    state: str = "accepted",
    payer_id: str = "90101",
    payer_name: str = "NORTHBRIDGE HEALTH PLAN",
    partner: str = "practice",
    patient_id: int | None = 1,
    charge: str = "100",
    from_date: dt.date = _TODAY - dt.timedelta(days=30),
    thru_date: dt.date | None = None,
) -> ClaimView:
    """A claim of one line, as lists have it; `_replace(lines=...)` for more."""
    dollars = Decimal(charge)
    line = LineView(1, code, modifiers, "1", dollars, from_date, thru_date or from_date)
    created = dt.datetime.combine(from_date, NOON)
    days = (from_date, thru_date or from_date)
    return ClaimView(
        id, number, "billing", state, payer_id, payer_name, partner, patient_id, dollars, *days, created, (line,)
    )


def make_item_view(
    kind: str,
    key: str = "one",
    *,
    id: int = 1,
    own: bool = True,
    team: str = "billing",
    reason: str = "Look at it.",
    rule: str = "",
    amount: str = "0",
    work_by: dt.date | None = None,
    deadline: dt.date | None = None,
    payer_id: str = "90101",
    claim_id: int | None = None,
    state: str = "open",
) -> ItemView:
    """A work item."""
    opened = dt.datetime.combine(_TODAY, NOON)
    about = (Decimal(amount), work_by, deadline, payer_id, "practice", claim_id, state, opened)
    return ItemView(id, key, own, kind, team, reason, rule, *about)


def make_hold_view(
    rule: str,
    *,
    id: int = 1,
    claim_id: int = 1,
    claim_number: str = "SW1001",
    payer_id: str = "90101",
    charge: str = "100",
    type: str = "SYS",
    plugin: str = "tested",
    team: str = "billing",
    reason: str = "Look at it.",
    line: int = 0,
    opened_on: dt.date = _TODAY - dt.timedelta(days=3),
    released_on: dt.date | None = None,
) -> HoldView:
    """A hold on a claim; with `released_on` it stands no more."""
    opened = dt.datetime.combine(opened_on, NOON)
    released = dt.datetime.combine(released_on, NOON) if released_on else None
    of_claim = (claim_id, claim_number, payer_id, Decimal(charge))
    return HoldView(id, *of_claim, type, rule, plugin, team, reason, line, None, None, opened, released)


def make_denial_view(
    reason: str = "197",
    *,
    id: int = 1,
    claim_id: int = 1,
    claim_number: str = "SW1001",
    payer_id: str = "90101",
    group: str = "CO",
    remark: str = "",
    category: str = "authorization",
    team: str = "authorization",
    amount: str = "100",
    state: str = "open",
    opened_on: dt.date = _TODAY - dt.timedelta(days=3),
    status: str = "new",
    level: int = 0,
    code: str = "E1390",
    referring: str = "",
    appeal_by: dt.date | None = None,
    recovered: str = "0",
    ended_on: dt.date | None = None,
) -> DenialView:
    """A refused amount."""
    opened = dt.datetime.combine(opened_on, NOON)
    said = (group, reason, remark, category, team, Decimal(amount), state, opened)
    case = (status, level, code, referring, opened_on, appeal_by, Decimal(recovered), ended_on)
    return DenialView(id, claim_id, claim_number, payer_id, *said, *case)


def make_payment_view(
    paid: str = "80",
    *,
    id: int = 1,
    claim_id: int | None = 1,
    claim_number: str = "SW1001",
    payer_id: str = "90101",
    status: str = "1",
    charge: str = "100",
    patient: str = "20",
    state: str = "posted",
    date: dt.date = _TODAY - dt.timedelta(days=1),
) -> PaymentView:
    """A claim payment."""
    amounts = (Decimal(charge), Decimal(paid), Decimal(patient))
    return PaymentView(id, claim_id, claim_number, payer_id, status, *amounts, state, date)


def make_balance_view(
    payer: str = "100",
    denied: str = "0",
    *,
    id: int = 1,
    number: str = "SW1001",
    state: str = "accepted",
    payer_id: str = "90101",
    payer_name: str = "NORTHBRIDGE HEALTH PLAN",
    filing_code: str = "CI",
    patient_id: int | None = 1,
    charge: str = "100",
    from_date: dt.date = _TODAY - dt.timedelta(days=60),
    sent_on: dt.date | None = _TODAY - dt.timedelta(days=50),
    acknowledged_on: dt.date | None = None,
    file_by: dt.date | None = None,
    open_denials: int = 0,
    more_payers: bool = False,
    patient: Mapping[str, str] | None = None,
    patient_since: dt.date | None = None,
) -> BalanceView:
    """What is owed on a claim: by its payers, on denied lines, and by the patient by kind."""
    about = (id, number, state, payer_id, payer_name, filing_code, "practice", patient_id, Decimal(charge), from_date)
    days = (
        dt.datetime.combine(from_date, NOON),
        sent_on,
        acknowledged_on,
        file_by,
        open_denials,
        more_payers,
        patient_since,
    )
    of_patient = {kind: Decimal(amount) for kind, amount in (patient or {}).items()}
    return BalanceView(*about, *days, Decimal(payer), Decimal(denied), of_patient)
