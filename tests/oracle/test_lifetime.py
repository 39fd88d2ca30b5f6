"""3 and 2.6: how long equipment must last, and what a replacement needs."""

from __future__ import annotations

from .life import Corrected, Delivered, Event, Lost, PickedUp, RentalAsked, StatementFiled
from .telling import claims, day, kept, listed, lived, order, rented


def replaced(code: str, on: str, how: str, modifiers: tuple[str, ...], why: str = "") -> list[Event]:
    """A replacement, with a new order."""
    return [order(code, on), Delivered(day(on), code, f"new {code}", how, modifiers=modifiers, narrative=why)]


def lost(code: str, begun: str, on: str, statement: bool = True) -> Lost:
    return Lost(day(on), code, f"serial {code} {begun}", "stolen", statement)


ENDED = "useful lifetime ended"


def test_a_chair_may_be_replaced_on_the_same_day_five_years_later_and_not_the_day_before() -> None:
    told = replaced("K0001", "2029-01-15", "lifetime", ("KX",))
    assert kept(lived(rented("K0001", "2024-01-15"), told, upto="2029-01-31")) == []
    told = replaced("K0001", "2029-01-14", "lifetime", ("KX",))
    assert kept(lived(rented("K0001", "2024-01-15"), told, upto="2029-01-31")) == [("2029-01-14", "hold", "RUL-1")]


def test_the_lifetime_of_a_leap_day_ends_on_28_february() -> None:
    told = replaced("K0001", "2029-02-28", "lifetime", ("KX",))
    assert kept(lived(rented("K0001", "2024-02-29"), told, upto="2029-02-28")) == []
    told = replaced("K0001", "2029-02-27", "lifetime", ("KX",))
    assert kept(lived(rented("K0001", "2024-02-29"), told, upto="2029-02-28")) == [("2029-02-27", "hold", "RUL-1")]


def test_a_replacement_at_the_end_is_rented_anew() -> None:
    found = lived(
        rented("K0001", "2024-01-15"), replaced("K0001", "2029-01-20", "lifetime", ("KX",)), upto="2030-12-31"
    )
    assert claims(found)[13:16] == [
        ("2029-01-20", "RR-KH-KX"),
        ("2029-02-20", "RR-KI-KX"),
        ("2029-03-20", "RR-KI-KX"),
    ]
    assert len(claims(found)) == 26


def test_ra_at_the_end_of_a_lifetime_is_for_oxygen_alone() -> None:
    told = replaced("K0001", "2029-01-15", "lifetime", ("RA", "KX"), ENDED)
    found = lived(
        rented("K0001", "2024-01-15"),
        told,
        Corrected(day("2029-01-18"), "K0001", day("2029-01-15")),
        upto="2029-01-31",
    )
    assert kept(found) == [("2029-01-15", "hold", "RUL-3")]
    assert claims(found)[-1] == ("2029-01-15", "RR-KH-KX")
    told = replaced("E1390", "2029-01-15", "lifetime", ("RA", "KX"), ENDED)
    found = lived(rented("E1390", "2024-01-15"), told, upto="2029-01-31")
    assert kept(found) == []
    assert claims(found)[-1] == ("2029-01-15", "RR-RA-KX")


def test_ra_is_on_the_first_month_alone() -> None:
    told = replaced("E1390", "2029-01-15", "lifetime", ("RA", "KX"), ENDED)
    found = lived(rented("E1390", "2024-01-15"), told, upto="2029-02-28")
    assert claims(found)[-1] == ("2029-02-15", "RR-KX")


def test_ra_that_the_source_leaves_on_the_second_month_waits() -> None:
    told = replaced("E1390", "2029-01-15", "lifetime", ("RA", "KX"), ENDED)
    second = RentalAsked(day("2029-02-15"), "E1390", ("RR", "RA", "KX"))
    found = lived(
        rented("E1390", "2024-01-15"),
        told,
        second,
        Corrected(day("2029-02-17"), "E1390", day("2029-02-15")),
        by="source",
        upto="2029-02-28",
    )
    assert kept(found) == [("2029-02-15", "hold", "O-R2")]
    assert claims(found)[-1] == ("2029-02-15", "RR-KX")


def test_oxygen_at_the_end_of_its_lifetime_needs_ra_and_its_reason() -> None:
    for modifiers, why in ((("KX",), ENDED), (("RA", "KX"), "")):
        told = replaced("E1390", "2029-01-15", "lifetime", modifiers, why)
        found = lived(rented("E1390", "2024-01-15"), told, upto="2029-01-31")
        assert kept(found) == [("2029-01-15", "hold", "O-R1")]


def test_oxygen_at_the_end_of_its_lifetime_needs_a_new_order() -> None:
    told = Delivered(day("2029-01-15"), "E1390", "new", "lifetime", modifiers=("RA", "KX"), narrative=ENDED)
    found = lived(rented("E1390", "2024-01-15"), told, upto="2029-01-31")
    assert ("2029-01-15", "hold", "O-R1") in kept(found)


def test_what_was_stolen_is_replaced_with_ra_and_the_months_begin_anew() -> None:
    told = replaced("E1390", "2025-06-10", "lost", ("RA", "KX"), "stolen on 2025-06-01")
    found = lived(rented("E1390", "2024-01-15"), lost("E1390", "2024-01-15", "2025-06-01"), told, upto="2030-12-31")
    assert kept(found) == []
    # From 15 January 2024 to 15 May 2025, seventeen months; then thirty-six.
    assert len(claims(found)) == 17 + 36
    # The lifetime is that of the new one: ninety days before 10 June 2030 is 12 March.
    assert listed(found, "RUL-2") == [("2030-03-12", "2030-06-10", "lifetime ends")]


def test_what_was_stolen_and_is_replaced_without_ra_waits() -> None:
    told = replaced("K0001", "2025-06-10", "lost", ("KX",))
    found = lived(
        rented("K0001", "2024-01-15"),
        lost("K0001", "2024-01-15", "2025-06-01"),
        told,
        Corrected(day("2025-06-14"), "K0001", day("2025-06-10")),
        upto="2025-07-31",
    )
    assert kept(found) == [("2025-06-10", "hold", "RUL-1")]
    assert claims(found)[-2:] == [("2025-06-10", "RR-KH-RA-KX"), ("2025-07-10", "RR-KI-KX")]


def test_a_loss_of_oxygen_needs_a_statement_in_the_file() -> None:
    told = replaced("E1390", "2025-06-10", "lost", ("RA", "KX"), "stolen on 2025-06-01")
    found = lived(
        rented("E1390", "2024-01-15"),
        lost("E1390", "2024-01-15", "2025-06-01", statement=False),
        told,
        StatementFiled(day("2025-06-20"), "E1390"),
        upto="2025-06-25",
    )
    assert kept(found) == [("2025-06-10", "hold", "O-R2")]
    assert (found[-1].kind, found[-1].date) == ("claim", day("2025-06-20"))


def test_another_machine_or_modality_begins_no_new_lifetime() -> None:
    swap = [
        PickedUp(day("2026-03-03"), "E1390", "serial E1390 2024-01-15"),
        Delivered(day("2026-03-03"), "E1390", "second", "swap", modifiers=("KX",), asks=False),
    ]
    found = lived(rented("E1390", "2024-01-15"), swap, upto="2028-12-31")
    # Ninety days before 15 January 2029 is 17 October 2028.
    assert listed(found, "RUL-2") == [("2028-10-17", "2029-01-15", "lifetime ends")]


def test_what_is_not_there_any_more_is_on_no_list() -> None:
    gone = PickedUp(day("2028-05-02"), "E1390", "serial E1390 2024-01-15")
    assert listed(lived(rented("E1390", "2024-01-15"), gone, upto="2029-12-31"), "RUL-2") == []


def test_the_stationary_date_governs_the_portable() -> None:
    both = [*rented("E1390", "2024-01-15", ("KX",)), *rented("E0431", "2024-09-01", ("KX",))]
    found = lived(both, upto="2029-12-31")
    assert listed(found, "RUL-2", "E0431") == [("2028-10-17", "2029-01-15", "lifetime ends")]


def test_the_portable_ends_with_the_new_stationary_whichever_claim_leaves_first() -> None:
    both = [*rented("E1390", "2024-01-15", ("KX",)), *rented("E0431", "2024-01-15", ("KX",))]
    told = [
        # The stationary one's RA was forgotten, and is put right after the portable's claim has left.
        *replaced("E1390", "2024-06-01", "lost", ("KX",)),
        *replaced("E0431", "2024-06-02", "lost", ("RA", "KX"), "stolen"),
        Corrected(day("2024-06-05"), "E1390", day("2024-06-01")),
    ]
    gone = [lost("E1390", "2024-01-15", "2024-05-20"), lost("E0431", "2024-01-15", "2024-05-20")]
    found = lived(both, gone, told, upto="2029-12-31")
    # Ninety days before 1 June 2029 is 3 March.
    assert listed(found, "RUL-2") == [
        ("2029-03-03", "2029-06-01", "lifetime ends"),
        ("2029-03-03", "2029-06-01", "lifetime ends"),
    ]


def test_a_new_portable_is_on_no_list_while_the_new_stationary_waits_for_its_ra() -> None:
    both = [*rented("E1390", "2024-01-15", ("KX",)), *rented("E0431", "2024-01-15", ("KX",))]
    told = [
        *replaced("E1390", "2029-01-15", "lifetime", ("KX",)),
        *replaced("E0431", "2029-01-15", "lifetime", ("RA", "KX"), ENDED),
        Corrected(day("2029-01-18"), "E1390", day("2029-01-15")),
    ]
    found = lived(both, told, upto="2030-12-31")
    assert listed(found, "RUL-2", "E0431") == [("2028-10-17", "2029-01-15", "lifetime ends")]


def test_both_are_replaced_together_on_the_stationary_date() -> None:
    both = [*rented("E1390", "2024-01-15", ("KX",)), *rented("E0431", "2024-09-01", ("KX",))]
    told = [
        *replaced("E1390", "2029-01-15", "lifetime", ("RA", "KX"), ENDED),
        *replaced("E0431", "2029-01-15", "lifetime", ("RA", "KX"), ENDED),
    ]
    assert kept(lived(both, told, upto="2029-01-31")) == []
    alone = replaced("E0431", "2029-01-14", "lifetime", ("RA", "KX"), ENDED)
    assert kept(lived(both, alone, upto="2029-01-31")) == [("2029-01-14", "hold", "RUL-1")]
