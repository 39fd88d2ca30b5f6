"""The line to the clearinghouse fails in the middle of a transfer: cut, or silent. Everything ends as if it had not."""

from __future__ import annotations

from typing import Literal, NamedTuple

import pytest
from sqlalchemy import select

from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import timeline

from .cases import chosen
from .conftest import Houses, OpenHouse, judge
from .house import House
from .proxy import Relay

TIMEOUTS = "{connect: 3s, banner: 3s, auth: 3s, channel: 1500ms, transfer: 10s}"
LET_GO_WITHIN = 8.0
"""Seconds after which the gateway must have given a silent line up: its limit is 1.5, on a busy machine."""

Direction = Literal["up", "down"]
PUT_CUTS = [0, 1_000, 4_000, 8_000, 12_000, 15_000]
GET_CUTS = [0, 1_000, 8_000, 16_000, 24_000]
"""Bytes of the transfer that still pass."""

RENAME = 3
"""Which request after the last block renames the file."""

pytestmark = pytest.mark.xdist_group("crash-sqlite")


class Run(NamedTuple):
    """A run that has ended, and what became of its line."""

    case: House
    relay: Relay


def run_through(
    direction: Direction,
    after: int,
    how: Literal["cut", "silent"],
    houses: Houses,
    open_house: OpenHouse,
    *,
    answers: int = 0,
    after_pickup: str = "leave",
) -> Run:
    """A run of which the line fails once."""
    patient = {"resend_after": "8s"} if after_pickup == "delete" else {}
    case = open_house("sqlite", after_pickup, timeouts=TIMEOUTS, **patient)
    with Relay(case.sandbox.port, direction, after=after, how=how, answers=answers) as relay:
        case.reach_by(relay.port)
        assert case.live() == 0
        assert relay.failed_at, "no transfer was large enough to fail"
    judge(case, houses.reference("sqlite"))
    return Run(case, relay)


def told_of_the_batch(case: House) -> list[str]:
    """What the timeline of the batch says of its sending."""
    engine = make_sync_engine(case.database_url, read_only=True)
    try:
        with engine.connect() as connection:
            statement = select(timeline.c.what).where(timeline.c.subject_kind == "batch", timeline.c.station == "send")
            return list(connection.execute(statement).scalars())
    finally:
        engine.dispose()


@pytest.mark.parametrize("after", chosen("put cut", PUT_CUTS, keep=[12_000], of=1))
def test_cut_in_the_middle_of_a_put_the_file_arrives_once(after: int, houses: Houses, open_house: OpenHouse) -> None:
    run_through("up", after, "cut", houses, open_house)


@pytest.mark.parametrize("after", chosen("get cut", GET_CUTS, keep=[8_000], of=1))
def test_cut_in_the_middle_of_a_get_the_file_is_fetched_again(
    after: int, houses: Houses, open_house: OpenHouse
) -> None:
    run_through("down", after, "cut", houses, open_house)


@pytest.mark.parametrize("after_pickup", ["leave", "delete"])
@pytest.mark.parametrize("answers", chosen("answer lost", [1, 2, RENAME, 4], keep=[RENAME], of=0))
def test_when_the_answer_to_the_rename_is_lost_the_file_is_looked_for_and_not_sent_twice(
    answers: int, after_pickup: str, houses: Houses, open_house: OpenHouse
) -> None:
    """After the blocks of the file come its close, a look at its size, its rename: each is done and not answered."""
    case = run_through("up", 8_000, "cut", houses, open_house, answers=answers, after_pickup=after_pickup).case
    told = " ".join(told_of_the_batch(case))
    assert ("Whether it arrived is not known." in told) == (answers == RENAME)
    if answers == RENAME:
        found = "Found at the partner under its final name" if after_pickup == "leave" else "the partner has answered"
        assert found in told


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_peer_that_falls_silent_is_given_up_within_the_limit(
    direction: Direction, houses: Houses, open_house: OpenHouse
) -> None:
    relay = run_through(direction, 9_000, "silent", houses, open_house).relay
    assert 0 < relay.let_go_at - relay.failed_at < LET_GO_WITHIN
