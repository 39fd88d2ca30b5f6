"""`gateway explain` of a whole day's file: only what waits, only what a rule has touched, and as a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from gateway.core.store.tables import claims

from ..flow.out.made import Made, make_837
from ..posting.made import Clp, Era, Svc, make_835
from .conftest import Place
from .test_explain import desk, facts, file, place, said

__all__ = ["desk", "place"]


@pytest.fixture
def several(place: Place, desk: Path) -> str:
    """A file in which one claim goes, one wants papers of oxygen, and one has a number that came before."""
    known = place.rows(claims, claims.c.source == "billing", claims.c.state == "paid")[0]
    return file(
        desk,
        make_837(
            [
                Made(number="C-1", payer="90101", filing="CI"),
                Made(number="C-2", payer="17013"),
                Made(number=known.claim_number, payer="90101", filing="CI"),
            ]
        ),
    )


def test_nothing_of_a_rule_is_said_so(place: Place, several: str) -> None:
    output = said(place, several, "--only", "goes", "--rule", "R0.00", code=1)
    assert "Nothing in it goes and is touched by rule R0.00." in output
    assert said(place, several, "--rule", "R0.00", "--format", "csv", code=1).count("\n") == 1


def test_only_what_goes_and_only_what_waits(place: Place, several: str) -> None:
    waits = facts(place, several, "--only", "waits", code=1)
    assert [one["ordinal"] for one in waits] == [2, 3]
    goes = said(place, several, "--only", "goes")
    assert "Claim 1, C-1" in goes
    assert "Claim 2" not in goes
    assert "1 would go, 0 would wait. Nothing was written. 2 others are not shown." in goes


def test_only_what_a_rule_has_touched(place: Place, several: str) -> None:
    assert [one["ordinal"] for one in facts(place, several, "--rule", "duplicate-claim-number", code=1)] == [3]


def test_as_a_spreadsheet_each_reason_has_its_row(place: Place, several: str) -> None:
    rows = list(csv.DictReader(io.StringIO(said(place, several, "--format", "csv", code=1))))
    told = facts(place, several, code=1)
    for one in told:
        mine = [row for row in rows if row["number"] == one["number"]]
        assert {row["goes"] for row in mine} == {"yes" if one["goes"] else "no"}
        assert {row["chain"] for row in mine} == {one["chain"]}
        assert [row["why"] for row in mine] == ([hold["reason"] for hold in one["holds"]] or [""])
        assert [row["rule"] for row in mine] == ([hold["rule"] for hold in one["holds"]] or [""])


def test_a_payment_that_waits_says_for_whom(place: Place, desk: Path) -> None:
    era = Era([Clp("NOBODY-1", [Svc("E1390", "100.00", "80.00")])])
    rows = list(csv.DictReader(io.StringIO(said(place, file(desk, make_835(era), "x.835"), "--format", "csv", code=1))))
    (payment,) = [row for row in rows if row["what"] == "payment"]
    assert payment["goes"] == "no"
    assert payment["said by"] == "posting"
    assert payment["why"]
    assert payment["number"] == "NOBODY-1"
