"""4: when a refill may be asked for and sent, and how much.

A first shipment on 1 March 2024 for 90 days: the supply ends on 30 May; ask from 30 April, send from 20 May.
"""

from __future__ import annotations

from .life import Event, Order, RefillContact, Shipment
from .telling import claims, day, kept, listed, lived, order, rented


def machine() -> list[Event]:
    return [*rented("E0601", "2024-01-15"), order("A7034", "2024-02-01"), order("A7032", "2024-02-01")]


def mask(on: str, units: int = 1, reason: bool = False) -> Shipment:
    return Shipment(day(on), "A7034", units, 90, ("NU",), reason)


def asked(on: str, answer: bool = True, code: str = "A7034") -> RefillContact:
    return RefillContact(day(on), code, answer)


def test_a_refill_is_sent_from_ten_days_before_the_end_on() -> None:
    # 1 March and 90 days: 30 in March, 30 in April, 30 in May.
    found = lived(machine(), mask("2024-03-01"), asked("2024-05-10"), mask("2024-05-20"), upto="2024-06-30")
    assert kept(found, "A7034") == []
    found = lived(machine(), mask("2024-03-01"), asked("2024-05-10"), mask("2024-05-19"), upto="2024-06-30")
    assert kept(found, "A7034") == [("2024-05-19", "hold", "RS-2")]


def test_the_patient_is_asked_from_thirty_days_before_the_end_on() -> None:
    found = lived(machine(), mask("2024-03-01"), asked("2024-04-30"), mask("2024-06-01"), upto="2024-06-30")
    assert kept(found, "A7034") == []
    found = lived(machine(), mask("2024-03-01"), asked("2024-04-29"), mask("2024-06-01"), upto="2024-06-30")
    assert kept(found, "A7034") == [("2024-06-01", "hold", "RS-1")]


def test_a_no_or_an_answer_about_another_item_or_after_the_shipment_is_none() -> None:
    for told in (
        asked("2024-05-10", answer=False),
        asked("2024-05-10", code="A7032"),
        asked("2024-06-02"),
    ):
        found = lived(machine(), mask("2024-03-01"), told, mask("2024-06-01"), upto="2024-06-30")
        assert kept(found, "A7034") == [("2024-06-01", "hold", "RS-1")]


def test_the_first_shipment_is_no_refill() -> None:
    assert kept(lived(machine(), mask("2024-03-01"), upto="2024-03-31"), "A7034") == []


def test_before_2024_the_patient_was_asked_in_the_fortnight_before_the_shipment() -> None:
    start: list[Event] = [*rented("E0601", "2023-01-15"), order("A7034", "2023-02-01")]
    for contact, expected in (("2023-05-18", []), ("2023-05-17", [("2023-06-01", "hold", "RS-1")])):
        found = lived(start, mask("2023-03-01"), asked(contact), mask("2023-06-01"), upto="2023-06-30")
        assert kept(found, "A7034") == expected


def test_more_than_the_usual_needs_a_reason() -> None:
    assert kept(lived(machine(), mask("2024-03-01", 2), upto="2024-03-31"), "A7034") == [("2024-03-01", "hold", "RS-3")]
    assert kept(lived(machine(), mask("2024-03-01", 2, reason=True), upto="2024-03-31"), "A7034") == []


def test_monthly_items_come_threefold_for_three_months() -> None:
    for units, days, expected in (
        (6, 90, []),
        (7, 90, [("2024-03-01", "hold", "RS-3")]),
        (2, 30, []),
        (3, 30, [("2024-03-01", "hold", "RS-3")]),
    ):
        told = Shipment(day("2024-03-01"), "A7032", units, days, ("NU",))
        assert kept(lived(machine(), told, upto="2024-03-31"), "A7032") == expected


def test_what_was_sent_ten_days_early_counts_for_the_time_that_it_is_used() -> None:
    # Sent on 20 May, used from 30 May: the next may be sent when the formula says, 90 days after 20 May less ten.
    told = [mask("2024-03-01"), asked("2024-05-10"), mask("2024-05-20"), asked("2024-08-15"), mask("2024-08-28")]
    assert kept(lived(machine(), told, upto="2024-09-30"), "A7034") == []


def test_strips_are_fewer_without_insulin() -> None:
    told: list[Event] = [
        order(("E0607", "A4253"), "2024-01-15"),
        Shipment(day("2024-01-15"), "A4253", 3, 90, ("NU",), narrative=True),
    ]
    assert kept(lived(told, insulin=True, upto="2024-01-31")) == []
    assert kept(lived(told, insulin=False, upto="2024-01-31")) == [("2024-01-15", "hold", "RS-3")]


def test_supplies_need_their_machine_on_file_or_a_word_about_it() -> None:
    told = Shipment(day("2024-03-01"), "A7034", 1, 90, ("NU",))
    assert kept(lived(order("A7034", "2024-02-01"), told, upto="2024-03-31")) == [("2024-03-01", "hold", "RS-5")]
    named = Shipment(day("2024-03-01"), "A7034", 1, 90, ("NU",), narrative=True)
    assert kept(lived(order("A7034", "2024-02-01"), named, upto="2024-03-31")) == []
    assert kept(lived(machine(), told, upto="2024-03-31")) == []


def test_an_order_that_has_ended_is_renewed_first() -> None:
    ends = Order(day("2024-02-01"), "paper", ("A7034",), day("2024-02-01"), ends=day("2024-06-01"))
    start: list[Event] = [*rented("E0601", "2024-01-15"), ends]
    told = [mask("2024-03-01"), asked("2024-05-28")]
    assert kept(lived(start, told, mask("2024-06-01"), upto="2024-06-30"), "A7034") == []
    found = lived(start, told, mask("2024-06-02"), upto="2024-06-30")
    assert kept(found, "A7034") == [("2024-06-02", "hold", "RS-4")]


def test_the_due_list_tells_when_to_ask_and_from_when_to_send() -> None:
    found = lived(machine(), mask("2024-03-01"), upto="2024-06-30")
    assert listed(found, "RS-1") == [("2024-04-30", "2024-05-30", "ship from 2024-05-20")]
    assert claims(found, "A7034") == [("2024-03-01", "NU")]
    assert [due.units for due in found if due.kind == "due"] == [1]
