"""Visits as they are recorded: kept, told, and billed where one is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.core.x12.claim import Claim
from gateway.core.x12.stored import StoredClaim
from gateway.plugins.calling import NotTaken
from gateway.plugins.testing import (
    DeskContext,
    make_claim,
    make_claim_view,
    make_equipment,
    make_item_view,
    make_line,
    make_other_payer,
    make_patient_view,
    plugin_context,
    plugin_desk,
    rules,
)

from ..shipped import TABLES
from .conftest import MAINTENANCE, day, maintained_on, rented, visit

TODAY = dt.date(2025, 8, 1)
VISITED = "2025-07-22"
ORDERER = "NM1*DK*1*ALDERMAN*IVO****XX*1999999018"
LAST = make_claim(
    make_line("E0431", "RR", charge="56"),
    make_line(
        "E1390",
        "RR",
        "KX",
        charge="260",
        control_number="L7",
        pointers=(2, 1),
        ahead=["SV5*HC:E1390*DA*30*260"],
        more=["NTE*ADD*RENTAL", ORDERER],
    ),
    claim_number="SW500",
    diagnoses=("J9611", "J449"),
    filing_code="MB",
    payer_id="16013",
    frequency="7",
    more=["REF*F8*ICN1"],
)
COMPLETE = {
    "patient_id": "P7",
    "visited_on": VISITED,
    "technician": "PE",
    "inspected": "yes",
    "filters": "yes",
    "alarms": "yes",
    "concentration": "93.5",
    "flow": "2",
}


def patient(*more: Any, **known: Any) -> Any:
    return make_patient_view(7, **{"history": [*rented(), *more], "source_ids": {"billing": "P7"}, **known})


def desk(
    *patients: Any, settings: Any = None, today: dt.date = TODAY, whole: Any = None, tables: Any = TABLES
) -> DeskContext:
    views = [make_claim_view("E1390", "RR", id=500, number="SW500", patient_id=7, from_date=day("2024-12-10"))]
    views[0] = views[0]._replace(lines=(views[0].lines[0]._replace(code="E1390", number=2),))
    return plugin_desk(
        MAINTENANCE,
        settings,
        patients=patients or (patient(),),
        claims=views,
        whole={500: LAST} if whole is None else whole,
        tables=tables,
        today=today,
    )


def dropped(now: DeskContext, **changed: Any) -> list[Any]:
    given = {name: value for name, value in {**COMPLETE, **changed}.items() if value is not None}
    return list(now.drop("visits", [given])[0].values())


def made_by(now: DeskContext) -> Claim:
    (act,) = now.made
    return Claim(StoredClaim.unpack(act.content))


# --- the claim


@pytest.mark.rule("O-M3")
def test_a_recorded_visit_makes_its_claim() -> None:
    now = desk()
    assert dropped(now) == [7, VISITED, "MS7-20250722", ""]
    claim = made_by(now)
    assert (claim.id, claim.frequency, claim.charge, claim.filing_code) == ("MS7-20250722", "1", 140, "MB")
    assert claim.payer.id == "16013"
    assert not claim.reference("F8")
    (line,) = claim.lines
    assert (line.code, line.modifiers, line.units, line.charge) == ("E1390", ("MS",), 1, 140)
    assert line.dates.start == day(VISITED)
    assert line.pointers == (2, 1)
    assert line.ordering_provider.id == "1999999018"
    assert line.dme is None
    assert [note.text for note in line.notes] == ["CHECKED INSPECTION FILTERS ALARMS, O2 93.5 PERCENT, FLOW 2 LPM"]
    assert not claim.faults()


@pytest.mark.rule("O-M1")
@pytest.mark.rule("O-M2")
def test_the_claim_that_is_made_passes_the_rules() -> None:
    now = desk()
    dropped(now)
    kept = [row.values for row in now.kept]
    with plugin_context(MAINTENANCE, tables=TABLES, history=rented(), rows={"visits": kept}) as context:
        assert rules(context.scrub(made_by(now))) == []


def test_the_visit_is_kept_as_it_was_told() -> None:
    now = desk()
    dropped(now, serial="SN1", note="cabinet cracked")
    (kept,) = now.kept
    assert (kept.table, kept.patient_id) == ("visits", 7)
    told = {"code": "E1390", "serial": "SN1", "note": "cabinet cracked", "complete": True, "technician": "PE"}
    assert {name: kept.values[name] for name in told} == told
    assert kept.values["visited_on"] == day(VISITED)


def test_the_same_visit_again_makes_no_second_claim() -> None:
    now = desk()
    dropped(now)
    assert dropped(now)[2:] != ["MS7-20250722", ""]
    assert not now.made


@pytest.mark.rule("O-M2")
@pytest.mark.parametrize(
    ("known", "changed", "why"),
    [
        ({}, {"visited_on": "2025-07-09"}, "maintenance is due from 07/10/2025 on"),
        ({"history": rented(30)}, {}, "month 36 has not ended, or nothing with maintenance was in use then"),
        ({"history": rented(36, "E0439")}, {}, "month 36 has not ended, or nothing with maintenance was in use then"),
        (
            {"history": [*rented(), *maintained_on("2025-07-12")]},
            {},
            "the maintenance of these six months was on 07/12/2025",
        ),
        ({"rows": {"visits": [visit("2025-07-12")]}}, {}, "the maintenance of these six months was on 07/12/2025"),
        ({}, {"bill": "no"}, "it was not to be billed"),
        ({}, {"visited_on": "2025-08-02"}, "the visit is yet to come"),
        ({}, {"code": "E0431"}, "E0431 has no maintenance payment"),
        (
            {"rows": {"warranties": [{"code": "E1390", "labor_until": day("2025-06-30")}]}},
            {},
            "maintenance is due from 01/01/2026 on",
        ),
    ],
)
def test_a_visit_that_is_not_due_is_kept_and_not_billed(known: Any, changed: Any, why: str) -> None:
    now = desk(patient(**known))
    assert dropped(now, **changed)[2:] == ["", why]
    assert len(now.kept) == 1
    assert not now.made


@pytest.mark.rule("O-M5")
def test_a_visit_after_month_60_is_not_billed() -> None:
    now = desk(today=day("2027-02-01"))
    assert dropped(now, visited_on="2027-01-10")[2:] == ["", "maintenance has ended on 01/10/2027"]


@pytest.mark.rule("O-M3")
@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({"technician": ""}, "the technician"),
        ({"filters": "no"}, "the filters"),
        ({"concentration": None, "flow": None}, "the concentration, the flow"),
    ],
)
def test_a_visit_without_its_checks_is_kept_and_not_billed(changed: Any, lacks: str) -> None:
    now = desk()
    assert dropped(now, **changed)[2:] == ["", f"the record lacks {lacks}"]
    assert not now.made
    assert len(now.kept) == 1


def test_two_visits_of_one_document_make_one_claim_in_six_months() -> None:
    now = desk(today=day("2026-03-01"))
    rows = [{**COMPLETE}, {**COMPLETE, "visited_on": "2025-08-22"}, {**COMPLETE, "visited_on": "2026-02-01"}]
    assert [row["claim"] for row in now.drop("visits", rows)] == ["MS7-20250722", "", "MS7-20260201"]


def test_a_visit_of_somebody_unknown_waits_for_a_person() -> None:
    now = desk()
    assert dropped(now, patient_id="P9")[0] is None
    (item,) = now.opened
    assert (item.kind, item.team) == ("maintenance_unknown", "respiratory")
    assert "P9" not in item.reason + item.key
    assert not now.kept


def test_without_an_earlier_claim_or_a_charge_a_person_bills() -> None:
    no_claim = desk(whole={})
    assert dropped(no_claim)[2:] == ["", "it is billed by hand, or was billed before"]
    assert "no earlier oxygen claim" in no_claim.opened[0].reason
    no_charge = {**{name: TABLES[name] for name in TABLES}}
    no_charge["maintenance_charges"] = type(TABLES["maintenance_charges"])("maintenance_charges", (), ("code",))
    without = desk(tables=no_charge)
    dropped(without)
    assert "no charge is known" in without.opened[0].reason
    before = desk(patient(*maintained_on("2025-07-11", state="denied")), tables=no_charge)
    assert dropped(before)[2] == "MS7-20250722"
    assert made_by(before).charge == 100, "as the last maintenance was charged"


def test_what_waited_for_a_person_closes_when_the_visit_comes_again() -> None:
    waiting = desk(whole={})
    dropped(waiting)
    (by_hand,) = waiting.opened
    later = desk()
    assert dropped(later)[2] == "MS7-20250722"
    assert by_hand.key in [one.key for one in later.closed]
    stranger = desk(make_patient_view(7))
    dropped(stranger)
    (unknown,) = stranger.opened
    assert unknown.key in [one.key for one in later.closed]


def test_a_claim_to_a_second_payer_is_no_pattern() -> None:
    second = make_claim(
        make_line("E1390", "RR"), other_payers=[make_other_payer("P", paid="80", adjustments=[("CO", "45", "20")])]
    )
    assert second.payer_responsibility != "P"
    now = desk(whole={500: second})
    assert dropped(now)[2] == ""


def test_claims_can_be_left_to_people() -> None:
    now = desk(settings={"make_claims": "no"})
    assert dropped(now)[2:] == ["", "it was not to be billed"]


# --- ways in


def test_a_document_with_a_fault_is_refused_whole() -> None:
    now = desk()
    with pytest.raises(NotTaken, match="row 2, concentration"):
        now.drop("visits", [COMPLETE, {**COMPLETE, "concentration": "193"}])
    with pytest.raises(NotTaken, match="say whose it is"):
        now.drop("visits", [{**COMPLETE, "patient_id": ""}])
    assert not now.acts


def test_visits_come_as_a_table_of_text_too() -> None:
    text = ",".join(COMPLETE) + "\n" + ",".join(COMPLETE.values()) + "\n"
    now = desk()
    assert now.drop("visits", text.encode())[0]["claim"] == "MS7-20250722"


def test_one_visit_by_command_and_by_the_api() -> None:
    now = desk()
    assert now.command("visit", **COMPLETE, source="billing")[0]["claim"] == "MS7-20250722"
    other = desk()
    answered = other.request("POST", "/visits", body={**COMPLETE, "source": "billing"})
    assert (answered.status, answered.body) == (200, {"patient": 7, "claim": "MS7-20250722", "why": ""})
    wrong = desk().request("POST", "/visits", body={**COMPLETE, "flow": "a lot"})
    assert wrong.status == 422
    assert "flow" in wrong.detail
    assert "a lot" not in wrong.detail
    assert desk().request("POST", "/visits", body={**COMPLETE, "patient_id": "P9"}).status == 404


def test_labor_warranties_are_kept() -> None:
    now = desk()
    rows = [{"patient_id": who, "code": "e1390", "labor_until": "2025-06-30"} for who in ("P7", "P9")]
    told = now.drop("warranties", rows)
    assert told == "Kept 1 of 2; the others are for patients whom the gateway does not know."
    assert len(now.kept) == 1


# --- the calendar for people


def states(now: DeskContext, **asked: Any) -> list[tuple[str, str]]:
    return [(row["due"], row["state"]) for row in now.report("calendar", **asked)]


@pytest.mark.rule("O-M2")
def test_the_calendar_shows_what_is_open_and_what_comes() -> None:
    assert states(desk()) == [("2025-07-10", "open")]
    assert states(desk(), days=200) == [("2025-07-10", "open"), ("2026-01-10", "coming")]
    done = desk(patient(rows={"visits": [visit("2025-07-20")]}))
    assert states(done) == [("2025-07-10", "done")]
    unfinished = desk(patient(rows={"visits": [visit("2025-07-20", complete=False)]}))
    assert states(unfinished, state="open") == [("2025-07-10", "open")]
    assert states(unfinished, state="done") == []


@pytest.mark.rule("O-M2")
def test_visits_that_were_not_made_are_told() -> None:
    later = desk(today=day("2026-02-01"))
    assert [row["due"] for row in later.report("lapsed")] == ["2025-07-10"]
    assert later.report("lapsed", days=10) == []
    assert desk().report("lapsed") == []


@pytest.mark.rule("O-M2")
@pytest.mark.parametrize(("today", "wanted"), [("2025-06-09", 0), ("2025-06-10", 1), ("2025-07-10", 1)])
def test_a_visit_is_listed_thirty_days_ahead(today: str, wanted: int) -> None:
    now = desk(today=day(today))
    now.schedule("calendar")
    assert len(now.opened) == wanted


def test_an_item_opens_once_and_closes_when_the_visit_is_done_or_has_lapsed() -> None:
    now = desk()
    now.schedule("calendar")
    (item,) = now.opened
    assert (item.key, item.deadline, item.rule) == ("7:2025-07-10", day("2026-01-09"), "O-M2")
    standing = [make_item_view("maintenance_due", item.key)]

    def turn(today: dt.date, *patients: Any) -> DeskContext:
        again = plugin_desk(MAINTENANCE, patients=patients, tables=TABLES, today=today, items=standing)
        again.schedule("calendar")
        return again

    assert not turn(TODAY, patient()).acts
    done = turn(TODAY, patient(rows={"visits": [visit("2025-07-20")]}))
    assert [(one.key, one.outcome) for one in done.closed] == [(item.key, "The visit was on 07/20/2025.")]
    lapsed = turn(day("2026-01-10"), patient())
    assert "lapsed" in lapsed.closed[0].outcome
    assert [one.key for one in lapsed.opened] == ["7:2026-01-10"]
    assert turn(TODAY, make_patient_view(7)).closed[0].outcome == "It is no longer due."


def test_when_the_equipment_is_back_there_is_work_again() -> None:
    # The item of before was closed while it was gone, and a key that was closed stays closed.
    there = make_equipment("E1390", started_on=day("2022-01-10"), serial="A")
    gone = there._replace(ended_on=day("2025-07-15"))
    back = there._replace(started_on=day("2025-07-28"))
    for pieces, wanted in (([there], ["7:2025-07-10"]), ([gone], []), ([gone, back], ["7:2025-07-10:2025-07-28"])):
        now = desk(patient(equipment=pieces))
        now.schedule("calendar")
        assert [one.key for one in now.opened] == wanted


def test_the_command_says_what_it_did() -> None:
    assert desk().command("calendar") == "The calendar is up to date: 1 item(s) opened or closed."


def captured(now: DeskContext, **asked: Any) -> tuple[Any, ...]:
    (row,) = now.report("capture", **asked)
    return tuple(row[name] for name in ("percent", "billed", "due", "visited, not billed", "lapsed"))


def test_capture_counts_what_was_billed_of_what_came_due() -> None:
    later = day("2026-02-01")
    assert captured(desk(today=later)) == ("0.00", 0, 2, 0, 1)
    billed = patient(*maintained_on("2025-07-20"))
    assert captured(desk(billed, today=day("2025-09-01"))) == ("100.00", 1, 1, 0, 0)
    unbilled = patient(rows={"visits": [visit("2025-07-20")]})
    assert captured(desk(unbilled, today=day("2025-09-01"))) == ("0.00", 0, 1, 1, 0)
    assert captured(desk(today=day("2025-07-09"))) == (None, 0, 0, 0, 0)
    assert captured(desk(billed, today=later), first="2025-07-11", last="2025-12-31") == (None, 0, 0, 0, 0)
    missed = desk(unbilled, today=day("2025-09-01")).report("capture", missed=True)
    assert [(row["due"], row["state"], row["visited on"]) for row in missed] == [("2025-07-10", "done", "2025-07-20")]
