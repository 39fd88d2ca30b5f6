"""The patients of the demo whose stories are known, and what the demo tells of the back office at its end."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.flow.belongings import KINDS
from gateway.sandbox.day import both
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.papers import as_csv, papers_of
from gateway.sandbox.people import is_mbi
from gateway.sandbox.stories import requests_of, stories_of

TODAY = dt.date(2026, 11, 26)
PROCESSES = (
    "Order confirmation",
    "Hold management",
    "Claims transmission",
    "Front-end rejections",
    "Cash posting",
    "Denial management",
    "A/R management",
    "Resupply",
    "Oxygen",
    "Reasonable useful lifetime",
    "Periodic maintenance",
)


def test_the_same_day_and_seed_tell_the_same_stories() -> None:
    assert stories_of(7, TODAY, 500) == stories_of(7, TODAY, 500)
    assert stories_of(7, TODAY, 500) != stories_of(8, TODAY, 500)


@given(st.dates(dt.date(2024, 1, 1), dt.date(2032, 12, 31)), st.integers(0, 5))
def test_on_every_day_what_is_brought_can_be_read_and_nothing_lies_ahead(today: dt.date, seed: int) -> None:
    stories = stories_of(seed, today, 500)
    for rows in (stories.papers.now, stories.papers.late):
        for name, some in rows.items():
            assert len(KINDS[name].read(as_csv(some))) == len(some) if some else True
    assert all(line.start <= today for claim in stories.claims for line in claim.lines)
    assert all(dt.date.fromisoformat(row["contacted_on"]) <= today for row in stories.refills)
    assert all(dt.date.fromisoformat(row["visited_on"]) < today for row in stories.visits)


def test_the_mistyped_member_id_has_the_form_of_one_so_that_no_rule_of_ours_finds_it() -> None:
    stories = stories_of(7, TODAY, 500)
    refused = next(one for one in stories.claims if one.number == stories.refused)
    assert refused.coverage.member_id == stories.mistyped != stories.card
    assert is_mbi(stories.mistyped)
    assert is_mbi(stories.card)


def test_the_orders_of_the_stories_are_no_orders_of_the_generated_patients() -> None:
    made = list(generate_claims(60, 7, TODAY))
    stories = stories_of(7, TODAY, len(made))
    of_made = {row["order_number"] for row in papers_of(made, 7, TODAY).now["orders"]}
    of_stories = {row["order_number"] for row in stories.papers.now["orders"]}
    assert of_made
    assert of_stories
    assert not of_made & of_stories
    assert not {one.number for one in made} & {one.number for one in stories.claims}


def test_a_refill_is_asked_for_before_it_is_dispensed_and_the_first_supply_is_none() -> None:
    made = list(generate_claims(400, 7, TODAY, families=("resupply",), fault_share=0.0))
    asked = requests_of(made)
    assert asked
    days = {(one.coverage.member_id, line.code): [] for one in made for line in one.lines}
    for one in made:
        for line in one.lines:
            days[one.coverage.member_id, line.code].append(line.start)
    for row in asked:
        given_on = days[row["member_id"], row["code"]]
        on = dt.date.fromisoformat(row["contacted_on"]) + dt.timedelta(days=5)
        assert on in given_on[1:]


def test_rows_of_two_are_those_of_both() -> None:
    made = list(generate_claims(40, 7, TODAY))
    first, second = papers_of(made, 7, TODAY).now, stories_of(7, TODAY, 40).papers.now
    assert {kind: len(rows) for kind, rows in both(first, second).items()} == {
        kind: len(first[kind]) + len(second[kind]) for kind in first
    }


@pytest.mark.timeout(300)
def test_the_demo_shows_an_item_of_every_process_of_the_back_office(tmp_path: Path) -> None:
    """As somebody runs it who has just come, with few claims."""
    words = [sys.executable, "-m", "gateway.cli", "demo", "--claims", "60", "--folder", str(tmp_path / "demo")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    told = done.stdout.split("The back office, process by process")[1]
    sections = re.split(r"\n\n(?=[A-Z])", told)
    found = {section.splitlines()[0]: section for section in sections[1:]}
    assert tuple(found)[: len(PROCESSES)] == PROCESSES
    for name in PROCESSES:
        assert re.search(r" {2,}[1-9][\d,]*( |$)", found[name], re.M), found[name]
        assert "e.g. " in found[name], found[name]
    for expected in (
        r"reasons for which orders wait +4 ",
        r"reasons mended, the order sent again +1 ",
        r"prior authorization, open \([1-9]\d* released\) +0 ",
        r"manual, open \(1 released\) +0 ",
        r"corrected, and sent again under their number +1 ",
        r"released by a request that was recorded +[1-9]",
        r"contents released by their delivery ticket +[1-9]",
        r"contents that wait for month 37 +[1-9]",
        r"second items inside their lifetime, held +[1-9]",
        r"items that reach their end within 90 days +[1-9]",
        r"MS claims made of visits +1 ",
    ):
        assert re.search(expected, told), expected
    assert f"{len(PROCESSES)} of {len(PROCESSES)} processes have something to show" in told
    in_a_row = " ".join(told.split())
    assert re.search(r"of these, with a last day to appeal +[1-9]", told)
    assert re.search(r"of these, to a second payer, or sent on to it +[1-9]", told)
    owed = " ".join(found["A/R management"].split())
    assert re.search(r"[A-Z0-9-]+: [A-Z ]+ left \$\d+\.\d\d(, and | and | to )", owed), (
        "a claim that a second payer is asked for"
    )
    assert re.search(r"[A-Z0-9-]+ is \w+: its patient owes \$\d+\.\d\d as (coinsurance|deductible|copay|other)\.", owed)
    assert re.search(r"deposits reconciled with the bank +[1-9]", told), "the practice bank has sent its file"
    assert re.search(r"reconciled\. \d\d/\d\d/\d{4} is closed at \$", in_a_row)
