"""`gateway resubmit`, `gateway replay` and `gateway requests`, on a place where a gateway has lived."""

from __future__ import annotations

import csv
import io

from sqlalchemy import update

from gateway.core.store.tables import claims, executors, files, holds, outbox, requests, submissions

from .conftest import Place


def the_gateway_has_stopped(lived: Place) -> None:
    """Long enough ago that nobody waits for it."""
    with lived.sql.begin() as connection:
        connection.execute(executors.delete())


def test_what_cannot_be_done_is_told_and_nothing_of_it_is_done(lived: Place) -> None:
    told = lived.run("resubmit", "1", "99999", "--reason", "x")
    assert told.exit_code == 1
    assert "claim" in told.output.lower()
    assert "There is no claim 99999" in told.output
    assert lived.rows(requests, requests.c.verb != "look") == []
    for words in (("claim", "--reason", "x"), ("claim", "1", "--rule", "R", "--reason", "x")):
        told = lived.run("replay", *words)
        assert told.exit_code == 2
        assert "--held-by" in told.output
    assert "No claim is kept back like that" in lived.run("replay", "claim", "--rule", "R9", "--reason", "x").output
    assert "--remittance" in lived.run("replay", "payment", "--reason", "x").output
    taken_in = lived.rows(files, files.c.direction == "in", files.c.state == "read")[0]
    told = lived.run("replay", "file", str(taken_in.id), "--reason", "x")
    assert "is read: only a file of which nothing was taken in" in told.output


def test_a_rejected_claim_is_resubmitted_and_stands_in_the_list(lived: Place) -> None:
    claim_id = lived.rows(submissions)[0].claim_id
    lived.change(update(claims).where(claims.c.id == claim_id).values(state="rejected"))
    lived.change(holds.delete().where(holds.c.claim_id == claim_id))
    number = lived.rows(claims, claims.c.id == claim_id)[0].source_claim_number
    told = lived.run("resubmit", number, "--reason", "member id corrected", "--by", "pat")
    assert told.output == f"{claim_id}: It goes with the next batch.\n"
    again = lived.run("resubmit", str(claim_id), "--reason", "member id corrected", "--by", "sam")
    assert f"{claim_id}: pat asked for this on" in again.output
    listed = lived.run("requests", "list", "--verb", "resubmit", "--claim", str(claim_id), "--csv").output
    assert lived.run("requests", "list", "--verb", "resubmit", "--claim", number, "--csv").output == listed
    (row,) = csv.DictReader(io.StringIO(listed))
    assert (row["by"], row["reason"], row["outcome"]) == ("pat", "member id corrected", "It goes with the next batch.")
    assert "Nothing was asked" in lived.run("requests", "list", "--verb", "replay").output


def test_a_replay_waits_for_a_gateway_and_says_so(lived: Place) -> None:
    the_gateway_has_stopped(lived)
    claim_id = lived.rows(claims)[0].id
    lived.change(update(claims).where(claims.c.id == claim_id).values(state="held"))
    told = lived.run("replay", "claim", str(claim_id), "--reason", "the rule was mended")
    assert "It runs as soon as the gateway does" in told.output
    (asked,) = lived.rows(requests, requests.c.verb == "replay")
    (row,) = lived.rows(outbox, outbox.c.kind == "replay", outbox.c.submitted_at.is_(None))
    assert row.payload == {"part_of": asked.part_of}
    assert "waits for the gateway" in lived.run("requests", "list", "--open").output
    told = lived.run("replay", "claim", str(claim_id), "--reason", "the rule was mended")
    assert "It is under way." in told.output
