"""Rejections, clean claims, first pass and denials, held against counts on paper."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, Engine, insert, update

from gateway.core.reports.measure import Judged
from gateway.core.store.tables import corrections, requests, submissions
from gateway.core.work import verbs

from ..work.desk import ACTS, NOW, put_item
from .books import at, billed, denied, drilled, one, paid, remitted, said, sent, worked_out


def test_a_sending_is_refused_by_name_or_with_its_whole_set(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim in range(1, 6):
            billed(sql, claim, 10_000, 20)
        sent(sql, 1, 1, 19)
        sent(sql, 2, 2, 19, "rejected")
        # Not known to the payer (A4): the state says nothing of it.
        sent(sql, 3, 3, 19, "acknowledged")
        said(sql, 1, 3, "investigate", at(18))
        said(sql, 2, 1, "accepted", at(18))
        # Refused, corrected, sent again: two sendings, one of them refused.
        sent(sql, 4, 4, 19, "rejected")
        sent(sql, 5, 4, 17, "accepted", resubmits=4)
        # Before the period.
        sent(sql, 6, 5, 150, "rejected")
        figure = one(sql, "rejection-rate")
        assert (figure.numerator, figure.denominator, figure.value) == (3, 5, Decimal("60.00"))
        assert set(drilled(sql, "rejection-rate")) == {2, 3, 4}


def test_rejections_by_partner(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim in range(1, 4):
            billed(sql, claim, 10_000, 20)
        sent(sql, 1, 1, 19)
        sent(sql, 2, 2, 19, "rejected", partner="other")
        sent(sql, 3, 3, 19, "accepted", partner="other")
        found = {
            row.group: (row.numerator, row.denominator)
            for row in worked_out(sql, "rejection-rate", by="partner").figures
        }
        assert found == {"practice": (0, 1), "other": (1, 2), "all": (1, 3)}
        assert drilled(sql, "rejection-rate", "other", by="partner") == {2: "100.00"}


def test_a_clean_claim_is_accepted_at_once_and_nobody_touched_it(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim in range(1, 8):
            billed(sql, claim, 10_000, 20)
            sent(sql, claim, claim, 19, "adjudicated" if claim == 7 else "accepted")
        # 2 was held and somebody let it go; 3 was corrected; 4 was refused and sent again; 5 waits for its answer.
        item = put_item(sql, "hold:2", kind="hold", claim_id=2)
        verbs.touch(sql, [item], "maria", at(19), ACTS, at(19).date(), action="note", note="Called.")
        sql.execute(
            insert(requests).values(
                id=1, verb="correct", subject_kind="claim", subject_id=3, asked_at=NOW, who="sam", key="c3", stood=1
            )
        )
        sql.execute(
            insert(corrections).values(
                id=1,
                claim_id=3,
                request_id=1,
                told=[],
                before=b"",
                after=b"",
                at=at(19),
                edit="",
                who="sam",
                state="made",
            )
        )
        _becomes(sql, 4, "rejected")
        sent(sql, 14, 4, 18, "accepted", resubmits=4)
        _becomes(sql, 5, "acknowledged")
        # Worked after the payer had it: a denial is no touch of a clean claim.
        late = put_item(sql, "d", kind="denial", claim_id=6)
        verbs.close(sql, [late], "maria", NOW, "Done.")
        found = worked_out(sql, "clean-claim-rate")
        figure = found.figures[0]
        assert (figure.numerator, figure.denominator, figure.value) == (3, 7, Decimal("42.86"))
        assert found.judged(figure) is Judged.ATTENTION
        assert set(drilled(sql, "clean-claim-rate")) == {2, 3, 4, 5}


def _becomes(sql: Connection, submission_id: int, state: str) -> None:
    sql.execute(update(submissions).where(submissions.c.id == submission_id).values(state=state))


def test_the_first_decision_on_a_line_counts_and_a_denial_spoils_it(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim in range(1, 5):
            billed(sql, claim, 10_000, 60)
            sent(sql, claim, claim, 59)
        remitted(sql, 1, 40, 40)
        remitted(sql, 2, 10, 10)
        paid(sql, 1, 1, 1, 40, cents=8_000)
        # Denied first, paid later: not at the first pass, and decided once.
        paid(sql, 2, 1, 2, 40, denied=True)
        paid(sql, 3, 2, 2, 10, cents=8_000)
        # Refused by the front end and sent again, then paid.
        sent(sql, 13, 3, 50, resubmits=3)
        paid(sql, 4, 1, 3, 40, cents=8_000)
        # All of it to the deductible.
        paid(sql, 5, 1, 4, 40)
        figure = one(sql, "first-pass-rate")
        assert (figure.numerator, figure.denominator, figure.value) == (2, 4, Decimal("50.00"))
        assert drilled(sql, "first-pass-rate") == {2: "100.00", 3: "100.00"}


def test_denials_by_payer_product_and_reason(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim in range(1, 5):
            billed(sql, claim, 10_000, 60, payer_id="90101" if claim == 4 else "16013")
            sent(sql, claim, claim, 59)
        remitted(sql, 1, 40, 40)
        for claim in (1, 4):
            paid(sql, claim, 1, claim, 40, denied=True)
        denied(sql, 1, 1, 1, 40)
        denied(sql, 2, 1, 1, 40, reason="16")
        denied(sql, 3, 4, 4, 40)
        whole = one(sql, "denial-rate")
        assert (whole.numerator, whole.denominator, whole.value) == (2, 4, Decimal("50.00")), "a line counts once"
        payers = {
            row.group: (row.numerator, row.denominator) for row in worked_out(sql, "denial-rate", by="payer").figures
        }
        assert payers == {"16013": (1, 3), "90101": (1, 1), "all": (2, 4)}
        products = {row.group: row.numerator for row in worked_out(sql, "denial-rate", by="product").figures}
        assert products == {"E1390": 2, "all": 2}
        reasons = [(row.group, row.numerator) for row in worked_out(sql, "denial-rate", by="reason").figures]
        assert reasons == [("CO-50", 2), ("CO-16", 1)]
        assert drilled(sql, "denial-rate", "90101", by="payer") == {4: "100.00"}
