"""What each person got done, by day: touches, items closed, dollars resolved, follow-ups done of those due."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Connection, Engine

from gateway.core.work import verbs
from gateway.core.work.items import close_items
from gateway.core.work.productivity import Day, productivity, worked

from .desk import ACTS, NOW, TODAY, days, put_claim, put_item

ZONE = "America/Chicago"


def later(count: int) -> dt.datetime:
    return NOW + dt.timedelta(days=count)


def touched(connection: Connection, item: int, who: str, ago: int, follow_up: dt.date | None, note: str = "") -> None:
    """A call to the payer, so many days after today."""
    verbs.touch(
        connection, [item], who, later(ago), ACTS, days(ago), action="called_payer", note=note, follow_up=follow_up
    )


def test_touches_closings_and_dollars_are_counted_by_person_and_day(engine: Engine) -> None:
    with engine.begin() as sql:
        one, two = put_item(sql, "a", cents=5_000), put_item(sql, "b", cents=700)
        touched(sql, one, "maria", 0, None)
        verbs.claim(sql, [two], "sam", NOW)
        verbs.close(sql, [one], "maria", later(1), "Done.")
        close_items(sql, ["b"], "Released: it came", later(1), who="sam")
        assert productivity(sql, TODAY, days(1), ZONE) == [
            Day("maria", TODAY, touches=1, closed=0, cents=0, due=0, done=0),
            Day("maria", days(1), touches=1, closed=1, cents=5_000, due=0, done=0),
            Day("sam", days(1), touches=1, closed=1, cents=700, due=0, done=0),
        ]


def test_what_is_done_in_the_evening_is_of_that_day(sql: Connection) -> None:
    item = put_item(sql)
    evening = dt.datetime(2026, 11, 24, 5, 59, tzinfo=dt.UTC)  # 11:59 pm of the 23rd in Chicago
    verbs.close(sql, [item], "maria", evening, "Done.")
    assert [one.day for one in productivity(sql, TODAY, TODAY, ZONE)] == [TODAY]
    assert productivity(sql, days(1), days(1), ZONE) == []


def follow_ups(connection: Connection, day: dt.date) -> tuple[int, int]:
    """Those of maria's that were due on a day, and done."""
    (one,) = productivity(connection, day, day, ZONE, who="maria")
    return one.due, one.done


def test_a_follow_up_is_done_when_the_next_touch_comes_in_time(sql: Connection) -> None:
    in_time, late, never = (put_item(sql, key, kind="denial") for key in "abc")
    for item in (in_time, late, never):
        touched(sql, item, "maria", 0, days(2))
    touched(sql, in_time, "sam", 2, days(9))
    touched(sql, late, "maria", 3, days(9))
    assert follow_ups(sql, days(2)) == (3, 1)
    (on_the_day_itself,) = [one for one in productivity(sql, days(2), days(2), ZONE) if one.who == "sam"]
    assert (on_the_day_itself.due, on_the_day_itself.touches) == (0, 1), "the promise was maria's"


def test_a_follow_up_whose_item_has_cleared_is_done(sql: Connection) -> None:
    before, after = put_item(sql, "a", kind="denial"), put_item(sql, "b", kind="denial")
    for item in (before, after):
        touched(sql, item, "maria", 0, days(2))
    close_items(sql, ["a"], "The payer has decided on it again.", later(1))
    close_items(sql, ["b"], "The payer has decided on it again.", later(4))
    assert follow_ups(sql, days(2)) == (2, 1)


def test_days_that_are_none_are_told(sql: Connection) -> None:
    with pytest.raises(ValueError, match="before the first"):
        productivity(sql, TODAY, days(-1), ZONE)
    with pytest.raises(ValueError, match="At most"):
        productivity(sql, TODAY, days(366), ZONE)
    assert productivity(sql, TODAY, days(365), ZONE) == []


def test_a_denial_counts_for_whoever_works_it_first_and_in_time_within_two_business_days(engine: Engine) -> None:
    # Opened on Monday: until Wednesday.
    with engine.begin() as sql:
        in_time, late, other = (put_item(sql, key, kind="denial") for key in "abc")
        not_a_denial = put_item(sql, "d", kind="rejection")
        touched(sql, in_time, "maria", 2, days(9))
        touched(sql, in_time, "sam", 2, days(8), note="Again.")
        verbs.claim(sql, [late], "sam", NOW)
        verbs.close(sql, [late], "maria", later(7), "Done.")
        verbs.close(sql, [other], "sam", later(2), "Done.")
        touched(sql, not_a_denial, "sam", 2, None)
        found = {
            (one.who, one.day): (one.denials, one.denials_in_time) for one in productivity(sql, TODAY, days(7), ZONE)
        }
    assert found[("maria", days(2))] == (1, 1)
    assert found[("sam", days(2))] == (1, 1), "not the one that maria had begun"
    assert found[("maria", days(7))] == (1, 0)


# --- by team, and what it was ----------------------------------------------------------------------


def test_a_persons_day_is_told_for_each_team_apart_or_for_one_alone(engine: Engine) -> None:
    with engine.begin() as sql:
        billing = put_item(sql, "a", team="billing", cents=5_000)
        denied = put_item(sql, "b", team="denials", kind="denial", cents=700)
        verbs.close(sql, [billing], "maria", NOW, "Done.")
        touched(sql, denied, "maria", 0, days(3))
        assert productivity(sql, TODAY, TODAY, ZONE, by_team=True) == [
            Day("maria", TODAY, touches=1, closed=1, cents=5_000, due=0, done=0, team="billing"),
            Day("maria", TODAY, 1, 0, 0, 0, 0, denials=1, denials_in_time=1, team="denials"),
        ]
        (one,) = productivity(sql, TODAY, TODAY, ZONE, team="denials")
        assert (one.touches, one.closed, one.denials) == (1, 0, 1)
        (promised,) = productivity(sql, days(3), days(3), ZONE, team="denials")
        assert (promised.due, promised.done) == (1, 0)
        assert productivity(sql, days(3), days(3), ZONE, team="billing") == []


def test_what_was_worked_is_listed_latest_first_page_by_page(engine: Engine) -> None:
    with engine.begin() as sql:
        put_claim(sql)
        items = [put_item(sql, key, claim_id=1) for key in "abc"]
        for item in items:
            verbs.claim(sql, [item], "maria", NOW)
        verbs.close(sql, items[:1], "sam", NOW, "Done.")
        verbs.close(sql, items[1:2], "maria", later(1), "Of the next day.")
        first = worked(sql, TODAY, TODAY, ZONE, who="maria", limit=2)
        assert [(one.item_id, one.verb, one.claim) for one in first] == [(i, "claim", "C-1") for i in items[:0:-1]]
        rest = worked(sql, TODAY, TODAY, ZONE, who="maria", limit=2, before=first[-1].id)
        assert [one.item_id for one in rest] == [items[0]]
        assert [one.who for one in worked(sql, TODAY, TODAY, ZONE, team="billing", limit=1)] == ["sam"]
        assert worked(sql, TODAY, TODAY, ZONE, team="denials") == []
