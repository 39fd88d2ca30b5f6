"""Claim, release, assign, touch, snooze, close, reopen: what people do with what waits for them."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import Connection, Engine, select, update

from gateway.core.store.tables import claim_lines, claims, touches, work_items
from gateway.core.work import verbs
from gateway.core.work.deadlines import Deadlines
from gateway.core.work.items import WorkItem, close_items, open_items
from gateway.core.work.redating import redate
from gateway.core.work.verbs import Answer, NotDone
from gateway.plugins.tables import Row, Table, Tables, row_values

from .desk import ACTS, DEADLINES, NOW, TODAY, days, item_row, put_claim, put_item, told


def history(connection: Connection, item_id: int) -> list[tuple[str, str, str]]:
    """Who did what about an item, and their words."""
    rows = connection.execute(select(touches).where(touches.c.item_id == item_id).order_by(touches.c.id))
    return [(row.who, row.verb, row.note) for row in rows]


# --- claim and release -----------------------------------------------------------------------------


def test_an_item_that_is_claimed_is_theirs_and_stands_on_the_timeline(sql: Connection) -> None:
    put_claim(sql)
    item = put_item(sql, subject_kind="claim", subject_id=1, claim_id=1)
    assert verbs.claim(sql, [item], "maria", NOW) == [Answer(item, True, True, "It is yours.")]
    assert item_row(sql, item).assignee == "maria"
    assert told(sql, 1) == [("maria", f"Work item {item} is worked on by maria.")]


def test_the_second_is_told_who_has_it(sql: Connection) -> None:
    item = put_item(sql)
    verbs.claim(sql, [item], "maria", NOW)
    (answer,) = verbs.claim(sql, [item], "sam", NOW)
    assert answer == Answer(item, False, False, "maria has it since 11/23/2026 15:00 UTC.")
    assert item_row(sql, item).assignee == "maria"


def test_claiming_ones_own_again_changes_nothing(sql: Connection) -> None:
    item = put_item(sql)
    verbs.claim(sql, [item], "maria", NOW)
    assert verbs.claim(sql, [item], "maria", NOW) == [Answer(item, True, False, "It is yours already.")]
    assert history(sql, item) == [("maria", "claim", "")]


def test_two_who_claim_at_once_one_gets_it_and_the_other_hears_who(engine: Engine) -> None:
    with engine.begin() as connection:
        items = [put_item(connection, f"k{at}") for at in range(20)]
    start = threading.Barrier(2)
    heard: dict[str, list[Answer]] = {}

    def take(who: str) -> None:
        start.wait()
        found = []
        for item in items:
            with engine.begin() as connection:
                found += verbs.claim(connection, [item], who, NOW)
        heard[who] = found

    people = [threading.Thread(target=take, args=(who,)) for who in ("maria", "sam")]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    with engine.begin() as connection:
        has = {row.id: row.assignee for row in connection.execute(select(work_items))}
    for at, item in enumerate(items):
        maria, sam = heard["maria"][at], heard["sam"][at]
        assert maria.done != sam.done
        winner, loser = ("maria", sam) if maria.done else ("sam", maria)
        assert has[item] == winner
        assert loser.what.startswith(f"{winner} has it")


def test_two_bulk_claims_over_each_other_end_and_share_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        items = [put_item(connection, f"k{at}") for at in range(60)]
    start = threading.Barrier(2)
    heard: dict[str, list[Answer]] = {}

    def take(who: str, mine: list[int]) -> None:
        start.wait()
        with engine.begin() as connection:
            heard[who] = verbs.claim(connection, mine, who, NOW)

    people = [
        threading.Thread(target=take, args=("maria", items)),
        threading.Thread(target=take, args=("sam", items[::-1])),
    ]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    got = {who: {one.id for one in answers if one.done} for who, answers in heard.items()}
    assert got["maria"] & got["sam"] == set()
    assert got["maria"] | got["sam"] == set(items)


def test_one_gives_back_what_one_has_and_not_what_another_has(sql: Connection) -> None:
    item = put_item(sql)
    verbs.claim(sql, [item], "maria", NOW)
    (no,) = verbs.release(sql, [item], "sam", NOW)
    assert not no.done
    assert "assign it" in no.what
    (yes,) = verbs.release(sql, [item], "maria", NOW)
    assert yes.done
    assert item_row(sql, item).assignee == ""
    assert verbs.release(sql, [item], "maria", NOW) == [Answer(item, True, False, "Nobody has it.")]


def test_what_is_closed_or_not_there_is_not_claimed(sql: Connection) -> None:
    item = put_item(sql)
    verbs.close(sql, [item], "maria", NOW, "The payer has corrected it.")
    closed, missing = verbs.claim(sql, [item, 99], "sam", NOW)
    assert closed == Answer(
        item, False, False, f"Work item {item} was closed on 11/23/2026: The payer has corrected it. (maria)"
    )
    assert missing == Answer(99, False, False, "There is no open work item 99.")


def test_nobody_does_nothing(sql: Connection) -> None:
    item = put_item(sql)
    with pytest.raises(NotDone, match="who does it"):
        verbs.claim(sql, [item], " ", NOW)


# --- assign ----------------------------------------------------------------------------------------


def test_an_item_goes_to_a_person_of_a_team(sql: Connection) -> None:
    item = put_item(sql)
    (answer,) = verbs.assign(sql, [item], "lee", NOW, to="maria", team="documentation", note="she knows the doctor")
    assert answer == Answer(item, True, True, "It is with maria (documentation).")
    row = item_row(sql, item)
    assert (row.assignee, row.team) == ("maria", "documentation")
    assert history(sql, item) == [("lee", "assign", "To maria (documentation). she knows the doctor")]


def test_another_team_takes_it_from_the_person(sql: Connection) -> None:
    item = put_item(sql)
    verbs.claim(sql, [item], "maria", NOW)
    verbs.assign(sql, [item], "lee", NOW, team="authorization")
    row = item_row(sql, item)
    assert (row.assignee, row.team, row.assigned_at) == ("", "authorization", None)


def test_the_same_team_leaves_it_with_the_person(sql: Connection) -> None:
    item = put_item(sql)
    verbs.claim(sql, [item], "maria", NOW)
    (answer,) = verbs.assign(sql, [item], "lee", NOW, team="billing")
    assert (answer.done, answer.new) == (True, False)
    assert item_row(sql, item).assignee == "maria"


def test_a_mistyped_team_gets_no_work(sql: Connection) -> None:
    item = put_item(sql, team="night shift")
    with pytest.raises(NotDone, match="No team 'documentaton' works here"):
        verbs.assign(sql, [item], "lee", NOW, team="documentaton")
    (answer,) = verbs.assign(sql, [item], "lee", NOW, team="night shift")
    assert answer.done, "a team that has open items is one"
    with pytest.raises(NotDone, match="Say to whom"):
        verbs.assign(sql, [item], "lee", NOW)


# --- touch -----------------------------------------------------------------------------------------


def test_a_touch_says_what_was_done_and_when_one_looks_again(sql: Connection) -> None:
    put_claim(sql)
    item = put_item(sql, kind="denial", subject_kind="claim", subject_id=1, claim_id=1)
    (answer,) = verbs.touch(
        sql, [item], "maria", NOW, ACTS, TODAY, action="called_payer", note="They want the chart.", follow_up=days(7)
    )
    assert answer == Answer(item, True, True, "Called the payer. Next: 11/30/2026.")
    row = item_row(sql, item)
    assert (row.follow_up, row.touched_at) == (days(7), NOW)
    assert told(sql, 1) == [("maria", f"Work item {item}: Called the payer. They want the chart. Next: 11/30/2026.")]


def test_a_touch_on_a_denial_needs_the_next_date_and_one_on_a_review_does_not(sql: Connection) -> None:
    denial, review = put_item(sql, "d", kind="denial"), put_item(sql, "r")
    answers = verbs.touch(sql, [denial, review], "maria", NOW, ACTS, TODAY, action="called_payer")
    assert answers[0] == Answer(denial, False, False, "Called the payer on a denial needs the next date (--follow-up).")
    assert answers[1].done
    assert item_row(sql, denial).touched_at is None


def test_who_waits_for_a_physician_names_the_next_date_whatever_the_item(sql: Connection) -> None:
    item = put_item(sql)
    (no,) = verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="waiting_physician")
    assert not no.done
    (yes,) = verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="waiting_physician", follow_up=days(1))
    assert yes.done


@pytest.mark.parametrize(
    ("action", "follow_up", "wanted"),
    [
        ("called_payr", None, "There is no action 'called_payr'"),
        ("paid", None, "is an outcome"),
        ("called_payer", TODAY, "must be after today"),
    ],
)
def test_a_touch_that_says_nothing_is_refused(
    sql: Connection, action: str, follow_up: dt.date | None, wanted: str
) -> None:
    item = put_item(sql)
    with pytest.raises(NotDone, match=wanted):
        verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action=action, follow_up=follow_up)


def test_the_same_touch_sent_twice_is_written_once(sql: Connection) -> None:
    item = put_item(sql)
    for _ in range(2):
        (answer,) = verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="note", note="left a message")
    assert answer == Answer(item, True, False, "It is written down already.")
    verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="note", note="left another message")
    assert len(history(sql, item)) == 2


def test_a_key_makes_a_touch_one_whatever_its_words(sql: Connection) -> None:
    item = put_item(sql)
    verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="note", note="left a message", key="7f3a")
    (answer,) = verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="note", note="Left a message.", key="7f3a")
    assert (answer.done, answer.new) == (True, False)


def test_the_next_touch_keeps_the_promise_of_the_last(sql: Connection) -> None:
    item = put_item(sql, kind="denial")
    verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="called_payer", follow_up=days(2))
    later = NOW + dt.timedelta(days=2)
    verbs.touch(sql, [item], "sam", later, ACTS, days(2), action="sent_appeal", follow_up=days(30))
    kept = sql.execute(select(touches.c.kept_at).order_by(touches.c.id)).scalars().all()
    assert kept == [later, None]


# --- snooze ----------------------------------------------------------------------------------------


def test_an_item_rests_until_a_day_but_not_beyond_the_one_that_costs_money(sql: Connection) -> None:
    item = put_item(sql, deadline=days(10))
    (no,) = verbs.snooze(sql, [item], "maria", NOW, TODAY, until=days(11))
    assert (no.done, no.what) == (
        False,
        "It costs money after 12/03/2026; let it rest no longer than that.",
    )
    (yes,) = verbs.snooze(sql, [item], "maria", NOW, TODAY, until=days(10))
    assert yes.done
    assert item_row(sql, item).snoozed_until == days(10)
    assert not verbs.snooze(sql, [item], "maria", NOW, TODAY, until=days(10))[0].new
    with pytest.raises(NotDone, match="after today"):
        verbs.snooze(sql, [item], "maria", NOW, TODAY, until=TODAY)


def test_what_is_overdue_may_rest(sql: Connection) -> None:
    item = put_item(sql, deadline=days(-1))
    assert verbs.snooze(sql, [item], "maria", NOW, TODAY, until=days(5))[0].done


# --- close and reopen ------------------------------------------------------------------------------


def test_an_item_is_closed_with_an_outcome_and_reopened(sql: Connection) -> None:
    put_claim(sql)
    item = put_item(sql, subject_kind="claim", subject_id=1, claim_id=1, cents=4_200)
    (answer,) = verbs.close(sql, [item], "maria", NOW, "Paid on 11/20.", outcome="paid", actions=ACTS)
    assert answer == Answer(item, True, True, "Closed.")
    row = item_row(sql, item)
    assert (row.state, row.outcome, row.closed_at) == ("closed", "paid: Paid on 11/20. (maria)", NOW)
    assert sql.execute(select(touches.c.cents).where(touches.c.verb == "close")).scalar_one() == 4_200
    (again,) = verbs.reopen(sql, [item], "sam", NOW, "It was another line.")
    assert again.done
    row = item_row(sql, item)
    assert (row.state, row.outcome, row.closed_at) == ("open", "", None)
    assert [what for _, what in told(sql, 1)] == [
        f"Work item {item} closed: Paid on 11/20.",
        f"Work item {item} is open again: It was another line.",
    ]


@pytest.mark.parametrize(("kind", "state"), [("rejection", "rejected"), ("faulty_claim", "faulty")])
def test_a_claim_that_nobody_has_sent_on_keeps_its_item(sql: Connection, kind: str, state: str) -> None:
    """Closed by hand, it would be in nobody's queue, and never paid."""
    put_claim(sql)
    item = put_item(sql, kind=kind, subject_kind="claim", subject_id=1, claim_id=1)
    sql.execute(update(claims).values(state=state))
    (answer,) = verbs.close(sql, [item], "maria", NOW, "Corrected.", outcome="corrected", actions=ACTS)
    assert not answer.done
    assert f"is still {state}" in answer.what
    assert "gateway claim correct" in answer.what
    assert item_row(sql, item).state == "open"
    sql.execute(update(claims).values(state="cancelled"))
    assert verbs.close(sql, [item], "maria", NOW, "Corrected.")[0].done


def test_closing_again_with_the_same_words_is_done_and_with_others_is_told(sql: Connection) -> None:
    item = put_item(sql)
    verbs.close(sql, [item], "maria", NOW, "Done.")
    assert verbs.close(sql, [item], "maria", NOW, "Done.")[0][1:3] == (True, False)
    assert not verbs.close(sql, [item], "sam", NOW, "I did it.")[0].done


def test_an_unknown_outcome_and_an_action_that_is_none_close_nothing(sql: Connection) -> None:
    item = put_item(sql)
    for outcome in ("payd", "called_payer"):
        with pytest.raises(NotDone, match="There is no outcome"):
            verbs.close(sql, [item], "maria", NOW, "x", outcome=outcome, actions=ACTS)
    with pytest.raises(NotDone, match="needs a reason"):
        verbs.close(sql, [item], "maria", NOW, "  ")


def test_a_hold_is_released_and_not_closed(sql: Connection) -> None:
    item = put_item(sql, "hold:1", kind="hold", subject_kind="claim")
    (answer,) = verbs.close(sql, [item], "maria", NOW, "x")
    assert (answer.done, "gateway holds release" in answer.what) == (False, True)
    close_items(sql, ["hold:1"], "Released: x", NOW)
    (answer,) = verbs.reopen(sql, [item], "maria", NOW, "x")
    assert not answer.done


def test_what_clears_by_a_person_counts_as_theirs_and_keeps_promises(sql: Connection) -> None:
    item = put_item(sql, kind="denial", cents=5_000)
    verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="called_payer", follow_up=days(3))
    assert close_items(sql, ["a"], "The claim was resubmitted.", NOW, who="sam") == 1
    assert history(sql, item)[-1] == ("sam", "close", "The claim was resubmitted.")
    assert sql.execute(select(touches.c.kept_at).where(touches.c.verb == "touch")).scalar_one() == NOW


def test_what_clears_by_itself_is_nobodys_work(sql: Connection) -> None:
    item = put_item(sql)
    assert close_items(sql, ["a"], "The answer has come.", NOW) == 1
    assert history(sql, item) == []


def test_two_who_close_at_once_close_once(engine: Engine) -> None:
    with engine.begin() as connection:
        item = put_item(connection, cents=100)
    start = threading.Barrier(2)
    heard: list[Answer] = []

    def close(who: str) -> None:
        start.wait()
        with engine.begin() as connection:
            heard.extend(verbs.close(connection, [item], who, NOW, "Done."))

    people = [threading.Thread(target=close, args=(who,)) for who in ("maria", "sam")]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    assert sorted(one.done for one in heard) == [False, True]
    with engine.begin() as connection:
        assert [verb for _, verb, _ in history(connection, item)] == ["close"]


# --- dates when an item opens ----------------------------------------------------------------------


def test_an_item_of_a_claim_opens_with_the_last_day_to_file(sql: Connection) -> None:
    put_claim(sql, 1, from_date=dt.date(2026, 1, 15))
    put_claim(sql, 2, filing_code="CI", payer_id="60054")
    draft = {"kind": "rejection", "reason": "x", "team": "billing", "subject_kind": "claim"}
    drafts = [WorkItem(key=f"c{one}", subject_id=one, claim_id=one, **draft) for one in (1, 2)]
    open_items(sql, drafts, NOW, DEADLINES)
    rows = sql.execute(select(work_items).order_by(work_items.c.id)).all()
    assert [row.refile_by for row in rows] == [dt.date(2027, 1, 15), None]
    assert [row.priority_date for row in rows] == [dt.date(2027, 1, 15), None]


def test_a_payers_term_that_is_written_down_later_dates_what_is_open(engine: Engine) -> None:
    terms = Table(
        "timely_filing", [Row(row_values("timely_filing", {"payer": "60054", "within": "90 days"}))], ["payer"]
    )
    later = Deadlines.of(Tables({"timely_filing": terms}))
    with engine.begin() as sql:
        put_claim(sql, 1, filing_code="CI", payer_id="60054", from_date=TODAY)
        put_claim(sql, 2, from_date=TODAY)
        for one in (1, 2):
            item = WorkItem(
                kind="hold", key=f"hold:{one}", reason="x", team="billing", subject_kind="claim", subject_id=one,
                claim_id=one, deadline=days(100),
            )  # fmt: skip
            open_items(sql, [item], NOW, DEADLINES)
        closed = put_item(sql, kind="rejection", claim_id=1, subject_kind="claim", subject_id=1)
        verbs.close(sql, [closed], "maria", NOW, "x")
        assert redate(sql, later) == 2, "the payer's has one now, and Medicare's has none any more"
        rows = [item_row(sql, one) for one in (1, 2)]
        assert [row.refile_by for row in rows] == [days(90), None]
        assert [row.priority_date for row in rows] == [days(90), days(100)]
        assert item_row(sql, closed).refile_by is None
        assert redate(sql, later) == 0


def test_the_denial_of_a_line_goes_by_its_own_from_date(sql: Connection) -> None:
    put_claim(sql, 1, from_date=dt.date(2026, 1, 15))
    sql.execute(update(claim_lines).values(from_date=dt.date(2026, 3, 1)))
    item = WorkItem(
        kind="denial", key="d", reason="x", team="denials", subject_kind="line", subject_id=1, claim_id=1,
        appeal_by=days(20),
    )  # fmt: skip
    open_items(sql, [item], NOW, DEADLINES)
    row = sql.execute(select(work_items)).one()
    assert (row.refile_by, row.appeal_by, row.priority_date) == (dt.date(2027, 3, 1), days(20), days(20))
