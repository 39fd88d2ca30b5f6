"""KX of a positive airway pressure device from month 4 on (hme-billing-rules 4.2): R1.KX-3."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.core.model.decision import HoldType
from gateway.plugins import HistoryLine
from gateway.plugins.months import add_months
from gateway.plugins.testing import make_document, make_history

from .desk import MAC, line, medicare, said, scrubbed, scrubber, shipped, with_rule, with_table

FIRST = dt.date(2025, 1, 10)
DAY_31, DAY_91 = FIRST + dt.timedelta(days=30), FIRST + dt.timedelta(days=90)


def billed(*numbers: int, **others: Any) -> list[HistoryLine]:
    """Rental months of the device that were billed."""
    return [
        make_history(
            "E0601",
            "RR",
            "KH" if number == 1 else "KI" if number <= 3 else "KJ",
            "KX",
            from_date=add_months(FIRST, number - 1),
            claim_number=f"PAP{number:02d}",
            payer_id=MAC,
            **others,
        )
        for number in numbers
    ]


def seen(day: dt.date, *codes: str, kind: str = "medical_record") -> Any:
    return make_document(kind, *(codes or ("E0601",)), dated=day)


def of_month(number: int, *modifiers: str, past: list[HistoryLine] | None = None, **others: Any) -> list[str]:
    """What is said of a month, in the time in which it may be filed."""
    day = add_months(FIRST, number - 1)
    history = billed(*range(1, number)) if past is None else past
    settings = {"skip": ["R1.SWO-1", "R1.WOPD-1"], **others.pop("settings", {})}
    named = modifiers or ("RR", "KH" if number == 1 else "KI" if number <= 3 else "KJ", "KX")
    today = day + dt.timedelta(days=3)
    claim = medicare(line("E0601", *named, from_date=day))
    return said(claim, settings, history=history, today=today, **others)


@pytest.mark.rule("R1.KX-3")
@pytest.mark.parametrize(
    ("day", "told"),
    [
        (DAY_31 - dt.timedelta(days=1), ["R1.KX-3"]),
        (DAY_31, []),
        (DAY_91, []),
        (DAY_91 + dt.timedelta(days=1), []),  # day 91 counted from the day after the first
        (DAY_91 + dt.timedelta(days=2), ["R1.KX-3"]),
    ],
)
def test_month_4_wants_the_visit_between_day_31_and_91(day: dt.date, told: list[str]) -> None:
    assert of_month(4, documents=[seen(day)]) == told


@pytest.mark.rule("R1.KX-3")
@pytest.mark.parametrize(("number", "told"), [(1, []), (3, []), (4, ["R1.KX-3"]), (13, ["R1.KX-3"])])
def test_the_first_three_months_want_none(number: int, told: list[str]) -> None:
    assert of_month(number, documents=[seen(FIRST)]) == told


@pytest.mark.rule("R1.KX-3")
def test_where_no_record_of_the_item_is_known_it_is_asked_only_of_a_house_that_keeps_them_here() -> None:
    others = [seen(DAY_31, "E0470"), seen(DAY_31, kind="order")]
    assert of_month(4, documents=others) == []
    assert of_month(4, documents=others, settings={"medical_records": "required"}) == ["R1.KX-3"]
    assert of_month(4, documents=[seen(FIRST)], settings={"medical_records": "off"}) == []


@pytest.mark.rule("R1.KX-3")
def test_without_kx_or_for_another_payer_nothing_is_asked() -> None:
    assert of_month(4, "RR", "KJ", "GA", documents=[seen(FIRST)]) == []
    claim = medicare(
        line("E0601", "RR", "KJ", "KX", from_date=add_months(FIRST, 3)), filing_code="CI", payer_id="60054"
    )
    today = add_months(FIRST, 3)
    assert "R1.KX-3" not in said(claim, history=billed(1, 2, 3), documents=[seen(FIRST)], today=today)
    tables = with_rule("R1.KX-3", "commercial")
    assert "R1.KX-3" in said(claim, history=billed(1, 2, 3), documents=[seen(FIRST)], today=today, tables=tables)


@pytest.mark.rule("R1.KX-3")
def test_where_the_rental_began_elsewhere_nobody_knows_which_days_are_meant() -> None:
    assert of_month(6, past=billed(5), documents=[seen(FIRST)], settings={"skip": ["R1.02"]}) == []


def test_what_to_get_is_said_and_who_gets_it() -> None:
    day = add_months(FIRST, 3)
    decision, _ = scrubbed(
        medicare(line("E0601", "RR", "KJ", "KX", from_date=day)),
        history=billed(1, 2, 3),
        documents=[seen(FIRST)],
        today=day,
    )
    (opened,) = decision.holds
    assert (opened.hold.rule, opened.hold.type, opened.hold.team) == (
        "R1.KX-3",
        HoldType.PRESCRIPTION,
        "documentation",
    )
    assert "between 02/09/2025 and 04/10/2025" in opened.hold.reason
    assert "rental month 4" in opened.hold.reason


def test_another_payers_days_are_its_row() -> None:
    rows = [{"code": "E0601", "from_month": "3", "first_day": "1", "last_day": "60", "check": "warn"}]
    tables = with_table("trial_records", rows)
    assert of_month(3, documents=[seen(FIRST - dt.timedelta(days=1))], tables=tables) == ["R1.KX-3"]
    assert of_month(3, documents=[seen(FIRST)], tables=tables) == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"from_month": "0"}, "from_month is 0; it is a whole number above zero"),
        ({"last_day": "30"}, "last_day is 30, before first_day, which is 31"),
        ({"check": "maybe"}, "check is maybe"),
    ],
)
def test_a_row_that_cannot_be_used_is_explained(row: dict[str, str], why: str) -> None:
    plugin = scrubber()
    whole = {"code": "E0601", "from_month": "4", "first_day": "31", "last_day": "91", **row}
    (told,) = plugin.check_settings(plugin.ScrubberSettings(), with_table("trial_records", [whole]))
    assert why in told
    assert not list(plugin.check_settings(plugin.ScrubberSettings(), shipped()))
