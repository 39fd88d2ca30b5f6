"""Prior authorization (hme-billing-rules 1.6): R1.50 and the tracking number's form and place."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.model.belongings import Authorization, Decided
from gateway.core.model.decision import HoldType, Severity
from gateway.plugins.testing import (
    make_authorization,
    make_claim,
    make_delivery,
    make_equipment,
    make_history,
    make_line,
)

from .desk import DAY, MAC, ORDERER, UTN, bed, findings, line, medicare, said, scrubbed, with_table

DECIDED = DAY - dt.timedelta(days=20)


def chair(number: str = UTN, *modifiers: str, day: dt.date = DAY) -> list[str]:
    more = (f"REF*G1*{number}", ORDERER) if number else (ORDERER,)
    return line("K0823", *(modifiers or ("RR", "KH", "KX")), from_date=day, more=more)


def brace(side: str = "RT", number: str = UTN, day: dt.date = DAY) -> list[str]:
    more = (f"REF*G1*{number}", ORDERER) if number else (ORDERER,)
    return line("L1832", "KX", side, from_date=day, more=more)


def decision(*codes: str, **others: Any) -> Authorization:
    return make_authorization(
        *(codes or ("K0823",)), **{"number": UTN, "payer_id": MAC, "decided_on": DECIDED, **others}
    )


@pytest.mark.rule("R1.50")
def test_a_power_wheelchair_without_a_number_waits_for_the_authorization_team() -> None:
    found, _ = scrubbed(medicare(chair("")))
    (opened,) = found.holds
    assert (opened.hold.rule, opened.hold.type, opened.hold.team) == ("R1.50", HoldType.AUTHORIZATION, "authorization")


@pytest.mark.rule("R1.50")
def test_where_the_decision_is_on_file_the_hold_says_so() -> None:
    (finding,) = findings(medicare(chair("")), authorizations=[decision()])
    assert "on file" in finding.message
    (finding,) = findings(medicare(chair("")), authorizations=[decision(decided=Decided.PENDING)])
    assert "on file" not in finding.message


@pytest.mark.rule("R1.50")
@pytest.mark.rule("R1.50-1")
@pytest.mark.rule("R1.50-2")
@pytest.mark.rule("R1.50-3")
@pytest.mark.rule("R1.50-4")
def test_a_wheelchair_with_its_affirmed_decision_passes() -> None:
    assert said(medicare(chair()), authorizations=[decision()]) == []


@pytest.mark.rule("R1.50")
def test_a_bed_needs_none() -> None:
    assert said(medicare(bed())) == []


@pytest.mark.rule("R1.50")
@pytest.mark.parametrize("decided", [Decided.DENIED, Decided.PENDING, Decided.PARTLY])
def test_only_an_affirmed_decision_is_good(decided: Decided) -> None:
    assert said(medicare(chair()), authorizations=[decision(decided=decided)]) == ["R1.50"]


@pytest.mark.rule("R1.50")
def test_the_number_of_another_item_is_not_good() -> None:
    assert said(medicare(chair()), authorizations=[decision("K0824")]) == ["R1.50"]


@pytest.mark.rule("R1.50")
def test_a_number_that_is_not_on_file_is_believed_where_no_decision_is() -> None:
    assert said(medicare(chair())) == []
    assert said(medicare(chair()), {"authorizations": "required"}) == ["R1.50"]


@pytest.mark.rule("R1.50")
def test_another_number_than_the_one_on_file_waits() -> None:
    other = decision(number="B1234567890123")
    assert said(medicare(chair()), authorizations=[other]) == ["R1.50"]
    assert said(medicare(chair()), {"authorizations": "off"}, authorizations=[other]) == []


@pytest.mark.rule("R1.50")
def test_the_decision_of_another_payer_is_none() -> None:
    assert said(medicare(chair()), {"authorizations": "required"}, authorizations=[decision(payer_id="90101")]) == [
        "R1.50"
    ]
    assert said(medicare(chair()), authorizations=[decision(payer_id="16013")]) == []


@pytest.mark.rule("R1.50")
@pytest.mark.parametrize(("side", "told"), [("RT", []), ("LT", ["R1.50"])])
def test_a_decision_for_one_side_is_for_that_side(side: str, told: list[str]) -> None:
    assert said(medicare(brace(side)), authorizations=[decision("L1832", modifiers=("RT",))]) == told


@pytest.mark.rule("R1.50")
@settings(max_examples=40)
@given(st.dates(dt.date(2025, 1, 1), dt.date(2026, 1, 31)), st.integers(-5, 70))
def test_a_brace_is_delivered_within_sixty_days_of_the_decision(decided: dt.date, after: int) -> None:
    delivered = decided + dt.timedelta(days=after)
    delivery = make_delivery("L1832", delivered_on=delivered)
    claim = medicare(brace(day=delivered))
    told = said(
        claim,
        authorizations=[decision("L1832", decided_on=decided)],
        deliveries=[delivery],
        today=delivered + dt.timedelta(days=40),
    )
    assert told == ([] if 0 <= after <= 60 else ["R1.50"])


@pytest.mark.rule("R1.50")
@pytest.mark.parametrize(
    ("decided", "delivered", "told"),
    [
        ("2025-08-31", "2026-02-28", []),
        ("2025-08-31", "2026-03-01", ["R1.50"]),
        ("2025-12-10", "2026-02-20", []),
    ],
)
def test_a_wheelchair_within_six_months(decided: str, delivered: str, told: list[str]) -> None:
    day = dt.date.fromisoformat(delivered)
    claim = medicare(chair(day=day))
    assert said(claim, authorizations=[decision(decided_on=dt.date.fromisoformat(decided))]) == told


@pytest.mark.rule("R1.50")
@pytest.mark.parametrize(("last", "told"), [(DAY, []), (DAY - dt.timedelta(days=1), ["R1.50"])])
def test_the_days_that_the_payer_names_go_first(last: dt.date, told: list[str]) -> None:
    named = decision(valid_from=DECIDED, valid_to=last)
    assert said(medicare(chair()), authorizations=[named]) == told


@pytest.mark.rule("R1.50")
def test_an_older_delivery_is_not_that_of_a_purchase() -> None:
    """The brace of two years ago says nothing of this one, which was handed over on its day of service."""
    before = make_delivery("L1832", delivered_on=DAY - dt.timedelta(days=700))
    assert said(medicare(brace()), authorizations=[decision("L1832")], deliveries=[before]) == []
    late = decision("L1832", decided_on=DAY - dt.timedelta(days=61))
    assert said(medicare(brace()), authorizations=[late], deliveries=[before]) == ["R1.50"]


@pytest.mark.rule("R1.50")
def test_a_later_month_asks_no_more_for_the_day_of_the_delivery() -> None:
    old = decision(decided_on=DAY - dt.timedelta(days=400))
    assert said(medicare(chair(UTN, "RR", "KJ", "KX")), authorizations=[old]) == []


@pytest.mark.rule("R1.50")
@pytest.mark.parametrize(
    ("code", "day", "told"),
    [
        ("L0651", dt.date(2026, 4, 12), []),
        ("L0651", dt.date(2026, 4, 13), ["R1.50"]),
        ("L1833", dt.date(2024, 8, 11), ["R1.50"]),
        ("L1833", dt.date(2024, 8, 12), []),
        ("E0748", dt.date(2024, 8, 28), []),
    ],
)
def test_the_list_of_the_day_of_service_counts(code: str, day: dt.date, told: list[str]) -> None:
    claim = medicare(line(code, "KX", from_date=day))
    assert said(claim, {"skip": ["R1.TF-1"]}, today=dt.date(2026, 6, 1)) == told


@pytest.mark.rule("R1.50")
def test_where_the_item_is_not_certain_it_is_a_warning() -> None:
    (finding,) = findings(medicare(line("E0651", "NU", from_date=dt.date(2026, 5, 1))), today=dt.date(2026, 6, 1))
    assert (finding.rule, finding.severity) == ("R1.50", Severity.WARN)


@pytest.mark.rule("R1.50-1")
@pytest.mark.parametrize("number", ["A123456789012", "A12345678901234", "A123-567890123"])
def test_a_number_without_the_form_of_a_utn_waits(number: str) -> None:
    assert said(medicare(chair(number))) == ["R1.50-1"]


@pytest.mark.rule("R1.50-2")
def test_a_number_on_the_claim_of_a_wheelchair_with_accessories_waits() -> None:
    claim = medicare(chair(""), line("K0195", "RR", "KH", "KX"), more=(f"REF*G1*{UTN}",))
    assert said(claim) == ["R1.50-2"]


@pytest.mark.rule("R1.50-2")
def test_on_a_claim_of_the_wheelchair_alone_it_does_no_harm() -> None:
    assert said(medicare(chair(""), more=(f"REF*G1*{UTN}",))) == []


@pytest.mark.rule("R1.50-2")
def test_on_the_wheelchairs_line_it_is_right() -> None:
    assert said(medicare(chair(), line("K0195", "RR", "KH", "KX"))) == []


@pytest.mark.rule("R1.50-3")
def test_a_number_on_what_needs_none_is_refused() -> None:
    assert said(medicare(bed(more=(f"REF*G1*{UTN}", ORDERER)))) == ["R1.50-3"]
    assert said(medicare(bed(), more=(f"REF*G1*{UTN}",))) == ["R1.50-3"]


@pytest.mark.rule("R1.50-3")
def test_an_accessory_may_be_authorized_with_its_wheelchair() -> None:
    assert said(medicare(chair(), line("K0195", "RR", "KH", "KX", more=(f"REF*G1*{UTN}", ORDERER)))) == []


@pytest.mark.rule("R1.50-3")
def test_other_payers_authorize_what_they_like() -> None:
    doctor = ("NM1*DN*1*ALDERMAN*IVO****XX*1999999018",)
    assert said(make_claim(make_line("E0143", "NU"), more=("REF*G1*AUTH77",), providers=doctor)) == []


@pytest.mark.rule("R1.50")
def test_a_commercial_plan_gets_rows_of_its_own() -> None:
    rows = [{"payer": "90101", "code": "E0601", "group": "PAP", "valid": "90 days"}]
    tables = with_table("prior_authorization", rows, ("payer", "code"))
    doctor = ("NM1*DN*1*ALDERMAN*IVO****XX*1999999018",)
    rented = make_line("E0601", "RR", "KJ")
    assert said(make_claim(rented, providers=doctor), tables=tables) == ["R1.50"]
    assert said(make_claim(rented, providers=doctor, more=("REF*G1*AUTH77",)), tables=tables) == []
    assert said(make_claim(rented, providers=doctor, payer_id="90102"), tables=tables) == []


@pytest.mark.rule("R1.50-4")
def test_two_authorizations_are_two_claims() -> None:
    assert said(medicare(brace("RT"), brace("LT", "B1234567890123"))) == ["R1.50-4"]


@pytest.mark.rule("R1.50-4")
def test_one_for_both_sides_is_one() -> None:
    assert said(medicare(brace("RT"), brace("LT"))) == []


@pytest.mark.rule("R1.50")
def test_an_item_that_came_back_after_a_break_was_not_delivered_anew() -> None:
    first, gone, back = (DAY - dt.timedelta(days=days) for days in (244, 200, 40))
    began = make_history("K0823", "RR", "KH", "KX", from_date=first, payer_id=MAC)
    pieces = [
        make_equipment("K0823", started_on=first, ended_on=gone, serial="A"),
        make_equipment("K0823", started_on=back, serial="A"),
    ]
    old = decision(decided_on=first - dt.timedelta(days=5))
    known: dict[str, Any] = {"history": [began], "equipment": pieces, "authorizations": [old]}
    note = "NTE*ADD*BIB, NO CHANGE IN NEED"
    later = line("K0823", "RR", "KI", "KX", from_date=back, more=(f"REF*G1*{UTN}", note, ORDERER))
    assert said(medicare(later), **known) == []
    anew = line("K0823", "RR", "KH", "KX", from_date=back, more=(f"REF*G1*{UTN}", "NTE*ADD*BIN", ORDERER))
    assert "R1.50" in said(medicare(anew), **known)
