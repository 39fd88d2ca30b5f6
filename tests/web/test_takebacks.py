"""Take-backs over HTTP: pages of references, and what happened on each."""

from __future__ import annotations

import pytest

from ..console import money_desk
from ..posting.made import Clp, Era, Plb
from .conftest import Desk
from .test_queue import person

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_references_come_in_pages_with_what_happened_on_them(desk: Desk) -> None:
    levels = [Plb("WO", f"-{number}0", f"API-{number}") for number in (1, 2, 3)]
    await money_desk.remitted(desk, Era([Clp("NOBODY", charge="900", paid="900")], levels, trace="API"), name="a.835")  # type: ignore[arg-type]
    who = await person(desk, "read")
    seen, after = [], ""
    while True:
        status, page = await who.get(f"takebacks?limit=2&payer=1960000022&after={after}")
        assert status == 200, page
        assert len(page["takebacks"]) <= 2
        seen += page["takebacks"]
        after = page["after"]
        if not after:
            break
    found = [(one["reference"], one["dollars"], one["stands"]) for one in seen]
    assert found == [("API-1", "-10.00", "to come"), ("API-2", "-20.00", "to come"), ("API-3", "-30.00", "to come")]
    assert (await who.get("takebacks?older_than=400"))[1]["takebacks"] == []

    _, told = await who.get("takebacks/entries?payer=1960000022&use=recovery&reference=API-2")
    assert [(one["dollars"], one["code"], one["trace_number"]) for one in told["entries"]] == [("-20.00", "WO", "API")]
    assert (await who.get("takebacks/entries?payer=1960000022&use=other&reference=API-2"))[0] == 422
    assert (await who.get("takebacks?after=nonsense"))[0] == 422
