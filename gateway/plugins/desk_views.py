"""What a desk shows (a claim, a work item, a hold, a denial, a payment), and what it may be asked to have done."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

import msgspec


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
    """A refused amount of a posted payment. `state`: open until it is worked."""

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


class CloseItem(msgspec.Struct, frozen=True, kw_only=True, tag="close"):
    """A work item of the plugin's own that is to be closed."""

    key: str
    outcome: str


class Note(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """A sentence for a claim's timeline."""

    claim_id: int
    what: str


Act = OpenItem | CloseItem | Note
