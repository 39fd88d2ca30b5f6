"""Providers and ids (hme-billing-rules 1.3): R1.20 to R1.24."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.model.decision import Severity
from gateway.plugins.tables import Tables
from gateway.plugins.testing import TODAY, make_claim, make_line, make_practitioner

from .desk import MBI, ORDERER, bed, findings, line, medicare, said, with_rule, with_table

GOOD = "1999999018"


def ordered(name: str) -> list[str]:
    return bed(more=(name,))


@pytest.mark.rule("R1.20")
@pytest.mark.parametrize("more", [(), ("NM1*DK*1*ALDERMAN*IVO",), (f"NM1*DK*1******XX*{GOOD}",)])
def test_each_line_names_who_ordered_it(more: tuple[str, ...]) -> None:
    assert said(medicare(bed(more=more))) == ["R1.20"]


@pytest.mark.rule("R1.20")
def test_medicare_does_not_take_the_referring_provider_for_it() -> None:
    assert said(medicare(bed(more=()), providers=(f"NM1*DN*1*ALDERMAN*IVO****XX*{GOOD}",))) == ["R1.20"]


@pytest.mark.rule("R1.20")
def test_a_line_that_names_them_passes() -> None:
    assert said(medicare(bed())) == []


WANT_IT = with_rule("R1.DN-1", "medicaid 90101")
DOCTOR = (f"NM1*DN*1*ALDERMAN*IVO****XX*{GOOD}",)


@pytest.mark.rule("R1.DN-1")
def test_a_payer_that_wants_the_practitioner_on_the_claim_is_named() -> None:
    assert said(make_claim(make_line("E0143", "NU")), tables=WANT_IT) == ["R1.DN-1"]
    assert said(make_claim(make_line("E0143", "NU"), filing_code="MC", payer_id="00751"), tables=WANT_IT) == ["R1.DN-1"]


@pytest.mark.rule("R1.DN-1")
def test_others_and_as_shipped_all_are_not_asked() -> None:
    assert said(make_claim(make_line("E0143", "NU"), payer_id="90102"), tables=WANT_IT) == []
    assert said(make_claim(make_line("E0143", "NU"))) == []


@pytest.mark.rule("R1.DN-1")
@pytest.mark.parametrize("doctor", [(), ("NM1*DN*1*ALDERMAN*IVO",), (f"NM1*DN*1******XX*{GOOD}",)])
def test_on_the_line_alone_they_are_not_where_the_payer_wants_them(doctor: tuple[str, ...]) -> None:
    claim = make_claim(make_line("E0143", "NU", more=(ORDERER,)), providers=doctor)
    (told,) = findings(claim, tables=WANT_IT)
    assert (told.rule, told.severity) == ("R1.DN-1", Severity.WARN)


@pytest.mark.rule("R1.DN-1")
def test_on_the_claim_they_are() -> None:
    assert said(make_claim(make_line("E0143", "NU"), providers=DOCTOR), tables=WANT_IT) == []
    assert said(make_claim(make_line("E0143", "NU", more=(ORDERER,)), providers=DOCTOR), tables=WANT_IT) == []


def both_wanted(payers: str) -> Tables:
    """R1.20 for Medicare and a plan, R1.DN-1 for some."""
    rows = [{"rule": "R1.20", "payers": "medicare 90101"}, {"rule": "R1.DN-1", "payers": payers}]
    return with_table("rule_payers", rows, "rule")


@pytest.mark.rule("R1.20")
@pytest.mark.rule("R1.DN-1")
def test_a_payer_that_has_them_on_the_claim_does_not_want_them_on_the_line() -> None:
    claim = make_claim(make_line("E0143", "NU"), providers=DOCTOR)
    assert "R1.20" in said(claim, tables=both_wanted("none"))
    assert "R1.20" not in said(claim, tables=both_wanted("90101"))
    nowhere = said(make_claim(make_line("E0143", "NU")), tables=both_wanted("90101"))
    assert {"R1.20", "R1.DN-1"} <= set(nowhere)


@pytest.mark.rule("R1.20")
def test_medicare_wants_them_on_the_line_whatever_the_table_says() -> None:
    assert "R1.20" in said(medicare(bed(more=()), providers=DOCTOR), tables=both_wanted("medicare"))


@pytest.mark.rule("R1.21")
@pytest.mark.parametrize("name", ["ALDERMAN", "ALDERMAN*1VO", "DR ALDERMAN*IVO", "ALDERMAN*IVO MD", "4LDERMAN*IVO"])
def test_a_name_that_will_not_be_found_is_told(name: str) -> None:
    last, _, first = name.partition("*")
    assert said(medicare(ordered(f"NM1*DK*1*{last}*{first}****XX*{GOOD}"))) == ["R1.21"]


@pytest.mark.rule("R1.21")
@pytest.mark.parametrize("name", ["ALDERMAN*IVO", "O'DARBY*J", "ST. ORMOND-HALE*MARY ANN", "MDALE*PAT"])
def test_a_name_as_it_is_enrolled_passes(name: str) -> None:
    assert said(medicare(ordered(f"NM1*DK*1*{name}****XX*{GOOD}"))) == []


@pytest.mark.rule("R1.21-1")
def test_an_organisation_cannot_order() -> None:
    assert said(medicare(ordered(f"NM1*DK*2*ALDERMAN CLINIC*****XX*{GOOD}"))) == ["R1.21-1"]


@pytest.mark.rule("R1.21-1")
def test_a_person_can() -> None:
    assert said(medicare(ordered(f"NM1*DK*1*ALDERMAN*IVO****XX*{GOOD}"))) == []


LISTED = [make_practitioner(GOOD, "Alderman", "Ivo", dt.date(2026, 11, 2))]


@pytest.mark.rule("R1.21-2")
@pytest.mark.parametrize("name", ["ALDERMAN*IVO", "ALDERSON*IVAN", "Alder-man*I", "ALD. ERMAN*IVO"])
def test_who_is_on_the_list_under_that_name_may_order(name: str) -> None:
    claim = medicare(ordered(f"NM1*DK*1*{name}****XX*{GOOD}"))
    assert said(claim, practitioners=LISTED) == []


@pytest.mark.rule("R1.21-2")
@pytest.mark.parametrize(
    ("npi", "name", "place", "words"),
    [
        (GOOD, "OLDERMAN*IVO", "2420E NM103", "begins with ALDE, first name I (list of 11/02/2026)"),
        (GOOD, "ALDERMAN*OTTO", "2420E NM103", "begins with ALDE, first name I"),
        ("1999999026", "ALDERMAN*IVO", "2420E NM109", "is not among those who may order equipment"),
    ],
)
def test_who_is_not_is_refused_with_what_the_list_says(npi: str, name: str, place: str, words: str) -> None:
    claim = medicare(ordered(f"NM1*DK*1*{name}****XX*{npi}"))
    (found,) = findings(claim, practitioners=LISTED)
    assert (found.rule, found.severity, found.place, found.team) == ("R1.21-2", Severity.REJECT, place, "enrollment")
    assert words in found.message


@pytest.mark.rule("R1.21-2")
def test_a_list_of_long_ago_only_warns() -> None:
    claim = medicare(ordered("NM1*DK*1*BELLWOOD*UNA****XX*1999999026"))
    for days, severity in ((14, Severity.REJECT), (15, Severity.WARN)):
        old = [make_practitioner("1999999042", "Alderman", "Ivo")]
        with_day = TODAY + dt.timedelta(days=days)
        (found,) = findings(claim, practitioners=old, today=with_day)
        assert (found.rule, found.severity) == ("R1.21-2", severity)


@pytest.mark.rule("R1.21-2")
def test_nobody_is_asked_without_a_list_nor_for_other_payers_nor_where_another_rule_speaks() -> None:
    other = ordered("NM1*DK*1*BELLWOOD*UNA****XX*1999999026")
    assert said(medicare(other)) == []
    assert said(medicare(other), practitioners=[]) == ["R1.21-2"]
    assert "R1.21-2" not in said(make_claim(other), practitioners=LISTED)
    for orderer, rule in (
        ("NM1*DK*2*BELLWOOD CLINIC*****XX*1999999026", "R1.21-1"),
        ("NM1*DK*1*BELLWOOD*UNA****XX*1999999027", "R1.22"),
        ("NM1*DK*1*BELLWOOD*UNA", "R1.20"),
    ):
        assert said(medicare(ordered(orderer)), practitioners=LISTED) == [rule]


@pytest.mark.rule("R1.22")
@pytest.mark.parametrize("npi", ["1999999017", "3999999016", "199999901", "19999990188"])
def test_a_wrong_npi_of_who_ordered_is_refused(npi: str) -> None:
    assert said(medicare(ordered(f"NM1*DK*1*ALDERMAN*IVO****XX*{npi}"))) == ["R1.22"]


@pytest.mark.rule("R1.22")
def test_a_wrong_npi_of_the_referring_provider_is_checked_where_it_is_sent() -> None:
    doctor = ("NM1*DN*1*ALDERMAN*IVO****XX*1999999017",)
    assert said(medicare(bed(), providers=doctor)) == ["R1.22"]


@pytest.mark.rule("R1.22")
def test_our_own_wrong_npi_is_refused() -> None:
    claim = medicare(bed())
    claim.set("2010AA NM109", "1999999001")
    assert said(claim) == ["R1.22"]


@pytest.mark.rule("R1.22")
def test_right_npis_pass() -> None:
    doctor = (f"NM1*DN*1*ALDERMAN*IVO****XX*{GOOD}",)
    assert said(medicare(bed(), providers=doctor)) == []


ENROLLED = [{"partner": "practice", "npi": "1999999026"}]


@pytest.mark.rule("R1.23")
def test_once_enrollments_are_kept_another_npi_is_refused() -> None:
    tables = with_table("enrollments", ENROLLED, ("partner", "npi"))
    (told,) = findings(medicare(bed()), tables=tables)
    assert (told.rule, told.severity) == ("R1.23", Severity.REJECT)


@pytest.mark.rule("R1.23")
def test_an_enrolled_npi_passes_and_a_partner_without_rows_is_not_asked() -> None:
    kept = with_table("enrollments", [*ENROLLED, {"partner": "practice", "npi": "1999999000"}], ("partner", "npi"))
    assert said(medicare(bed()), tables=kept) == []
    others = with_table("enrollments", ENROLLED, ("partner", "npi"))
    assert said(medicare(bed()), tables=others, partner="elsewhere") == []


@pytest.mark.rule("R1.24")
@pytest.mark.parametrize(
    "number", ["1A23C45DE6", "0A23C45DE67", "1S23C45DE67", "1a23C45DE67", "900123456A", "1A23-C45-DE67"]
)
def test_what_is_no_medicare_number_is_refused(number: str) -> None:
    assert said(medicare(bed(), member_id=number)) == ["R1.24"]


@pytest.mark.rule("R1.24")
@pytest.mark.parametrize("number", [MBI, "9YY9YY9YY99", "1AA0AA0AA00"])
def test_a_medicare_number_passes(number: str) -> None:
    assert said(medicare(bed(), member_id=number)) == []


def test_findings_name_no_patient() -> None:
    told = " ".join(one.message for one in findings(medicare(line("E0601"), member_id="900123456A")))
    assert told
    assert "FERNSBY" not in told
    assert "900123456A" not in told
