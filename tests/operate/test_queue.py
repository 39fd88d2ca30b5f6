"""`gateway queue`, `gateway holds` and the reports of work, on a place where a gateway has lived."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from gateway.core.model.terms import add_months
from gateway.core.store.tables import access_log, claim_lines, claims, holds, touches, work_items

from ..work.desk import put_item
from .conftest import Place


def put(place: Place, key: str, **values: Any) -> int:
    """An open work item of the documentation team."""
    with place.sql.begin() as connection:
        return put_item(connection, key, **{"team": "documentation", **values})


def item(place: Place, item_id: int) -> Any:
    """The row of an item."""
    return place.rows(work_items, work_items.c.id == item_id)[0]


def test_a_biller_works_the_morning_queue(lived: Place) -> None:
    one = put(lived, "a", team="appeals", kind="denial", cents=5_000, rule="CO-50")
    two = put(lived, "b", team="appeals", kind="denial", cents=900)
    listed = json.loads(lived.run("queue", "list", "--team", "appeals", "--today", "--json").output)
    assert [row["id"] for row in listed["items"]] == [one, two]
    assert lived.run("queue", "claim", str(one), str(two), "--by", "maria").output == f"Yours: {one}, {two}.\n"
    told = lived.run("queue", "claim", str(two), "--by", "sam")
    assert told.exit_code == 1
    assert f"{two}: maria has it since" in told.output
    words = ("queue", "touch", str(one), "--action", "called_payer", "--note", "They look.", "--by", "maria")
    told = lived.run(*words)
    assert told.exit_code == 1
    assert "Called the payer on a denial needs the next date" in told.output
    told = lived.run(*words, "--follow-up", "2099-01-02")
    assert told.output == f"Written down: {one}.\n"
    shown = lived.run("queue", "show", str(one)).output
    assert f"Work item {one}: Denial, open. $50.00" in shown
    assert "maria (touch)  Called the payer; They look.; next 01/02/2099" in shown
    assert "follow up   01/02/2099" in shown
    assert f"{one} " not in lived.run("queue", "list", "--team", "appeals", "--today").output
    told = lived.run("queue", "close", str(two), "--outcome", "paid", "--reason", "They paid it.", "--by", "maria")
    assert told.output == f"Closed: {two}.\n"
    assert item(lived, two).outcome == "paid: They paid it. (maria)"
    assert lived.run("queue", "reopen", str(two), "--reason", "Another line.").output == f"Open again: {two}.\n"
    assert lived.run("queue", "release", str(two), "--by", "maria").output == f"Given back: {two}.\n"
    assert item(lived, two).assignee == ""


def test_many_are_assigned_after_a_look_at_which(lived: Place) -> None:
    ours = [put(lived, f"k{at}", rule="R1.40", cents=100) for at in range(3)]
    other = put(lived, "other", rule="R1.41")
    words = ("queue", "assign", "--to", "maria", "--team", "documentation", "--rule", "R1.40")
    told = lived.run(*words, "--dry-run").output
    assert told.startswith("It would be for 3 items, $3.00.\n")
    assert told.endswith("Nothing was changed.\n")
    assert not lived.rows(work_items, work_items.c.assignee == "maria")
    told = lived.run(*words)
    assert (told.exit_code, told.output) == (0, f"Assigned: {', '.join(map(str, ours))}.\n")
    assert {row.id for row in lived.rows(work_items, work_items.c.assignee == "maria")} == set(ours)
    assert item(lived, other).assignee == ""
    mine = lived.run("queue", "list", "--mine", "--csv").output
    assert "R1.40" not in mine, "mine are those of whoever is signed in"
    assert (
        len(list(csv.DictReader(io.StringIO(lived.run("queue", "list", "--assignee", "maria", "--csv").output)))) == 3
    )


def test_named_items_are_done_all_or_none(lived: Place) -> None:
    one = put(lived, "a", deadline=None)
    told = lived.run("queue", "snooze", str(one), "999999", "--until", "2099-01-01")
    assert told.exit_code == 1
    assert "There is no open work item 999999. Nothing was done to any of them." in told.output
    assert item(lived, one).snoozed_until is None


def test_a_verb_for_everything_or_for_two_things_is_refused(lived: Place) -> None:
    one = put(lived, "a")
    told = lived.run("queue", "assign", "--to", "maria")
    assert (told.exit_code, "narrow the queue down" in told.output) == (2, True)
    told = lived.run("queue", "assign", str(one), "--team", "billing", "--to", "maria")
    assert (told.exit_code, "not both" in told.output) == (2, True)
    assert lived.run("queue", "list", "--min", "much").exit_code == 2
    assert lived.run("queue", "list", "--claim", "no-such").exit_code == 1
    assert lived.run("queue", "claim", "--team", "enrollment").output == "No item fits. Nothing was done.\n"
    assert lived.run("queue", "show", "999999").exit_code == 1


def test_a_day_is_asked_for_as_one_is_written(lived: Place) -> None:
    for words in (
        ("queue", "snooze", "1", "--until", "12/01/2026"),
        ("holds", "add", "1", "--reason", "x", "--due", "12/01/2026"),
        ("denial", "sent", "1", "--on", "12/01/2026"),
        ("day", "show", "12/01/2026"),
        ("deposit", "list", "--from", "12/01/2026"),
        ("document", "list", "--since", "12/01/2026"),
        ("sandbox", "bank", "--day", "12/01/2026"),
    ):
        told = lived.run(*words)
        assert told.exit_code == 2
        assert "'12/01/2026' cannot be used; a day is written like 2026-12-01." in told.output, told.output


def test_a_mistyped_team_or_kind_is_no_empty_queue(lived: Place) -> None:
    put(lived, "a", team="night shift", kind="own_kind")
    for words, near in (
        (("queue", "list", "--team", "denails"), "There is no team 'denails'. Did you mean denials?"),
        (("queue", "list", "--team", "denails", "--csv"), "There is no team 'denails'. Did you mean denials?"),
        (("queue", "list", "--kind", "rejections"), "There is no kind of work 'rejections'. Did you mean rejection"),
        (("queue", "claim", "--team", "Billing"), "There is no team 'Billing'. Did you mean billing"),
        (("queue", "assign", "--to", "maria", "--kind", "denail", "--dry-run"), "Did you mean denial?"),
        (("holds", "list", "--team", "respiratry"), "Did you mean respiratory?"),
        (("holds", "release", "--team", "respiratry", "--reason", "x"), "Did you mean respiratory?"),
        (("denial", "list", "--team", "apeals"), "Did you mean appeals"),
        (("queue", "list", "--team", "zzz"), "There are: appeals, authorization"),
        (("queue", "list", "--team", "nihgt shift"), "Did you mean night shift?"),
    ):
        told = lived.run(*words)
        assert (told.exit_code, near in told.output) == (2, True), told.output
        assert told.output.count("\n") == 1
    assert "own_kind" in lived.run("queue", "list", "--team", "night shift", "--kind", "own_kind").output
    assert lived.run("queue", "list", "--team", "patient-billing").exit_code == 0


def test_the_summary_adds_up_to_the_queue(lived: Place) -> None:
    put(lived, "a", cents=100)
    rows = list(csv.DictReader(io.StringIO(lived.run("queue", "summary", "--csv").output)))
    waiting = lived.rows(work_items, work_items.c.state == "open")
    assert sum(int(row["items"]) for row in rows) == len(waiting)
    assert any(row["team"] == "documentation" and row["dollars"] == "1.00" for row in rows)
    assert "called_payer" in lived.run("queue", "actions").output


def test_who_looked_at_an_item_is_in_the_access_log(lived: Place) -> None:
    one = put(lived, "a")
    lived.change(delete(access_log))
    lived.run("queue", "show", str(one))
    lived.run("queue", "claim", str(one), "--dry-run")
    assert [row.what for row in lived.rows(access_log)] == [f"queue show {one}", "queue, dry run"]


def test_what_waits_for_a_medicare_claim_has_the_last_day_to_file(lived: Place) -> None:
    medicare = {row.id: row for row in lived.rows(claims, claims.c.filing_code == "MB")}
    items = lived.rows(work_items, work_items.c.kind.in_(("hold", "denial", "rejection")))
    ours = [row for row in items if row.claim_id in medicare]
    assert {"hold", "denial"} <= {row.kind for row in ours}
    for row in ours:
        line = {"id": row.subject_id} if row.subject_kind == "line" else {"claim_id": row.claim_id}
        lines = lived.rows(claim_lines, *(claim_lines.c[name] == value for name, value in line.items()))
        first = min(one.from_date for one in lines)
        assert row.refile_by == add_months(first, 12), row.kind
        assert row.priority_date == min(one for one in (row.refile_by, row.deadline, row.appeal_by) if one is not None)


def samples() -> list[str]:
    """The commands in the boxes of docs/queues.md, without `gateway`."""
    page = (Path(__file__).parents[2] / "docs" / "queues.md").read_text()
    boxes = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    return [line.removeprefix("$ gateway ") for box in boxes for line in box.splitlines()]


def test_every_sample_of_the_page_can_be_typed(lived: Place) -> None:
    claim = held(lived)
    lived.run("holds", "add", str(claim.id), "--reason", "x")
    standing = lived.rows(holds, holds.c.claim_id == claim.id, holds.c.released_at.is_(None))
    meant = {str(41 + at): str(put(lived, f"k{at}")) for at in range(3)}
    meant |= {"C-1001": claim.source_claim_number}
    meant |= {"17": str(standing[0].id), "18": str(standing[1].id)}
    assert len(samples()) > 10
    for line in samples():
        words = [meant.get(word, re.sub(r"^20\d\d(-\d\d-\d\d)$", r"2099\1", word)) for word in shlex.split(line)]
        told = lived.run(*words)
        assert (told.exit_code, line) == (0, line), told.output


# --- holds -----------------------------------------------------------------------------------------


def held(place: Place) -> Any:
    """A claim that a rule has held."""
    return place.rows(claims, claims.c.state == "held")[0]


def test_a_person_puts_a_hold_and_several_are_let_go_together(lived: Place) -> None:
    claim = held(lived)
    told = lived.run(
        "hold", "add", claim.source_claim_number, "--reason", "Waits for the new order.", "--type", "RX",
        "--expires", "2099-01-02", "--by", "dana",
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    (mine,) = lived.rows(holds, holds.c.opened_by == "dana")
    assert told.output == f"Hold {mine.id} is on claim {claim.source_claim_number}.\n"
    rows = list(csv.DictReader(io.StringIO(lived.run("holds", "list", "--type", "RX", "--csv").output)))
    assert [(row["id"], row["by"], row["team"]) for row in rows if row["by"] == "dana"] == [
        (str(mine.id), "dana", "documentation")
    ]
    everything = lived.rows(holds, holds.c.claim_id == claim.id, holds.c.released_at.is_(None))
    words = ("holds", "release", "--claim", str(claim.id), "--reason", "All is there.", "--by", "dana")
    told = lived.run(*words, "--dry-run").output
    assert told.startswith(f"It would release {len(everything)} holds, on claims of $")
    assert lived.count(holds, holds.c.claim_id == claim.id, holds.c.released_at.is_(None)) == len(everything)
    assert lived.run(*words).output == f"{len(everything)} holds released; 1 of them were the last of their claim.\n"
    assert lived.rows(claims, claims.c.id == claim.id)[0].state == "ready"
    done = lived.rows(touches, touches.c.who == "dana", touches.c.verb == "close")
    assert len(done) == len(everything), "what dana cleared is dana's work"


def test_a_hold_that_cannot_be_put_is_told(lived: Place) -> None:
    sent = lived.rows(claims, claims.c.state == "paid")[0]
    told = lived.run("holds", "add", str(sent.id), "--reason", "x")
    assert told.exit_code == 1
    assert "it is paid already. Nothing was held." in told.output
    assert lived.run("holds", "release", "--reason", "x").exit_code == 2
    assert lived.run("holds", "release", "1", "--team", "billing", "--reason", "x").exit_code == 2


# --- reports ---------------------------------------------------------------------------------------


def test_the_report_of_holds_counts_each_claim_once_in_all(lived: Place) -> None:
    claim = held(lived)
    lived.run("holds", "add", str(claim.id), "--reason", "x", "--type", "PAR")
    told = lived.run("report", "holds").output
    waiting = lived.rows(holds, holds.c.released_at.is_(None))
    with lived.sql.connect() as connection:
        cents = dict(connection.execute(select(claims.c.id, claims.c.charge_cents)).all())  # type: ignore[arg-type]
    whole = sum(cents[one] for one in {row.claim_id for row in waiting}) / 100
    last = next(line for line in told.splitlines() if line.startswith("all"))
    assert last.split()[1:4] == [str(len(waiting)), str(len({row.claim_id for row in waiting})), f"{whole:,.2f}"]
    assert "hold days" in told


def test_the_days_work_of_a_person(lived: Place) -> None:
    one = put(lived, "a", cents=700)
    lived.run("queue", "close", str(one), "--reason", "Done.", "--by", "maria")
    (row,) = csv.DictReader(io.StringIO(lived.run("report", "productivity", "--who", "maria", "--csv").output))
    assert (row["who"], row["touches"], row["closed"], row["dollars"]) == ("maria", "1", "1", "7.00")
    told = lived.run("report", "productivity", "--from", "2026-01-02", "--to", "2026-01-01")
    assert told.exit_code == 2
