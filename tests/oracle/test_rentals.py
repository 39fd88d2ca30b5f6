"""1.1: months of a capped rental, and breaks in need. Each example is counted by hand."""

from __future__ import annotations

from .life import (
    COMMERCIAL,
    Answered,
    Corrected,
    Decided,
    Delivered,
    Died,
    Event,
    InpatientStay,
    Moved,
    PayerChanged,
    PickedUp,
    RentalAsked,
)
from .telling import claims, day, kept, lived, order, rented


def break_of(code: str, begun: str, gone: str, back: str) -> list[Event]:
    """A rental that went and came back."""
    serial = f"serial {code} {begun}"
    return [
        *rented(code, begun),
        PickedUp(day(gone), code, serial),
        Delivered(day(back), code, serial, "again", modifiers=("KX",)),
    ]


def test_thirteen_months_are_billed_and_no_more() -> None:
    found = claims(lived(rented("E0601", "2024-01-15"), upto="2026-12-31"))
    # Month n begins n - 1 months after the delivery: 1 on 15 January 2024, 13 on 15 January 2025.
    assert found[:4] == [
        ("2024-01-15", "RR-KH-KX"),
        ("2024-02-15", "RR-KI-KX"),
        ("2024-03-15", "RR-KI-KX"),
        ("2024-04-15", "RR-KJ-KX"),
    ]
    assert found[12] == ("2025-01-15", "RR-KJ-KX")
    assert len(found) == 13


def test_months_of_the_31st_begin_on_the_last_day_of_short_months_and_on_the_31st_again() -> None:
    found = claims(lived(rented("E0601", "2024-01-31"), upto="2024-05-31"))
    assert [dos for dos, _ in found] == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]


def test_the_thirteenth_month_of_a_leap_day_begins_on_28_february() -> None:
    found = claims(lived(rented("E0601", "2024-02-29"), upto="2025-06-30"))
    assert found[1][0] == "2024-03-29"
    assert found[12][0] == "2025-02-28"
    assert len(found) == 13


def test_a_month_is_claimed_at_the_end_of_the_calendar_month_in_which_it_begins() -> None:
    found = lived(rented("E0601", "2024-01-15"), upto="2024-03-31")
    assert [due.date.isoformat() for due in found] == ["2024-01-15", "2024-02-29", "2024-03-31"]


def test_a_break_until_14_june_is_temporary_and_the_count_goes_on() -> None:
    # From 15 January, gone on 25 March: the month lasts until 14 April. By the regulation 60 days more: 15 April is the
    # first, 13 June the sixtieth, so who is back on 14 June has missed 60. By the contractors two months: 14 June is
    # their last day. New from 15 June on, by both.
    found = lived(break_of("E0601", "2025-01-15", "2025-03-25", "2025-06-14"), upto="2025-07-31")
    assert kept(found) == []
    # January, February and March were three months: June is the fourth; the next begins on the new day.
    assert claims(found)[3:] == [("2025-06-14", "RR-KJ-KX"), ("2025-07-14", "RR-KJ-KX")]


def test_a_break_until_15_june_waits_for_a_person_who_begins_a_new_period() -> None:
    found = lived(
        break_of("E0601", "2025-01-15", "2025-03-25", "2025-06-15"),
        Decided(day("2025-06-20"), "E0601", day("2025-06-15"), "new"),
        upto="2025-07-31",
    )
    assert kept(found) == [("2025-06-15", "hold", "R1.05")]
    assert claims(found)[3:] == [("2025-06-15", "RR-KH-KX"), ("2025-07-15", "RR-KI-KX")]


def test_a_break_until_15_june_waits_for_a_person_who_lets_the_count_go_on() -> None:
    found = lived(
        break_of("E0601", "2025-01-15", "2025-03-25", "2025-06-15"),
        Decided(day("2025-06-20"), "E0601", day("2025-06-15"), "resumes"),
        upto="2025-07-31",
    )
    assert claims(found)[3:] == [("2025-06-15", "RR-KJ-KX"), ("2025-07-15", "RR-KJ-KX")]


def test_around_february_the_sixty_days_are_the_later_date() -> None:
    # From 15 December 2024, gone on 20 December: the month lasts until 14 January. Two months more end on 14 March;
    # sixty days more (17 in January, 28 in February, 15 in March) on 15 March, and who is back on the 16th has missed
    # just 60.
    assert kept(lived(break_of("E0601", "2024-12-15", "2024-12-20", "2025-03-16"), upto="2025-03-31")) == []
    later = lived(break_of("E0601", "2024-12-15", "2024-12-20", "2025-03-17"), upto="2025-03-31")
    assert kept(later) == [("2025-03-17", "hold", "R1.05")]


def test_in_summer_the_two_months_are_the_later_date() -> None:
    # From 15 June, gone on 20 June: until 14 July. Two months more: until 14 September. Sixty days more (17 in July, 31
    # in August, 12 in September): until 12 September.
    assert kept(lived(break_of("E0601", "2025-06-15", "2025-06-20", "2025-09-14"), upto="2025-09-30")) == []
    later = lived(break_of("E0601", "2025-06-15", "2025-06-20", "2025-09-15"), upto="2025-09-30")
    assert kept(later) == [("2025-09-15", "hold", "R1.05")]


def test_a_break_within_the_paid_month_moves_no_day() -> None:
    serial = "serial E0601 2025-01-15"
    found = lived(
        rented("E0601", "2025-01-15"),
        PickedUp(day("2025-01-20"), "E0601", serial),
        Delivered(day("2025-02-10"), "E0601", serial, "again", modifiers=("KX",), asks=False),
        upto="2025-03-31",
    )
    assert [dos for dos, _ in claims(found)] == ["2025-01-15", "2025-02-15", "2025-03-15"]


def test_a_month_that_would_begin_in_hospital_begins_on_the_day_of_coming_home() -> None:
    found = lived(
        rented("E0601", "2025-01-15"),
        InpatientStay(day("2025-02-10"), day("2025-02-20")),
        upto="2025-03-31",
    )
    assert [dos for dos, _ in claims(found)] == ["2025-01-15", "2025-02-20", "2025-03-20"]


def test_a_claim_with_the_place_of_a_hospital_waits_and_one_from_home_does_not() -> None:
    asked = RentalAsked(day("2025-02-15"), "E0601", ("RR", "KI", "KX"), place="21")
    found = lived(rented("E0601", "2025-01-15"), asked, by="source", upto="2025-03-31")
    assert kept(found) == [("2025-02-15", "hold", "POS")]
    asked = RentalAsked(day("2025-02-15"), "E0601", ("RR", "KI", "KX"), place="12")
    assert kept(lived(rented("E0601", "2025-01-15"), asked, by="source", upto="2025-03-31")) == []


def test_a_denied_month_gives_its_number_to_the_next() -> None:
    found = lived(
        rented("E0601", "2024-01-15"),
        Answered(day("2024-02-05"), "E0601", day("2024-01-15"), "denied"),
        upto="2025-12-31",
    )
    assert claims(found)[:4] == [
        ("2024-01-15", "RR-KH-KX"),
        ("2024-02-15", "RR-KH-KX"),
        ("2024-03-15", "RR-KI-KX"),
        ("2024-04-15", "RR-KI-KX"),
    ]
    # Thirteen that count, and the one that does not.
    assert len(claims(found)) == 14


def test_a_month_with_the_modifier_of_another_number_is_rejected_until_it_is_put_right() -> None:
    found = lived(
        rented("E0601", "2024-01-15"),
        RentalAsked(day("2024-02-15"), "E0601", ("RR", "KI", "KX")),
        RentalAsked(day("2024-03-15"), "E0601", ("RR", "KJ", "KX")),
        Corrected(day("2024-03-20"), "E0601", day("2024-03-15")),
        by="source",
        upto="2024-03-31",
    )
    assert kept(found) == [("2024-03-15", "reject", "R1.02")]
    assert claims(found)[2] == ("2024-03-15", "RR-KI-KX")


def test_two_month_modifiers_are_as_wrong_as_none() -> None:
    for modifiers in (("RR", "KI", "KJ"), ("RR", "KX")):
        asked = RentalAsked(day("2024-02-15"), "E0601", modifiers)
        found = lived(rented("E0601", "2024-01-15"), asked, by="source", upto="2024-02-29")
        assert kept(found) == [("2024-02-15", "reject", "R1.02")]


def test_a_rental_without_rr_is_rejected() -> None:
    asked = RentalAsked(day("2024-02-15"), "E0601", ("KI", "KX"))
    found = lived(rented("E0601", "2024-01-15"), asked, by="source", upto="2024-02-29")
    assert kept(found) == [("2024-02-15", "reject", "R1.01")]


def source_months(count: int) -> list[Event]:
    """Months 2 to `count` of a rental from 15 January 2024, as the source numbers them."""
    asked: list[Event] = []
    for number in range(2, count + 1):
        year, month = 2024 + (number - 1) // 12, (number - 1) % 12 + 1
        modifier = "KI" if number < 4 else "KJ"
        asked.append(RentalAsked(day(f"{year}-{month:02d}-15"), "E0601", ("RR", modifier, "KX")))
    return asked


def test_the_fourteenth_month_waits_and_the_thirteenth_leaves() -> None:
    found = lived(rented("E0601", "2024-01-15"), source_months(14), by="source", upto="2025-03-31")
    assert claims(found)[-1] == ("2025-01-15", "RR-KJ-KX")
    assert kept(found) == [("2025-02-15", "hold", "R1.03")]


def test_the_fourteenth_month_leaves_as_the_thirteenth_when_an_earlier_one_is_denied() -> None:
    found = lived(
        rented("E0601", "2024-01-15"),
        source_months(14),
        Answered(day("2025-03-01"), "E0601", day("2024-12-15"), "denied"),
        by="source",
        upto="2025-03-31",
    )
    assert kept(found) == [("2025-02-15", "hold", "R1.03")]
    assert claims(found)[-1] == ("2025-02-15", "RR-KJ-KX")
    assert found[-1].date == day("2025-03-01")


def test_a_move_changes_nothing() -> None:
    still = claims(lived(rented("E0601", "2024-01-15"), upto="2024-12-31"))
    assert claims(lived(rented("E0601", "2024-01-15"), Moved(day("2024-05-02"), "TX"), upto="2024-12-31")) == still


def test_months_that_another_payer_pays_count_and_are_not_judged() -> None:
    found = lived(
        rented("E0601", "2024-01-15"),
        PayerChanged(day("2024-03-01"), COMMERCIAL),
        PayerChanged(day("2024-06-01"), "medicare"),
        upto="2024-07-31",
    )
    assert [due.payer for due in found if due.kind == "claim"] == ["medicare"] * 2 + ["commercial"] * 3 + [
        "medicare"
    ] * 2
    assert [due.modifiers for due in found[2:5]] == [None, None, None]
    assert found[5].detail == "month 6"


def test_nothing_is_claimed_after_death() -> None:
    found = claims(lived(rented("E0601", "2024-01-15"), Died(day("2024-03-15")), upto="2024-12-31"))
    assert [dos for dos, _ in found] == ["2024-01-15", "2024-02-15"]


def test_after_36_months_of_oxygen_no_month_is_claimed() -> None:
    found = claims(lived(rented("E1390", "2024-01-15", ("KX", "N1")), upto="2028-12-31"))
    # Month 36 begins 35 months after January 2024.
    assert found[-1] == ("2026-12-15", "RR-KX-N1")
    assert len(found) == 36


def test_a_long_break_after_the_36_months_begins_nothing_new() -> None:
    serial = "serial E1390 2024-01-15"
    found = lived(
        rented("E1390", "2024-01-15"),
        PickedUp(day("2027-03-01"), "E1390", serial),
        Delivered(day("2027-12-01"), "E1390", serial, "again", modifiers=("KX",), asks=False),
        upto="2028-12-31",
    )
    assert len(claims(found)) == 36
    assert kept(found) == []


def test_a_long_break_within_the_36_months_waits_for_a_person() -> None:
    found = lived(
        break_of("E1390", "2024-01-15", "2024-06-01", "2025-01-10"),
        Decided(day("2025-01-12"), "E1390", day("2025-01-10"), "new"),
        upto="2028-12-31",
    )
    assert kept(found) == [("2025-01-10", "hold", "R1.05")]
    # Five months of the first period (15 January to 15 May), and 36 of the new.
    assert len(claims(found)) == 41


def test_another_modality_by_order_goes_on_with_the_same_months() -> None:
    found = lived(
        rented("E1390", "2024-01-15"),
        order("E0439", "2024-05-20"),
        PickedUp(day("2024-05-20"), "E1390", "serial E1390 2024-01-15"),
        Delivered(day("2024-05-20"), "E0439", "serial liquid", "switch", modifiers=("KX",), asks=False),
        upto="2028-12-31",
    )
    assert kept(found) == []
    assert [due.code for due in found if due.kind == "claim"] == ["E1390"] * 5 + ["E0439"] * 31
