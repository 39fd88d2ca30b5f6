"""Claim lines against the useful lifetime of what the patient has."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.plugins.testing import (
    make_claim,
    make_delivery,
    make_equipment,
    make_history,
    make_line,
    make_table,
    plugin_context,
    rules,
)

from ..shipped import TABLES, shipped

RUL = shipped("rul")
lifetimes = sys.modules[f"{RUL.__name__}.lifetimes"]
ON = dt.date(2026, 3, 2)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def line(code: str, *modifiers: str, on: dt.date = ON, note: str = "", **more: Any) -> list[str]:
    return make_line(code, *modifiers, from_date=on, more=(f"NTE*ADD*{note}",) if note else (), **more)


def said(*lines: list[str], chosen: dict[str, Any] | None = None, tables: Any = TABLES, **known: Any) -> list[str]:
    with plugin_context(RUL, chosen, tables=tables, **known) as context:
        return rules(context.hold(make_claim(*lines, filing_code="MB")))


def had(code: str, *modifiers: str, on: str, **more: Any) -> list[Any]:
    return [make_history(code, *modifiers, from_date=day(on), **more)]


@pytest.mark.rule("RUL-1")
@pytest.mark.parametrize(
    ("before", "modifiers", "wanted"),
    [
        (had("E0601", "RR", "KH", on="2023-03-01"), ("RR", "KH"), ["RUL-1"]),
        (had("E0470", "RR", "KH", on="2023-03-01"), ("RR", "KH"), ["RUL-1"]),
        (had("E0601", "NU", on="2023-03-01"), ("NU",), ["RUL-1"]),
        (had("E0601", "RR", "KH", on="2023-03-01"), ("RR", "KI"), []),
        (had("E0601", "RR", "KH", on="2021-03-02"), ("RR", "KH"), []),
        (had("E0601", "RR", "KH", on="2021-03-03"), ("RR", "KH"), ["RUL-1"]),
        (had("E0260", "RR", "KH", on="2023-03-01"), ("RR", "KH"), []),
        (had("E0601", "RR", "KH", on="2023-03-01", state="rejected"), ("RR", "KH"), []),
        (had("E0601", "RR", "KH", on="2023-03-01", state="denied"), ("RR", "KH"), []),
        ([], ("RR", "KH"), []),
    ],
)
def test_a_second_item_inside_its_lifetime_waits(
    before: list[Any], modifiers: tuple[str, ...], wanted: list[str]
) -> None:
    assert said(line("E0601", *modifiers), history=before) == wanted


@pytest.mark.rule("RUL-1")
@pytest.mark.parametrize(
    ("before", "now", "wanted"),
    [
        ("K0861", "K0861", ["RUL-1"]),
        ("K0800", "K0822", ["RUL-1"]),
        ("K0861", "K0005", []),
        ("K0002", "K0007", ["RUL-1"]),
        ("K0007", "K0195", []),
        ("E0255", "E0303", ["RUL-1"]),
        ("E0260", "E0193", []),
        ("E0276", "E0260", []),
        ("E0371", "E0277", ["RUL-1"]),
        ("E0471", "E0470", ["RUL-1"]),
        ("K0844", "K0861", []),
    ],
)
def test_what_replaces_each_other_is_of_one_group(before: str, now: str, wanted: list[str]) -> None:
    """A second one inside five years waits, by every code that the page names; of another group it does not."""
    assert said(line(now, "RR", "KH"), history=had(before, "RR", "KH", on="2023-03-01")) == wanted
    assert said(line(now, "RR", "KH"), history=had(before, "RR", "KH", on="2021-03-02")) == []


@pytest.mark.rule("RUL-1")
def test_a_row_with_the_code_goes_before_a_pattern() -> None:
    rows = [
        {"code": "K000?", "group": "chairs", "months": "60"},
        {"code": "K0003", "group": "light chairs", "months": "24"},
        {"code": "K000[1-5]", "group": "never", "months": "60"},
    ]
    tables = {**{name: TABLES[name] for name in TABLES}, "useful_lifetime": make_table("useful_lifetime", rows)}
    chair = had("K0001", "RR", "KH", on="2023-03-01")
    assert said(line("K0002", "RR", "KH"), tables=tables, history=chair) == ["RUL-1"]
    assert said(line("K0003", "RR", "KH"), tables=tables, history=chair) == []
    light = had("K0003", "RR", "KH", on="2023-03-01")
    assert said(line("K0001", "RR", "KH"), tables=tables, history=light) == []
    assert said(line("K0003", "RR", "KH", on=day("2025-02-28")), tables=tables, history=light) == ["RUL-1"]
    found = lifetimes.Lifetimes(tables["useful_lifetime"])
    assert found.codes("light chairs") == {"K0003"}
    assert "K0003" not in found.codes("chairs")
    assert found.codes("never") == set()


@pytest.mark.rule("RUL-1")
def test_the_lifetime_runs_from_the_delivery() -> None:
    billed = had("E0601", "RR", "KH", on="2021-03-20")
    assert said(line("E0601", "RR", "KH"), history=billed) == ["RUL-1"]
    delivered = [make_delivery("E0601", delivered_on=day("2021-03-01"))]
    assert said(line("E0601", "RR", "KH"), history=billed, deliveries=delivered) == []
    only = [make_delivery("E0601", delivered_on=day("2023-03-01"))]
    assert said(line("E0601", "RR", "KH"), deliveries=only) == ["RUL-1"]
    piece = [make_equipment("E0601", started_on=day("2023-03-01"))]
    assert said(line("E0601", "RR", "KH"), equipment=piece) == ["RUL-1"]


@pytest.mark.rule("RUL-1")
def test_the_delivery_of_the_item_itself_is_no_earlier_one() -> None:
    same_day = [make_delivery("E0601", delivered_on=ON)]
    fitted_before_discharge = [make_delivery("E0601", delivered_on=ON - dt.timedelta(days=2))]
    for_this_claim = [make_delivery("E0601", delivered_on=ON - dt.timedelta(days=9), claim_number="SW1001")]
    for deliveries in (same_day, fitted_before_discharge, for_this_claim):
        assert said(line("E0601", "RR", "KH"), deliveries=deliveries) == []
    another = [make_delivery("E0601", delivered_on=ON - dt.timedelta(days=9), claim_number="SW0007")]
    assert said(line("E0601", "RR", "KH"), deliveries=another) == ["RUL-1"]


@pytest.mark.rule("RUL-1")
def test_what_was_lost_is_replaced_with_ra_and_its_reason() -> None:
    before = had("E0601", "RR", "KH", on="2023-03-01")
    assert said(line("E0601", "RR", "KH", "RA", note="STOLEN 02/20/2026"), history=before) == []
    assert said(line("E0601", "RR", "KH", "RA"), history=before) == ["RUL-1"]
    assert said(line("E0601", "RR", "KH", "RA", note="NEW ONE WANTED"), history=before) == ["RUL-1"]


@pytest.mark.rule("RUL-1")
def test_a_replacement_begins_a_lifetime_of_its_own() -> None:
    before = had("E0601", "RR", "KH", on="2019-03-01") + had("E0601", "RR", "KH", "RA", on="2022-03-01", line=2)
    assert said(line("E0601", "RR", "KH"), history=before) == ["RUL-1"]


@pytest.mark.rule("RUL-1")
def test_another_machine_begins_none() -> None:
    # Delivered in 2020; in 2024 the supplier exchanged it, which nobody billed.
    deliveries = [make_delivery("E0601", delivered_on=day(on)) for on in ("2020-03-01", "2024-05-01")]
    assert said(line("E0601", "RR", "KH"), deliveries=deliveries) == []
    billed_too = had("E0601", "RR", "KH", on="2024-05-03")
    assert said(line("E0601", "RR", "KH"), deliveries=deliveries, history=billed_too) == ["RUL-1"]


@pytest.mark.rule("RUL-1")
def test_the_other_side_is_another_item() -> None:
    left = had("L1844", "LT", on="2025-03-01")
    assert said(line("L1844", "RT"), history=left) == []
    assert said(line("L1844", "LT"), history=left) == ["RUL-1"]
    assert said(line("L1846", "LT"), history=left) == ["RUL-1"]


@pytest.mark.rule("RUL-1")
def test_a_piece_whose_delivery_is_known_is_for_the_side_that_it_says() -> None:
    came = day("2025-03-01")
    registry: dict[str, Any] = {
        "deliveries": [make_delivery("L1844", "LT", delivered_on=came)],
        "equipment": [make_equipment("L1844", started_on=came, ownership="owned")],
    }
    assert said(line("L1844", "RT"), **registry) == []
    assert said(line("L1844", "LT"), **registry) == ["RUL-1"]
    assert said(line("L1844", "RT"), equipment=registry["equipment"]) == ["RUL-1"]


@pytest.mark.rule("RUL-1")
@pytest.mark.parametrize(("on", "wanted"), [("2023-03-02", []), ("2023-03-03", ["RUL-1"])])
def test_a_custom_knee_orthosis_lasts_three_years(on: str, wanted: list[str]) -> None:
    assert said(line("L1844", "LT"), history=had("L1844", "LT", on=on)) == wanted


@pytest.mark.rule("RUL-1")
def test_prostheses_and_what_is_switched_off_are_let_pass() -> None:
    assert said(line("L5856", "LT"), history=had("L5856", "LT", on="2025-03-01")) == []
    assert said(line("L1832", "LT"), history=had("L1832", "LT", on="2025-12-01")) == []


@pytest.mark.rule("RUL-1")
def test_what_is_not_sure_warns() -> None:
    with plugin_context(RUL, tables=TABLES, history=had("L8030", "LT", on="2025-03-01")) as context:
        decision = context.hold(make_claim(line("L8030", "LT")))
    assert rules(decision) == ["RUL-1"]
    assert decision.passes


@pytest.mark.rule("RUL-1")
@settings(max_examples=60, deadline=None)
@given(st.dates(dt.date(2000, 1, 1), dt.date(2030, 12, 31)), st.integers(-40, 40))
def test_the_first_day_is_the_same_day_five_years_later(start: dt.date, days: int) -> None:
    leap = (start.month, start.day) == (2, 29)
    first = start.replace(year=start.year + 5, day=28 if leap else start.day)
    on = first + dt.timedelta(days=days)
    wanted = ["RUL-1"] if days < 0 else []
    assert said(line("E0601", "NU", on=on), deliveries=[make_delivery("E0601", delivered_on=start)]) == wanted


@pytest.mark.rule("RUL-1")
def test_february_29_ends_on_february_28() -> None:
    leap = [make_delivery("E0601", delivered_on=day("2024-02-29"))]
    assert said(line("E0601", "RR", "KH", on=day("2029-02-27")), deliveries=leap) == ["RUL-1"]
    assert said(line("E0601", "RR", "KH", on=day("2029-02-28")), deliveries=leap) == []


# --- RUL-3


@pytest.mark.rule("RUL-3")
def test_only_oxygen_is_replaced_with_ra_at_the_end_of_its_lifetime() -> None:
    old = had("E0601", "RR", "KH", on="2020-03-01")
    assert said(line("E0601", "RR", "KH", "RA", note="RUL ENDED"), history=old) == ["RUL-3"]
    assert said(line("E0601", "RR", "KH"), history=old) == []
    oxygen = had("E1390", "RR", on="2020-03-01")
    assert said(line("E1390", "RR", "RA", note="RUL ENDED"), history=oxygen) == []


@pytest.mark.rule("RUL-3")
def test_ra_at_the_end_of_a_lifetime_that_is_not_on_record() -> None:
    assert said(line("E0601", "RR", "KH", "RA", note="RUL ENDED")) == ["RUL-3"]
    assert said(line("E0601", "RR", "KH", "RA", note="LOST IN A FIRE")) == []


# --- the calendar year


@pytest.mark.rule("RUL-YEAR")
def test_shoes_are_counted_from_january() -> None:
    in_december = had("A5500", "LT", on="2025-12-01", units="2")
    assert said(line("A5500", "LT", units="2", on=day("2026-01-05")), history=in_december) == []
    in_january = had("A5500", "LT", on="2026-01-05", units="2")
    assert said(line("A5500", "LT", units="1", on=day("2026-12-30")), history=in_january) == ["RUL-YEAR"]
    with plugin_context(RUL, tables=TABLES, history=in_january) as context:
        assert context.hold(make_claim(line("A5500", "LT", on=day("2026-12-30")))).passes


@pytest.mark.rule("RUL-YEAR")
def test_both_shoes_of_a_pair_stand_on_one_claim() -> None:
    assert said(line("A5500", "RT"), line("A5500", "LT")) == []
    assert said(line("A5500", "RT"), line("A5500", "LT"), line("A5501", "LT")) == ["RUL-YEAR"]
    assert said(*[line("A5512", "RT", units="3"), line("A5512", "LT", units="3")]) == []


# --- settings and table


def test_a_rule_can_be_switched_off() -> None:
    before = had("E0601", "RR", "KH", on="2023-03-01")
    assert said(line("E0601", "RR", "KH"), history=before, chosen={"skip": ["RUL-1"]}) == []
    with pytest.raises(ValueError, match="there is no rule RUL-9"):
        said(line("E0601"), chosen={"skip": ["RUL-9"]})


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"code": "E0601", "group": "pap", "months": "sixty"}, "needs a group and a whole number of months"),
        ({"code": "E0601", "group": "pap", "months": "60", "kind": "years"}, "kind of E0601 must be one of"),
        ({"code": "A5500", "group": "shoes", "months": "12", "kind": "calendar year"}, "needs the units"),
        ({"code": "E0601", "group": "pap", "months": "60", "weight": "heavy"}, "weight of E0601 must be one of"),
        ({"code": "K08*", "group": "power", "months": "60"}, "K08* cannot be used as a code"),
        ({"code": "E0601", "group": "pap", "months": "60"}, ""),
        ({"code": "K08[0-6]?", "group": "power", "months": "60"}, ""),
    ],
)
def test_a_row_that_cannot_be_used_is_told(row: dict[str, str], told: str) -> None:
    faults = list(lifetimes.faults({"useful_lifetime": make_table("useful_lifetime", [row])}))
    assert len(faults) == bool(told)
    assert told in "".join(faults)


@pytest.mark.rule("RUL-1")
@pytest.mark.parametrize(
    ("came", "wanted"),
    [
        ([], []),
        ([make_equipment("K0001", started_on=day("2026-01-31"), serial="A")], []),
        ([make_equipment("K0001", started_on=day("2026-02-20"), serial="B")], ["RUL-1"]),
    ],
)
def test_month_one_again_after_a_denied_first_month_is_no_second_item(came: list[Any], wanted: list[str]) -> None:
    denied = had("K0001", "RR", "KH", on="2026-01-31", state="denied")
    first = make_equipment("K0001", started_on=day("2026-01-31"), serial="A")
    again = line("K0001", "RR", "KH", on=day("2026-02-28"))
    assert said(again, history=denied, equipment=[first, *came]) == wanted


@pytest.mark.rule("RUL-1")
@pytest.mark.parametrize(
    ("serial", "note", "wanted"),
    [("A", "", []), ("B", "", ["RUL-1"]), ("", "BIN, NEW NEED SINCE FEBRUARY", []), ("", "BINDER SENT", ["RUL-1"])],
)
def test_the_same_item_that_comes_back_after_a_break_is_no_second_one(
    serial: str, note: str, wanted: list[str]
) -> None:
    before = had("K0001", "RR", "KH", on="2025-03-02")
    pieces = [
        make_equipment("K0001", started_on=day("2025-03-02"), ended_on=day("2025-03-20"), serial="A"),
        make_equipment("K0001", started_on=ON, serial=serial),
    ]
    assert said(line("K0001", "RR", "KH", note=note), history=before, equipment=pieces) == wanted


@pytest.mark.rule("RUL-1")
def test_a_new_rental_period_of_the_same_item_begins_no_new_lifetime() -> None:
    before = [*had("K0001", "RR", "KH", on="2021-03-02"), *had("K0001", "RR", "KH", on="2022-03-02")]
    pieces = [
        make_equipment("K0001", started_on=day("2021-03-02"), ended_on=day("2021-06-20"), serial="A"),
        make_equipment("K0001", started_on=day("2022-03-02"), ended_on=ON, serial="A"),
        make_equipment("K0001", started_on=ON, serial="B"),
    ]
    new = line("K0001", "RR", "KH")
    assert said(new, history=before, equipment=pieces) == []
    another = [pieces[0], pieces[1]._replace(serial="C"), pieces[2]]
    assert said(new, history=before, equipment=another) == ["RUL-1"]


@pytest.mark.rule("RUL-1")
@pytest.mark.parametrize(
    ("on", "serial", "wanted"),
    [
        ("2026-03-02", "B", ["RUL-1"]),
        ("2026-03-02", "A", []),  # the same one came back
        ("2026-02-20", "B", []),  # it was changed before, and the months went on
    ],
)
def test_another_concentrator_inside_the_lifetime_says_why(on: str, serial: str, wanted: list[str]) -> None:
    # The rental months of oxygen do not say which they are: a piece that was brought for the month does.
    before = had("E1390", "RR", on="2026-01-20")
    pieces = [
        make_equipment("E1390", started_on=day("2024-01-20"), ended_on=day("2026-02-15"), serial="A"),
        make_equipment("E1390", started_on=day(on), serial=serial),
    ]
    assert said(line("E1390", "RR"), history=before, equipment=pieces) == wanted


@pytest.mark.rule("RUL-1")
@pytest.mark.parametrize(("gone", "wanted"), [("2026-03-02", []), ("2026-03-01", ["RUL-1"])])
def test_a_concentrator_that_is_changed_on_the_day_of_its_month_is_no_second_one(gone: str, wanted: list[str]) -> None:
    # One that comes when the other had gone may be for a loss, and says why.
    pieces = [
        make_equipment("E1390", started_on=day("2024-01-02"), ended_on=day(gone), serial="A"),
        make_equipment("E1390", started_on=ON, serial="B"),
    ]
    assert said(line("E1390", "RR"), history=had("E1390", "RR", on="2026-02-02"), equipment=pieces) == wanted


@pytest.mark.rule("RUL-1")
@pytest.mark.parametrize(("state", "wanted"), [("held", []), ("sent", ["RUL-1"])])
def test_a_claim_that_is_held_gave_nothing_yet(state: str, wanted: list[str]) -> None:
    assert said(line("E0601", "NU"), history=had("E0601", "NU", on="2025-03-01", state=state)) == wanted


def pieces(code: str, *came: str) -> list[Any]:
    """Pieces that took each other's place."""
    ended = [day(one) for one in came[1:]]
    return [
        make_equipment(code, started_on=day(one), ended_on=end, serial=f"{code}-{one}")
        for one, end in zip(came, [*ended, None], strict=True)
    ]


@pytest.mark.rule("RUL-1")
@pytest.mark.rule("O-R3")
@pytest.mark.parametrize(
    ("stationary", "wanted"),
    [
        (("2021-03-02",), []),
        (("2021-03-03",), ["RUL-1"]),
        (("2021-03-02", "2026-03-02"), []),
        (("2021-02-10", "2026-02-10"), []),
        # Lost and replaced within its lifetime: the portable's date moves with it.
        (("2021-02-10", "2024-06-01"), ["RUL-1"]),
        ((), ["RUL-1"]),
    ],
)
def test_the_stationarys_lifetime_is_the_portables(stationary: tuple[str, ...], wanted: list[str]) -> None:
    equipment = [*pieces("E0431", "2021-06-10", "2026-03-02"), *(pieces("E1390", *stationary) if stationary else [])]
    history = had("E0431", "RR", on="2021-06-10")
    history += [make_history("E1390", "RR", "RA", from_date=day(one), line=2) for one in stationary[1:]]
    assert said(line("E0431", "RR"), history=history, equipment=equipment) == wanted


@pytest.mark.rule("RUL-1")
def test_a_stationary_that_was_given_back_governs_nothing() -> None:
    equipment = pieces("E0431", "2021-06-10", "2026-03-02")
    gone = make_equipment("E1390", started_on=day("2021-02-10"), ended_on=day("2023-02-10"), serial="G")
    history = had("E0431", "RR", on="2021-06-10")
    assert said(line("E0431", "RR"), history=history, equipment=[*equipment, gone]) == ["RUL-1"]
    there = gone._replace(ended_on=None)
    assert said(line("E0431", "RR"), history=history, equipment=[*equipment, there]) == []
