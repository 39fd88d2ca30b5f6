"""`gateway claim`, `gateway rejection` and `gateway report rejections`, on a place where a gateway has lived."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Any

from sqlalchemy import insert, update

from gateway.core.store.tables import access_log, acknowledgments, claims, corrections, holds, requests, submissions

from .conftest import Place
from .test_again import the_gateway_has_stopped


def refused(lived: Place) -> Any:
    """A claim of the place that was sent, as one that the clearinghouse refuses now for its subscriber's id."""
    sent = lived.rows(submissions)[0]
    now = dt.datetime.now(dt.UTC)
    file_id = lived.rows(acknowledgments)[0].file_id
    said = {
        "id": 900_000, "file_id": file_id, "batch_id": sent.batch_id, "submission_id": sent.id, "kind": "277CA",
        "hop": 3, "verdict": "rejected", "details": {"codes": ["A7:164:IL"], "lines": []}, "at": now,
    }  # fmt: skip
    lived.change(insert(acknowledgments).values(said))
    lived.change(update(claims).where(claims.c.id == sent.claim_id).values(state="rejected"))
    lived.change(holds.delete().where(holds.c.claim_id == sent.claim_id))
    (row,) = lived.rows(claims, claims.c.id == sent.claim_id)
    return row


def test_a_refused_claim_is_looked_at_tried_and_corrected(lived: Place) -> None:
    the_gateway_has_stopped(lived)
    claim = refused(lived)
    number = claim.source_claim_number
    listed = list(csv.DictReader(io.StringIO(lived.run("rejection", "list", "--csv").output)))
    (row,) = [one for one in listed if one["claim"] == str(claim.id)]
    assert (row["edit"], row["where"]) == ("A7:164:IL", "subscriber id, 2010BA NM109")
    assert claim.member_id not in str(listed)
    shown = json.loads(lived.run("rejection", "show", number, "--format", "json").output)
    assert shown[0]["faults"][0]["value"] == claim.member_id
    fields = json.loads(lived.run("claim", "show", number, "--format", "json", "--segments").output)
    assert (fields["version"], fields["can_be_corrected"]) == (claim.version, True)
    assert any(text.startswith("CLM*") for text in fields["segments"])
    looked = [one.what for one in lived.rows(access_log)]
    assert f"rejection show {claim.id}" in looked
    assert f"claim show {claim.id}" in looked

    words = ("claim", "correct", number, "--set", "subscriber sex=X")
    told = lived.run(*words, "--preview")
    assert told.exit_code == 1
    assert "subscriber's sex is X, which the guide does not allow" in told.output
    assert told.output.endswith("Nothing was changed.\n")
    found = json.loads(lived.run(*words, "--preview", "--format", "json").output)
    assert (found["goes"], found["claim_id"]) == (False, claim.id)
    assert (lived.rows(requests, requests.c.verb != "look"), lived.rows(corrections)) == ([], [])

    told = lived.run("claim", "correct", str(claim.id), "--set", "place of service=13", "--reason", "x", "--by", "pat")
    assert told.output == f"{claim.id}: It runs as soon as the gateway does. See: gateway requests list\n"
    told = lived.run("claim", "correct", number, "--set", "place of service=14", "--reason", "x", "--by", "sam")
    assert told.exit_code == 1
    assert f"pat corrects claim {claim.claim_number} just now" in told.output
    waiting = lived.run("requests", "list", "--verb", "correct", "--csv").output
    assert "waits for the gateway" in waiting


def test_what_is_typed_wrongly_is_told(lived: Place) -> None:
    claim = refused(lived)
    number = claim.source_claim_number
    told = lived.run("claim", "correct", number, "--set", "subscriber id", "--reason", "x")
    assert told.exit_code == 2
    assert "A change is a name or place, = and the value" in told.output
    for words, wanted in (
        (("--set", "subscriber idd=1", "--reason", "x"), "'subscriber id' is near"),
        (("--set", "place of service=13"), "It needs who asks for it, and why: --reason is missing."),
        (("--set", "place of service=13", "--reason", "x", "--version", "99"), "has changed since you looked at it"),
        (("--set", "place of service=13", "--reason", "x", "--root-cause", "moon"), "no root cause 'moon'"),
        (("--remove", "REF[ZZ]", "--reason", "x"), "there is no REF[ZZ] here"),
    ):
        told = lived.run("claim", "correct", number, *words)
        assert (told.exit_code, wanted in told.output) == (1, True), told.output
    assert "There is no claim NONE" in lived.run("claim", "show", "NONE").output
    assert lived.run("rejection", "show", "NONE").exit_code == 1
    accepted = next(row for row in lived.rows(claims) if row.state in ("paid", "accepted", "denied"))
    told = lived.run("claim", "correct", str(accepted.id), "--set", "place of service=13", "--preview")
    assert (told.exit_code, f"is {accepted.state}" in told.output) == (1, True)
    told = lived.run("claim", "replace", number, "--reason", "x")
    assert "the payer never took it; correct it in place" in told.output
    assert lived.rows(requests, requests.c.verb != "look") == []


def test_a_claim_that_nobody_refused_says_so(lived: Place) -> None:
    said = {row.submission_id for row in lived.rows(acknowledgments) if row.verdict in ("rejected", "investigate")}
    fine = next(row for row in lived.rows(submissions) if row.id not in said)
    told = lived.run("rejection", "show", str(fine.claim_id))
    assert (told.exit_code, "was not rejected by anybody" in told.output) == (1, True)


def test_the_weekly_report_is_a_table_a_spreadsheet_or_data(lived: Place) -> None:
    refused(lived)
    told = lived.run("report", "rejections")
    assert "refusals of claims" in told.output.splitlines()[0]
    rows = list(csv.DictReader(io.StringIO(lived.run("report", "rejections", "--csv").output)))
    data = json.loads(lived.run("report", "rejections", "--format", "json").output)
    assert sum(int(row["rejections"]) for row in rows) == data["rejected"] == sum(r["rejections"] for r in data["rows"])
    assert data["rows"][-1]["cumulative"] == 100.0
    assert "A7:164:IL" in {row["edit"] for row in rows}
    assert lived.run("report", "rejections", "--by", "biller", "--week", "2020-W01").output.endswith("was refused.\n")
    assert lived.run("report", "rejections", "--week", "soon").exit_code == 2
    assert lived.run("report", "list").exit_code == 0
