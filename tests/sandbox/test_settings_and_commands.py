"""Settings from YAML, with their faults at their place; and the commands."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.sandbox import commands
from gateway.sandbox.commands import sandbox
from gateway.sandbox.settings import SandboxSettings, load_settings
from gateway.sandbox.uploads import is_complete, is_partial_name

GOOD = """
seed: 7
partners:
  - user: stillwater
    password: practice
    receiver_id: SANDBOX
    delays: {payer: 2, remittance: 5}
    behaviour: {denied_lines: 0.1, change_codes: {A7032: A7033}}
    payers:
      "00123": {drop_modifiers: true}
    faults:
      - {answer: "999", nth: 2, do: no_answer}
  - user: other
    incoming: SendFiles
    outgoing: ReceiveFiles
"""


def test_settings_are_read_from_yaml(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(GOOD)
    settings = load_settings(tmp_path / "s.yaml")
    first, second = settings.partners
    assert (settings.seed, first.delays.payer, second.incoming) == (7, 2.0, "SendFiles")
    special = first.behaviour_of("00123")
    assert (special.drop_modifiers, special.denied_lines, special.change_codes) == (True, 0.1, {"A7032": "A7033"})
    assert first.behaviour_of("90101").drop_modifiers is False
    assert settings.partner("other") is second


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("denied_lines: 0.1", "denied_lines: 1.1"), "denied_lines"),
        (("denied_lines: 0.1", "denied_line: 0.1"), "denied_line"),
        (("user: other", "user: stillwater"), "user of its own"),
        (("outgoing: ReceiveFiles", "outgoing: SendFiles"), "two folders"),
        (("incoming: SendFiles", "incoming: ../SendFiles/"), "incoming"),
        (("do: no_answer", "do: reject"), "reject is for"),
        (("drop_modifiers: true", "drop_modifier: true"), "drop_modifier"),
        (("seed: 7", "host: 0.0.0.0"), "host"),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path: Path, change: tuple[str, str], word: str) -> None:
    assert change[0] in GOOD
    (tmp_path / "s.yaml").write_text(GOOD.replace(*change))
    with pytest.raises(ValueError, match=re.escape(word)):
        load_settings(tmp_path / "s.yaml")


@pytest.mark.parametrize(
    ("name", "partial"),
    [("a.837", False), ("a.837.tmp", True), ("a.filepart", True), (".a.837", True), ("a.837~", True), ("A.PART", True)],
)
def test_names_of_uploads_under_way(name: str, partial: bool) -> None:
    assert is_partial_name(name) is partial


@pytest.mark.parametrize(
    ("data", "complete"),
    [
        (b"ISA*00*~GS*HC~GE*1*1~IEA*1*000000001~", True),
        (b"ISA*00*~GS*HC~GE*1*1~IEA*1*000000001~\r\n", True),
        (b"ISA|00|\nIEA|1|000000001\n", True),
        (b"ISA*00*~GS*HC~GE*1*1~", False),
        (b"ISA*00*~IEA*1*000000001~ISA*00*~GS*HC*some*more*that*is*long~", False),
        (b"", False),
        (b"not X12 at all", True),
    ],
)
def test_a_file_is_complete_when_its_last_interchange_is_closed(data: bytes, complete: bool) -> None:
    assert is_complete(data) is complete


def test_generate_writes_claims_and_what_to_expect_of_them(tmp_path: Path) -> None:
    runner = CliRunner()
    for kind in ("837", "json"):
        out, expected = tmp_path / f"claims.{kind}", tmp_path / f"expected-{kind}.json"
        options = ["--claims", "80", "--seed", "4", "--today", "2026-11-23", "--faults", "0.2", "--format", kind]
        result = runner.invoke(sandbox, ["generate", *options, "--out", str(out), "--expected", str(expected)])
        assert result.exit_code == 0, result.output
        wrong = json.loads(expected.read_text())
        assert result.output.startswith("80 claims with ")
        assert f"{len(wrong)} of them have a fault" in result.output
        assert all(number in out.read_text("latin-1") for number in wrong)


def test_serve_says_how_to_connect_and_stops_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from gateway.sandbox.commands import sandbox; sandbox()", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--dir", str(tmp_path / "sandbox")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PRACTICE_PASSWORD": "practice", "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if "Ctrl-C" in line:
                break
        process.send_signal(signal.SIGTERM)
        told += process.stdout.readlines()
    text = "".join(told)
    assert process.returncode == 0
    assert re.search(r"listens on 127\.0\.0\.1:\d+", text)
    assert re.search(r"fingerprint +SHA256:\S{43}", text)
    assert "practice\n" not in text
    assert "has stopped" in text


@pytest.mark.parametrize(
    ("settings", "options", "port"),
    [
        (None, (), 2222),
        ("", (), 2222),
        ("port: 2300", (), 2300),
        ("port: 0", (), 0),
        ("port: 2300", ("--port", "0"), 0),
        ("", ("--port", "2400"), 2400),
    ],
)
def test_serve_listens_on_2222_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str | None, options: tuple[str, ...], port: int
) -> None:
    taken = []

    async def serve(settings: SandboxSettings, folder: Path, seed: int | None) -> None:
        taken.append(settings.port)

    monkeypatch.setattr(commands, "_serve", serve)
    words = ["serve", *options]
    if settings is not None:
        (tmp_path / "s.yaml").write_text(f"{GOOD}{settings}\n")
        words += ["--settings", str(tmp_path / "s.yaml")]
    result = CliRunner().invoke(sandbox, words)
    assert result.exit_code == 0, result.output
    assert taken == [port]


def test_serve_refuses_settings_with_mistakes(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(GOOD.replace("seed: 7", "seed: seven"))
    result = CliRunner().invoke(sandbox, ["serve", "--settings", str(tmp_path / "s.yaml")])
    assert result.exit_code == 1
    assert "s.yaml" in result.output
    assert "seed" in result.output
