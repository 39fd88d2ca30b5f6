"""SIGKILL at every named boundary of both rails, one at a time; the next life brings everything to the same end."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.boundary import BOUNDARIES

from .cases import NOT_REACHED, SOAK, chosen, kills
from .conftest import Houses, OpenHouse, judge


def killed_and_judged(kind: str, at: str, houses: Houses, open_house: OpenHouse, after_pickup: str = "leave") -> None:
    """A run that is killed there, and goes on."""
    patient = {"resend_after": "60s"} if after_pickup == "delete" else {}
    case = open_house(kind, after_pickup, **patient)
    assert case.live(kill_at=at) == -9, f"the run never came by {at}"
    assert case.live() == 0
    judge(case, houses.reference(kind))


@pytest.mark.parametrize("at", kills("sqlite"))
def test_killed_at_a_boundary_the_next_life_ends_as_if_nothing_had_been(
    at: str, houses: Houses, open_house: OpenHouse
) -> None:
    killed_and_judged("sqlite", at, houses, open_house)


@pytest.mark.postgres
@pytest.mark.parametrize("at", kills("postgres"))
def test_killed_at_a_boundary_on_postgres_the_next_life_ends_as_if_nothing_had_been(
    at: str, houses: Houses, open_house: OpenHouse
) -> None:
    killed_and_judged("postgres", at, houses, open_house)


@pytest.mark.parametrize(
    "at",
    chosen("files taken away", ["send.put.done", "send.put.known", "send.committed"], keep=["send.put.done"], of=0),
)
def test_killed_while_sending_to_a_partner_who_takes_files_away_nothing_is_sent_twice(
    at: str, houses: Houses, open_house: OpenHouse
) -> None:
    """The final name is gone when the next life looks; the acknowledgment proves that the file arrived."""
    killed_and_judged("sqlite", at, houses, open_house, after_pickup="delete")


@pytest.mark.parametrize(
    "deaths",
    chosen(
        "several deaths",
        [
            ("drop.moved", "send.put.done", "fetch.committed", "post.committed:2"),
            ("intake.chunk.committed:2", "batch.written", "fetch.archived", "post.begun"),
            ("batch.committed", "send.marked", "read.handed.on", "post.decided:2", "post.closed"),
        ],
        of=1,
    ),
    ids="+".join,
)
def test_killed_again_and_again_the_last_life_ends_as_if_nothing_had_been(
    deaths: tuple[str, ...], houses: Houses, open_house: OpenHouse
) -> None:
    case = open_house("sqlite")
    for at in deaths:
        case.mark.unlink(missing_ok=True)
        assert case.live(kill_at=at) == -9, f"the run never came by {at}"
    assert case.live() == 0
    judge(case, houses.reference("sqlite"))


def test_every_boundary_in_the_code_is_declared_and_every_declared_one_is_passed() -> None:
    """A boundary that nothing passes would never be killed at; one that is not declared would never be chosen."""
    import gateway

    root = Path(gateway.__file__).parent
    code = "".join(path.read_text() for path in sorted((root / "core").rglob("*.py")))
    passed = {part.partition('"')[0] for part in code.split('boundary("')[1:]} - {"send.put.done`"}
    assert passed == set(BOUNDARIES)
    assert NOT_REACHED.keys() <= BOUNDARIES.keys()
    if SOAK:
        assert {at.partition(":")[0] for at in kills("sqlite")} == BOUNDARIES.keys() - NOT_REACHED.keys()
