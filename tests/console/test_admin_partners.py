"""An administrator adds a partner, tests its line, and sees how each line stands: in words, and without a secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.config import load
from gateway.config.new_partner import CannotBeWritten, Draft, as_yaml, draft, write
from gateway.core.flow import lines
from gateway.sandbox.server import Sandbox
from gateway.sandbox.settings import SandboxPartner, SandboxSettings

from ..web import running
from .conftest import CHROMIUM, Office, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACE = "/console/admin/partners"
TYPED = {
    "name": "second",
    "environment": "test",
    "host": "127.0.0.1",
    "port": "1",
    "username": "stillwater",
    "password": "env:PRACTICE_PASSWORD",
    "key": "",
    "host_key": running.NO_KEY,
    "preset": "",
    "send": "to",
    "receive": "from",
    "sender_qualifier": "ZZ",
    "sender_id": "STILLWATER",
    "receiver_qualifier": "ZZ",
    "receiver_id": "SECOND",
    "submitter": "STILLWATER HOME MEDICAL",
    "receiver": "SECOND CLEARINGHOUSE",
    "payers": "90909",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sandbox]:
    """A real SFTP server that knows one user."""
    partner = SandboxPartner(user="stillwater", password=running.PASSWORD)
    folder = tmp_path_factory.mktemp("clearinghouse")
    async with Sandbox(SandboxSettings(seed=5, partners=(partner,)), folder) as sandbox:
        yield sandbox


def folder_of(office: Office) -> Path:
    return office.gateway.config.root / "partners"


async def test_what_is_typed_is_a_value_and_nothing_else(tmp_path: Path) -> None:
    root = running.write_config(tmp_path)
    evil = 'x"\nenvironment: production # \\u0041 é'
    (root / "partners/evil.yaml").write_text(as_yaml(TYPED | {"name": "evil", "receiver": " ".join(evil.split())}))
    found = load(root, {"PRACTICE_PASSWORD": "x" * 8})
    assert not isinstance(found, list), found
    partner = found.partner("evil")
    assert partner is not None
    assert partner.environment == "test"
    assert partner.receiver.name == 'x" environment: production # \\u0041 é'


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "../gateway", "Small letters"),
        ("name", "new", "not the word new"),
        ("name", "practice", "There is a partner of this name"),
        ("password", "hunter2-hunter2", "A secret never stands in a file"),
        ("password", "env:GATEWAY_DATABASE_URL", "This variable holds a secret of the gateway"),
        ("password", "file:/etc/passwd", "Put the file below one of"),
        ("password", "file:/etc/gateway/../passwd", "Put the file below one of"),
        ("host", "", "This is needed."),
        ("environment", "somewhere", "One of test, production."),
    ],
)
async def test_what_cannot_be_is_told_at_its_field_and_nothing_is_written(
    office: Office, field: str, typed: str, words: str
) -> None:
    before = sorted(folder_of(office).iterdir())
    async with office.signed_in("administrator") as browser:
        status, text = await browser.post(f"{PLACE}/new", what="add", **TYPED | {field: typed})
    assert status == 422
    assert words in text
    assert "hunter2" not in text
    assert sorted(folder_of(office).iterdir()) == before


async def test_faults_of_the_whole_are_told_with_their_place_and_nothing_is_written(office: Office) -> None:
    async with office.signed_in("administrator") as browser:
        status, text = await browser.post(f"{PLACE}/new", what="add", **TYPED | {"payers": "*", "port": "many"})
    assert status == 422
    assert "second.yaml:7:" in text
    assert "every other payer is already reached through partner" in text
    assert not (folder_of(office) / "second.yaml").exists()
    assert office.gateway.config.partner("second") is None


async def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    root = running.write_config(tmp_path)
    before = (root / "partners/practice.yaml").read_text()
    with pytest.raises(CannotBeWritten, match="There is a partner of this name"):
        write(root, Draft(TYPED | {"name": "practice"}, {}))
    assert (root / "partners/practice.yaml").read_text() == before
    assert [one.name for one in (root / "partners").iterdir()] == ["practice.yaml"]


async def test_a_draft_without_faults_has_the_text_that_is_checked(office: Office) -> None:
    given = draft(office.gateway.config, TYPED | {"name": " second "})
    assert not given.faults
    assert given.file == "partners/second.yaml"
    assert 'password: "env:PRACTICE_PASSWORD"' in given.text


async def test_what_is_typed_comes_back_as_text(office: Office) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    async with office.signed_in("administrator") as browser:
        for fields in (dict.fromkeys(TYPED, evil), TYPED | {"receiver": evil, "host": evil, "port": evil}):
            status, text = await browser.post(f"{PLACE}/new", what="add", **fields)
            assert status == 422
            assert "<script>alert" not in text
            assert "<img src=x" not in text


async def test_only_an_administrator_adds_or_tests(office: Office) -> None:
    async with office.signed_in("manager") as browser:
        assert (await browser.post(f"{PLACE}/new", what="add", **TYPED))[0] == 403
        assert (await browser.post(f"{PLACE}/practice/test"))[0] == 403
        assert (await browser.get(f"{PLACE}/practice"))[0] == 403
    assert not (folder_of(office) / "second.yaml").exists()


async def test_a_partner_that_does_not_answer_is_told_and_no_page_waits(office: Office) -> None:
    async with office.signed_in("administrator") as browser:
        status, text = await browser.post(f"{PLACE}/practice/test")
        assert status == 200
        assert "Test the connection" in text

        async def told() -> str:
            _, part = await browser.get(f"{PLACE}/practice/test")
            return "" if "Testing the line" in part else part

        part = await running.until(told, "the test ends")
    assert "Nobody answers at this address." in part
    assert "practice.yaml:" in part


async def test_a_stopped_line_says_why_and_is_started_again(office: Office) -> None:
    gateway = office.gateway
    wrong = {"kind": "host_key", "what": "another key"}
    await gateway.write(lines.went_wrong, "practice", wrong, gateway.clock.now())
    async with office.signed_in("administrator") as browser:
        _, text = await browser.get(f"{PLACE}/practice")
        assert "Stopped: another key" in text
        assert "not at all" in text
        _, table = await browser.get(f"{PLACE}.csv")
        assert "Stopped: another key" in table
        _, text = await browser.post(f"{PLACE}/practice/start")
        assert "practice is started" in text
        assert (await browser.get(f"{PLACE}/nobody"))[0] == 404


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium")
async def test_a_partner_is_added_and_its_connection_tested_in_the_browser(
    chromium: Any, office: Office, server: Sandbox
) -> None:
    page, said = await signed_in(chromium, office, "administrator")
    await page.get_by_role("link", name="Administration").click()
    await page.get_by_role("link", name="Add a partner").click()
    for label, value in (
        ("Short name", "second"),
        ("Server", "127.0.0.1"),
        ("Port", str(server.port)),
        ("User name", "stillwater"),
        ("Where the password is", "env:PRACTICE_PASSWORD"),
        ("Folder for our files", "to"),
        ("Folder of their answers", "from"),
        ("Their id (ISA08)", "SECOND"),
        ("Their name (1000B)", "SECOND CLEARINGHOUSE"),
        ("Payer ids", "90909"),
    ):
        await page.get_by_label(label, exact=False).fill(value)
    await page.get_by_role("button", name="Check it and test the connection").click()
    await page.get_by_text("The server showed a key that is not trusted.").wait_for()
    shown = await page.locator("#test code").first.inner_text()
    assert shown == server.host_key_fingerprint
    await page.get_by_label("Host key").fill(shown)
    await page.get_by_role("button", name="Check it and test the connection").click()
    await page.get_by_text("It answers, and every folder is there.").wait_for()
    assert not (folder_of(office) / "second.yaml").exists()
    await page.get_by_role("button", name="Add the partner").click()
    await page.get_by_text("second is added and in force.").wait_for()
    await page.get_by_role("button", name="Test the connection").click()
    await page.get_by_text("It answers, and every folder is there.").wait_for()
    await page.get_by_role("link", name="Partners").click()
    await page.get_by_role("row", name="second").wait_for()
    assert office.gateway.config.partner("second") is not None
    assert said == []
