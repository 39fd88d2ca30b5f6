"""The line to the clearinghouse fails in the middle of a transfer: cut, or silent. Everything ends as if it had not."""

from __future__ import annotations

from typing import Literal

import pytest
from sqlalchemy import select

from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import timeline

from .cases import chosen
from .conftest import Houses, OpenHouse, Reference, judge
from .house import USER, House
from .proxy import Relay

TIMEOUTS = "{connect: 10s, banner: 10s, auth: 10s, channel: 2s, transfer: 20s}"
LET_GO_WITHIN = 10.0
"""Seconds after which the gateway must have given a silent line up: its limit is 2, on a busy machine."""

Direction = Literal["up", "down"]
PUT_CUTS = [0, 1_000, 4_000, 8_000, 12_000, 15_000]
GET_CUTS = [0, 1_000, 8_000, 16_000, 24_000]
"""Bytes of the transfer that still pass."""


def run_through(case: House, relay: Relay, reference: Reference) -> None:
    """A run of which the line fails once."""
    with relay:
        case.reach_by(relay.port)
        assert case.live() == 0
        assert relay.failed_at, "no transfer was large enough to fail"
    judge(case, reference)


def told_of_the_batch(case: House) -> list[str]:
    """What the timeline of the batch says of its sending."""
    engine = make_sync_engine(case.database_url, read_only=True)
    try:
        with engine.connect() as connection:
            statement = select(timeline.c.what).where(timeline.c.subject_kind == "batch", timeline.c.station == "send")
            return list(connection.execute(statement).scalars())
    finally:
        engine.dispose()


@pytest.mark.parametrize("after", chosen("put cut", PUT_CUTS, keep=[12_000], of=0))
def test_cut_in_the_middle_of_a_put_the_file_arrives_once(after: int, houses: Houses, open_house: OpenHouse) -> None:
    case = open_house("sqlite", timeouts=TIMEOUTS)
    relay = Relay(case.sandbox.port, "up", after=after, how="cut")
    run_through(case, relay, houses.reference("sqlite"))


@pytest.mark.parametrize("after", chosen("get cut", GET_CUTS, keep=[8_000], of=0))
def test_cut_in_the_middle_of_a_get_the_file_is_fetched_again(
    after: int, houses: Houses, open_house: OpenHouse
) -> None:
    case = open_house("sqlite", timeouts=TIMEOUTS)
    relay = Relay(case.sandbox.port, "down", after=after, how="cut")
    run_through(case, relay, houses.reference("sqlite"))


LEAVES = ("leave", "1s", "Found at the partner under its final name")
TAKES_AWAY = ("delete", "60s", "the partner has answered it")


@pytest.mark.parametrize(
    ("after_pickup", "resend_after", "proof", "how"),
    chosen(
        "answer lost",
        [(*LEAVES, "cut"), (*LEAVES, "silent"), (*TAKES_AWAY, "cut"), (*TAKES_AWAY, "silent")],
        keep=[(*TAKES_AWAY, "cut")],
        of=0,
    ),
)
def test_when_the_answer_to_the_rename_is_lost_the_file_is_looked_for_and_not_sent_twice(
    after_pickup: str,
    resend_after: str,
    proof: str,
    how: Literal["cut", "silent"],
    houses: Houses,
    open_house: OpenHouse,
) -> None:
    case = open_house("sqlite", after_pickup, timeouts=TIMEOUTS, resend_after=resend_after)

    def arrived() -> bool:
        incoming = case.sandbox.home(USER) / "to"
        return bool(list(incoming.glob("*.837")) or case.sandbox.received(USER))

    run_through(case, Relay(case.sandbox.port, "down", how=how, once=arrived), houses.reference("sqlite"))
    told = " ".join(told_of_the_batch(case))
    assert "Whether it arrived is not known." in told
    assert proof in told


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_peer_that_falls_silent_is_given_up_within_the_limit(
    direction: Direction, houses: Houses, open_house: OpenHouse
) -> None:
    case = open_house("sqlite", timeouts=TIMEOUTS)
    relay = Relay(case.sandbox.port, direction, after=9_000, how="silent")
    run_through(case, relay, houses.reference("sqlite"))
    assert 0 < relay.let_go_at - relay.failed_at < LET_GO_WITHIN
