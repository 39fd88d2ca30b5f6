"""A patient's past as a plugin sees it: records of facts, without a rule in them.

Amounts are dollars (Decimal); codes are upper case; dates are business dates.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple


class WaitingItem(NamedTuple):
    """An open work item of one of the patient's claims. `kind` is what happened (hold, denial, rejection ...), `rule`
    which rule opened it, `due` when it should be worked, `deadline` the date that costs money."""

    kind: str
    rule: str
    reason: str
    team: str
    due: dt.date | None
    deadline: dt.date | None
    amount: Decimal
    claim_number: str


class Reason(NamedTuple):
    """Why a payer did not pay an amount: group (CO, PR, OA, PI), CARC, its remark codes (RARC) as they came, and what
    posting made of it (`gateway.core.model.posting.Kind`: contractual, denial, coinsurance ...)."""

    group: str
    code: str
    remark: str
    amount: Decimal
    kind: str


class LinePayment(NamedTuple):
    """What one claim payment (CLP) said of one service line, as it was posted; a reversal is one with the amounts of
    what it takes back, below zero. `line` is 0 for what was posted to the claim as a whole.

    `contractual`, `patient` and `denied` are the sums of the reasons of those kinds; every reason is in `reasons`.
    `payer_id` is the payer that the claim was billed to, `paid_by` the payer's id as its remittance says it, `paid_on`
    the date of the payment, `status` CLP02.
    """

    claim_number: str
    line: int
    code: str
    modifiers: tuple[str, ...]
    from_date: dt.date | None
    thru_date: dt.date | None
    charge: Decimal
    paid: Decimal
    contractual: Decimal
    patient: Decimal
    denied: Decimal
    reasons: tuple[Reason, ...]
    payer_id: str
    paid_by: str
    paid_on: dt.date | None
    status: str
