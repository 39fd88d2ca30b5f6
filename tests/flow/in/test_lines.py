"""A partner's line in trouble: what is tried again by itself, and what stops until a person has looked."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.flow import lines, outgoing
from gateway.core.store import partners
from gateway.core.store.tables import work_items
from gateway.plugins.transport import (
    AuthenticationRefused,
    HostKeyRefused,
    Refused,
    TransportError,
)

from ..out.conftest import NOON, World


def fail(world: World, error: TransportError, times: int = 1, sign_ins: int = 3) -> str:
    """So many failed calls; why the partner is stopped after the last."""
    stopped = ""
    for _ in range(times):
        with world.sql.begin() as connection:
            stopped = lines.went_wrong(connection, "practice", lines.problem(error), world.clock.now(), sign_ins)
    return stopped


def line(world: World) -> Any:
    with world.sql.connect() as connection:
        return partners.line(connection, "practice")


def well(world: World) -> None:
    with world.sql.begin() as connection:
        lines.went_well(connection, "practice", world.clock.now())


SIGN_IN = AuthenticationRefused("The server refused the sign-in.")


def test_three_refused_sign_ins_stop_the_partner_before_the_account_locks(world: World) -> None:
    assert fail(world, SIGN_IN, 2) == ""
    assert world.items() == []
    assert "Stopped after 3 refused sign-ins" in fail(world, SIGN_IN)
    assert line(world).stopped
    (item,) = world.items(kind="partner_stopped")
    assert (item.team, item.partner) == ("edi", "practice")
    assert "gateway partner start practice" in item.reason


def test_refused_sign_ins_count_only_in_a_row(world: World) -> None:
    fail(world, SIGN_IN, 2)
    well(world)
    assert fail(world, SIGN_IN, 2) == ""
    assert line(world).stopped == ""


def test_a_partner_may_be_stopped_sooner(world: World) -> None:
    assert "after 1 refused" in fail(world, SIGN_IN, 1, sign_ins=1)


def test_another_host_key_stops_at_once(world: World) -> None:
    assert fail(world, HostKeyRefused("The host key is SHA256:BBB, which is not pinned.")).startswith("Stopped: ")
    (item,) = world.items()
    assert "not pinned" in item.reason


def test_a_call_that_was_under_way_at_the_stop_does_not_hide_why(world: World) -> None:
    fail(world, HostKeyRefused("Another host key."))
    fail(world, TransportError("It cannot be reached."))
    at = line(world)
    assert (at.stopped, at.failures) == (f"Stopped: Another host key. {lines.AFTER_THE_CHANGE}", 2)
    with world.sql.begin() as connection:
        partners.start(connection, "practice")
    fail(world, TransportError("It cannot be reached."))
    assert (line(world).stopped, line(world).error) == ("", "It cannot be reached.")


def test_a_line_that_stays_down_is_told_after_five_failures_and_closes_by_itself(world: World) -> None:
    down = TransportError("Nobody answers.")
    assert fail(world, down, 4) == ""
    assert world.items() == []
    fail(world, down)
    (item,) = world.items()
    assert item.reason == "Nobody answers. (5 failure(s) in a row)"
    assert line(world).stopped == ""
    world.clock.advance(hours=1)
    fail(world, down)
    (item,) = world.items()
    assert item.opened_at == NOON  # since when it is down
    assert "6 failure(s)" in item.reason
    well(world)
    assert world.items() == []
    world.clock.advance(hours=1)
    fail(world, down, 5)
    (again,) = world.items()
    assert again.id == item.id
    assert again.opened_at == world.clock.now()
    assert again.outcome == ""


def test_a_refusal_that_does_not_pass_by_itself_is_told_at_once(world: World) -> None:
    fail(world, Refused("The folder is read-only."))
    (item,) = world.items()
    assert "read-only" in item.reason


def test_a_person_starts_it_again_and_the_items_close(world: World) -> None:
    fail(world, SIGN_IN, 3)
    with world.sql.begin() as connection:
        lines.restart(connection, "practice", "dana", world.clock.now())
        assert outgoing.resume_partner(connection, "practice", "dana", world.clock.now()) == 0
    assert line(world)[:3] == (0, 0, "")
    assert world.items() == []
    (closed,) = world.rows(work_items)
    assert closed.outcome == "Started again."
    # The next stop opens the same item with the new reason.
    fail(world, HostKeyRefused("Another key."))
    (item,) = world.items()
    assert item.id == closed.id
    assert "Another key." in item.reason


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SIGN_IN, "sign_in"),
        (HostKeyRefused("x"), "host_key"),
        (Refused("x"), "refused"),
        (TransportError("x"), "failed"),
    ],
)
def test_every_kind_of_trouble_has_its_name(error: TransportError, kind: str) -> None:
    assert lines.problem(error)["kind"] == kind
