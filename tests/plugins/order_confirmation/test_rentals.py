"""The months of rentals that run: billed each once, by their number, until the cap, a return, a death or a doubt."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.x12.claim import Claim
from gateway.plugins import HistoryLine
from gateway.plugins.months import add_months
from gateway.plugins.testing import (
    DeskContext,
    make_claim,
    make_claim_view,
    make_equipment,
    make_history,
    make_line,
    make_line_payment,
    make_order,
    make_patient_view,
    make_table,
    plugin_desk,
)

from .shipped import CONFIRMATION, SETTINGS, TABLES

items: Any = importlib.import_module(f"{CONFIRMATION.__name__}.items")
rentals: Any = importlib.import_module(f"{CONFIRMATION.__name__}.rentals")
desk_settings: Any = importlib.import_module(f"{CONFIRMATION.__name__}.settings")

START = dt.date(2026, 1, 15)


def month_of(number: int) -> str:
    return "KH" if number == 1 else "KI" if number <= 3 else "KJ"


def billed_months(count: int, code: str = "E0601", start: dt.date = START, **change: Any) -> list[HistoryLine]:
    capped = code != "E1390"
    return [
        make_history(
            code,
            "RR",
            *([month_of(number)] if capped else []),
            "KX",
            from_date=add_months(start, number - 1),
            claim_number=f"SW{number}",
        )._replace(**change)
        for number in range(1, count + 1)
    ]


def claim_of(billed: HistoryLine, filing_code: str = "MB", line: dict[str, Any] | None = None) -> Claim:
    assert billed.from_date is not None
    segments = make_line(billed.code, *billed.modifiers, from_date=billed.from_date, **(line or {}))
    return make_claim(segments, claim_number=billed.claim_number, filing_code=filing_code)


def desk_on(
    day: dt.date,
    lines: list[HistoryLine],
    claim: dict[str, Any] | None = None,
    chosen: dict[str, Any] | None = None,
    source: str = "billing",
    **past: Any,
) -> DeskContext:
    claims = {at: claim_of(line, **(claim or {})) for at, line in enumerate(lines, start=1)}
    views = [
        make_claim_view(
            line.code, *line.modifiers, id=at, number=line.claim_number, state=line.state, from_date=line.from_date
        )._replace(source=source)
        for at, line in enumerate(lines, start=1)
        if line.from_date is not None
    ]
    view = make_patient_view(1, history=lines, **past)
    settings = {**SETTINGS, "rentals": "all", **(chosen or {})}
    return plugin_desk(CONFIRMATION, settings, today=day, patients=[view], claims=views, whole=claims, tables=TABLES)


def said(kit: DeskContext, **options: str) -> list[tuple[int, str, str]]:
    return [(row["month"], row["from_date"], row["said"]) for row in kit.command("rentals", **options)]


@pytest.mark.rule("R1.04")
@pytest.mark.parametrize(("day", "makes"), [(dt.date(2026, 2, 14), False), (dt.date(2026, 2, 15), True)])
def test_a_month_is_billed_when_it_has_begun(day: dt.date, makes: bool) -> None:
    kit = desk_on(day, billed_months(1))
    kit.schedule("rentals")
    assert [made.key for made in kit.made] == (["rental 1 E0601 2026-02-15"] if makes else [])


def test_what_a_billing_system_bills_is_billed_on_by_it() -> None:
    lines = billed_months(1)
    for source, makes in (("billing", False), ("plugin:tested", True)):
        kit = desk_on(dt.date(2026, 2, 20), lines, chosen={"rentals": "orders"}, source=source)
        kit.schedule("rentals")
        assert bool(kit.made) == makes, source
    lapsed = desk_on(dt.date(2026, 5, 20), lines, chosen={"rentals": "orders"})
    lapsed.schedule("rentals")
    assert not lapsed.acts


@pytest.mark.rule("R1.02")
@pytest.mark.parametrize(("billed", "modifier"), [(1, "KI"), (2, "KI"), (3, "KJ"), (12, "KJ")])
def test_a_month_has_the_modifier_of_its_number(billed: int, modifier: str) -> None:
    kit = desk_on(add_months(START, billed), billed_months(billed))
    kit.schedule("rentals")
    (made,) = kit.made
    assert made.claim.lines[0].modifiers == ("RR", modifier, "KX")
    assert made.claim.lines[0].dates.start == add_months(START, billed)
    assert made.claim.id == f"RM1-E0601-{add_months(START, billed):%y%m%d}"


@pytest.mark.rule("R1.03")
@pytest.mark.parametrize(
    ("code", "months", "makes"),
    [
        ("E0601", 12, True),
        ("E0601", 13, False),
        ("E1390", 35, True),
        ("E1390", 36, False),
        ("B9002", 14, True),
        ("B9002", 15, False),
    ],
)
def test_a_rental_ends_with_its_cap(code: str, months: int, makes: bool) -> None:
    kit = desk_on(add_months(START, months), billed_months(months, code))
    found = said(kit)
    assert [bool(kit.made), found[0][2]] == [makes, "made" if makes else "all of its months are billed"]
    assert not kit.opened


@pytest.mark.rule("R1.04")
def test_a_month_that_the_payer_refused_does_not_count_and_is_not_billed_again() -> None:
    lines = billed_months(3)
    refused = make_line_payment(
        "E0601", from_date=add_months(START, 2), paid="0", reasons=[("CO", "50", "100", "denial")], claim_number="SW3"
    )
    kit = desk_on(add_months(START, 3), lines, payments=[refused])
    assert said(kit) == [(3, "2026-04-15", "made")]
    assert kit.made[0].claim.lines[0].modifiers == ("RR", "KI", "KX")


@pytest.mark.rule("R1.04")
@pytest.mark.rule("R1.03")
@pytest.mark.parametrize(("state", "says"), [("denied", "made"), ("paid", "all of its months are billed")])
def test_a_first_month_that_was_paid_in_the_end_counts(state: str, says: str) -> None:
    # It was denied at first, so the second was month 1 as well.
    first, *others = billed_months(13)
    again = others[0]._replace(modifiers=("RR", "KH", "KX"))
    kit = desk_on(add_months(START, 13), [first._replace(state=state), again, *others[1:]])
    assert [one[2] for one in said(kit)] == [says]


@pytest.mark.rule("R1.03")
@pytest.mark.rule("R1.05")
@pytest.mark.parametrize(
    ("missed", "state", "says"),
    [(1, "denied", "made"), (1, "paid", "all of its months are billed"), (4, "paid", "made")],
)
def test_month_one_again_after_a_break_that_is_not_long_begins_no_count(missed: int, state: str, says: str) -> None:
    (first,) = billed_months(1, state=state)
    after = billed_months(12, start=add_months(START, 1 + missed))
    kit = desk_on(add_months(START, 13 + missed), [first._replace(claim_number="SW0"), *after])
    assert [one[2] for one in said(kit)] == [says]


def test_the_same_month_is_made_once() -> None:
    kit = desk_on(dt.date(2026, 2, 20), billed_months(1))
    kit.schedule("rentals")
    assert len(kit.made) == 1
    kit.schedule("rentals")
    assert not kit.made
    assert said(kit) == [(2, "2026-02-15", "made before")]


def test_a_preview_shows_what_would_be_made_and_makes_nothing() -> None:
    kit = desk_on(dt.date(2026, 2, 1), billed_months(1))
    (row,) = kit.command("rentals", through="2026-02-28", preview="yes")
    assert (row["said"], row["claim"], row["dollars"], row["modifiers"]) == (
        "to be made",
        "RM1-E0601-260215",
        "100.00",
        "RR KI KX",
    )
    assert not kit.acts
    assert [one["said"] for one in kit.report("rental_months", through="2026-02-28")] == ["to be made"]


def test_a_month_that_has_not_begun_is_shown_and_not_made() -> None:
    kit = desk_on(dt.date(2026, 2, 20), billed_months(1))
    assert said(kit, through="2026-03-31") == [
        (2, "2026-02-15", "made"),
        (3, "2026-03-15", "its month has not begun"),
    ]
    assert [made.key for made in kit.made] == ["rental 1 E0601 2026-02-15"]


@pytest.mark.parametrize(
    ("ended", "makes"), [(dt.date(2026, 2, 14), False), (dt.date(2026, 2, 15), False), (dt.date(2026, 2, 16), True)]
)
def test_a_rental_ends_when_the_equipment_is_given_back(ended: dt.date, makes: bool) -> None:
    piece = make_equipment("E0601", started_on=START, ended_on=ended)
    kit = desk_on(dt.date(2026, 2, 20), billed_months(1), equipment=[piece])
    assert [one[2] for one in said(kit)] == ["made" if makes else "the equipment was given back"]


def test_a_piece_that_was_changed_for_another_ends_no_rental() -> None:
    pieces = [
        make_equipment("E0601", started_on=START, ended_on=dt.date(2026, 2, 1), serial="A"),
        make_equipment("E0601", started_on=dt.date(2026, 2, 1), serial="B"),
    ]
    assert [one[2] for one in said(desk_on(dt.date(2026, 2, 20), billed_months(1), equipment=pieces))] == ["made"]


@pytest.mark.rule("R1.05")
def test_after_a_break_the_months_begin_on_the_day_of_the_return() -> None:
    pieces = [
        make_equipment("E0601", started_on=START, ended_on=dt.date(2026, 2, 1), serial="A"),
        make_equipment("E0601", started_on=dt.date(2026, 4, 3), serial="A"),
    ]
    kit = desk_on(dt.date(2026, 5, 20), billed_months(1), equipment=pieces)
    assert said(kit) == [(2, "2026-04-03", "made"), (3, "2026-05-03", "made")]


@pytest.mark.rule("R1.05")
@pytest.mark.parametrize(
    ("back", "says"), [(dt.date(2026, 4, 16), "made"), (dt.date(2026, 4, 17), "no month was billed for too long")]
)
def test_equipment_that_comes_back_after_a_long_break_waits_for_a_person(back: dt.date, says: str) -> None:
    pieces = [
        make_equipment("E0601", started_on=START, ended_on=dt.date(2026, 2, 1), serial="A"),
        make_equipment("E0601", started_on=back, serial="A"),
    ]
    kit = desk_on(dt.date(2026, 4, 20), billed_months(1), equipment=pieces)
    ((number, start, told),) = said(kit)
    assert (number, start) == (2, f"{back}")
    assert told.startswith(says)


def test_equipment_that_comes_back_after_a_year_is_not_forgotten() -> None:
    pieces = [
        make_equipment("E0601", started_on=START, ended_on=dt.date(2026, 2, 1), serial="A"),
        make_equipment("E0601", started_on=dt.date(2027, 5, 25), serial="A"),
    ]
    kit = desk_on(dt.date(2027, 6, 1), billed_months(1), equipment=pieces)
    assert len(said(kit)) == 1
    assert [item.rule for item in kit.opened] == ["R1.05"]


@pytest.mark.rule("R1.04")
@pytest.mark.parametrize(
    ("gone", "waits", "says"),
    [
        ("2026-02-05", True, "another piece came when the one before had gone, and its order waits"),
        ("2026-02-05", False, "made"),
        # The same order again by mistake, or another machine in place of the one that wore out.
        ("2026-02-14", True, "made"),
        ("", True, "made"),
    ],
)
def test_a_month_of_what_may_be_a_replacement_waits_for_its_order(gone: str, waits: bool, says: str) -> None:
    ended = dt.date.fromisoformat(gone) if gone else None
    pieces = [
        make_equipment("E0601", started_on=START, ended_on=ended, serial="A"),
        make_equipment("E0601", started_on=dt.date(2026, 2, 14), serial="B"),
    ]
    about = {"source": "billing", "order_number": "SO-2", "line": 1, "code": "E0601"}
    rows = {"awaited": [{**about, "delivered_on": dt.date(2026, 2, 14), "waits": waits}]}
    kit = desk_on(dt.date(2026, 2, 20), billed_months(1), equipment=pieces, rows=rows)
    assert said(kit) == [(2, "2026-02-15", says)]


def test_a_break_in_which_no_month_would_have_begun_changes_no_day() -> None:
    pieces = [
        make_equipment("E0601", started_on=START, ended_on=dt.date(2026, 2, 1), serial="A"),
        make_equipment("E0601", started_on=dt.date(2026, 2, 10), serial="A"),
    ]
    assert said(desk_on(dt.date(2026, 2, 20), billed_months(1), equipment=pieces)) == [(2, "2026-02-15", "made")]


def test_what_is_still_out_is_billed_on_however_late_its_last_month_was_released() -> None:
    piece = make_equipment("E0601", started_on=START)
    kit = desk_on(dt.date(2026, 5, 20), billed_months(1), equipment=[piece])
    assert [number for number, _, _ in said(kit)] == [2, 3, 4, 5]
    assert not kit.opened


@pytest.mark.rule("R1.03")
def test_once_all_months_are_billed_no_break_asks_for_a_person() -> None:
    pieces = [
        make_equipment("E0601", started_on=START, ended_on=dt.date(2027, 2, 20), serial="A"),
        make_equipment("E0601", started_on=dt.date(2027, 9, 1), serial="A"),
    ]
    kit = desk_on(dt.date(2027, 9, 20), billed_months(13), equipment=pieces)
    assert [one[2] for one in said(kit)] == ["all of its months are billed"]


@pytest.mark.parametrize(("died", "makes"), [(dt.date(2026, 2, 14), False), (dt.date(2026, 2, 15), True)])
def test_a_rental_ends_with_the_patients_death(died: dt.date, makes: bool) -> None:
    kit = desk_on(dt.date(2026, 2, 20), billed_months(1))
    whole: Any = kit._stock.whole[1]
    whole.set("PAT05", "D8")
    whole.set("PAT06", f"{died:%Y%m%d}")
    assert [one[2] for one in said(kit)] == ["made" if makes else "the patient has died"]


@pytest.mark.rule("R1.04")
@pytest.mark.parametrize(("lost", "wanted"), [("2026-03-20", [(3, "2026-03-15", "made")]), ("2026-03-10", [])])
def test_a_month_that_had_begun_before_the_item_was_lost_is_billed(lost: str, wanted: list[Any]) -> None:
    again = make_history("E0601", "RR", "KH", "RA", from_date=dt.date(2026, 3, 25), claim_number="SW8")
    pieces = [
        make_equipment("E0601", started_on=START, ended_on=dt.date.fromisoformat(lost), serial="A"),
        make_equipment("E0601", started_on=dt.date(2026, 3, 25), serial="B"),
    ]
    kit = desk_on(dt.date(2026, 4, 1), [*billed_months(2), again], equipment=pieces)
    assert said(kit) == wanted


def test_an_item_that_was_bought_is_rented_no_more() -> None:
    bought = make_history("E0601", "NU", from_date=dt.date(2026, 2, 1), claim_number="SW9")
    assert [one[2] for one in said(desk_on(dt.date(2026, 2, 20), [*billed_months(1), bought]))] == [
        "the item was bought"
    ]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("held", "its last month is held"),
        ("rejected", "the claim of its last month was refused on the way, and is to be mended first"),
        ("sent", "made"),
    ],
)
def test_a_month_waits_for_the_one_before(state: str, says: str) -> None:
    kit = desk_on(add_months(START, 2), [billed_months(1)[0], billed_months(2)[1]._replace(state=state)])
    assert [one[2] for one in said(kit)] == [says]


def test_a_month_that_was_withdrawn_is_billed_again() -> None:
    kit = desk_on(add_months(START, 1), [billed_months(1)[0], billed_months(2)[1]._replace(state="cancelled")])
    assert said(kit) == [(2, "2026-02-15", "made")]


@pytest.mark.rule("R1.05")
def test_a_rental_that_was_not_billed_for_long_waits_for_a_person() -> None:
    kit = desk_on(dt.date(2026, 5, 20), billed_months(1))
    assert said(kit)[0][2].startswith("no month was billed for too long")
    (item,) = kit.opened
    assert (item.kind, item.team, item.rule) == ("rental_stopped", "billing", "R1.05")
    assert not kit.made
    soon = desk_on(dt.date(2026, 4, 14), billed_months(1))
    assert [one[0] for one in said(soon)] == [2, 3]
    assert not soon.opened


def test_a_rental_that_ended_long_ago_is_nobodys_work() -> None:
    kit = desk_on(dt.date(2027, 6, 1), billed_months(1))
    assert said(kit) == []
    assert not kit.acts


@pytest.mark.rule("R1.03")
@pytest.mark.rule("R1.05")
@pytest.mark.parametrize(("ordered", "says"), [("2026-11-20", "made"), ("2026-01-10", "all of its months are billed")])
def test_a_new_need_after_a_long_break_begins_36_new_months_of_oxygen(ordered: str, says: str) -> None:
    # Ten months, a break, and 26 more: 36 in all, of which 26 are of the new need.
    again = [
        line._replace(claim_number=f"AG{number}")
        for number, line in enumerate(billed_months(26, "E1390", start=dt.date(2027, 3, 1)))
    ]
    orders = [make_order("E1390", ordered_on=dt.date.fromisoformat(ordered))]
    history = [*billed_months(10, "E1390"), *again]
    kit = desk_on(add_months(dt.date(2027, 3, 1), 26), history, orders=orders)
    assert [one[2] for one in said(kit)] == [says]


@pytest.mark.rule("R1.06")
def test_another_modality_of_oxygen_goes_on_with_the_count() -> None:
    liquid = [
        make_history("E0439", "RR", from_date=add_months(START, number), claim_number=f"SX{number}")
        for number in (34, 35)
    ]
    kit = desk_on(add_months(START, 36), [*billed_months(34, "E1390"), *liquid])
    assert said(kit) == [(37, f"{add_months(START, 36)}", "all of its months are billed")]


@pytest.mark.rule("R1.04")
def test_a_replacement_begins_the_count_anew_and_is_said_once() -> None:
    again = make_history("E0601", "RR", "KH", "RA", from_date=dt.date(2026, 8, 15), claim_number="SW8")
    kit = desk_on(dt.date(2026, 9, 20), [*billed_months(7), again], claim={"line": {"more": ["NTE*ADD*STOLEN"]}})
    assert said(kit) == [(2, "2026-09-15", "made")]
    (line,) = kit.made[0].claim.lines
    assert (line.modifiers, line.notes) == (("RR", "KI"), ())


def test_a_payer_without_month_modifiers_gets_none_and_a_span_stays_one() -> None:
    first = make_history("E0601", "RR", from_date=START, claim_number="SW1")
    month = {"filing_code": "MC", "line": {"thru_date": dt.date(2026, 2, 14)}}
    kit = desk_on(dt.date(2026, 2, 20), [first], claim=month)
    kit.schedule("rentals")
    (line,) = kit.made[0].claim.lines
    assert (line.modifiers, tuple(line.dates)) == (("RR",), (dt.date(2026, 2, 15), dt.date(2026, 3, 14)))


def test_rentals_of_an_inexpensive_item_are_never_more_than_its_price() -> None:
    lines = [
        make_history("E0143", "RR", from_date=add_months(START, number), claim_number=f"SW{number}", charge_cents=3000)
        for number in range(3)
    ]
    for price, makes in (("120", True), ("119.99", False)):
        sv5 = {"line": {"charge": "30", "ahead": [f"SV5*HC:E0143*DA*30*30*{price}*4"]}}
        kit = desk_on(add_months(START, 3), lines, claim=sv5)
        assert [one[2] for one in said(kit)] == ["made" if makes else "rentals would be more than the purchase price"]


def test_where_only_a_second_payers_claim_is_there_a_person_bills() -> None:
    kit = desk_on(dt.date(2026, 2, 20), billed_months(1))
    whole: Any = kit._stock.whole[1]
    whole.set("SBR01", "S")
    assert [one[2] for one in said(kit)] == ["there is no claim to bill it after"]
    assert [item.kind for item in kit.opened] == ["rental_stopped"]


@given(st.dates(dt.date(2018, 1, 1), dt.date(2030, 12, 31)), st.integers(1, 13), st.integers(0, 70))
@settings(max_examples=60, deadline=None)
def test_months_follow_each_other_without_a_gap_to_the_cap(start: dt.date, months: int, later: int) -> None:
    view = make_patient_view(1, history=billed_months(months, start=start))
    through = add_months(start, months) + dt.timedelta(days=later)
    found = list(rentals.next_months(view, items.Items(TABLES.__getitem__), desk_settings.DeskSettings(), through))
    for at, month in enumerate(found):
        assert month.number == months + 1 + at
        assert month.start == add_months(start, months + at)
        assert month.end == add_months(start, months + at + 1) - dt.timedelta(days=1)
        assert month.start <= through
        assert (month.why_not == rentals.Why.CAPPED) == (month.number > 13 and month.why_not != rentals.Why.LAPSED)
    assert found
    if found[-1].why_not is None:
        assert found[-1].end >= through


@pytest.mark.parametrize(
    ("pattern", "codes"),
    [
        ("E1390", ["E1390"]),
        ("K081[3-6]", ["K0813", "K0814", "K0815", "K0816"]),
        ("K082?", [f"K082{digit}" for digit in range(10)]),
        ("K084[0-389]", ["K0840", "K0841", "K0842", "K0843", "K0848", "K0849"]),
    ],
)
def test_a_pattern_stands_for_its_codes(pattern: str, codes: list[str]) -> None:
    assert items.expanded(pattern) == codes


def test_oxygen_whose_group_has_a_pattern_makes_one_count() -> None:
    rows = [
        {"code": "E139[01]", "group": "stationary oxygen", "months": "60"},
        {"code": "E0424", "group": "stationary oxygen", "months": "60"},
        {"code": "E1391", "group": "portable oxygen", "months": "60"},
    ]
    named = {**{name: TABLES[name] for name in TABLES}, "useful_lifetime": make_table("useful_lifetime", rows)}
    assert items.Items(named.__getitem__).together(dt.date(2026, 3, 2), "E1390") == {"E1390", "E0424"}
    assert items.Items(named.__getitem__).together(dt.date(2026, 3, 2), "E1391") == {"E1391"}
