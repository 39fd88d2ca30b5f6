"""`gateway trace` tells what did happen, and changes nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from gateway.core.ledger.balances import claim_balances
from gateway.core.store.tables import (
    acknowledgments,
    batches,
    blobs,
    claim_payments,
    claims,
    denials,
    files,
    holds,
    interchanges,
    patients,
    submissions,
    timeline,
    work_items,
)
from gateway.operate import trace_commands

from .conftest import Place
from .still import killed_writer, move_to_postgres, nothing_changes

NOW = dt.datetime.now(dt.UTC)
DOCS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, lived: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place that has lived, with its rows on SQLite and on PostgreSQL."""
    if request.param == "postgres":
        move_to_postgres(lived, request.getfixturevalue("postgres_url"), monkeypatch)
    return lived


def told(place: Place, *words: str, code: int = 0) -> str:
    done = place.run("trace", *words)
    assert done.exit_code == code, done.output
    return done.output


def stations(text: str) -> list[str]:
    return [found[1] for line in text.splitlines() if (found := re.match(r"\d\d/\d\d/\d{4} \d\d:\d\d  (\S+)", line))]


def money(cents: int) -> str:
    return f"${cents / 100:,.2f}"


def paid_claim(place: Place) -> Any:
    return next(row for row in place.rows(claims, claims.c.state == "paid", claims.c.source == "billing"))


def monday(place: Place) -> Any:
    """The file of claims that came from the billing system."""
    return place.rows(files, files.c.name == "monday.837")[0]


def replacing(place: Place, kind: str, hop: int, verdict: str, details: dict[str, Any], claim_id: int) -> Any:
    """One more acknowledgment of the claim's batch, as its station writes it; returns the submission."""
    submission = place.rows(submissions, submissions.c.claim_id == claim_id)[0]
    file = place.rows(files, files.c.kind == "999")[0]
    values = {"id": 99_000 + hop, "file_id": file.id, "batch_id": submission.batch_id, "kind": kind, "hop": hop}
    values |= {"verdict": verdict, "details": details, "at": NOW}
    if kind == "277CA":
        values["submission_id"] = submission.id
    place.change(insert(acknowledgments).values(**values))
    return submission


# --- nothing, and several --------------------------------------------------------------------------


def test_what_does_not_exist_is_told_with_where_it_was_looked_for_and_what_is_near(place: Place) -> None:
    number = place.rows(claims)[3].claim_number
    output = told(place, number[:-1] + "X", code=1)
    assert f"There is nothing called '{number[:-1]}X'" in output
    assert "claim numbers (ours and the sources' own)" in output
    assert "control numbers (ISA13)" in output
    assert "Claim numbers that are near: " in output
    assert number[:-2] in output.partition("near: ")[2]
    assert told(place, "file", "99999", code=1).startswith("There is nothing called 'file 99999'")
    assert "near" not in told(place, "interchange", "777", code=1)


def test_before_the_first_start_it_says_that_there_is_nothing_yet(lived: Place) -> None:
    data = lived.folder / "data"
    data.rename(lived.folder / "elsewhere")
    assert "gateway serve" in told(lived, "C-1", code=2)
    assert not data.exists()


def test_several_claims_of_one_number_are_listed_to_choose_from(place: Place) -> None:
    one, other = place.rows(claims)[:2]
    place.change(update(claims).where(claims.c.id == other.id).values(claim_number=one.claim_number))
    output = told(place, one.claim_number, code=1)
    assert f"2 are called '{one.claim_number}'" in output
    for row in (one, other):
        assert f"gateway trace claim {one.claim_number} --id {row.id}" in output
        assert f"{row.from_date:%m/%d/%Y}" in output
    chosen = json.loads(told(place, one.claim_number, "--id", str(other.id), "--format", "json"))
    assert chosen["claim_id"] == other.id
    assert "with the id 9999" in told(place, one.claim_number, "--id", "9999", code=1)
    listed = json.loads(told(place, one.claim_number, "--format", "json", code=1))
    assert [choice["id"] for choice in listed["choices"]] == [one.id, other.id]


def test_a_claim_is_found_by_the_number_that_its_source_gave_it(place: Place) -> None:
    claim = paid_claim(place)
    place.change(update(claims).where(claims.c.id == claim.id).values(claim_number="GW2-7"))
    output = told(place, claim.source_claim_number)
    assert output.startswith("Claim GW2-7: paid")
    assert f"billing calls it {claim.source_claim_number}" in output


# --- a claim ---------------------------------------------------------------------------------------


def test_a_paid_claim_is_told_from_its_file_to_its_balance(place: Place) -> None:
    claim = paid_claim(place)
    payment = place.rows(claim_payments, claim_payments.c.claim_id == claim.id)[0]
    sent = place.rows(submissions, submissions.c.claim_id == claim.id)[0]
    batch = place.rows(batches, batches.c.id == sent.batch_id)[0]
    output = told(place, claim.claim_number)
    assert output.startswith(f"Claim {claim.claim_number}: paid, {money(claim.charge_cents)}\n")
    assert stations(output)[:3] == ["intake", "confirm", "scrub"]
    order = [name for name in dict.fromkeys(stations(output)) if name not in ("confirm", "hold", "route", "work")]
    assert order == ["intake", "scrub", "batch", "send", "acknowledge", "post"]
    for words in (
        f"monday.837 (837P), received as file {claim.file_id}",
        "configuration " + claim.config_hash[:12],
        f"interchange {batch.isa13}",
        batch.remote_name,
        "marked as test",
        "was accepted (999 A)",
        "The payer says: accepted for processing",
        "(A2:20:PR)",
        f"paid {money(payment.paid_cents)}, patient {money(payment.patient_cents)}",
        f"{money(payment.paid_cents)} from 'with the payers' to 'remitted, not posted'",
        "adjusted: coinsurance",
        "Times are those of America/New_York.",
    ):
        assert words in output, words
    with place.sql.connect() as connection:
        balance = claim_balances(connection, [claim.id])[claim.id]
    assert f"Balance now {money(balance)}: " in output


def test_a_held_claim_says_by_which_rule_and_for_whom(place: Place) -> None:
    hold = place.rows(holds, holds.c.released_at.is_(None))[0]
    number = place.rows(claims, claims.c.id == hold.claim_id)[0].claim_number
    output = told(place, number)
    assert f"{hold.type} hold {hold.id} [{hold.rule}] by {hold.plugin} for {hold.team}, open, due" in output
    assert output.count(hold.reason) == 1
    assert place.run("holds", "release", str(hold.id), "--reason", "seen", "--by", "dana").exit_code == 0
    output = told(place, number)
    assert f"hold {hold.id} [{hold.rule}] by {hold.plugin} for {hold.team}, released by dana" in output
    assert "SYS hold released: seen." in output
    assert "\n" + " " * 33 + "by dana" in output


def test_a_refused_set_and_a_rejected_claim_say_what_was_wrong_in_words(place: Place) -> None:
    claim = paid_claim(place)
    error = {"segment": "NM1", "position": 22, "loop": "2010BA", "segment_code": "8"}
    error |= {"element": 9, "component": 0, "element_code": "4"}
    details = {"st02": "0001", "code": "R", "codes": ["5"], "errors": [error]}
    sent = replacing(place, "999", 2, "rejected", details, claim.id)
    size = place.rows(batches, batches.c.id == sent.batch_id)[0].claims
    status = {"codes": ["A7:562:85"], "lines": [["L1", ["A7:507"]]]}
    replacing(place, "277CA", 4, "rejected", status, claim.id)
    output = told(place, claim.claim_number)
    said = "loop 2010BA NM109 (segment 22): the value is too short (subscriber id)."
    assert f"with {size} claims was refused (999 R): {said}" in output
    assert "the NPI of the entity, billing provider (A7:562:85)" in output
    assert "line L1: " in output


def test_a_ta1_says_what_became_of_the_interchange(place: Place) -> None:
    claim = paid_claim(place)
    sent = place.rows(submissions, submissions.c.claim_id == claim.id)[0]
    isa13 = place.rows(batches, batches.c.id == sent.batch_id)[0].isa13
    replacing(place, "TA1", 1, "accepted", {"isa13": isa13, "code": "A", "note": "000"}, claim.id)
    assert f"The partner took interchange {isa13} (TA1 A)." in told(place, claim.claim_number)
    refusal = {"isa13": isa13, "code": "R", "note": "025"}
    place.change(
        update(acknowledgments).where(acknowledgments.c.kind == "TA1").values(verdict="rejected", details=refusal)
    )
    for words in ((claim.claim_number,), ("interchange", isa13)):
        assert "(TA1 025): this control number has been used before" in told(place, *words)


def test_a_claim_that_could_not_be_read_says_why(place: Place) -> None:
    claim = place.rows(claims)[0]
    first = timeline.c.subject_id == claim.id, timeline.c.subject_kind == "claim", timeline.c.station == "intake"
    place.change(update(timeline).where(*first).values(what="It cannot be worked on: CLM02 is no amount."))
    place.change(update(claims).where(claims.c.id == claim.id).values(state="faulty", patient_id=None))
    output = told(place, claim.claim_number, "--patient")
    assert output.startswith(f"Claim {claim.claim_number}: faulty")
    assert "CLM02 is no amount." in output
    assert "patient: not known" in output


def test_a_refusal_of_another_set_is_not_the_claims(place: Place) -> None:
    claim = paid_claim(place)
    details = {"st02": "0002", "code": "R", "codes": ["5"], "errors": []}
    sent = replacing(place, "999", 2, "rejected", details, claim.id)
    assert "was refused" not in told(place, claim.claim_number)
    isa13 = place.rows(batches, batches.c.id == sent.batch_id)[0].isa13
    assert "Transaction set 0002" in told(place, "interchange", isa13)


def test_a_denial_is_told_with_its_work_item(place: Place) -> None:
    denial = place.rows(denials)[0]
    number = place.rows(claims, claims.c.id == denial.claim_id)[0].claim_number
    item = place.rows(work_items, work_items.c.key == f"denial:{denial.id}")[0]
    output = told(place, number)
    reason = f"{denial.group_code}-{denial.reason_code}"
    assert f"denial {denial.id}: {money(denial.cents)} {reason}" in output
    assert f"({denial.category}), for {denial.team}, open" in output
    assert f"For {item.team}: {item.reason}" in output
    assert f"denial {item.id}, open, work by {item.work_by:%m/%d/%Y}" in output
    place.change(
        update(work_items).where(work_items.c.id == item.id).values(state="closed", outcome="Paid.", closed_at=NOW)
    )
    assert f"Closed: Paid.\n{' ' * 33}denial {item.id}" in told(place, number)


def test_a_payment_under_its_number_that_waits_is_told_too(place: Place) -> None:
    claim = paid_claim(place)
    payment = place.rows(claim_payments, claim_payments.c.claim_id == claim.id)[0]
    values = dict(payment._mapping) | {"id": 5000, "ordinal": 99, "claim_id": None, "state": "exception"}
    place.change(insert(claim_payments).values(**values | {"reason": "Two claims fit."}))
    output = told(place, claim.claim_number)
    assert f"A payment of {money(payment.paid_cents)} under its number is not matched to it" in output
    assert "Two claims fit." in output


def test_times_are_the_suppliers(place: Place) -> None:
    claim = paid_claim(place)
    main = place.config_dir / "gateway.yaml"
    main.write_text(main.read_text().replace("America/New_York", "Pacific/Kiritimati"))
    output = told(place, claim.claim_number)
    assert f"{claim.created_at + dt.timedelta(hours=14):%m/%d/%Y %H:%M}  intake" in output
    assert "Times are those of Pacific/Kiritimati." in output


def test_no_patient_is_named_unless_asked_for(place: Place) -> None:
    everybody = place.rows(patients)
    every = place.rows(claims)
    secrets = {row.last_name for row in everybody} | {row.member_id for row in every if row.member_id}
    assert len(secrets) > 10
    words = [(row.claim_number,) for row in every[:12]] + [("file", str(row.id)) for row in place.rows(files)[:6]]
    for one in words:
        for form in ("text", "json", "csv"):
            output = told(place, *one, "--format", form)
            assert not [secret for secret in secrets if secret in output]
    claim = every[0]
    patient = next(row for row in everybody if row.id == claim.patient_id)
    output = told(place, claim.claim_number, "--patient")
    assert f"patient: {patient.last_name}, {patient.first_name}, born {patient.birth_date:%m/%d/%Y}" in output
    assert claim.member_id in output


# --- interchanges and files ------------------------------------------------------------------------


def test_an_interchange_is_told_with_its_answers_and_its_claims(place: Place) -> None:
    batch = place.rows(batches)[0]
    for number in (batch.isa13, batch.isa13.lstrip("0"), f"interchange {batch.isa13}"):
        output = told(place, *number.split())
        assert output.startswith(f"Interchange {batch.isa13} to practice: sent\n")
    assert f"{batch.claims} claims, {money(batch.cents)}, marked as test" in output
    assert f"The payer says of {batch.claims} claims: accepted." in output
    assert "The group of interchange 000000001: 1 of 1 transaction sets accepted (999 A)." in output
    assert f"{batch.claims} claims. To see one: gateway trace NUMBER" in output
    for row in place.rows(submissions, submissions.c.batch_id == batch.id):
        assert f"  {row.claim_number} " in output
    assert f"gateway trace file {monday(place).id}" in output  # the source's own file has the same number


def test_of_many_claims_the_first_are_shown_and_how_to_see_the_rest(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_commands, "MOST_CLAIMS", 5)
    output = told(place, "000000001")
    size = place.rows(batches)[0].claims
    assert f"And {size - 5} more: --all shows them." in output
    assert output.count(" open  ") == 5
    everything = told(place, "000000001", "--all")
    assert everything.count(" open  ") == size
    assert "more" not in everything


def test_an_answer_is_found_by_its_own_interchange(place: Place) -> None:
    file = place.rows(files, files.c.kind == "277CA")[0]
    (named,) = place.rows(interchanges, interchanges.c.file_id == file.id)
    output = told(place, "interchange", named.isa13)
    assert output.startswith(f"File {file.id}, {file.name}: 277CA, read")
    assert re.search(r"277CA for interchange \d{9} to practice: ", output)


def test_a_remittance_file_tells_what_was_posted_from_it(place: Place) -> None:
    file = place.rows(files, files.c.kind == "835")[0]
    output = told(place, file.name)
    assert f"{money(file.cents)}: posted." in output
    assert f"posted {money(file.cents)}, waiting $0.00" in output
    assert f"{file.claims} claim" in output
    payment = place.rows(claim_payments, claim_payments.c.remittance_id == 1)[0]
    assert payment.claim_number in told(place, f"file {place.rows(files, files.c.kind == '835')[0].id}")


def test_a_file_on_disk_is_known_by_its_bytes(place: Place, tmp_path: Path) -> None:
    file = monday(place)
    copy = tmp_path / "whatever it is called.txt"
    copy.write_bytes(place.archive.read(file.sha256))
    assert told(place, str(copy)).startswith(f"File {file.id}, monday.837: 837P, read")
    copy.write_bytes(copy.read_bytes() + b" ")
    output = told(place, str(copy), code=1)
    assert "never taken in or sent" in output
    assert "gateway explain" in output


def test_the_file_of_an_interchange_is_told_as_that(place: Place) -> None:
    batch = place.rows(batches)[0]
    assert told(place, "file", str(batch.file_id)).startswith("Interchange 000000001 to practice")


def test_a_file_whose_bytes_were_removed_says_so(place: Place) -> None:
    file_id, sha256 = monday(place).id, monday(place).sha256
    place.change(update(blobs).where(blobs.c.sha256 == sha256).values(purged_at=NOW))
    assert "Its bytes were removed, as the retention policy says." in told(place, "file", str(file_id))


# --- for programs ----------------------------------------------------------------------------------


def test_a_program_gets_the_same_as_json(place: Place) -> None:
    claim = paid_claim(place)
    found = json.loads(told(place, claim.claim_number, "--format", "json"))
    assert (found["kind"], found["claim_id"], found["state"]) == ("claim", claim.id, "paid")
    assert found["charge_cents"] == claim.charge_cents
    assert sum(found["balances"].values()) == found["balance_cents"]
    moments = [dt.datetime.fromisoformat(event["at"]) for event in found["events"]]
    assert moments == sorted(moments)
    (post,) = [event for event in found["events"] if event["station"] == "post"]
    assert post["paid_cents"] == place.rows(claim_payments, claim_payments.c.claim_id == claim.id)[0].paid_cents
    answers = [event["answer"] for event in found["events"] if event["station"] == "acknowledge"]
    assert sorted(answers) == ["277CA", "277CA", "999"]


def test_a_spreadsheet_gets_the_events_of_a_claim_and_the_claims_of_a_file(place: Place) -> None:
    claim = paid_claim(place)
    events = list(csv.DictReader(io.StringIO(told(place, claim.claim_number, "--format", "csv"))))
    assert events[0]["station"] == "intake"
    listed = list(csv.DictReader(io.StringIO(told(place, "file", str(claim.file_id), "--format", "csv"))))
    assert [row["claim"] for row in listed] == [
        row.claim_number for row in place.rows(claims, claims.c.file_id == claim.file_id)
    ]


# --- it only looks ---------------------------------------------------------------------------------


def test_it_changes_nothing(place: Place) -> None:
    numbers = [(paid_claim(place).claim_number,), ("000000001",), ("file", "2"), ("nothing",)]
    with nothing_changes(place):
        for words in numbers:
            place.run("trace", *words)


def test_it_reads_what_a_killed_writer_left_and_leaves_it_there(lived: Place) -> None:
    log = killed_writer(lived)
    with nothing_changes(lived):
        assert "noted just before the end" in told(lived, "file", "2")
    assert log.stat().st_size


def test_it_holds_no_writer_up(lived: Place) -> None:
    number = paid_claim(lived).claim_number
    with lived.sql.begin() as connection:
        connection.execute(update(files).values(reason="x"))
        told(lived, number)
        connection.rollback()


# --- the docs --------------------------------------------------------------------------------------


def plain(text: str) -> set[str]:
    """The lines without what differs from run to run: days and times, ids, and the numbers of files."""
    for pattern, word in (
        (r"\d\d/\d\d/\d{4}( \d\d:\d\d)?", "DAY"),
        (r"\d{8,14}_\d{9}", "N"),
        (r"\b(file|claim|batch|claim payment|claim number) \d+\b", r"\1 N"),
        (r"\b(\d{15}|0{8}\d)\b", "N"),
        (r"\d+ claims", "N claims"),
        (r"\$[\d,.]+\d", "$N"),
        (r"configuration \w+", "configuration N"),
        (r"EFT\d+", "EFT"),
        (r" +", " "),
    ):
        text = re.sub(pattern, word, text)
    return {line.strip() for line in text.splitlines() if line.strip()}


def test_the_sample_in_the_docs_is_what_the_command_says(lived: Place) -> None:
    sample = re.search(r"```\n\$ gateway trace (\w+)\n(.*?)```", DOCS.read_text(), re.S)
    assert sample is not None
    assert plain(sample[2]) == plain(told(lived, sample[1]))
    with lived.sql.connect() as connection:
        assert connection.execute(select(claims.c.id).where(claims.c.claim_number == sample[1])).first()
