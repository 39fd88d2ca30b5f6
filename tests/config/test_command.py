"""`gateway config check` and `gateway plugins`, as an administrator calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import COMMANDS, cli
from gateway.config import Config, load

from .conftest import DEFAULT, ENV, PARTNER, Folder

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config"


def gateway(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **ENV, **env},
        capture_output=True,
        text=True,
    )


def test_a_sound_configuration_is_0_a_faulty_one_1_none_at_all_2(folder: Folder, tmp_path: Path) -> None:
    sound = gateway("--config", folder.root, "config", "check")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "1 source, 1 partner, 3 payer routes, 1 chain of 1 step, 1 table" in sound.stdout
    folder.edit("gateway.yaml", "environment: test", "enviroment: test")
    faulty = gateway("--config", folder.root / "gateway.yaml", "config", "check")
    assert faulty.returncode == 1
    assert "gateway.yaml:6:1: unknown key 'enviroment'" in faulty.stdout
    assert "1 fault in 1 file." in faulty.stdout
    nothing = gateway("--config", tmp_path / "nothing", "config", "check")
    assert nothing.returncode == 2
    assert "There is no gateway.yaml at" in nothing.stderr


def test_faults_come_as_json_too(folder: Folder) -> None:
    folder.edit("chains/default.yaml", "days: 3", "dyas: 3")
    ran = CliRunner().invoke(cli, ["-c", str(folder.root), "config", "check", "--format", "json"], env=ENV)
    assert ran.exit_code == 1
    report = json.loads(ran.stdout)
    assert report["ok"] is False
    (fault,) = report["faults"]
    assert (fault["line"], fault["column"], fault["meant"]) == (4, 18, "days")


def test_a_missing_secret_can_be_passed_over(folder: Folder) -> None:
    check = ["-c", str(folder.root), "config", "check"]
    assert CliRunner().invoke(cli, check, env={"PRACTICE_PASSWORD": None}).exit_code == 1
    assert CliRunner().invoke(cli, [*check, "--no-secrets"], env={"PRACTICE_PASSWORD": None}).exit_code == 0


def test_the_shipped_configuration_can_be_used() -> None:
    found = load(SHIPPED, ENV)
    assert isinstance(found, Config), "\n".join(map(str, found))
    assert found.partner_for("whoever") is not None
    assert found.gateway.usage == "T"


def test_plugins_lists_what_each_one_does_and_who_uses_it(folder: Folder) -> None:
    folder.write("plugins/broken.py", "1/0")
    ran = CliRunner().invoke(cli, ["-c", str(folder.root), "plugins"], env=ENV)
    assert ran.exit_code == 1
    assert "rules 1.0 (folder)\n  hooks:  plugin_settings, scrub_claim\n  used by: default (scrub)" in ran.stdout
    assert "  used by: partner practice" in ran.stdout
    assert "broken: Plugin 'broken'" in ran.stdout


HEAVY = (
    "sqlalchemy",
    "paramiko",
    "asyncssh",
    "dbos",
    "aiohttp",
    "alembic",
    "asyncio",
    "badx12",
    "psycopg",
    "pysequoia",
)


def test_checking_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['gateway', '--config', {str(SHIPPED)!r}, 'config', 'check']\n"
        "from gateway.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end\n"
        "print([name for name in %r if name in sys.modules])\n" % (HEAVY,)
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **ENV}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_five_hundred_routes_are_checked_quickly(folder: Folder) -> None:
    for number in range(100):
        routes = ", ".join(f"P{number:02d}{payer}" for payer in range(5))
        folder.write(f"partners/partner{number}.yaml", PARTNER.replace('00123, "NO", "*"', routes))
        folder.write(f"chains/chain{number}.yaml", f"match: {{payer: P{number:02d}*}}\n{DEFAULT}")
    started = time.process_time()
    config = folder.config()
    took = time.process_time() - started
    assert len(config.chains) == 101
    # Measured 0.25 s of processor; a busy machine must not fail it, something quadratic must.
    assert took < 2.0


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_of_the_help_is_there(name: str) -> None:
    ran = CliRunner().invoke(cli, [name, "--help"])
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith(f"Usage: cli {name}")


def test_the_help_imports_no_command() -> None:
    ran = gateway("--help")
    assert ran.returncode == 0
    assert all(name in ran.stdout for name in COMMANDS)
