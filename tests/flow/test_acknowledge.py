"""What partners say, applied: TA1, 999, 277CA, in any order, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, func, select

from gateway.core.flow.acknowledge import apply
from gateway.core.model.answers import (
    BatchStatus,
    ClaimAnswer,
    ElementError,
    GroupAnswer,
    InterchangeAnswer,
    SetAnswer,
    StatusCode,
    Verdict,
    group_verdict,
    set_verdict,
    status_verdict,
    ta1_verdict,
)
from gateway.core.model.states import Hop
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import acknowledgments, batches, submissions, timeline

from .rows import add_batch, add_file, open_items, resubmit, services, states

NUMBERS = ["A1", "A2", "A3", "A4"]


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = make_sync_engine(database_url)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


def ta1(batch: int, code: str, note: str = "000") -> InterchangeAnswer:
    return InterchangeAnswer(f"{batch:09d}", code, note, ta1_verdict(code))


def one_set(batch: int, st02: str, code: str, *errors: ElementError) -> SetAnswer:
    return SetAnswer(str(batch), st02, code, ("5",) if code != "A" else (), set_verdict(code), errors)


def group(batch: int, code: str, *named: str) -> GroupAnswer:
    return GroupAnswer(str(batch), code, (), group_verdict(code), 1, 1, 1, named)


def claim(batch: int, number: str, codes: str, hop: Hop = Hop.PAYER, **more: str) -> ClaimAnswer:
    parsed = tuple(StatusCode(*code.split(":")) for code in codes.split())
    return ClaimAnswer(f"BATCH{batch}", number, hop, status_verdict(parsed), parsed, **more)


def say(connection: Connection, *answers: object) -> None:
    apply(connection, services(), add_file(connection), answers)  # type: ignore[arg-type]


def test_an_answer_to_something_we_never_sent_waits_for_a_person(connection: Connection) -> None:
    add_batch(connection, NUMBERS)
    say(connection, ta1(77, "R", "008"), one_set(77, "0001", "R"), claim(77, "NEVER", "A7:562:85"))
    assert set(states(connection).values()) == {"sent"}
    reasons = " ".join(item.reason for item in open_items(connection))
    assert "interchange 000000077" in reasons
    assert "NEVER" in reasons


def test_a_refused_interchange_is_one_work_item_with_all_its_dollars(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    say(connection, ta1(batch, "R", "025"))
    assert set(states(connection).values()) == {"rejected"}
    (item,) = open_items(connection)
    assert (item.kind, item.cents, item.team) == ("file_rejection", 40_000, "edi")
    assert "used before" in item.reason
    assert "new interchange" in item.reason


def test_a_refused_set_rejects_its_own_claims_and_leaves_the_other_set_alone(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS, sets=2)
    error = ElementError("NM1", 22, "2010BA", "8", 9, 0, "4")
    say(connection, one_set(batch, "0001", "A"), one_set(batch, "0002", "R", error), group(batch, "P", "0001", "0002"))
    assert states(connection) == {"A1": "acknowledged", "A2": "acknowledged", "A3": "rejected", "A4": "rejected"}
    (item,) = open_items(connection)
    assert item.cents == 20_000
    assert "loop 2010BA NM109 (segment 22): the value is too short" in item.reason


def test_a_999_that_names_no_set_but_accepts_the_group_accepts_all(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    say(connection, group(batch, "A"))
    assert set(states(connection).values()) == {"acknowledged"}
    assert connection.execute(select(batches.c.group_ack)).scalar_one() == "A"


def test_under_partially_accepted_a_set_that_is_not_named_is_not_taken_for_accepted(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS, sets=2)
    say(connection, one_set(batch, "0001", "A"), group(batch, "P", "0001"))
    assert states(connection) == {"A1": "acknowledged", "A2": "acknowledged", "A3": "sent", "A4": "sent"}


def test_claims_follow_the_clearinghouse_and_then_the_payer(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    say(connection, claim(batch, "A1", "A1:19", Hop.CLEARINGHOUSE), claim(batch, "A2", "A2:20", Hop.CLEARINGHOUSE))
    assert states(connection) == {"A1": "acknowledged", "A2": "acknowledged", "A3": "sent", "A4": "sent"}
    say(
        connection,
        claim(batch, "A1", "A2:20", payer_claim_number="ICN1"),
        claim(batch, "A2", "A7:562:85"),
    )
    assert states(connection)["A1"] == "accepted"
    assert states(connection)["A2"] == "rejected"
    (item,) = open_items(connection)
    assert (item.kind, item.cents, item.rule) == ("rejection", 10_000, "A7:562:85")
    assert "the NPI of the entity, billing provider" in item.reason
    number = select(submissions.c.payer_claim_number).where(submissions.c.claim_number == "A1")
    assert connection.execute(number).scalar_one() == "ICN1"


def test_answers_out_of_order_end_in_the_same_state(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    say(connection, claim(batch, "A1", "A2:20"), claim(batch, "A2", "A3:21"))
    say(connection, one_set(batch, "0001", "A"), group(batch, "A", "0001"), ta1(batch, "A"))
    assert states(connection) == {"A1": "accepted", "A2": "rejected", "A3": "acknowledged", "A4": "acknowledged"}


def test_a_late_rejection_of_the_first_sending_does_not_reject_the_second(connection: Connection) -> None:
    first = add_batch(connection, NUMBERS)
    second = resubmit(connection, "A1")
    say(connection, claim(second, "A1", "A2:20"))
    say(connection, claim(first, "A1", "A7:562:85"))
    assert states(connection)["A1"] == "accepted"
    found = connection.execute(select(submissions.c.state).where(submissions.c.claim_number == "A1")).scalars().all()
    assert sorted(found) == ["accepted", "rejected"]


def test_the_same_file_twice_changes_nothing_and_opens_nothing_new(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    answers = (one_set(batch, "0001", "A"), group(batch, "A", "0001"), claim(batch, "A1", "A7:164:IL"))
    say(connection, *answers)
    before = (states(connection), [item.key for item in open_items(connection)])
    say(connection, *answers)
    assert (states(connection), [item.key for item in open_items(connection)]) == before


def test_a_batch_refused_at_receiver_level_rejects_every_claim_with_one_item(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    codes = (StatusCode("A3", "24", "41"),)
    say(connection, BatchStatus(f"BATCH{batch}", Hop.CLEARINGHOUSE, Verdict.REJECTED, codes))
    assert set(states(connection).values()) == {"rejected"}
    assert [item.kind for item in open_items(connection)] == ["file_rejection"]


def test_a_provider_refused_rejects_only_its_claims(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    codes = (StatusCode("A3", "496", "85"),)
    other = BatchStatus(f"BATCH{batch}", Hop.CLEARINGHOUSE, Verdict.REJECTED, codes, provider="1000000004")
    say(connection, other)
    assert set(states(connection).values()) == {"sent"}
    say(connection, BatchStatus(f"BATCH{batch}", Hop.CLEARINGHOUSE, Verdict.REJECTED, codes, provider="1999999992"))
    assert set(states(connection).values()) == {"rejected"}


def test_a_claim_that_the_payer_does_not_find_waits_for_a_person_and_stays_where_it_is(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    say(connection, claim(batch, "A1", "A4:35"))
    assert states(connection)["A1"] == "sent"
    (item,) = open_items(connection)
    assert "Ask the partner where the claim is" in item.reason


def test_every_answer_is_kept_as_it_was_said_and_told_on_the_timeline(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    say(connection, ta1(batch, "A"), group(batch, "A"), claim(batch, "A1", "A2:20"))
    kinds = connection.execute(select(acknowledgments.c.kind).order_by(acknowledgments.c.id)).scalars().all()
    assert kinds == ["TA1", "999", "277CA"]
    told = select(func.count()).select_from(timeline).where(timeline.c.subject_kind == "claim")
    assert connection.execute(told).scalar_one() == 5


def test_an_answer_about_a_claim_proves_that_the_interchange_arrived(connection: Connection) -> None:
    batch = add_batch(connection, NUMBERS)
    say(connection, claim(batch, "A1", "A1:19", Hop.CLEARINGHOUSE), claim(batch, "A2", "A7:562:85"))
    assert connection.execute(select(batches.c.claim_acks)).scalar_one() == 2
