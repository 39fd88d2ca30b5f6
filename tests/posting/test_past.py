"""What plugins see while a payment is decided: the past of the patient whose claim it pays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from gateway.core.store import patients, tables
from gateway.core.store.tables import claims, timeline

from .conftest import NOON, Desk, Line
from .made import Cas, Clp, Era, Svc

SEES = """
from gateway.plugins import hookimpl
from gateway.core.model.posting import WorkItemDraft

gateway_api = 1

@hookimpl
def post_payment(payment, match, context):
    paid = [
        f"{one.claim_number} {one.paid} of {one.charge}, off {one.contractual}, patient {one.patient}"
        f", denied {one.denied} {' '.join(f'{r.group}-{r.code}' for r in one.reasons)}"
        for one in context.payments()
    ]
    context.note("; ".join(paid) or "nothing paid")
    context.note(f"{len(context.history())} lines, {len(context.work_items())} waiting, {len(context.deliveries())}"
                 f" delivered, {len(context.equipment())} pieces, {len(context.rentals())} rentals.")
    context.open_item(WorkItemDraft(rule="LOOK", team="billing", reason="Look at this payment."))

@hookimpl
def route_denial(denial, context):
    context.note(f"Denied, after {len(context.payments())} payments.")
    context.open_item(WorkItemDraft(rule="ROUTE", team="billing", reason="Look at this denial."))
"""


def sees(desk: Desk) -> None:
    (desk.plugins / "sees.py").write_text(SEES)
    desk.post_steps = "[sees, autoposting]"
    desk.route_steps = "[sees]"


def of_one_patient(desk: Desk, *claim_ids: int) -> None:
    """These claims are the first one's patient's."""
    with desk.sql.begin() as connection:
        for table, column in ((claims, claims.c.id), (tables.claim_lines, tables.claim_lines.c.claim_id)):
            connection.execute(update(table).where(column.in_(claim_ids)).values(patient_id=claim_ids[0]))


def notes(desk: Desk, claim_id: int, station: str = "post") -> list[str]:
    with desk.sql.connect() as connection:
        rows = connection.execute(
            select(timeline.c.steps).where(timeline.c.subject_id == claim_id, timeline.c.station == station)
        ).scalars()
        found: list[Any] = []
        for steps in rows:
            found += steps["steps"] if isinstance(steps, dict) else steps or []
    return [note for step in found for note in step.get("notes", ())]


def paid(number: str, amount: str = "80", status: str = "1") -> Clp:
    left = f"{100 - int(amount)}"
    return Clp(number, [Svc("E1390", "100", amount, [Cas("CO", "45", left)], ref="L1")], status=status)


def test_what_earlier_payments_of_the_file_pay_is_there(desk: Desk) -> None:
    sees(desk)
    first = desk.claim("C-1", Line("E1390", "100", "L1", ["RR"]))
    second = desk.claim("C-2", Line("E1390", "100", "L1", ["RR"]))
    other = desk.claim("C-3", Line("E1390", "100", "L1"))
    of_one_patient(desk, first, second)
    desk.post(Era([paid("C-1"), paid("C-2", "70"), paid("C-3")]))
    assert notes(desk, first)[0] == "nothing paid"
    assert notes(desk, second)[0] == "C-1 80.00 of 100.00, off 20.00, patient 0.00, denied 0.00 CO-45"
    assert notes(desk, second)[1] == "2 lines, 0 waiting, 0 delivered, 0 pieces, 1 rentals."
    assert notes(desk, other)[0] == "nothing paid", "another patient's"
    assert [item.claim_id for item in desk.items("claim_review")] == [first, second, other]


def test_what_was_posted_before_and_what_was_taken_back_is_there(desk: Desk) -> None:
    sees(desk)
    first = desk.claim("C-1", Line("E1390", "100", "L1"))
    second = desk.claim("C-2", Line("E1390", "100", "L1"))
    of_one_patient(desk, first, second)
    refused = [Cas("CO", "45", "20"), Cas("PR", "1", "30"), Cas("CO", "50", "50")]
    desk.post(Era([Clp("C-1", [Svc("E1390", "100", "0", refused, ref="L1")])]))
    desk.post(Era([paid("C-2")], trace="EFT0002"))
    assert notes(desk, second)[0] == ("C-1 0.00 of 100.00, off 20.00, patient 30.00, denied 50.00 CO-45 PR-1 CO-50")
    assert notes(desk, first, "route") == ["Denied, after 0 payments."]
    assert sorted(item.rule for item in desk.items("claim_review")) == ["LOOK", "LOOK", "ROUTE"]


def test_a_payment_that_waits_opens_nothing(desk: Desk) -> None:
    sees(desk)
    desk.post_steps = "[sees]"
    claim_id = desk.claim("C-1", Line("E1390", "100", "L1"))
    desk.post(Era([paid("C-1")]))
    assert desk.items("claim_review") == []
    assert [item.kind for item in desk.items()] == ["posting_exception"]
    assert notes(desk, claim_id)[0] == "nothing paid", "what it said stands on the timeline"


def test_a_payment_is_decided_again_where_the_past_that_it_looked_at_changes(desk: Desk) -> None:
    sees(desk)
    claim_id = desk.claim("C-1", Line("E1390", "100", "L1"))
    file_id = desk.receive(data_of(Era([paid("C-1")])))
    seen: list[str] = []

    def meanwhile(name: str) -> None:
        if name.startswith("commit") and not seen:
            seen.append(name)
            with desk.sql.begin() as connection:
                patients.changed(connection, [claim_id])

    desk.post_file(file_id, meanwhile)
    assert seen
    assert [row.state for row in desk.payments()] == ["posted"]
    assert len(notes(desk, claim_id)) == 2, "what was decided first is not on the timeline"


def test_who_did_not_look_is_not_decided_again(desk: Desk) -> None:
    claim_id = desk.claim("C-1", Line("E1390", "100", "L1"))
    with desk.sql.connect() as connection:
        before = patients.of_claims(connection, [claim_id])[claim_id]
    desk.post(Era([paid("C-1")]))
    with desk.sql.connect() as connection:
        after = patients.of_claims(connection, [claim_id])[claim_id]
    assert after.version == before.version + 1, "what is paid is part of the patient's past"


def data_of(era: Era) -> bytes:
    from .made import make_835

    return make_835(era, usage="T")


def held(desk: Desk, claim_id: int, plugin: str) -> None:
    with desk.sql.begin() as connection:
        connection.execute(
            tables.holds.insert().values(
                id=claim_id, claim_id=claim_id, type="SYS", rule="LATER", plugin=plugin, team="billing",
                reason="The first month is not paid yet.", opened_at=NOON,
            )
        )  # fmt: skip


def test_a_payment_has_held_claims_of_the_patient_decided_again_once(desk: Desk) -> None:
    """Two payments of one file: one request. Not what a person holds, and not another patient's."""
    paid_one, paid_two = (desk.claim(f"C-{n}", Line("E1390", "100", "L1")) for n in (1, 2))
    waits, by_hand = (desk.claim(f"C-{n}", Line("E1390", "100", "L1"), state="held") for n in (3, 4))
    other = desk.claim("C-5", Line("E1390", "100", "L1"), state="held")
    of_one_patient(desk, paid_one, paid_two, waits, by_hand)
    held(desk, waits, "oxygen")
    held(desk, by_hand, "")
    held(desk, other, "oxygen")
    desk.post(Era([paid("C-1"), paid("C-2")]))
    (request,) = desk.rows(tables.requests)
    (file,) = desk.rows(tables.remittances)
    assert (request.verb, request.subject_id, request.who) == ("look", waits, "gateway")
    assert request.reason == f"A payment was posted (file {file.file_id})"
    assert [row.key for row in desk.rows(tables.outbox) if row.kind == "replay"] == [request.part_of]


def test_a_payment_that_waits_has_nothing_decided_again(desk: Desk) -> None:
    desk.post_steps = "[]"
    first, waits = desk.claim("C-1", Line("E1390", "100", "L1")), desk.claim("C-2", Line("E1390", "100", "L1"))
    of_one_patient(desk, first, waits)
    with desk.sql.begin() as connection:
        connection.execute(update(claims).where(claims.c.id == waits).values(state="held"))
    held(desk, waits, "oxygen")
    desk.post(Era([paid("C-1")]))
    assert desk.rows(tables.requests) == []
