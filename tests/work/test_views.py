"""Saved views: whose they are, who sees them, and who may forget them."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine

from gateway.core.work import views
from gateway.core.work.verbs import NotDone
from gateway.core.work.views import EVERYBODY, View

from .desk import NOW


def names(connection: Connection, who: str, *teams: str, manages: bool = False) -> list[str]:
    return [one.name for one in views.seen_by(connection, who, teams, manages=manages)]


def test_a_view_without_a_name_or_for_a_team_that_is_none_is_not_kept(sql: Connection) -> None:
    for name, shared in (("  ", ""), ("x" * 61, ""), ("Mine", "astronauts")):
        with pytest.raises(NotDone):
            views.save(sql, "maria", name, "team=billing", shared, NOW)
    with pytest.raises(NotDone):
        views.save(sql, "maria", "Long", "x" * 1001, "", NOW)
    assert names(sql, "maria") == []


def test_a_name_that_is_saved_again_is_the_same_view_with_other_filters(engine: Engine) -> None:
    with engine.begin() as sql:
        first = views.save(sql, "maria", "Big  ones", "min=500", "", NOW)
        again = views.save(sql, "maria", "Big ones", "min=900", "billing", NOW)
        assert again == View(first.id, "maria", "Big ones", "billing", "min=900")
        assert views.seen_by(sql, "maria", ()) == [again]


def test_what_is_shared_is_seen_by_the_team_and_what_is_not_by_nobody_else(engine: Engine) -> None:
    with engine.begin() as sql:
        views.save(sql, "maria", "own", "", "", NOW)
        views.save(sql, "maria", "of denials", "", "denials", NOW)
        views.save(sql, "maria", "of all", "", EVERYBODY, NOW)
        views.save(sql, "sam", "zebra", "", "", NOW)
        assert names(sql, "sam", "billing") == ["zebra", "of all"]
        assert names(sql, "ann", "denials") == ["of all", "of denials"]
        assert names(sql, "ann") == ["of all", "of denials"]
        assert names(sql, "boss", "posting", manages=True) == ["of all", "of denials"]


def test_a_view_is_forgotten_by_its_owner_and_a_shared_one_by_who_manages(sql: Connection) -> None:
    own = views.save(sql, "maria", "own", "", "", NOW)
    shared = views.save(sql, "maria", "shared", "", "denials", NOW)
    assert not views.remove(sql, shared.id, "sam")
    assert not views.remove(sql, own.id, "boss", manages=True)
    assert views.remove(sql, shared.id, "boss", manages=True)
    assert views.remove(sql, own.id, "maria")
    assert not views.remove(sql, own.id, "maria")
    assert names(sql, "maria") == []


def test_nobody_keeps_more_views_than_can_be_read(sql: Connection) -> None:
    for at in range(views.MOST):
        views.save(sql, "maria", f"view {at}", "", "", NOW)
    with pytest.raises(NotDone, match="Remove one"):
        views.save(sql, "maria", "one more", "", "", NOW)
    views.save(sql, "maria", "view 3", "team=billing", "", NOW)
