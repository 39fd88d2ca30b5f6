"""What stands behind generated claims can be brought in, is enough for them, and misses a little at first."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from gateway.cli import cli
from gateway.core.flow.belongings import KINDS
from gateway.core.model.belongings import Decided, Proof
from gateway.core.model.papers import PDF, media_type
from gateway.sandbox.care import add_months
from gateway.sandbox.generate import FAULT_SHARE
from gateway.sandbox.papers import KINDS as MADE
from gateway.sandbox.papers import Papers, as_csv, papers_of
from gateway.sandbox.scans import pdf, visits_of

from .desk import TODAY, claims


def of(number: int = 1500, **how: Any) -> Papers:
    return papers_of(claims(number), 7, TODAY, **how)


def rows(papers: Papers, kind: str) -> list[Any]:
    """As the gateway reads them."""
    return list(KINDS[kind].read(as_csv(papers.now[kind])))


def test_every_row_can_be_taken_in_and_the_same_seed_makes_the_same() -> None:
    papers = of()
    for some in papers:
        for kind in MADE:
            if some[kind]:
                assert len(KINDS[kind].read(as_csv(some[kind]))) == len(some[kind])
    assert papers == of()


def test_each_item_that_is_billed_has_its_order_before_its_delivery_and_a_visit_before_that() -> None:
    made = claims(1500, fault_share=FAULT_SHARE)
    papers = papers_of(made, 7, TODAY, late_share=0)
    orders = {row.member_id: row for row in rows(papers, "orders")}
    given = {(row.member_id, row.code): row.delivered_on for row in reversed(rows(papers, "deliveries"))}
    seen = 0
    for claim in made:
        if "member_id_invalid" in claim.expected_faults:
            continue
        order = orders[claim.coverage.member_id]
        assert {line.code for line in claim.lines} <= set(order.codes)
        delivered = [given[key] for line in claim.lines if (key := (claim.coverage.member_id, line.code)) in given]
        assert all(order.received_on <= day for day in delivered)
        assert order.signed_on == order.ordered_on <= order.received_on
        assert add_months(order.ordered_on, -6) <= order.encounter_on < order.ordered_on
        seen += len(delivered)
    assert seen > 1000


def test_a_dependent_is_told_from_the_one_through_whom_they_are_insured() -> None:
    dependents = [row for row in rows(of(), "orders") if row.dependent]
    assert dependents
    assert all(row.first_name for row in dependents)


def test_contents_have_a_delivery_that_covers_them_unless_the_claim_is_to_lack_it() -> None:
    made = [one for one in claims(6000, fault_share=0.2) if one.family == "oxygen"]
    papers = papers_of(made, 7, TODAY, late_share=0)
    covers: dict[str, list[Any]] = defaultdict(list)
    for row in rows(papers, "deliveries"):
        if row.code == "E0443":
            covers[row.claim_number].append(row)
    billed = [one for one in made if any(line.code == "E0443" for line in one.lines)]
    lacking = [one for one in billed if "contents_without_delivery" in one.expected_faults]
    assert 0 < len(lacking) < len(billed)
    for claim in billed:
        day = next(line.start for line in claim.lines if line.code == "E0443")
        good = [
            row
            for row in covers[claim.number]
            if row.delivered_on <= day < add_months(row.delivered_on, int(row.quantity)) and row.proof is Proof.SIGNED
        ]
        assert bool(good) == ("contents_without_delivery" not in claim.expected_faults)


def test_every_authorization_number_on_a_line_is_one_that_was_affirmed_before_the_delivery() -> None:
    made = [one for one in claims(3000) if one.family in ("power", "surface")]
    found = {row.number: row for row in rows(papers_of(made, 7, TODAY, late_share=0), "authorizations")}
    numbers = [(line.authorization, one.started) for one in made for line in one.lines if line.authorization]
    assert numbers
    for number, started in numbers:
        assert found[number].decided is Decided.AFFIRMED
        assert found[number].decided_on < started <= found[number].valid_to


def test_a_small_share_is_missing_and_comes_later_as_the_same_rows() -> None:
    papers = of(late_share=0.1)
    unsigned = [row for row in papers.now["orders"] if not row["signed_on"]]
    assert 0.05 < len(unsigned) / len(papers.now["orders"]) < 0.15
    assert [row["order_number"] for row in papers.late["orders"]] == [row["order_number"] for row in unsigned]
    assert all(row["signed_on"] for row in papers.late["orders"])
    unproven = [row["claim_number"] for row in papers.now["deliveries"] if row["proof"] == "none"]
    assert [row["claim_number"] for row in papers.late["deliveries"]] == unproven
    assert all(row["proof"] == "signed" for row in papers.late["deliveries"])
    assert not any(of(late_share=0).late.values())


def test_the_command_writes_them_beside_the_claims(tmp_path: Path) -> None:
    words = ["sandbox", "generate", "--claims", "200", "--seed", "3", "--today", "2026-11-23"]
    out = ["--out", str(tmp_path / "c.837"), "--papers", str(tmp_path / "papers")]
    done = CliRunner().invoke(cli, words + out, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    made = papers_of(claims(200, 3, fault_share=FAULT_SHARE), 3, TODAY)
    for kind in MADE:
        if made.now[kind]:
            assert (tmp_path / "papers" / f"{kind}.csv").read_bytes() == as_csv(made.now[kind])


def test_a_visit_is_a_paper_whose_table_points_at_its_parts() -> None:
    made = [one for one in claims(6000) if one.family == "oxygen"]
    scans = list(visits_of(made))
    billed = [(one.number, line.start) for one in made for line in one.lines if "MS" in line.modifiers]
    assert billed
    assert [(scan.claim_number, scan.dated) for scan in scans] == billed
    for data in (scans[0].data, pdf(("a (b) \\ c",))):
        assert media_type(data) == PDF
        start = int(data.split(b"startxref\n")[1].split()[0])
        table = data[start:].splitlines()
        assert table[0] == b"xref"
        for number, line in enumerate(table[3:8], start=1):
            assert data[int(line[:10]) :].startswith(b"%d 0 obj" % number)
        (length, stream) = re.findall(rb"/Length (\d+) >>\nstream\n(.*)\nendstream", data)[0]
        assert int(length) == len(stream)
