"""Recording a visit: its row, and the claim where one is due."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from pydantic import ValidationError

from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimView, Desk, PatientView, RouteAnswer, RouteRequest, Rows
from gateway.plugins.rental_clock import Facts

from .calendar import Maintained, State, billed_visits, days_of, maintained, windows
from .items import Items, items_of
from .making import claim_number, is_template, maintenance_claim, visit_note
from .settings import MaintenanceDesk
from .visits import OfPatient, VisitRow, WarrantyRow, complete_days, warranties_in

BY_HAND = "maintenance_by_hand"
UNKNOWN = "maintenance_unknown"
NOT_SENT = frozenset({"faulty", "cancelled"})


class Said(NamedTuple):
    """What became of a row: the patient (None: nobody is known), the day, the number of the claim that is made (empty
    where none is), and why."""

    patient: int | None
    day: dt.date
    claim: str
    why: str


def facts_of(patient: PatientView) -> Facts:
    """What is known of a patient."""
    return Facts(patient.history, patient.payments, patient.deliveries, patient.equipment, patient.orders)


def record_visits(rows: Sequence[VisitRow], desk: Desk[MaintenanceDesk]) -> Rows:
    """The drop: every visit is kept, and billed where it is due; what stands in the way is told, row by row."""
    items = items_of(desk.table("oxygen_items"))
    seen: dict[int, list[dt.date]] = {}
    return Rows(("patient", "visited on", "claim", "why"), [record(row, desk, items, seen) for row in rows])


def record_one(desk: Desk[MaintenanceDesk], row: VisitRow) -> Rows:
    """The command: one visit."""
    return record_visits([row], desk)


def post_visit(request: RouteRequest, desk: Desk[MaintenanceDesk]) -> RouteAnswer | dict[str, object]:
    """POST /visits: one visit as JSON; answers with the claim that is made, or why none is."""
    try:
        row = VisitRow.model_validate(request.body)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors())
        return RouteAnswer(status=422, detail=f"The visit cannot be taken: {told}.")
    said = record(row, desk, items_of(desk.table("oxygen_items")), {})
    if said.patient is None:
        return RouteAnswer(status=404, detail="No such patient is known. Bring the patient in, and send it again.")
    return {"patient": said.patient, "claim": said.claim, "why": said.why}


def record(row: VisitRow, desk: Desk[MaintenanceDesk], items: Items, seen: dict[int, list[dt.date]]) -> Said:
    """Keep one visit, and have its claim made. `seen`: complete visits of the same document, by patient."""
    who = whom(row, desk)
    patient = next(desk.patients(patient_ids=[who]), None) if who is not None else None
    if patient is None:
        _say_unknown(row, desk)
        return Said(None, row.visited_on, "", "no such patient is known")
    desk.close_item(_unknown_key(row), "The patient is known by now.")
    facts = facts_of(patient)
    found = maintained(facts, items, row.visited_on, warranties_in(patient.rows("warranties")))
    before = [*complete_days(patient.rows("visits")), *seen.setdefault(patient.id, [])]
    desk.keep("visits", row.values(row.code or (found.code if found else "")), patient_id=patient.id)
    why = _why_not(row, found, facts, items, before, desk)
    if why or found is None:
        return Said(patient.id, row.visited_on, "", why)
    seen[patient.id].append(row.visited_on)
    made = _make(desk, patient, found, row, items)
    return Said(patient.id, row.visited_on, made, "" if made else "it is billed by hand, or was billed before")


def whom(row: OfPatient, desk: Desk[MaintenanceDesk]) -> int | None:
    """Our id of the patient that a row names; None where nobody is known."""
    return desk.patient(
        source=row.source, patient_id=row.patient_id, member_id=row.member_id, birth_date=row.birth_date
    )


def _say_unknown(row: VisitRow, desk: Desk[MaintenanceDesk]) -> None:
    desk.open_item(
        kind=UNKNOWN,
        key=_unknown_key(row),
        reason=f"A maintenance visit of {row.visited_on:%m/%d/%Y} is for a patient whom the gateway does not know. "
        "Bring the patient's claims or equipment in, and send the visit again.",
        team=desk.settings.team,
        rule="O-M3",
    )


def _unknown_key(row: VisitRow) -> str:
    return f"{row.visited_on}:{_digest(row):x}"


def _digest(row: VisitRow) -> int:
    """A number for whom the row names, which tells nothing of them."""
    words = f"{row.patient_id}|{row.member_id}|{row.birth_date}"
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:6], "big")


def _why_not(
    row: VisitRow,
    found: Maintained | None,
    facts: Facts,
    items: Items,
    before: Sequence[dt.date],
    desk: Desk[MaintenanceDesk],
) -> str:
    """Why no claim is made for a visit; empty where one is."""
    if not row.bill or not desk.settings.make_claims:
        return "it was not to be billed"
    if row.missing:
        return f"the record lacks {', '.join(row.missing)}"
    if row.visited_on > desk.today:
        return "the visit is yet to come"
    if found is None:
        return "month 36 has not ended, or nothing with maintenance was in use then"
    if row.code and row.code not in items.maintained:
        return f"{row.code} has no maintenance payment"
    billed = days_of(billed_visits(facts, items))
    calendar = windows(found, [*billed, *(day for day in before if day != row.visited_on)], row.visited_on)
    window = next((one for one in calendar if one.due <= row.visited_on < one.until), None)
    if window is None:
        return _not_due(found, row.visited_on)
    if window.state is State.DONE:
        return f"the maintenance of these six months was on {window.done:%m/%d/%Y}"
    return ""


def _not_due(found: Maintained, day: dt.date) -> str:
    if day < found.first:
        return f"maintenance is due from {found.first:%m/%d/%Y} on"
    if day >= found.end:
        return f"maintenance has ended on {found.end:%m/%d/%Y}"
    return "the next is not due yet"


def _make(desk: Desk[MaintenanceDesk], patient: PatientView, found: Maintained, row: VisitRow, items: Items) -> str:
    """Have the claim made; the number of it, or empty where a person must bill."""
    code = row.code or found.code
    charge = charge_of(desk, patient, code, row.visited_on)
    template = _template(desk, patient.id, items)
    key = f"{patient.id}:{row.visited_on.isoformat()}"
    if charge is None or template is None:
        lacks = "no charge is known for it" if charge is None else "no earlier oxygen claim of the patient is here"
        desk.open_item(
            kind=BY_HAND,
            key=key,
            reason=f"The maintenance visit of patient {patient.id} on {row.visited_on:%m/%d/%Y} ({code}) is to be "
            f"billed, and {lacks}. Bill it by hand.",
            team="billing",
            rule="O-M3",
        )
        return ""
    claim, line = template
    number = claim_number(patient.id, row.visited_on)
    note = visit_note(row.concentration, row.flow)
    made = maintenance_claim(claim, line, number, code, row.visited_on, charge, note)
    desk.close_item(key, "The claim is made.")
    why = f"Made for the maintenance visit of {row.visited_on:%m/%d/%Y}."
    return number if desk.make_claim(f"visit:{key}", made, why=why) else ""


def charge_of(desk: Desk[MaintenanceDesk], patient: PatientView, code: str, day: dt.date) -> Decimal | None:
    """What the supplier charges: by its price list, else as the patient's last maintenance of the item."""
    row = desk.table("maintenance_charges").find(day, code)
    if row is not None:
        return Decimal(row.values["charge"])
    last = [line for line in patient.history if line.code == code and "MS" in line.modifiers]
    return Decimal(last[-1].charge_cents).scaleb(-2) if last else None


def _template(desk: Desk[MaintenanceDesk], patient_id: int, items: Items) -> tuple[Claim, int] | None:
    """The patient's last claim with oxygen on it that can be a pattern, and the number of that line."""
    for view, number in _oxygen_claims(desk, patient_id, items):
        claim = desk.claim(view.id)
        if claim is not None and is_template(claim) and any(line.number == number for line in claim.lines):
            return claim, number
    return None


def _oxygen_claims(desk: Desk[MaintenanceDesk], patient_id: int, items: Items) -> Iterator[tuple[ClaimView, int]]:
    views = [view for view in desk.claims(patient_id=patient_id) if view.state not in NOT_SENT]
    for view in sorted(views, key=lambda one: (one.from_date or dt.date.min, one.id), reverse=True):
        number = next((line.number for line in view.lines if line.code in items.oxygen), None)
        if number is not None:
            yield view, number


def record_warranties(rows: Sequence[WarrantyRow], desk: Desk[MaintenanceDesk]) -> str:
    """The drop of labor warranties."""
    unknown = 0
    for row in rows:
        who = whom(row, desk)
        if who is None:
            unknown += 1
            continue
        desk.keep("warranties", {"code": row.code, "labor_until": row.labor_until}, patient_id=who)
    kept = f"Kept {len(rows) - unknown} of {len(rows)}"
    return f"{kept}; the others are for patients whom the gateway does not know." if unknown else f"{kept}."
