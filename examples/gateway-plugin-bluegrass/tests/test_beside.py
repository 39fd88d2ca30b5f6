"""What Bluegrass does beside the chains."""

import datetime as dt
from decimal import Decimal

import pytest
from gateway.plugins import ClaimView
from gateway.plugins.calling import NotTaken
from gateway.plugins.testing import (
    TODAY,
    make_claim_view,
    make_hold_view,
    make_item_view,
    make_patient_view,
    make_table,
    plugin_desk,
)

import gateway_plugin_bluegrass as bluegrass

PAYER = "00752"


def months(count: int, code: str = "E0601", patient: int = 1, state: str = "accepted") -> list[ClaimView]:
    """Claims for so many months of a rental."""
    return [
        make_claim_view(
            code,
            "RR",
            id=100 * patient + month,
            payer_id=PAYER,
            patient_id=patient,
            state=state,
            charge="150",
            from_date=dt.date(2025, 1, 1) + dt.timedelta(days=31 * month),
        )
        for month in range(count)
    ]


@pytest.mark.parametrize(("count", "told"), [(8, 0), (9, 1), (10, 1)])
def test_a_rental_is_told_when_one_month_is_left(count: int, told: int) -> None:
    desk = plugin_desk(bluegrass, claims=months(count))
    desk.schedule("ending")
    assert len(desk.opened) == told
    for item in desk.opened:
        assert f"E0601: {count} of 10 months are billed" in item.reason
        assert (item.team, item.cents, item.claim_id) == ("billing", 150_00, 100 + count - 1)


def test_what_was_denied_or_is_another_payers_does_not_count() -> None:
    others = [claim._replace(payer_id="90101") for claim in months(10, patient=2)]
    desk = plugin_desk(bluegrass, claims=[*months(10, state="denied"), *others])
    assert desk.schedule("ending") == []


def test_its_command_lists_the_rentals_with_few_months_left() -> None:
    claims = [*months(9), *months(3, "E0570", patient=2), *months(2, "K0001", patient=3)]
    desk = plugin_desk(bluegrass, claims=claims)
    rows = desk.command("rentals", left="3")
    assert [(row["item"], row["billed"], row["left"]) for row in rows] == [("E0601", 9, 1), ("E0570", 3, 3)]
    assert desk.acts == []


def test_its_report_adds_up_what_its_rules_keep_back() -> None:
    holds = [
        make_hold_view("BG-1", id=1, claim_id=1, charge="100.10"),
        make_hold_view("BG-1", id=2, claim_id=1, charge="100.10", line=2),
        make_hold_view("BG-1", id=3, claim_id=2, charge="50", opened_on=TODAY - dt.timedelta(days=9)),
        make_hold_view("BG-5", id=4, claim_id=2, charge="50", released_on=TODAY),
        make_hold_view("R1.02", id=5, claim_id=3),
    ]
    desk = plugin_desk(bluegrass, holds=holds)
    oldest = (TODAY - dt.timedelta(days=9)).isoformat()
    assert desk.report("held") == [{"rule": "BG-1", "claims": 2, "dollars": "150.10", "oldest": oldest}]
    assert [row["rule"] for row in desk.report("held", released="yes")] == ["BG-1", "BG-5"]
    (row,) = desk.report("held", since=str(TODAY - dt.timedelta(days=5)))
    assert Decimal(row["dollars"]) == Decimal("100.10")
    counts = {sample.labels["rule"]: sample.value for sample in desk.metric("holds")}
    assert (counts["BG-1"], counts["BG-5"]) == (3, 0)


def test_its_route_says_for_how_long_an_item_is_rented() -> None:
    desk = plugin_desk(bluegrass, today=dt.date(2025, 6, 1))
    assert desk.request("GET", "/rentals/e0260").body["months"] == 13
    refused = desk.request("GET", "/rentals/A7030")
    assert (refused.status, refused.detail) == (404, "Bluegrass Medical Assistance does not rent A7030 today.")


def test_a_table_that_ends_is_told_until_it_goes_on() -> None:
    ends = [{"code": "E0601", "months": "10", "valid_to": "2026-03-20"}]
    desk = plugin_desk(bluegrass, tables={"bluegrass_rentals": make_table("bluegrass_rentals", ends)})
    desk.tell("gateway_started")
    (item,) = desk.opened
    assert (item.key, item.work_by) == ("E0601:2026-03-20", dt.date(2026, 3, 20))
    assert "ends on 03/20/2026, and nothing follows" in item.reason

    goes_on = [*ends, {"code": "E0601", "months": "13", "valid_from": "2026-03-21"}]
    table = make_table("bluegrass_rentals", goes_on)
    known = make_item_view("bluegrass_table_end", item.key)
    desk = plugin_desk(bluegrass, items=[known], tables={"bluegrass_rentals": table})
    desk.tell("configuration_taken")
    assert [act.key for act in desk.closed] == [item.key]
    assert desk.opened == []


def test_what_did_not_leave_is_told_at_the_stop_and_forgotten_at_the_start() -> None:
    desk = plugin_desk(bluegrass, claims=months(2, state="ready"))
    desk.tell("gateway_stopping")
    (item,) = desk.opened
    assert "stopped with 2 Bluegrass claims of $300.00 ready to leave" in item.reason
    assert plugin_desk(bluegrass, claims=months(2)).tell("gateway_stopping") == []

    desk = plugin_desk(bluegrass, items=[make_item_view("bluegrass_left_ready", item.key)])
    desk.tell("gateway_started")
    assert [act.key for act in desk.closed] == [item.key]


def test_answers_are_noted_and_an_item_that_is_not_used_is_picked_up() -> None:
    known = make_patient_view(7, source_ids={"billing": "P7"})
    desk = plugin_desk(bluegrass, patients=[known])
    answer = {"patient_id": "P7", "code": "E0601", "asked_on": "2026-02-20"}
    assert desk.drop("answers", [{**answer, "used": True}]) == "1 answers are noted."
    assert [(row.patient_id, row.values) for row in desk.kept] == [
        (7, {"code": "E0601", "asked_on": dt.date(2026, 2, 20)})
    ]
    assert desk.opened == []
    desk.drop("answers", [{**answer, "used": False}])
    assert [(item.key, item.team) for item in desk.opened] == [("7:E0601:2026-02-20", "billing")]


def test_an_answer_about_somebody_unknown_is_told_and_the_others_are_noted() -> None:
    desk = plugin_desk(bluegrass, patients=[make_patient_view(7, source_ids={"billing": "P7"})])
    told = desk.drop("answers", b"patient_id,code,asked_on,used\nP7,E0601,2026-02-20,yes\nP8,E0601,2026-02-20,yes\n")
    assert [(row["row"], row["item"]) for row in told] == [(2, "E0601")]
    assert len(desk.kept) == 1


def test_an_answer_without_its_patient_is_refused_with_the_whole_document() -> None:
    desk = plugin_desk(bluegrass, patients=[make_patient_view(7, source_ids={"billing": "P7"})])
    with pytest.raises(NotTaken, match="line 3: patient_id, or member_id with birth_date"):
        desk.drop("answers", b"patient_id,code,asked_on,used\nP7,E0601,2026-02-20,yes\n,E0601,2026-02-20,yes\n")
    assert desk.kept == []
