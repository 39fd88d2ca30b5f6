"""Take-backs in the console: what stands on each reference, why, and what came to zero."""

from __future__ import annotations

import csv
import io

import pytest

from ..posting.made import Clp, Era, Plb
from . import money_desk as desk
from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACE = "/console/takebacks"


async def remitted(office: Office, trace: str, *levels: Plb) -> None:
    """A remittance with these provider-level adjustments, and money enough for them."""
    await desk.remitted(
        office, Era([Clp("NOBODY", charge="900", paid="900")], levels, trace=trace), name=f"{trace}.835"
    )


async def test_a_reference_stands_until_it_is_zero_and_shows_what_happened_on_it(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        await remitted(office, "TB1", Plb("WO", "-80", "RECALL-1"), Plb("WO", "25", "SURPRISE-1"))
        status, text = await browser.get(PLACE)
        assert status == 200
        assert "RECALL-1" in text
        assert "SURPRISE-1" in text
        assert "$80.00" in text

        link = f"{PLACE}/entries?payer=1960000022&use=recovery&reference=RECALL-1"
        assert link.replace("&", "&amp;") in text
        _, one = await browser.get(link)
        assert "The payer will still take $80.00." in one
        assert "TB1" in one
        _, other = await browser.get(f"{PLACE}/entries?payer=1960000022&use=recovery&reference=SURPRISE-1")
        assert "The payer took $25.00 that it never announced" in other

        await remitted(office, "TB2", Plb("WO", "80", "RECALL-1"))
        _, text = await browser.get(PLACE)
        assert "RECALL-1" not in text
        _, text = await browser.get(f"{PLACE}?everything=true&reference=RECALL-1")
        assert "RECALL-1" in text
        assert "SURPRISE-1" not in text
        _, one = await browser.get(link)
        assert "It has come to zero." in one
        assert one.count("PLB WO") == 2

        _, found = await browser.get(f"{PLACE}.csv?payer=northbridge")
        rows = list(csv.DictReader(io.StringIO(found.removeprefix("\ufeff"))))
        assert [(row["reference"], row["dollars"], row["stands"]) for row in rows] == [("SURPRISE-1", "25.00", "taken")]
        _, none = await browser.get(f"{PLACE}?payer=nobody")
        assert "Nothing fits." in none
        assert (await browser.get(f"{PLACE}/entries?payer=x&use=recovery&reference=RECALL-1"))[0] == 404
