"""2.4 and 2.5: contents and maintenance.

Oxygen from 15 January 2024: month 36 ends on 14 January 2027; months 43, 49 and 55 begin on 15 July 2027, 15 January
2028 and 15 July 2028; the lifetime ends on 15 January 2029.
"""

from __future__ import annotations

from .life import (
    Answered,
    ContentsAsked,
    ContentsDelivered,
    Delivered,
    Event,
    Lost,
    PickedUp,
    ProofArrived,
    RepairAsked,
    StatementFiled,
    Visit,
)
from .telling import claims, day, kept, listed, lived, order, rented


def contents(code: str, on: str, months: int = 1, proven: bool = True) -> list[Event]:
    """Contents that are delivered, with their order."""
    return [order(code, on), ContentsDelivered(day(on), code, months, proven)]


def gas() -> list[Event]:
    return [*rented("E0424", "2024-01-15"), *rented("E0431", "2024-01-15")]


def concentrator() -> list[Event]:
    return [*rented("E1390", "2024-01-15"), *rented("E0431", "2024-01-15")]


def asked(code: str, *days: str) -> list[Event]:
    return [ContentsAsked(day(each), code) for each in days]


def test_stationary_contents_belong_to_gas_or_liquid_and_not_to_a_concentrator() -> None:
    told = [*contents("E0441", "2027-01-15"), *asked("E0441", "2027-01-15")]
    assert claims(lived(gas(), told, upto="2027-01-20"), "E0441") == [("2027-01-15", "")]
    found = lived(concentrator(), told, upto="2027-01-20")
    assert kept(found) == [("2027-01-15", "hold", "O-C1")]


def test_the_system_of_month_36_decides_not_the_one_of_today() -> None:
    change = [
        order("E1390", "2027-01-05"),
        PickedUp(day("2027-01-15"), "E0424", "serial E0424 2024-01-15"),
        Delivered(day("2027-01-15"), "E1390", "late", "switch", asks=False),
    ]
    told = [*contents("E0441", "2027-02-15"), *asked("E0441", "2027-02-15")]
    assert kept(lived(gas(), change, told, upto="2027-02-20")) == []


def test_portable_contents_belong_to_portable_gas_or_liquid() -> None:
    told = [*contents("E0443", "2027-01-15"), *asked("E0443", "2027-01-15")]
    assert kept(lived(concentrator(), told, upto="2027-01-20")) == []
    filling = [*rented("E1390", "2024-01-15"), *rented("K0738", "2024-01-15")]
    assert kept(lived(filling, told, upto="2027-01-20")) == [("2027-01-15", "warn", "O-C2")]


def test_contents_begin_on_the_day_after_month_36() -> None:
    told = [*contents("E0443", "2027-01-14"), *asked("E0443", "2027-01-14")]
    assert kept(lived(concentrator(), told, upto="2027-01-14")) == [("2027-01-14", "hold", "O-C5")]
    told = [*contents("E0443", "2027-01-14"), *asked("E0443", "2027-01-15")]
    assert kept(lived(concentrator(), told, upto="2027-01-15")) == []


def test_a_denied_month_puts_the_contents_off_by_a_month() -> None:
    told = [
        Answered(day("2025-07-12"), "E1390", day("2025-06-15"), "denied"),
        *contents("E0443", "2027-01-15", months=2),
        *asked("E0443", "2027-01-15", "2027-02-15"),
    ]
    found = lived(concentrator(), told, upto="2027-02-20")
    assert kept(found) == [("2027-01-15", "hold", "O-C5")]
    assert claims(found, "E0443") == [("2027-02-15", "")]


def test_contents_go_while_the_portables_own_months_still_run() -> None:
    late = [*rented("E1390", "2024-01-15"), *rented("E0431", "2024-06-15")]
    told = [*contents("E0443", "2027-01-15"), *asked("E0443", "2027-01-15")]
    found = lived(late, told, upto="2027-05-31")
    assert kept(found) == []
    assert claims(found, "E0431")[-1][0] == "2027-05-15"


def test_portable_alone_has_contents_from_the_start() -> None:
    told = [*contents("E0443", "2024-01-15"), *asked("E0443", "2024-01-15")]
    assert kept(lived(rented("E0431", "2024-01-15"), told, upto="2024-01-20")) == []


def test_one_unit_a_month() -> None:
    told = [*contents("E0443", "2027-01-15"), ContentsAsked(day("2027-01-15"), "E0443", (), 2)]
    assert kept(lived(concentrator(), told, upto="2027-01-20")) == [("2027-01-15", "hold", "O-C3")]


def test_a_month_of_contents_is_billed_once() -> None:
    told = [*contents("E0443", "2027-01-15", months=2), *asked("E0443", "2027-01-15", "2027-02-14")]
    assert kept(lived(concentrator(), told, upto="2027-02-20")) == [("2027-02-14", "hold", "O-C3")]
    told = [*contents("E0443", "2027-01-15", months=2), *asked("E0443", "2027-01-15", "2027-02-15")]
    assert kept(lived(concentrator(), told, upto="2027-02-20")) == []


def test_contents_that_were_delivered_for_two_months_cover_two() -> None:
    # 20 January and two months: until 19 March. 15 January is before, 15 February and 15 March within, 15 April after.
    told = [
        order("E0443", "2027-01-15"),
        ContentsDelivered(day("2027-01-20"), "E0443", 2, True),
        *asked("E0443", "2027-01-15", "2027-02-15", "2027-03-15", "2027-04-15"),
    ]
    found = lived(concentrator(), told, upto="2027-04-20")
    assert kept(found) == [("2027-01-15", "hold", "O-C4"), ("2027-04-15", "hold", "O-C4")]


def test_the_last_covered_day_is_the_one_before_the_months_are_over() -> None:
    told = [*contents("E0443", "2027-01-15", months=1), *asked("E0443", "2027-02-14")]
    assert kept(lived(concentrator(), told, upto="2027-02-20")) == []
    told = [*contents("E0443", "2027-01-15", months=1), *asked("E0443", "2027-02-15")]
    assert kept(lived(concentrator(), told, upto="2027-02-20")) == [("2027-02-15", "hold", "O-C4")]


def test_contents_leave_when_the_proof_of_delivery_arrives() -> None:
    told = [
        *contents("E0443", "2027-01-15", proven=False),
        *asked("E0443", "2027-01-15"),
        ProofArrived(day("2027-01-22"), "E0443", day("2027-01-15")),
    ]
    found = lived(concentrator(), told, upto="2027-01-31")
    assert kept(found) == [("2027-01-15", "hold", "O-C4")]
    assert (found[-1].kind, found[-1].date, found[-1].dos) == ("claim", day("2027-01-22"), day("2027-01-15"))


def test_more_than_three_months_at_one_delivery_wait() -> None:
    told = [*contents("E0443", "2027-01-15", months=4), *asked("E0443", "2027-01-15")]
    assert kept(lived(concentrator(), told, upto="2027-01-20")) == [("2027-01-15", "hold", "O-C3")]


def visits(*days: str) -> list[Event]:
    return [Visit(day(each), ("E1390",)) for each in days]


def test_three_visits_are_paid_in_months_43_49_and_55() -> None:
    told = visits("2027-07-15", "2028-01-15", "2028-07-15")
    found = lived(rented("E1390", "2024-01-15"), told, upto="2029-06-30")
    assert claims(found)[36:] == [("2027-07-15", "MS"), ("2028-01-15", "MS"), ("2028-07-15", "MS")]
    assert kept(found) == []


def test_a_visit_the_day_before_month_43_is_too_early() -> None:
    found = lived(rented("E1390", "2024-01-15"), visits("2027-07-14"), upto="2027-07-31")
    assert kept(found) == [("2027-07-14", "hold", "O-M2")]


def test_six_months_lie_between_two_visits() -> None:
    # The first comes late, on 3 September 2027: the next not before 3 March 2028.
    found = lived(rented("E1390", "2024-01-15"), visits("2027-09-03", "2028-03-02"), upto="2028-03-31")
    assert kept(found) == [("2028-03-02", "hold", "O-M2")]
    found = lived(rented("E1390", "2024-01-15"), visits("2027-09-03", "2028-03-03"), upto="2028-03-31")
    assert kept(found) == []


def test_no_visit_from_the_end_of_the_lifetime_on() -> None:
    told = visits("2027-07-15", "2028-01-15", "2028-07-15", "2029-01-15")
    found = lived(rented("E1390", "2024-01-15"), told, upto="2029-06-30")
    assert kept(found) == [("2029-01-15", "hold", "O-M5")]
    found = lived(rented("E1390", "2024-01-15"), visits("2029-01-14"), upto="2029-06-30")
    assert kept(found) == []


def test_a_long_labor_warranty_puts_the_first_visit_off() -> None:
    # It lasts until 31 August 2027: six months later is 29 February 2028.
    machine = [
        order("E1390", "2024-01-15"),
        Delivered(day("2024-01-15"), "E1390", "one", modifiers=("KX",), warranty_until=day("2027-08-31")),
    ]
    assert kept(lived(machine, visits("2028-02-28"), upto="2028-03-31")) == [("2028-02-28", "hold", "O-M2")]
    assert kept(lived(machine, visits("2028-02-29"), upto="2028-03-31")) == []


def test_no_visit_when_the_machine_is_gone() -> None:
    gone = PickedUp(day("2027-06-30"), "E1390", "serial E1390 2024-01-15")
    found = lived(rented("E1390", "2024-01-15"), gone, visits("2027-07-15"), upto="2027-07-31")
    assert kept(found) == [("2027-07-15", "hold", "O-M5")]


def test_a_visit_that_is_not_written_down_waits() -> None:
    told = [Visit(day("2027-07-15"), ("E1390",), documented=False)]
    assert kept(lived(rented("E1390", "2024-01-15"), told, upto="2027-07-31")) == [("2027-07-15", "hold", "O-M3")]


def test_gas_takes_no_maintenance() -> None:
    found = lived(gas(), [Visit(day("2027-07-15"), ("E0424",))], upto="2027-07-31")
    assert kept(found) == [("2027-07-15", "hold", "O-M1")]


def test_two_machines_seen_at_one_visit_are_one_claim() -> None:
    both = [*rented("E1390", "2024-01-15"), *rented("E1392", "2024-01-15")]
    found = lived(both, [Visit(day("2027-07-15"), ("E1392", "E1390"))], upto="2027-07-31")
    assert [due.code for due in found if due.modifiers == ("MS",)] == ["E1390"]


def test_labor_for_a_concentrator_is_not_billed_and_for_a_wheelchair_it_is() -> None:
    told = [RepairAsked(day("2027-07-15"), "K0739", "E1390")]
    assert kept(lived(rented("E1390", "2024-01-15"), told, upto="2027-07-31")) == [("2027-07-15", "hold", "O-M6")]
    told = [RepairAsked(day("2027-07-15"), "K0739", "K0001")]
    assert kept(lived(rented("K0001", "2024-01-15"), told, upto="2027-07-31")) == []


def test_the_calendar_without_any_visit() -> None:
    found = lived(rented("E1390", "2024-01-15"), upto="2029-12-31")
    # Thirty days before 15 July 2027 is 15 June; before 15 January 2028, 16 December; before 15 July 2028, 15 June.
    assert listed(found, "O-M2") == [
        ("2027-06-15", "2027-07-15", "due"),
        ("2027-07-15", "2027-07-15", "open"),
        ("2027-12-16", "2028-01-15", "due"),
        ("2028-01-15", "2027-07-15", "lapsed"),
        ("2028-01-15", "2028-01-15", "open"),
        ("2028-06-15", "2028-07-15", "due"),
        ("2028-07-15", "2028-01-15", "lapsed"),
        ("2028-07-15", "2028-07-15", "open"),
        ("2029-01-15", "2028-07-15", "lapsed"),
    ]


def test_the_calendar_after_a_visit_counts_from_it() -> None:
    found = lived(rented("E1390", "2024-01-15"), visits("2027-09-03"), upto="2028-03-31")
    # Six months after 3 September is 3 March; thirty days before it, 2 February (2028 is a leap year).
    assert listed(found, "O-M2") == [
        ("2027-06-15", "2027-07-15", "due"),
        ("2027-07-15", "2027-07-15", "open"),
        ("2028-02-02", "2028-03-03", "due"),
        ("2028-03-03", "2028-03-03", "open"),
    ]


def test_the_calendar_of_what_was_lost_is_over_with_it() -> None:
    lost = Lost(day("2027-07-01"), "E1390", "serial E1390 2024-01-15", "flood", statement=False)
    new = Delivered(day("2027-07-10"), "E1390", "two", "lost", modifiers=("RA", "KX"), narrative="lost in a flood")
    # Its statement comes late, and its claim waits; the window of July was the old machine's.
    late = StatementFiled(day("2027-08-20"), "E1390")
    told = [*rented("E1390", "2024-01-15"), lost, order("E1390", "2027-07-10"), new, late]
    found = lived(told, upto="2028-12-31")
    assert listed(found, "O-M2") == [("2027-06-15", "2027-07-15", "due")]
    assert ("2027-07-10", "RR-RA-KX") in claims(found, "E1390")
