"""The configuration in the console: where each value comes from, why one was refused, and taking another."""

from __future__ import annotations

import csv
import io

import pytest

from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACE = "/console/admin/configuration"


async def test_one_with_a_fault_is_refused_with_its_place_and_the_one_before_stays(office: Office) -> None:
    main = office.gateway.config.root / "gateway.yaml"
    before, text = office.gateway.config.hash, main.read_text()
    async with office.signed_in("administrator") as browser:
        try:
            main.write_text(f"{text}\nretention: {{access_log_days: many}}\n")
            status, page = await browser.post("/console/admin/reload")
            assert status == 200
            assert "The configuration is refused" in page
            assert "gateway.yaml:" in page
            assert "access_log_days" in page
            assert before in page
            assert str(office.gateway.config.root) not in page
            _, overview = await browser.get("/console/admin")
            assert "The last one that was read was refused." in overview
            main.write_text(f"{text}\nretention: {{access_log_days: 3000}}\n")
            _, page = await browser.post("/console/admin/reload")
            assert "The configuration is read; it is in force." in page
            _, page = await browser.post("/console/admin/reload")
            assert "The files say what is in force already." in page
            _, table = await browser.get(f"{PLACE}.csv?find=access_log")
            (row,) = csv.DictReader(io.StringIO(table))
            assert (row["part"], row["setting"], row["value"]) == ("gateway", "retention.access_log_days", "3000")
            assert row["from"].rpartition(":")[0].endswith("gateway.yaml")
        finally:
            main.write_text(text)
            await office.gateway.reload()


async def test_values_are_found_and_paged_and_secrets_stay_references(office: Office) -> None:
    async with office.signed_in("administrator") as browser:
        _, page = await browser.get(f"{PLACE}?part=partners/practice&find=password")
        assert "env:PRACTICE_PASSWORD" in page
        assert "chains/" not in page.partition("<tbody>")[2]
        _, first = await browser.get(PLACE)
        _, second = await browser.get(f"{PLACE}?page=2")
        assert first.count("<tr><td>") == 200
        assert first.partition("<tbody>")[2] != second.partition("<tbody>")[2]
        _, none = await browser.get(f"{PLACE}?find=zzzz-nothing")
        assert "No setting fits." in none
        assert (await browser.get(f"{PLACE}?page=0"))[0] == 200
