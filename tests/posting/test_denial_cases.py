"""A denial from the remittance that brings it to the payment that ends it: routing, dates, status, dollars."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gateway.config import Config, load
from gateway.core.model.carc import Reasons
from gateway.core.store.denial_tables import denial_cases
from gateway.core.store.tables import denials

from .conftest import Desk, Line
from .made import Cas, Clp, Era, Svc

PAGE = Path(__file__).parents[3] / "shared" / "domain" / "hme-billing-rules.md"
DAY = dt.date(2026, 9, 16)
TEAMS = {
    "ELIG": "eligibility",
    "AUTH": "authorization",
    "DOC": "documentation",
    "CODE": "billing",
    "COB": "coordination",
    "RESUP": "resupply",
    "RESP": "respiratory",
    "POST": "posting",
    "APPEAL": "appeals",
    "ENRL": "enrollment",
    "PT": "patient-billing",
    "CONTR": "contracts",
}


def denied(reason: str, *remarks: str, group: str = "CO", charge: str = "150", ref: str = "L1") -> Svc:
    return Svc("E1390", charge, "0", (Cas(group, reason, charge),), ref=ref, remarks=remarks)


def case(desk: Desk, at: int = -1) -> Any:
    with desk.sql.connect() as connection:
        return connection.execute(denial_cases.select().order_by(denial_cases.c.denial_id)).all()[at]


# --- the table of the rules page -------------------------------------------------------------------


class Said(NamedTuple):
    """A row of 6.4."""

    code: str
    flag: str
    category: str
    team: str


def page_rows() -> list[Said]:
    """The rows of the table of 6.4, as the page has them."""
    if not PAGE.exists():
        pytest.skip("the rules page is not beside this checkout")
    text = PAGE.read_text()
    part = text[text.index("### 6.4") : text.index("### 6.5")]
    found = []
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and re.fullmatch(r"[A-Z]?\d+†?", cells[0]):
            found.append(Said(cells[0].rstrip("†"), cells[1], cells[2], cells[5]))
    return found


def test_every_reason_of_the_rules_page_routes_as_its_table_says() -> None:
    rows = page_rows()
    assert len(rows) > 200
    config = load(Path(__file__).parents[2] / "config", secrets=False)
    assert isinstance(config, Config)
    reasons = Reasons(config.tables["carc"], config.tables["rarc"])
    wrong = []
    for row in rows:
        found = reasons.find(DAY, row.code)
        if (found.denial, found.category, found.team) != (row.flag, row.category, TEAMS[row.team]):
            wrong.append((row, found.denial, found.category, found.team))
    assert wrong == []


@pytest.fixture
def routed(desk: Desk) -> Desk:
    desk.route_steps = "[denials]"
    return desk


@pytest.mark.parametrize(
    ("reason", "remark", "team"),
    [
        ("4", "M114", "billing"),
        ("4", "N565", "billing"),
        ("4", "N519", "billing"),
        ("16", "M51", "billing"),
        ("16", "M60", "documentation"),
        ("16", "M77", "billing"),
        ("16", "M124", "billing"),
        ("16", "N575", "enrollment"),
        ("16", "N276", "enrollment"),
        ("50", "M127", "documentation"),
        ("50", "N102", "documentation"),
        ("50", "N115", "billing"),
        ("151", "M3", "resupply"),
        ("109", "N104", "eligibility"),
    ],
)
def test_a_remark_refines_where_a_denial_goes(routed: Desk, reason: str, remark: str, team: str) -> None:
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied(reason, remark)])]))
    assert [one.team for one in routed.items("denial")] == [team]


def test_reasons_that_no_table_knows_have_a_queue_of_their_own_name(routed: Desk) -> None:
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("ZZ9")])]))
    (item,) = routed.items("denial")
    assert (item.rule, item.team) == ("unknown-reason", "posting")
    assert "config/tables/carc.yaml" in item.reason


def test_a_payers_oddity_is_a_setting(desk: Desk) -> None:
    desk.route_steps = (
        '[{plugin: denials, settings: {business_days: "1", teams: {"50+N115": appeals, "97": contracts}}}]'
    )
    desk.claim("SW1", Line("E1390", "150", "L1"), Line("E0431", "50", "L2"))
    desk.post(Era([Clp("SW1", [denied("50", "N115"), denied("97", charge="50", ref="L2")])]))
    assert [one.team for one in desk.items("denial")] == ["appeals", "contracts"]
    assert {one.work_by for one in desk.items("denial")} == {dt.date(2026, 9, 17)}


# --- dates -----------------------------------------------------------------------------------------


def test_medicare_hears_an_appeal_120_days_from_receipt_and_a_reopening_a_year(routed: Desk) -> None:
    routed.filing_code = "MB"
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("50")])], date="20260915"))
    found = case(routed)
    assert found.noticed_on == dt.date(2026, 9, 15)
    assert found.appeal_by == dt.date(2026, 9, 20) + dt.timedelta(days=120)
    assert found.reopen_by == dt.date(2027, 9, 15)
    (item,) = routed.items("denial")
    assert (item.work_by, item.appeal_by, item.refile_by) == (
        dt.date(2026, 9, 18),
        found.appeal_by,
        dt.date(2027, 9, 1),
    )
    assert item.priority_date == found.appeal_by


@pytest.mark.parametrize(
    ("reason", "remark", "way"), [("16", "MA130", "resubmit"), ("29", "N211", "none"), ("29", "", "none")]
)
def test_what_cannot_be_appealed_has_no_date_for_it(routed: Desk, reason: str, remark: str, way: str) -> None:
    routed.filing_code = "MB"
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied(reason, *filter(None, (remark,)))])]))
    found = case(routed)
    assert (found.way, found.appeal_by, found.reopen_by) == (way, None, None)
    assert "there is no appeal" in routed.items("denial")[0].reason


def test_unprocessable_counts_also_as_the_second_remark(routed: Desk) -> None:
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("16", "N265", "MA130")])]))
    assert case(routed).way == "resubmit"


def test_a_notice_dated_tomorrow_counts_from_today(routed: Desk) -> None:
    routed.filing_code = "MB"
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("50")])], date="20261001"))
    assert case(routed).noticed_on == DAY


# --- how it ends -----------------------------------------------------------------------------------


def test_a_later_payment_ends_it_and_the_dollars_are_recovered(routed: Desk) -> None:
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("50")])], trace="A", handling="H"))
    assert case(routed).status == "new"
    paid = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
    routed.clock.at = routed.clock.at + dt.timedelta(days=30)
    routed.post(Era([Clp("SW1", [paid])], trace="B"))
    found = case(routed)
    assert (found.status, found.recovered_cents, found.ended_on) == ("paid", 8000, dt.date(2026, 10, 16))
    assert found.ended_by == routed.payments()[1].id
    assert routed.items("denial") == []


def test_what_was_paid_is_recovered_once_over_two_denials_of_a_line(routed: Desk) -> None:
    routed.claim("SW1", Line("E1390", "150", "L1"))
    two = Svc("E1390", "150", "0", (Cas("CO", "50", "90"), Cas("CO", "151", "60")), ref="L1")
    routed.post(Era([Clp("SW1", [two])], trace="A", handling="H"))
    paid = Svc("E1390", "150", "100", (Cas("CO", "45", "50"),), ref="L1")
    routed.post(Era([Clp("SW1", [paid])], trace="B"))
    assert [(case(routed, at).status, case(routed, at).recovered_cents) for at in (0, 1)] == [
        ("paid", 9000),
        ("paid", 1000),
    ]


def test_the_same_refusal_again_takes_the_place_of_the_first(routed: Desk) -> None:
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("50")])], trace="A", handling="H"))
    routed.post(Era([Clp("SW1", [denied("50")])], trace="B", handling="H", date="20260916"))
    assert [(one.state, case(routed, at).status) for at, one in enumerate(routed.denials())] == [
        ("superseded", "closed"),
        ("open", "new"),
    ]
    assert routed.accounts("receivable") == {"receivable:denied": 15000}


def test_an_appeal_that_is_not_paid_leaves_its_level_and_the_next_ones_date(routed: Desk) -> None:
    routed.filing_code = "MB"
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("50")])], trace="A", handling="H"))
    with routed.sql.begin() as connection:
        connection.execute(denial_cases.update().values(status="appealed", level=1))
    routed.clock.at = dt.datetime(2027, 1, 4, 17, tzinfo=dt.UTC)
    routed.post(Era([Clp("SW1", [denied("50")])], trace="B", handling="H", date="20270104"))
    found = case(routed)
    assert (found.status, found.level, found.appeal_by) == ("new", 1, dt.date(2027, 1, 4) + dt.timedelta(days=180))


def test_a_resubmitted_denial_ends_with_the_payers_new_decision(routed: Desk) -> None:
    routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("16", "MA130")])], trace="A", handling="H"))
    with routed.sql.begin() as connection:
        connection.execute(denials.update().values(state="resubmitted"))
    routed.post(Era([Clp("SW1", [Svc("E1390", "150", "100", (Cas("CO", "45", "50"),), ref="L1")])], trace="B"))
    assert (routed.denials()[0].state, case(routed).status, case(routed).recovered_cents) == (
        "superseded",
        "paid",
        10000,
    )


def test_nothing_is_written_off_by_itself_however_old_a_denial_is(routed: Desk) -> None:
    claim = routed.claim("SW1", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW1", [denied("29")])]))
    routed.clock.at = routed.clock.at + dt.timedelta(days=800)
    routed.claim("SW2", Line("E1390", "150", "L1"))
    routed.post(Era([Clp("SW2", [Svc("E1390", "150", "150", ref="L1")])], trace="LATER"))
    assert routed.balance(claim) == 15000
    assert routed.accounts("adjustment") == {}
