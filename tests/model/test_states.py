"""States of a submission: whatever the order in which answers arrive, it never goes backwards."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model.answers import StatusCode, Verdict, group_verdict, set_verdict, status_verdict, ta1_verdict
from gateway.core.model.states import Hop, SubmissionState, advance

SENT = (SubmissionState.SENT, Hop.NONE)
SET_TAKEN = (SubmissionState.ACKNOWLEDGED, Hop.SET)
CLEARINGHOUSE_TOOK = (SubmissionState.ACKNOWLEDGED, Hop.CLEARINGHOUSE)
CLEARINGHOUSE_REJECTED = (SubmissionState.REJECTED, Hop.CLEARINGHOUSE)
PAYER_TOOK = (SubmissionState.ACCEPTED, Hop.PAYER)
PAYER_REJECTED = (SubmissionState.REJECTED, Hop.PAYER)
PAID = (SubmissionState.ADJUDICATED, Hop.REMITTANCE)
ANSWERS = (SET_TAKEN, CLEARINGHOUSE_TOOK, CLEARINGHOUSE_REJECTED, PAYER_TOOK, PAYER_REJECTED, PAID)


def after(*answers: tuple[SubmissionState, Hop]) -> SubmissionState:
    state, hop = SENT
    for said, by in answers:
        state, hop = advance(state, hop, said, by)
    return state


def test_answers_in_any_order_end_in_the_same_state() -> None:
    for order in itertools.permutations((SET_TAKEN, CLEARINGHOUSE_TOOK, PAYER_TOOK)):
        assert after(*order) is SubmissionState.ACCEPTED
    for order in itertools.permutations((SET_TAKEN, CLEARINGHOUSE_TOOK, PAYER_REJECTED)):
        assert after(*order) is SubmissionState.REJECTED


def test_a_late_999_does_not_take_back_what_the_payer_accepted() -> None:
    assert after(PAYER_TOOK, SET_TAKEN) is SubmissionState.ACCEPTED


def test_a_rejected_submission_is_not_lifted_by_an_acceptance() -> None:
    assert after(CLEARINGHOUSE_REJECTED, PAYER_TOOK) is SubmissionState.REJECTED
    assert after(PAYER_REJECTED, CLEARINGHOUSE_TOOK) is SubmissionState.REJECTED


def test_a_remittance_proves_that_the_payer_has_the_claim_after_all() -> None:
    assert after(CLEARINGHOUSE_REJECTED, PAID) is SubmissionState.ADJUDICATED
    assert after(PAID, PAYER_REJECTED) is SubmissionState.ADJUDICATED


@given(st.lists(st.sampled_from(ANSWERS), max_size=8))
def test_a_state_never_goes_backwards(answers: list[tuple[SubmissionState, Hop]]) -> None:
    rank = {
        SubmissionState.SENT: 0,
        SubmissionState.ACKNOWLEDGED: 1,
        SubmissionState.ACCEPTED: 2,
        SubmissionState.REJECTED: 3,
        SubmissionState.ADJUDICATED: 4,
    }
    state, hop = SENT
    for said, by in answers:
        state_after, hop_after = advance(state, hop, said, by)
        assert rank[state_after] >= rank[state]
        assert hop_after >= hop
        assert advance(state_after, hop_after, said, by) == (state_after, hop_after), "the same answer twice is once"
        state, hop = state_after, hop_after


def test_codes_nobody_knows_go_to_a_person_and_never_count_as_accepted() -> None:
    assert ta1_verdict("Z") is Verdict.INVESTIGATE
    assert set_verdict("P") is Verdict.REJECTED
    assert group_verdict("M") is Verdict.REJECTED
    assert status_verdict(()) is Verdict.INVESTIGATE
    assert status_verdict((StatusCode("F2"),)) is Verdict.INVESTIGATE


def test_one_rejection_among_several_statuses_rejects() -> None:
    assert status_verdict((StatusCode("A1", "19"), StatusCode("A7", "562", "85"))) is Verdict.REJECTED
    assert status_verdict((StatusCode("A1", "20"), StatusCode("A2", "20"))) is Verdict.ACCEPTED
