"""Posting, as the cash poster looks at it. The bad cases first."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from gateway.core.boundary import BOUNDARIES
from gateway.core.store import tables

from .conftest import Desk, Line
from .made import Cas, Clp, Era, Svc, make_835

PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")


def test_a_remittance_that_does_not_add_up_posts_nothing_and_is_one_work_item(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], total="81"))
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.posted_cents, remittance.exception_cents) == ("exception", 0, 8100)
    (item,) = desk.items()
    assert item.kind == "remittance_exception"
    assert "$1.00 apart" in item.reason
    assert desk.payments() == []
    assert desk.balance(claim) == 15000


def test_a_clean_payment_posts_to_the_cent(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]))
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.posted_cents, remittance.exception_cents) == ("posted", 8000, 0)
    assert desk.accounts() == {
        "adjustment:contractual": 5000,
        "cash:expected": 8000,
        "income:charges": -15000,
        "receivable:patient:coinsurance": 2000,
    }
    assert desk.balance(claim) == 2000
    assert desk.state(claim) == "paid"
    assert desk.items() == []
    assert desk.told("claim", claim) == [
        "post: Posted: $80.00 paid of $150.00, $50.00 taken off, $20.00 left to the patient. "
        "What this payer leaves is the patient's."
    ]


def test_a_line_that_does_not_balance_keeps_its_claim_back_and_the_others_post(desk: Desk) -> None:
    good, bad = desk.claim("SW1", Line("E1390", "150", "L1")), desk.claim("SW2", Line("E1390", "150", "L2"))
    wrong = Svc("E1390", "150", "70", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L2")
    desk.post(Era([Clp("SW1", [PAID]), Clp("SW2", [wrong])]))
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.posted_cents, remittance.exception_cents) == ("partly posted", 8000, 7000)
    (item,) = desk.items("posting_exception")
    assert item.cents == 7000
    assert item.claim_id == bad
    assert "Service 1: its charge less its adjustments is $80.00, and the payer pays $70.00" in item.reason
    assert (desk.balance(good), desk.balance(bad)) == (2000, 15000)
    assert desk.accounts("clearing:") == {f"clearing:{remittance.id}": -7000}


def test_an_amount_that_cannot_be_read_keeps_its_claim_back(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    odd = Svc("E1390", "150", "150", (Cas("CO", "45", "1.999"),), ref="L1")
    desk.post(Era([Clp("SW1", [odd])]))
    (item,) = desk.items("posting_exception")
    assert "An amount in CAS cannot be read" in item.reason
    assert desk.balance(claim) == 15000


def test_an_unreadable_clp04_stops_the_whole_remittance(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"))
    data = make_835(Era([Clp("SW1", [PAID]), Clp("SW2", [PAID])])).replace(b"CLP*SW2*1*150*80*", b"CLP*SW2*1*150*8O*")
    desk.post(data=data)
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.exception_cents) == ("exception", 16000)
    assert "claim payment 2" in desk.items("remittance_exception")[0].reason
    assert desk.payments() == []


def test_a_cut_remittance_posts_nothing_and_the_whole_one_that_follows_does(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    era = Era([Clp("SW1", [PAID])])
    desk.post(data=make_835(era).partition(b"CAS*PR")[0])
    assert [row.state for row in desk.remittances()] == ["exception"]
    desk.post(era)
    assert [row.state for row in desk.remittances()] == ["duplicate", "posted"]
    assert desk.balance(claim) == 2000
    assert desk.items() == []


@pytest.mark.parametrize("odd", [b"", b"SE*99*0001~"])
def test_a_whole_remittance_is_no_copy_of_one_without_its_right_end(desk: Desk, odd: bytes) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    data = make_835(Era([Clp("SW1", [PAID])]))
    before, _, rest = data.partition(b"SE*")
    desk.post(data=before + odd + rest.partition(b"~")[2] if odd else before)
    assert [row.state for row in desk.remittances()] == ["exception"]
    desk.post(data=data)
    assert [row.state for row in desk.remittances()] == ["duplicate", "posted"]
    assert desk.balance(claim) == 2000


def test_a_remittance_marked_rightly_is_no_copy_of_one_marked_for_production(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]), usage="P")
    desk.post(Era([Clp("SW1", [PAID])]))
    assert [row.state for row in desk.remittances()] == ["information", "posted"]
    assert desk.balance(claim) == 2000


def test_the_same_remittance_in_another_file_is_recorded_and_posts_nothing(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    era = Era([Clp("SW1", [PAID])])
    desk.post(era)
    before = desk.accounts()
    desk.post(data=make_835(era, isa13="000000902").replace(b"*0001~", b"*0777~"))
    first, second = desk.remittances()
    assert (second.state, second.duplicate_of) == ("duplicate", first.id)
    assert desk.accounts() == before
    assert desk.balance(claim) == 2000
    assert desk.items() == []


def test_the_same_remittance_with_other_separators_is_the_same(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    era = Era([Clp("SW1", [PAID])])
    desk.post(era)
    desk.post(data=make_835(era).replace(b"*", b"|").replace(b":", b">"))
    assert [row.state for row in desk.remittances()] == ["posted", "duplicate"]


def test_the_same_check_with_other_contents_waits_for_a_person(desk: Desk) -> None:
    first = desk.claim("SW1", Line("E1390", "150", "L1"))
    second = desk.claim("SW2", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]))
    desk.post(Era([Clp("SW2", [PAID])]))
    assert [row.state for row in desk.remittances()] == ["posted", "review"]
    (item,) = desk.items("remittance_exception")
    assert "the same number, amount, date, payer and payee" in item.reason
    assert (desk.balance(first), desk.balance(second)) == (2000, 15000)


def test_two_zero_payments_under_one_number_are_two(desk: Desk) -> None:
    for number in ("SW1", "SW2"):
        desk.claim(number, Line("E1390", "150", "L1"))
        denied = Svc("E1390", "150", "0", (Cas("CO", "50", "150"),), ref="L1")
        desk.post(Era([Clp(number, [denied])], trace="EO000", handling="H"))
    assert [row.state for row in desk.remittances()] == ["posted", "posted"]
    assert len(desk.denials()) == 2


def test_a_prenote_posts_nothing_and_waits_for_nobody(desk: Desk) -> None:
    desk.post(Era(handling="P", method="NON"))
    assert [row.state for row in desk.remittances()] == ["information"]
    assert desk.items() == []


def test_a_test_remittance_does_not_post_in_production_and_the_other_way_round(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]), usage="P")
    assert [row.state for row in desk.remittances()] == ["information"]
    assert "marked as production" in desk.items()[0].reason
    assert desk.balance(claim) == 15000


def test_two_payments_in_one_file_are_two_remittances(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L2"))
    other = PAID._replace(ref="L2", paid="90", cas=(Cas("CO", "45", "40"), Cas("PR", "2", "20")))
    desk.post(Era([Clp("SW1", [PAID])], trace="EFT1"), Era([Clp("SW2", [other])], trace="EFT2"))
    assert [(row.trace_number, row.posted_cents, row.state) for row in desk.remittances()] == [
        ("EFT1", 8000, "posted"),
        ("EFT2", 9000, "posted"),
    ]
    assert [(row.trace_number, row.cents, row.state) for row in desk.rows(tables.deposits)] == [
        ("EFT1", 8000, "expected"),
        ("EFT2", 9000, "expected"),
    ]


def test_of_two_sets_the_bad_one_waits_and_the_good_one_posts(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], trace="EFT1", total="99"), Era([Clp("SW2", [PAID])], trace="EFT2"))
    assert [row.state for row in desk.remittances()] == ["exception", "posted"]


def test_a_payment_for_no_claim_of_ours_waits_with_its_dollars(desk: Desk) -> None:
    desk.post(Era([Clp("UNKNOWN9", [PAID])]))
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.posted_cents, remittance.exception_cents) == ("partly posted", 0, 8000)
    (item,) = desk.items("posting_exception")
    assert (item.team, item.cents, item.subject_kind) == ("posting", 8000, "claim_payment")
    assert "No claim of ours has the number UNKNOWN9" in item.reason


def test_a_claim_number_used_twice_waits_and_names_both(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]))
    assert "2 claims have the number SW1" in desk.items("posting_exception")[0].reason


def test_a_payment_without_lines_posts_to_the_claim_and_says_so(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "100", "L1"), Line("A7030", "50", "L2"))
    desk.post(Era([Clp("SW1", charge="150", paid="80", cas=(Cas("CO", "45", "50"), Cas("PR", "1", "20")))]))
    assert desk.balance(claim) == 2000
    (line,) = desk.rows(tables.line_payments)
    assert line.line_id is None
    (row,) = desk.rows(tables.timeline, tables.timeline.c.subject_kind == "claim")
    assert "no service lines" in row.steps["notes"][0]


def test_a_payment_without_lines_waits_where_the_chain_says_so(desk: Desk) -> None:
    desk.post_steps = "[{plugin: autoposting, settings: {claim_level: wait}}]"
    desk.claim("SW1", Line("E1390", "100", "L1"))
    desk.post(Era([Clp("SW1", charge="100", paid="80", cas=(Cas("CO", "45", "20"),))]))
    assert "names no service lines" in desk.items("posting_exception")[0].reason


def test_the_same_money_under_another_check_waits(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], trace="EFT1"))
    desk.post(Era([Clp("SW1", [PAID])], trace="EFT2", date="20260922"))
    assert desk.balance(claim) == 2000
    (item,) = desk.items("posting_exception")
    assert "more than is open" in item.reason
    assert item.cents == 8000


def test_a_claim_that_changes_under_the_decision_is_decided_again(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    file_id = desk.receive(make_835(Era([Clp("SW1", [PAID])])))
    seen: list[str] = []

    def meddle(name: str) -> None:
        seen.append(name)
        if name == "commit 0":
            with desk.sql.begin() as connection:
                connection.execute(
                    update(tables.claims).where(tables.claims.c.id == claim).values(version=tables.claims.c.version + 1)
                )

    desk.post_file(file_id, meddle)
    assert seen == ["begin", "commit 0", "commit 0 again 1", "close"]
    assert desk.balance(claim) == 2000


def test_a_claim_that_never_stands_still_waits_for_a_person(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    file_id = desk.receive(make_835(Era([Clp("SW1", [PAID])])))

    def meddle(name: str) -> None:
        if name.startswith("commit"):
            with desk.sql.begin() as connection:
                connection.execute(
                    update(tables.claims).where(tables.claims.c.id == claim).values(version=tables.claims.c.version + 1)
                )

    desk.post_file(file_id, meddle)
    assert "kept changing" in desk.items("posting_exception")[0].reason
    assert desk.balance(claim) == 15000


def test_payments_for_one_claim_in_several_chunks_post_in_order(desk: Desk) -> None:
    desk.chunk = 1
    claim = desk.claim("SW1", Line("E1390", "150", "L1"), Line("A7030", "40", "L2"))
    big = desk.claim("BIG", Line("E1390", "500", "B1"))
    back = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")
    correct = Svc("E1390", "150", "90", (Cas("CO", "45", "50"), Cas("PR", "2", "10")), ref="L1")
    payments = [
        Clp("SW1", [PAID], payer_number="ICN1"),
        Clp("SW1", [Svc("A7030", "40", "40", ref="L2")], payer_number="ICN2"),
        Clp("SW1", [back], status="22", payer_number="ICN1"),
        Clp("SW1", [correct], payer_number="ICN3"),
        Clp("BIG", [Svc("E1390", "500", "500", ref="B1")]),
    ]
    desk.post(Era(payments))
    assert [row.state for row in desk.payments()] == ["posted"] * 5
    assert (desk.balance(claim), desk.balance(big)) == (1000, 0)


def test_many_payments_for_one_claim_in_one_chunk_post_in_order(desk: Desk) -> None:
    lines = [Line("A7030", "10", f"L{number}") for number in range(8)]
    claim = desk.claim("SW1", *lines)
    desk.post(Era([Clp("SW1", [Svc("A7030", "10", "10", ref=f"L{number}")]) for number in range(8)]))
    assert [row.state for row in desk.payments()] == ["posted"] * 8
    assert desk.state(claim) == "closed"


def test_the_submission_of_a_posted_claim_is_adjudicated(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN77")]))
    (submission,) = desk.rows(tables.submissions)
    assert (submission.state, submission.hop) == ("adjudicated", 5)
    assert desk.rows(tables.claims)[0].payer_claim_number == "ICN77"


def test_posting_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    file_id = desk.post(Era([Clp("SW1", [PAID])]))
    before = desk.accounts()
    desk.post_file(file_id)
    assert desk.accounts() == before


def test_the_export_has_a_row_for_each_line(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"), Line("A7030", "40", "L2"))
    second = Svc("A7030", "40", "40", ref="L2")
    file_id = desk.post(Era([Clp("SW1", [PAID, second], payer_number="ICN77"), Clp("NOBODY", [second])]))
    rows = desk.export(file_id)
    assert [(row["claim_number"], row["line_control_number"], row["code"], str(row["paid"])) for row in rows] == [
        ("SW1", "L1", "E1390", "80.00"),
        ("SW1", "L2", "A7030", "40.00"),
    ]
    assert rows[0]["adjustments"] == "CO-45 50.00 PR-2 20.00"
    assert (str(rows[0]["patient"]), rows[0]["check_number"], rows[0]["date"]) == ("20.00", "EFT0001", "2026-09-15")


def test_every_boundary_of_posting_is_declared() -> None:
    names = {name for name in BOUNDARIES if name.startswith("post.")}
    assert names == {"post.scanned", "post.begun", "post.decided", "post.committed", "post.closed"}


# --- plugins ---------------------------------------------------------------------------------------


def plugin(desk: Desk, body: str) -> None:
    """A plugin of this test's own before autoposting."""
    text = "from gateway.core.model.posting import *\nfrom gateway.plugins import hookimpl\n\ngateway_api = 1\n\n"
    (desk.plugins / "odd.py").write_text(text + body)
    desk.post_steps = "[odd, autoposting]"


def test_a_plugin_that_raises_harms_one_payment(desk: Desk) -> None:
    plugin(
        desk,
        "@hookimpl\ndef post_payment(payment, match, context):\n"
        "    if payment.claim_id == 'SW1':\n        raise RuntimeError('FERNSBY')\n",
    )
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID]), Clp("SW2", [PAID])]))
    assert [row.state for row in desk.payments()] == ["exception", "posted"]
    (item,) = desk.items("posting_exception")
    assert "odd" in item.reason
    assert "FERNSBY" not in item.reason


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("PostingPlan()", "do not add up to what is paid"),
        ("PostingPlan(information=True)", "calls information what pays money"),
        ("PostingPlan(reverses=99)", "does not stand on the claim"),
        ("PostingPlan(lines=(LinePosting(1, 0, 'E1390', 15000, 8000),))", "adjustments are not those"),
        ("PostingPlan(lines=(LinePosting(99, 0, 'E1390', 15000, 8000, CAS),))", "line of another claim"),
        ("PostingPlan(lines=(LinePosting(1, 0, 'E1390', 15000, 8000, MORE),))", "more than is open"),
        ("PostingPlan(lines=(LinePosting(1, 0, 'E1390', 15000, 8000, CAS, BACK),))", "gives back what is not there"),
        ("PostingPlan(lines=(LinePosting(1, 0, 'E1390', 15000, 8000, DENY),))", "denials do not add up"),
        ("PostingPlan(lines='nonsense')", "cannot be kept"),
        ("PostingPlan(lines=(LinePosting(1, 0, 'E1390', 15000, '80'),))", "cannot be kept"),
    ],
)
def test_a_plan_that_loses_or_makes_money_is_not_posted(desk: Desk, plan: str, words: str) -> None:
    plugin(
        desk,
        "A = AdjustmentPosting\n"
        "CAS = (A('CO', '45', 5000, Kind.CONTRACTUAL), A('PR', '2', 2000, Kind.COINSURANCE))\n"
        "DENY = (A('CO', '45', 5000, Kind.DENIAL), A('PR', '2', 2000, Kind.COINSURANCE))\n"
        "MORE = (*CAS, A('CO', '999', 100, Kind.CONTRACTUAL), A('CO', '999', -100, Kind.OPEN))\n"
        "BACK = (Reopened(Kind.DENIAL, 5),)\n\n"
        f"@hookimpl\ndef post_payment(payment, match, context):\n    return {plan}\n",
    )
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]))
    (item,) = desk.items("posting_exception")
    assert words in item.reason
    assert item.team == "edi"
    assert desk.balance(claim) == 15000


def test_a_chain_routes_denials_its_own_way(desk: Desk) -> None:
    plugin(
        desk,
        "import datetime as dt\n\n@hookimpl\ndef route_denial(denial, context):\n"
        "    return WorkItemDraft(reason='Call them.', team='night-shift', deadline=dt.date(2027, 1, 1))\n",
    )
    desk.post_steps, desk.route_steps = "[autoposting]", "[odd]"
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", "0", (Cas("CO", "50", "150"),), ref="L1")])]))
    (item,) = desk.items("denial")
    assert (item.reason, item.team, str(item.deadline), item.cents) == (
        "Call them.",
        "night-shift",
        "2027-01-01",
        15000,
    )
    assert desk.denials()[0].team == "night-shift"


def test_without_a_plugin_that_posts_everything_waits(desk: Desk) -> None:
    desk.post_steps = "[]"
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]))
    assert "No plugin of chain default plans" in desk.items("posting_exception")[0].reason
