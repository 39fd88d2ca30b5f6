"""Saved views over HTTP: kept, shared, forgotten, and such that the queue takes their filters as they are."""

from __future__ import annotations

import pytest

from .conftest import Desk
from .test_queue import person

pytestmark = pytest.mark.asyncio(loop_scope="module")
VIEWS = "queue/views"


async def test_a_view_is_kept_for_oneself_or_for_all_and_asked_for_as_it_is(desk: Desk) -> None:
    mine, other = await person(desk, "read", "work"), await person(desk, "read", "work")
    where = {"kind": "denial", "min": "500.00", "unassigned": True}
    status, made = await mine.post(VIEWS, {"name": " Large  denials ", "where": where, "order": "dollars"})
    assert status == 200, made
    assert made["name"] == "Large denials"
    assert made["filters"] == {"kind": "denial", "min": "500.00", "unassigned": "true", "order": "dollars"}
    status, page = await mine.get("queue?" + "&".join(f"{name}={value}" for name, value in made["filters"].items()))
    assert status == 200, page
    assert made in (await mine.get(VIEWS))[1]["views"]
    assert made not in (await other.get(VIEWS))[1]["views"]

    status, again = await mine.post(VIEWS, {"name": "Large denials", "where": where, "shared": "all"})
    assert (status, again["id"]) == (200, made["id"])
    assert again in (await other.get(VIEWS))[1]["views"]
    assert (await other.post(f"{VIEWS}/{made['id']}/remove", {}))[0] == 404, "it is not theirs"
    assert await mine.post(f"{VIEWS}/{made['id']}/remove", {}) == (200, {"removed": made["id"]})
    assert again not in (await other.get(VIEWS))[1]["views"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 422, "name is missing"),
        ({"name": " "}, 409, "A view has a name"),
        ({"name": "x" * 61}, 409, "A view has a name"),
        ({"name": "x", "shared": "nobody"}, 409, "No team 'nobody' works here"),
        ({"name": "x", "where": {"colour": "red"}}, 422, "colour is not known here"),
        ({"name": "x", "order": "backwards"}, 422, "order"),
    ],
)
async def test_what_is_no_view_is_told_in_words(desk: Desk, body: dict[str, object], status: int, words: str) -> None:
    who = await person(desk, "read", "work")
    found, answer = await who.post(VIEWS, body)
    assert found == status
    assert words in answer["detail"]


async def test_who_only_reads_keeps_none(desk: Desk) -> None:
    reader = await person(desk, "read")
    assert (await reader.post(VIEWS, {"name": "Mine"}))[0] == 403
    assert (await reader.get(VIEWS))[0] == 200
