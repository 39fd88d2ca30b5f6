"""What a plugin step may answer, and what a claim or payment carries away from it.

A step answers None (go on), findings, or one of the outcomes below; never a bare bool.
"""

from __future__ import annotations

import datetime as dt
import enum

import msgspec


class Severity(enum.StrEnum):
    """How much a finding weighs. REJECT: a payer refuses it for certain. HOLD: needs a person or a document
    first. WARN: bill, but show it. INFO: shown on the timeline only. REJECT and HOLD keep the claim back."""

    INFO = "info"
    WARN = "warn"
    HOLD = "hold"
    REJECT = "reject"


class HoldType(enum.StrEnum):
    """The four holds of the back office: certificate or prescription, prior authorization, automated system
    hold, manual hold (hme-billing-rules 11, 2)."""

    PRESCRIPTION = "RX"
    AUTHORIZATION = "PAR"
    SYSTEM = "SYS"
    MANUAL = "MAN"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something a rule noticed. `rule` is its id (`R1.02`), `message` a plain sentence that says what to do
    (no names, no member ids). `place` is X12's reference (`2400 SV101-3`), `line` the service line's number
    (0: the claim). `team` owns it when it holds: documentation, authorization, confirmation, billing,
    respiratory, ... `hold_type` says which of the four holds it opens."""

    rule: str
    message: str
    severity: Severity = Severity.WARN
    line: int = 0
    place: str = ""
    team: str = "billing"
    hold_type: HoldType = HoldType.SYSTEM


class Continue(msgspec.Struct, frozen=True, tag="continue", tag_field="outcome"):
    """Go on with the next step, with these findings (WARN and INFO stay on the timeline)."""

    findings: tuple[Finding, ...] = ()
    note: str = ""


class Stop(msgspec.Struct, frozen=True, tag="stop", tag_field="outcome"):
    """Skip the remaining steps of this station; the claim goes on to the next station."""

    reason: str


class Hold(msgspec.Struct, frozen=True, kw_only=True, tag="hold", tag_field="outcome"):
    """Keep the claim back until the hold is released. `expires` releases it by itself on that date."""

    reason: str
    type: HoldType = HoldType.SYSTEM
    rule: str = ""
    team: str = "billing"
    due: dt.date | None = None
    expires: dt.date | None = None
    line: int = 0


class Quarantine(msgspec.Struct, frozen=True, tag="quarantine", tag_field="outcome"):
    """Set it aside with its bytes: nothing more happens to it until a person decides."""

    reason: str
    team: str = "billing"


class RetryAfter(msgspec.Struct, frozen=True, tag="retry", tag_field="outcome"):
    """Not now: the claim waits with a system hold (the payment as an exception) that says why, and for how long."""

    seconds: float
    reason: str


Outcome = Continue | Stop | Hold | Quarantine | RetryAfter
