"""A rejection as it is worked: the faulty place in a biller's words, whose claim of a refused set it is, the edit that
is counted, the rule that would have caught it, and the weekly report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from gateway.config import Config, load
from gateway.config.shipped import shipped_config
from gateway.core.flow import rejection_queue, rejection_report, rejections
from gateway.core.flow.again import CannotBeDone
from gateway.core.flow.refusals import edit_of, last_of
from gateway.core.flow.rejections import of_claim, rule_for, suggestion
from gateway.core.model.answers import ElementError, StatusCode
from gateway.core.model.states import Hop
from gateway.core.store import archive as archive_rows
from gateway.core.store import timeline
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import batches, claims, corrections, files, requests, submissions
from gateway.core.x12.claim import Claim
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import ReadClaim, transactions

from .out.made import Line, Made, make_837
from .rows import NOW, add_batch, resubmit
from .test_acknowledge import claim as said_of_claim
from .test_acknowledge import one_set, say, ta1

DAY = dt.date(2026, 11, 23)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = make_sync_engine(database_url)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


@pytest.fixture(scope="module")
def config() -> Config:
    found = load(shipped_config(), secrets=False)
    assert isinstance(found, Config)
    return found


def fill(connection: Connection, *made: Made, archive: Archive | None = None, batch: int = 1) -> bytes:
    """Give the claims of a batch their content, and the batch its interchange as it was sent."""
    data = make_837(made)
    found = [item for item in transactions(read(_stream(data))) if isinstance(item, ReadClaim)]
    for item in found:
        connection.execute(
            update(claims).where(claims.c.claim_number == item.claim.id).values(content=item.stored.pack())
        )
    if archive is not None:
        stored = archive.put(data)
        archive_rows.record(connection, stored, "outbound", NOW)
        connection.execute(
            insert(files).values(
                id=900, direction="out", origin="gateway", party="practice", name="b1.837", sha256=stored.sha256,
                size=stored.size, received_at=NOW,
            )
        )  # fmt: skip
        connection.execute(update(batches).where(batches.c.id == batch).values(file_id=900))
        connection.execute(update(submissions).values(st02="0001"))
    return data


def _stream(data: bytes) -> Any:
    import io

    return io.BytesIO(data)


def id_of(connection: Connection, number: str) -> int:
    return int(connection.execute(select(claims.c.id).where(claims.c.claim_number == number)).scalar_one())


# --- 277CA -----------------------------------------------------------------------------------------


def test_a_bad_member_number_is_shown_by_name_place_and_value(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1", "A2"])
    fill(connection, Made("A1", member="1EG4TE5MK72"), Made("A2"))
    say(connection, said_of_claim(batch, "A1", "A7:164:IL", Hop.CLEARINGHOUSE))
    (one,) = of_claim(connection, None, config, id_of(connection, "A1"), values=True)
    assert (one.edit, one.kind, one.by) == ("A7:164:IL", "277CA", "the clearinghouse (practice)")
    (fault,) = one.faults
    assert (fault.where, fault.value) == ("subscriber id, 2010BA NM109", "1EG4TE5MK72")
    assert "the member number of the entity, subscriber" in fault.said
    assert one.rule.startswith("R1.24")
    assert of_claim(connection, None, config, id_of(connection, "A2")) == []


def test_the_value_is_only_told_where_it_is_asked_for(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1"])
    fill(connection, Made("A1", member="1EG4TE5MK72"))
    say(connection, said_of_claim(batch, "A1", "A7:164:IL"))
    found = of_claim(connection, None, config, id_of(connection, "A1"))
    queue = rejection_queue.rejected(connection, config)
    assert "1EG4TE5MK72" not in f"{found} {queue}"
    assert [one.where for one in queue] == ["subscriber id, 2010BA NM109"]


def test_a_pointer_to_the_line_leads_to_the_line(connection: Connection, config: Config) -> None:
    from gateway.core.model.answers import ClaimAnswer, Verdict

    batch = add_batch(connection, ["A1"])
    fill(connection, Made("A1", lines=[Line(control="L1"), Line("E0431", "RR:RR", control="L2")]))
    answer = ClaimAnswer(
        f"BATCH{batch}", "A1", Hop.CLEARINGHOUSE, Verdict.REJECTED, (StatusCode("A3", "247"),),
        lines=(("L2", (StatusCode("A7", "453"),)),),
    )  # fmt: skip
    say(connection, answer)
    (one,) = of_claim(connection, None, config, id_of(connection, "A1"), values=True)
    (fault,) = one.faults
    assert one.edit == "A7:453"
    assert fault.where == "line 2 modifiers, 2400 SV101-3"
    assert fault.value == "RR"
    assert one.rule.startswith("R1.11")


def test_a_claim_that_the_payer_does_not_find_is_not_to_be_corrected(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1"])
    fill(connection, Made("A1"))
    say(connection, said_of_claim(batch, "A1", "A4:35"))
    ((fault,),) = [one.faults for one in of_claim(connection, None, config, id_of(connection, "A1"))]
    assert "Ask the partner where the claim is" in fault.do


# --- 999 and TA1 -----------------------------------------------------------------------------------


def position(data: bytes, number: str, tag: str) -> int:
    """Where the first segment with a tag of a claim's subscriber or claim stands in its set."""
    texts = data.decode("latin-1").split("~\n")
    st = next(at for at, text in enumerate(texts) if text.startswith("ST*"))
    clm = next(at for at, text in enumerate(texts) if text.startswith(f"CLM*{number}*"))
    start = max(at for at, text in enumerate(texts[:clm]) if text.startswith("HL*"))
    return next(at for at in range(start, len(texts)) if texts[at].startswith(tag)) - st + 1


def test_of_a_refused_set_the_claim_with_the_fault_is_told_apart(
    connection: Connection, config: Config, tmp_path: Path
) -> None:
    archive = Archive(tmp_path)
    batch = add_batch(connection, ["A1", "A2"])
    data = fill(connection, Made("A1", member="SHORT"), Made("A2", last="WREN"), archive=archive, batch=batch)
    error = ElementError("NM1", position(data, "A1", "NM1*IL"), "2010BA", "8", 9, 0, "4")
    say(connection, one_set(batch, "0001", "R", error))
    (mine,) = of_claim(connection, archive, config, id_of(connection, "A1"), values=True)
    (other,) = of_claim(connection, archive, config, id_of(connection, "A2"), values=True)
    (fault,) = mine.faults
    assert (fault.where, fault.value, fault.code) == ("subscriber id, 2010BA NM109", "SHORT", "999:4")
    assert fault.said == "the value is too short"
    (spared,) = other.faults
    assert "resubmit it as it is" in spared.do
    assert "SHORT" not in str(other)
    assert mine.edit == other.edit == "999:4"


def test_a_fault_in_a_line_is_told_with_its_line(connection: Connection, config: Config, tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    batch = add_batch(connection, ["A1"])
    data = fill(connection, Made("A1", lines=[Line(), Line("E0431", units="X")]), archive=archive, batch=batch)
    texts = data.decode("latin-1").split("~\n")
    st = next(at for at, text in enumerate(texts) if text.startswith("ST*"))
    at = next(at for at, text in enumerate(texts) if "E0431" in text) - st + 1
    say(connection, one_set(batch, "0001", "R", ElementError("SV1", at, "2400", "8", 4, 0, "6")))
    ((fault,),) = [one.faults for one in of_claim(connection, archive, config, id_of(connection, "A1"), values=True)]
    assert (fault.where, fault.value) == ("line 2 units, 2400 SV104", "X")


def test_without_the_interchange_the_place_is_told_as_it_was_named(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1"])
    fill(connection, Made("A1"))
    say(connection, one_set(batch, "0001", "R", ElementError("NM1", 9, "2010BA", "8", 9, 0, "4")))
    ((fault,),) = [one.faults for one in of_claim(connection, None, config, id_of(connection, "A1"), values=True)]
    assert (fault.where, fault.value) == ("subscriber id, 2010BA NM109", None)


def test_a_refused_interchange_is_nothing_to_correct_in_the_claim(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1"])
    fill(connection, Made("A1"))
    say(connection, ta1(batch, "R", "025"))
    (one,) = of_claim(connection, None, config, id_of(connection, "A1"))
    assert (one.kind, one.edit) == ("TA1", "TA1:025")
    assert "resubmit the claim as it is" in one.faults[0].do


def test_the_work_item_names_the_place(connection: Connection) -> None:
    from .rows import open_items

    batch = add_batch(connection, ["A1"])
    say(connection, said_of_claim(batch, "A1", "A7:164:IL"))
    (item,) = open_items(connection)
    assert item.reason.endswith("Correct it (subscriber id, 2010BA NM109) and resubmit.")


# --- our own check ---------------------------------------------------------------------------------


def test_what_our_own_check_holds_a_claim_for_is_shown_in_the_same_way(connection: Connection, config: Config) -> None:
    add_batch(connection, ["A1"])
    fill(connection, Made("A1"))
    claim_id = id_of(connection, "A1")
    connection.execute(update(claims).values(state="held"))
    found = {
        "level": 2, "place": "2010BA DMG03", "line": 0, "code": "7", "action": "hold", "status": "A7:157:IL",
        "words": "Loop 2010BA DMG03: the subscriber's sex is X. Correct it in the record.",
        "told_only": False,
    }  # fmt: skip
    timeline.add(connection, [timeline.Entry("claim", claim_id, "check", "1 finding", [found])], NOW)
    (one,) = of_claim(connection, None, config, claim_id, values=True)
    (fault,) = one.faults
    assert (one.edit, one.by, fault.where) == ("guide:7", "our own check", "subscriber sex, 2010BA DMG03")
    assert (fault.value, fault.do) == ("F", "Correct it in the record.")
    connection.execute(update(claims).values(state="ready"))
    assert of_claim(connection, None, config, claim_id) == []


# --- edits and rules -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "details", "edit"),
    [
        ("277CA", {"codes": ["A7:164:IL", "A7:562:85"], "lines": []}, "A7:164:IL"),
        ("277CA", {"codes": ["A3:247"], "lines": [["1", ["A7:507"]]]}, "A7:507"),
        ("277CA", {"codes": [], "lines": [["1", ["A7:507"]]]}, "A7:507"),
        ("277CA", {"codes": ["A3:247"], "lines": []}, "A3:247"),
        ("277CA", {"codes": [], "lines": []}, "no reason given"),
        ("999", {"codes": ["5"], "errors": [{"element_code": "7", "segment_code": "8"}]}, "999:7"),
        ("999", {"codes": ["5"], "errors": [{"element_code": "", "segment_code": "3"}]}, "999:3"),
        ("999", {"codes": ["4"], "errors": []}, "999:4"),
        ("TA1", {"note": "025"}, "TA1:025"),
    ],
)
def test_the_edit_is_what_says_why(kind: str, details: dict[str, Any], edit: str) -> None:
    assert edit_of(kind, details) == edit


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        ("A7:164:IL", "R1.24"),
        ("A3:164:IL", "R1.24"),
        ("A7:453", "R1.11"),
        ("A7:507", "R1.01"),
        ("A8:496:85", "R1.23"),
        ("A7:562:DK", "R1.22"),
        ("A7:562:82", "R1.22"),
        ("A7:698", "R1.40"),
        ("A7:535", "R1.60"),
        ("999:7", "guide level 2"),
        ("TA1:025", "guide level 1"),
        ("A3:88:IL", ""),
        ("A7:999", ""),
        ("no reason given", ""),
    ],
)
def test_the_rule_that_would_have_caught_an_edit(config: Config, edit: str, rule: str) -> None:
    assert rule_for(config, edit, DAY)[0] == rule
    assert (rule or "no rule of ours; write one") in suggestion(config, edit, DAY)


def test_every_edit_of_the_table_can_be_met(config: Config) -> None:
    for row in config.tables[rejections.EDIT_RULES].rows:
        edit = row.values["edit"].replace("*", "A7", 1) if row.values["edit"].startswith("*") else row.values["edit"]
        assert rule_for(config, edit.replace(":*", ":XX"), DAY)[0] == row.values["rule"], row.values["edit"]
        assert row.source


# --- the week --------------------------------------------------------------------------------------


def test_the_weeks_refusals_are_counted_the_most_frequent_first(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1", "A2", "A3", "A4"])
    connection.execute(update(batches).values(sent_at=NOW))
    say(
        connection,
        said_of_claim(batch, "A1", "A7:164:IL", Hop.CLEARINGHOUSE),
        said_of_claim(batch, "A2", "A7:164:IL", Hop.CLEARINGHOUSE),
        said_of_claim(batch, "A3", "A3:88:IL"),
        said_of_claim(batch, "A4", "A2:20"),
    )
    monday = rejection_report.week_of("", NOW.date())
    found = rejection_report.report(connection, config, monday, "edit")
    assert (found.submitted, found.rejected, found.rate) == (4, 3, 75.0)
    first, second = found.rows
    assert (first.key, first.rejections, first.claims, first.cents) == ("A7:164:IL", 2, 2, 20_000)
    assert (first.share, first.cumulative, second.cumulative) == (66.7, 66.7, 100.0)
    assert first.rule.startswith("R1.24")
    assert second.rule == rejections.NO_RULE
    assert rejection_report.report(connection, config, monday - dt.timedelta(days=7), "edit").rows == []


def test_a_sending_is_counted_once_with_what_was_said_of_it_alone(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1", "A2"])
    say(connection, one_set(batch, "0001", "R", ElementError("NM1", 9, "2010BA", "8", 9, 0, "4")))
    say(connection, said_of_claim(batch, "A1", "A7:164:IL", Hop.CLEARINGHOUSE))
    say(connection, said_of_claim(batch, "A1", "A7:164:IL", Hop.PAYER))
    found = rejection_report.report(connection, config, rejection_report.week_of("", NOW.date()), "edit")
    assert {row.key: row.rejections for row in found.rows} == {"A7:164:IL": 1, "999:4": 1}


def test_a_claim_refused_twice_is_two_refusals_of_one_claim(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1"])
    say(connection, said_of_claim(batch, "A1", "A7:164:IL", Hop.CLEARINGHOUSE))
    second = resubmit(connection, "A1")
    say(connection, said_of_claim(second, "A1", "A7:164:IL", Hop.CLEARINGHOUSE))
    (row,) = rejection_report.report(connection, config, rejection_report.week_of("", NOW.date()), "edit").rows
    assert (row.rejections, row.claims) == (2, 1)


@pytest.mark.parametrize("by", ["payer", "source", "biller"])
def test_it_is_counted_by_payer_source_and_billing_provider(connection: Connection, config: Config, by: Any) -> None:
    batch = add_batch(connection, ["A1", "A2"])
    column = {"payer": "payer_id", "source": "source", "biller": "billing_npi"}[by]
    connection.execute(update(claims).where(claims.c.claim_number == "A1").values({column: "ONE"}))
    connection.execute(update(claims).where(claims.c.claim_number == "A2").values({column: "TWO"}))
    say(connection, said_of_claim(batch, "A1", "A7:164:IL"), said_of_claim(batch, "A2", "A7:164:IL"))
    found = rejection_report.report(connection, config, rejection_report.week_of("", NOW.date()), by)
    assert {row.key for row in found.rows} == {"ONE", "TWO"}
    columns, rows = rejection_report.as_rows(found)
    assert columns[:3] == (by, "rejections", "claims")
    assert all(len(row) == len(columns) for row in rows)
    assert rejection_report.as_data(found)["rows"][0][by] in ("ONE", "TWO")


def test_root_causes_are_counted_where_they_were_said(connection: Connection, config: Config) -> None:
    batch = add_batch(connection, ["A1", "A2"])
    say(connection, said_of_claim(batch, "A1", "A7:164:IL"), said_of_claim(batch, "A2", "A7:164:IL"))
    claim_id = id_of(connection, "A1")
    refusal = last_of(connection, claim_id)
    assert refusal is not None
    connection.execute(
        insert(requests).values(id=1, verb="correct", subject_kind="claim", subject_id=claim_id, asked_at=NOW, key="x")
    )
    connection.execute(
        insert(corrections).values(
            id=1, claim_id=claim_id, request_id=1, submission_id=refusal.submission_id, root_cause="wrong-id",
            state="made", told=[], before=b"", after=b"", at=NOW,
        )
    )  # fmt: skip
    monday = rejection_report.week_of("", NOW.date())
    by_cause = {row.key: row for row in rejection_report.report(connection, config, monday, "cause").rows}
    assert set(by_cause) == {"wrong-id", rejection_report.NOT_SAID}
    assert by_cause["wrong-id"].words == "the member id was taken down wrongly"
    (by_edit,) = rejection_report.report(connection, config, monday, "edit").rows
    assert by_edit.causes == "wrong-id 1"


@pytest.mark.parametrize(
    ("text", "monday"),
    [("2026-W12", "2026-03-16"), ("2026w01", "2025-12-29"), ("2020-W53", "2020-12-28"), ("", "2026-11-23")],
)
def test_a_week_is_named_as_the_calendar_does(text: str, monday: str) -> None:
    assert rejection_report.week_of(text, dt.date(2026, 11, 26)).isoformat() == monday


@pytest.mark.parametrize("text", ["2026-W54", "W12", "last week", "2026-13"])
def test_what_is_no_week_is_told(text: str) -> None:
    with pytest.raises(CannotBeDone, match="no week"):
        rejection_report.week_of(text, DAY)


def test_a_claim_that_is_there_can_be_read(connection: Connection) -> None:
    """The helper of this module: what it stores is the claim of the file."""
    add_batch(connection, ["A1"])
    fill(connection, Made("A1", last="WREN"))
    from gateway.core.x12.stored import StoredClaim

    content = connection.execute(select(claims.c.content)).scalar_one()
    assert Claim(StoredClaim.unpack(content)).subscriber.last == "WREN"
