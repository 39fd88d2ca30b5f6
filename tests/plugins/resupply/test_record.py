"""Refill requests come in by a drop, over the API or with a command, and are kept for the patient that they name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.plugins.testing import DeskContext, make_history, make_patient_view, plugin_desk
from gateway.plugins.testing_desk import NotTaken

from .shipped import RESUPPLY, TABLES

TODAY = dt.date(2026, 5, 5)
ROW: dict[str, Any] = {
    "patient_id": "P-9",
    "code": "A7030",
    "contacted_on": "2026-05-04",
    "answer": "yes",
    "answered_by": "caregiver",
    "spoken_with": "ROWENA EXAMPLE",
    "medium": "text",
    "quantity": 1,
}


def desk() -> DeskContext:
    mask = make_history("A7030", "NU", from_date=dt.date(2026, 3, 1))
    view = make_patient_view(
        4,
        history=[mask],
        source_ids={"billing": "P-9"},
        member_id="1A23C45DE67",
        birth_date=dt.date(1950, 6, 15),
    )
    return plugin_desk(RESUPPLY, today=TODAY, patients=[view], tables=TABLES)


@pytest.mark.rule("RS-1")
def test_a_request_is_kept_with_who_answered_how_and_what() -> None:
    kit = desk()
    assert [row["said"] for row in kit.drop("refills", [ROW])] == ["kept"]
    (kept,) = kit.kept
    assert kept.patient_id == 4
    assert kept.values == {
        "code": "A7030",
        "contacted_on": dt.date(2026, 5, 4),
        "answer": True,
        "answered_by": "caregiver",
        "spoken_with": "ROWENA EXAMPLE",
        "medium": "text",
        "quantity": 1,
        "recorded_on": TODAY,
    }


def test_it_closes_the_item_that_asks_for_it() -> None:
    kit = desk()
    kit.drop("refills", [ROW])
    assert "resupply_due 4 A7030 2026-05-30" in [act.key for act in kit.closed]


def test_a_csv_of_requests_by_member_id_and_birth_date() -> None:
    document = b"member_id,birth_date,code,contacted_on,answer\n1A23C45DE67,1950-06-15,a7030,2026-05-04,no\n"
    kit = desk()
    kit.drop("refills", document)
    assert [(row.patient_id, row.values["code"], row.values["answer"]) for row in kit.kept] == [(4, "A7030", False)]


def test_a_request_of_somebody_unknown_waits_for_a_person_and_the_others_are_kept() -> None:
    kit = desk()
    said = kit.drop("refills", [{**ROW, "patient_id": "P-10"}, ROW])
    assert [row["said"] for row in said] == ["not kept: no patient with these ids is known", "kept"]
    (item,) = kit.opened
    assert (item.kind, item.team) == ("refill_unknown", "resupply")
    assert "P-10" not in item.reason + item.key


def test_the_item_of_somebody_unknown_closes_when_the_request_comes_again_and_can_be_kept() -> None:
    unknown, known = plugin_desk(RESUPPLY, today=TODAY, tables=TABLES), desk()
    unknown.drop("refills", [ROW])
    known.drop("refills", [ROW])
    assert unknown.opened[0].key in [act.key for act in known.closed]


def test_a_contact_that_lies_ahead_is_not_kept() -> None:
    kit = desk()
    said = kit.drop("refills", [{**ROW, "contacted_on": "2026-05-06"}])
    assert (said[0]["said"], kit.kept) == ("not kept: the day of contact lies ahead", [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"patient_id": ""}, "the row needs patient_id, or member_id with birth_date"),
        ({"code": "mask"}, "code"),
        ({"answer": "perhaps"}, "answer"),
        ({"medium": "pigeon"}, "medium"),
        ({"quantity": 0}, "quantity"),
    ],
)
def test_a_document_with_a_fault_is_refused_whole(change: dict[str, Any], told: str) -> None:
    kit = desk()
    with pytest.raises(NotTaken) as refused:
        kit.drop("refills", [ROW, {**ROW, **change}])
    assert "row 2" in str(refused.value)
    assert told in str(refused.value)


def test_the_same_over_the_api() -> None:
    kit = desk()
    answered = kit.request("POST", "/refills", body={**ROW, "source": "billing"})
    assert (answered.status, answered.body["rows"][0]["said"]) == (201, "kept")
    assert len(kit.kept) == 1
    refused = kit.request("POST", "/refills", body=[{**ROW, "answer": "perhaps"}])
    assert (refused.status, kit.kept) == (422, [])
    assert "answer" in refused.detail


def test_the_same_with_a_command() -> None:
    kit = desk()
    kit.command("refill", **{**ROW, "source": "billing", "quantity": "1"})
    assert [row.values["contacted_on"] for row in kit.kept] == [dt.date(2026, 5, 4)]
