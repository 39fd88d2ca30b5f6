"""The claim for a maintenance visit: made from the patient's last oxygen claim, with one line of its own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from gateway.core.x12.claim import Claim
from gateway.core.x12.stored import StoredClaim

from .calendar import MAINTENANCE

ENDS_OWN = ("LIN", "NM1", "SVD", "LQ")
"""Segments with which the loops below a service line begin."""
GOES = (("REF", "F8"), ("REF", "G1"), ("AMT", "F5"), ("NTE", ""), ("PWK", ""), ("CRC", ""), ("K3", ""))
"""Segments of the last claim that were about it alone."""


def claim_number(patient_id: int, visited_on: dt.date) -> str:
    """The number of the claim for a visit: one for a patient and day."""
    return f"MS{patient_id}-{visited_on:%Y%m%d}"


def is_template(claim: Claim) -> bool:
    """Whether a claim can be the pattern: the patient's payer was asked first with it."""
    return claim.payer_responsibility == "P" and bool(claim.lines)


def maintenance_claim(
    template: Claim, line_number: int, number: str, code: str, visited_on: dt.date, charge: Decimal, note: str
) -> Claim:
    """A claim for one maintenance visit (O-M1): one unit of the item with MS, on the day of the visit.

    Args:
        template: an earlier claim of the patient; who is billed, by whom, and the diagnoses are as there.
        line_number: its line whose ordering provider and diagnoses are taken over.
        number: the number of the new claim (CLM01).
        charge: in dollars.
        note: what was checked, for the payer; 80 characters at most.
    """
    stored = template.stored
    element, component = stored.delimiters.element, stored.delimiters.component
    starts = [index for index, raw in enumerate(stored.claim) if raw.split(element, 1)[0] == "LX"]
    ends = [*starts[1:], len(stored.claim)]
    index = next(place for place, line in enumerate(template.lines) if line.number == line_number)
    pattern = stored.claim[starts[index] : ends[index]]
    pointers = component.join(str(one) for one in template.lines[index].pointers) or "1"
    procedure = component.join(("HC", code, MAINTENANCE))
    amount = f"{charge.normalize():f}"
    line = [
        element.join(("LX", "1")),
        element.join(("SV1", procedure, amount, "UN", "1", "", "", pointers)),
        element.join(("DTP", "472", "D8", f"{visited_on:%Y%m%d}")),
        *_ordered_by(pattern, element),
    ]
    made = Claim(
        StoredClaim(
            stored.delimiters, stored.billing, stored.subscriber, stored.patient, [*stored.claim[: starts[0]], *line]
        ),
        "maintenance",
    )
    made.set("CLM01", number)
    made.set("CLM02", amount)
    made.set("CLM05-3", "1")
    for tag, qualifier in GOES:
        made.remove(tag, qualifier)
    if note:
        made.lines[0].add_note(note)
    return made


def _ordered_by(pattern: list[str], element: str) -> list[str]:
    """The loop of the ordering provider (2420E), as it stands on the line that is the pattern."""
    found: list[str] = []
    inside = False
    for raw in pattern:
        parts = raw.split(element, 2)
        if parts[0] in ENDS_OWN:
            inside = parts[0] == "NM1" and parts[1:2] == ["DK"]
        if inside:
            found.append(raw)
    return found


def visit_note(concentration: Decimal | None, flow: Decimal | None) -> str:
    """What the line's note says of the visit."""
    told = ["CHECKED INSPECTION FILTERS ALARMS"]
    if concentration is not None:
        told.append(f"O2 {concentration.normalize():f} PERCENT")
    if flow is not None:
        told.append(f"FLOW {flow.normalize():f} LPM")
    return ", ".join(told)[:80]
