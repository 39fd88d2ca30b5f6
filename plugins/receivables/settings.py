"""Settings of the receivables plugin, under `desk` in gateway.yaml."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from gateway.plugins import PluginSettings, TimeOfDay


class ReceivablesDesk(PluginSettings):
    """The follow-up of what payers owe, and the statements for what patients owe."""

    daily: TimeOfDay = Field(default="05:20", description="When the queues are worked out.")
    closing: str = Field(default="30 min", description="How often items close whose claim was decided meanwhile.")
    team: str = Field(default="followup", min_length=1, max_length=30, description="Who follows up on payers.")
    again_after: int = Field(
        default=30,
        ge=1,
        le=366,
        description="Days after which a claim that still is unpaid comes again, where its item was closed by hand.",
    )
    least: Decimal = Field(default=Decimal(0), ge=0, description="Balances below so many dollars are not followed up.")
    most_items: int = Field(
        default=20_000, ge=1, le=40_000, description="At most so many new items a day: those that cost most first."
    )
    ask: bool = Field(
        default=True, description="Ask the payer (276) about a claim that comes into the queue, where its partner can."
    )
    patient_team: str = Field(default="patient", min_length=1, max_length=30, description="Who writes to patients.")
    statement_days: int = Field(default=30, ge=1, le=366, description="Days from one statement to the next.")
    statement_least: Decimal = Field(
        default=Decimal("5.00"), ge=0, description="Patients who owe less than so many dollars get no statement."
    )
    pay_within: int = Field(default=21, ge=1, le=120, description="Days that a statement gives to pay.")
    statement_note: str = Field(
        default="Questions about this statement? Call us; we are glad to explain it.",
        max_length=400,
        description="A sentence at the foot of each statement: a telephone number, how to pay.",
    )
