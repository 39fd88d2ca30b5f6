"""`gateway config check --probe`, against a real sshd."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import cli

from ..sshd import Sshd
from .conftest import Serve

pytestmark = pytest.mark.sshd
ROOT = Path(__file__).parents[2]


def check(folder: Path, server: Sshd, *words: str, receive: str = "outbound") -> Result:
    """The shipped configuration, its partner at this server, and its check."""
    root = folder / "config"
    shutil.copytree(ROOT / "config", root)
    partner = root / "partners/practice.yaml"
    settings = f"""\
    host: 127.0.0.1
    port: {server.port}
    username: {server.user}
    key: file:{server.client_key_file}
    host_keys: ["{server.host_key_fingerprint}"]
    folders: {{send: inbound, receive: [{receive}]}}
"""
    text = re.sub(r"(?m)(?<=^  settings:\n)(?:    .*\n)+", lambda _: settings, partner.read_text())
    partner.write_text(text)
    return CliRunner().invoke(cli, ["--config", str(root), "config", "check", "--probe", *words])


def test_a_partner_that_answers_is_told_with_its_folders(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    done = check(tmp_path, server)
    assert done.exit_code == 0, done.output
    assert re.search(
        r"practice: \S+ answered in \d+\.\d s, host key SHA256:\S+; inbound ok, outbound ok\.", done.output
    )


def test_a_folder_that_is_not_there_is_a_fault_where_it_is_named(serve: Serve, tmp_path: Path) -> None:
    done = check(tmp_path, serve(), "--format", "json", receive="no_such")
    assert done.exit_code == 1
    report = json.loads(done.output)
    (fault,) = report["faults"]
    assert (fault["line"], fault["column"]) == (14, 40)
    assert fault["what"] == "folder 'no_such' at practice: there is no such file or folder."


def test_a_partner_that_does_not_answer_is_a_fault(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    server.stop()
    done = check(tmp_path, server)
    assert done.exit_code == 1
    assert "practice: no line." in done.output
    assert "Traceback" not in done.output
