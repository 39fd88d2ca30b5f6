"""What a desk shows (a claim, a work item, a hold, a denial, a payment), and what it may be asked to have done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from gateway.core.x12.claim import Claim


class LineView(NamedTuple):
    """A service line of a claim, as billed. `units` as they stand there."""

    number: int
    code: str
    modifiers: tuple[str, ...]
    units: str
    charge: Decimal
    from_date: dt.date | None
    thru_date: dt.date | None


class ClaimView(NamedTuple):
    """A claim, in the few words that lists need. `number` is the one that its source knows; `state` as in
    `gateway.core.model.states`; `patient_id` tells patients apart and says nothing about them. Dollars are Decimal."""

    id: int
    number: str
    source: str
    state: str
    payer_id: str
    payer_name: str
    partner: str
    patient_id: int | None
    charge: Decimal
    from_date: dt.date | None
    thru_date: dt.date | None
    created_at: dt.datetime
    lines: tuple[LineView, ...] = ()


class ItemView(NamedTuple):
    """A work item. `key` is what the plugin called it, where `own` says that this plugin opened it; `amount` is what is
    at stake, in dollars."""

    id: int
    key: str
    own: bool
    kind: str
    team: str
    reason: str
    rule: str
    amount: Decimal
    work_by: dt.date | None
    deadline: dt.date | None
    payer_id: str
    partner: str
    claim_id: int | None
    state: str
    opened_at: dt.datetime


class HoldView(NamedTuple):
    """A hold on a claim; `charge` is the claim's. `released_at` is None while it stands."""

    id: int
    claim_id: int
    claim_number: str
    payer_id: str
    charge: Decimal
    type: str
    rule: str
    plugin: str
    team: str
    reason: str
    line: int
    due: dt.date | None
    expires: dt.date | None
    opened_at: dt.datetime
    released_at: dt.datetime | None


class DenialView(NamedTuple):
    """A refused amount of a posted payment. `state`: open until it is worked; `status` is how it stands (new,
    resubmitted, reopening, appealed, paid, written off, patient, closed), `level` the appeal it stands at. `code` is
    the HCPCS of its line, `referring` the NPI of who referred or ordered; each empty where there is none. `recovered`
    was paid on it afterwards, `ended_on` is when it was over."""

    id: int
    claim_id: int
    claim_number: str
    payer_id: str
    group: str
    reason: str
    remark: str
    category: str
    team: str
    amount: Decimal
    state: str
    opened_at: dt.datetime
    status: str = "new"
    level: int = 0
    code: str = ""
    referring: str = ""
    received_on: dt.date | None = None
    appeal_by: dt.date | None = None
    recovered: Decimal = Decimal(0)
    ended_on: dt.date | None = None


class PaymentView(NamedTuple):
    """A claim payment as it was read. `state`: posted, exception, information; `date` is the payer's payment date."""

    id: int
    claim_id: int | None
    claim_number: str
    payer_id: str
    status: str
    charge: Decimal
    paid: Decimal
    patient: Decimal
    state: str
    date: dt.date | None


class BalanceView(NamedTuple):
    """What is owed on a claim, in dollars: by its payers (`payer`), on denied lines (`denied`), by the patient by kind
    (`patient`: deductible, coinsurance, copay, other). Amounts below zero are owed to them.

    `sent_on`: the day of its last sending, `acknowledged_on`: of the first answer to that one, `file_by`: the last day
    to file it, where a row of table timely_filing tells. `open_denials`: how many denials of it are open.
    `more_payers`: a payer that the claim names has not decided yet; told where the patient owes something, which was
    first left to them on `patient_since`.
    """

    claim_id: int
    number: str
    state: str
    payer_id: str
    payer_name: str
    filing_code: str
    partner: str
    patient_id: int | None
    charge: Decimal
    from_date: dt.date | None
    created_at: dt.datetime
    sent_on: dt.date | None
    acknowledged_on: dt.date | None
    file_by: dt.date | None
    open_denials: int
    more_payers: bool
    patient_since: dt.date | None
    payer: Decimal
    denied: Decimal
    patient: Mapping[str, Decimal]

    @property
    def patient_owes(self) -> Decimal:
        """All that the patient owes."""
        return sum(self.patient.values(), Decimal(0))


class OpenItem(msgspec.Struct, frozen=True, kw_only=True, tag="open"):
    """A work item that is to be opened."""

    kind: str
    key: str
    reason: str
    team: str
    claim_id: int | None = None
    rule: str = ""
    cents: int = 0
    work_by: dt.date | None = None
    deadline: dt.date | None = None
    payer_id: str = ""
    partner: str = ""
    refile_by: dt.date | None = None


class CloseItem(msgspec.Struct, frozen=True, kw_only=True, tag="close"):
    """A work item of the plugin's own that is to be closed."""

    key: str
    outcome: str


class Note(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """A sentence for a claim's timeline."""

    claim_id: int
    what: str


class KeepRow(msgspec.Struct, frozen=True, kw_only=True, tag="keep"):
    """A row of a table of the plugin's own that is to be written, for the owner that the table wants. `values` has
    every column; None where it has no value."""

    table: str
    values: dict[str, Any]
    patient_id: int | None = None
    claim_id: int | None = None
    payer_id: str = ""


class TellDelivery(msgspec.Struct, frozen=True, kw_only=True, tag="deliver"):
    """A delivery that is to stand in the registry, as this source tells of it; `row` has the columns of a document of
    deliveries (`gateway.core.model.belongings_file.DeliveryRow`), as text."""

    source: str
    row: dict[str, Any]


class TellEquipment(msgspec.Struct, frozen=True, kw_only=True, tag="equip"):
    """A piece of equipment that is to stand in the registry, as this source tells of it; `row` has the columns of a
    document of equipment (`gateway.core.model.belongings_file.EquipmentRow`), as text."""

    source: str
    row: dict[str, Any]


class MakeClaim(msgspec.Struct, frozen=True, kw_only=True, tag="make"):
    """A claim that is to enter the gateway. `key` names its cause within the plugin, `number` is its CLM01, `content`
    its segments (`gateway.core.x12.stored`), `cents` its charge."""

    key: str
    number: str
    content: bytes
    cents: int
    why: str

    @property
    def claim(self) -> Claim:
        """The claim, to look at."""
        from gateway.core.x12.claim import Claim
        from gateway.core.x12.stored import StoredClaim

        return Claim(StoredClaim.unpack(self.content), "desk")


class AskStatus(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """A claim whose payer is to be asked how it stands (276)."""

    claim_id: int


Act = OpenItem | CloseItem | Note | KeepRow | TellDelivery | TellEquipment | MakeClaim | AskStatus


TOLD = ("does", "what", "about", "dollars", "why")
"""The columns in which acts are told to people."""


def told(acts: Iterable[Act]) -> Iterator[tuple[str, str, str, Decimal | None, str]]:
    """What these acts would do, a row for each, by the columns of `TOLD`."""
    from gateway.core.model.money import to_dollars

    for act in acts:
        if isinstance(act, MakeClaim):
            about = _about(act.claim)
            yield "make a claim", act.number, about, to_dollars(act.cents), act.why
        elif isinstance(act, OpenItem):
            claim = f", claim {act.claim_id}" if act.claim_id is not None else ""
            yield "open a work item", act.kind, f"team {act.team}{claim}", to_dollars(act.cents), act.reason
        elif isinstance(act, CloseItem):
            yield "close a work item", act.key, "", None, act.outcome
        elif isinstance(act, AskStatus):
            yield "ask the payer", str(act.claim_id), "", None, "How the claim stands (276)."
        elif isinstance(act, Note):
            yield "note on a claim", str(act.claim_id), "", None, act.what
        elif isinstance(act, TellDelivery):
            row = act.row
            what = f"{row.get('quantity', '1')} x {row['code']} on {row['delivered_on']}"
            yield "record a delivery", what, f"order {row['order_number']}", None, f"told by {act.source}"
        elif isinstance(act, TellEquipment):
            row = act.row
            what = f"{row['code']} from {row['started_on']}"
            yield "record equipment", what, row.get("ownership", "rented"), None, f"told by {act.source}"
        else:
            owner = (act.patient_id, "patient"), (act.claim_id, "claim"), (act.payer_id or None, "payer")
            whose = next((f"{word} {value}" for value, word in owner if value is not None), "")
            values = ", ".join(f"{name}={value}" for name, value in act.values.items() if value is not None)
            yield "keep a row", act.table, whose, None, values


def _about(claim: Claim) -> str:
    """Payer, days and items of a claim, in a few words."""
    items = ", ".join(" ".join((line.code, *line.modifiers)) for line in claim.lines)
    days = {day.isoformat() for day in (claim.from_date, claim.thru_date) if day is not None}
    return f"payer {claim.payer.id}, {' to '.join(sorted(days))}, {items}"
