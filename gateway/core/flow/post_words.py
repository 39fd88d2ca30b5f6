"""What became of a claim payment, for the timeline."""

from __future__ import annotations

from typing import Any

from ..model.money import to_dollars
from ..model.posting import OFF_KINDS, PATIENT_KINDS, Kind
from .post_records import Decided


def in_words(decided: Decided) -> str:
    """What became of a payment, in one plain sentence."""
    plan = decided.plan
    if decided.state == "exception" or plan is None:
        return f"A payment of ${to_dollars(decided.paid_cents):,} is not posted: {decided.reason}"
    if plan.information:
        return f"Not posted, for information only. {' '.join(plan.notes)}".rstrip()
    if plan.reverses is not None:
        return (
            f"Reversed: ${to_dollars(-decided.paid_cents):,} that the payer had paid and all its adjustments are taken "
            "back."
        )
    patient = off = denied = 0
    for line in plan.lines:
        for one in line.adjustments:
            if one.kind in PATIENT_KINDS:
                patient += one.cents
            elif one.kind in OFF_KINDS:
                off += one.cents
            elif one.kind is Kind.DENIAL:
                denied += one.cents
    words = [f"Posted: ${to_dollars(decided.paid_cents):,} paid of ${to_dollars(decided.charge_cents):,}"]
    if off:
        words.append(f"${to_dollars(off):,} taken off")
    if patient:
        words.append(f"${to_dollars(patient):,} left to the patient")
    if denied:
        words.append(f"${to_dollars(denied):,} denied")
    return f"{', '.join(words)}. {plan.next.why}".rstrip()


def routed_records(decided: Decided) -> tuple[list[Any], str]:
    """What the steps of `route` said to the denials of a payment, and in words which failed."""
    records = [step for steps in decided.routed for step in steps]
    failed = dict.fromkeys(
        f" Plugin {step['plugin']} failed in route: {step['note']}." for step in records if step["outcome"] == "failed"
    )
    return records, "".join(failed)
