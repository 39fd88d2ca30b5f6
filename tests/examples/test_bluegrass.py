"""The example package, as a user has it: installed by pip, found by its entry point, run in a chain of the loader."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/gateway-plugin-bluegrass"
README = (EXAMPLE / "README.md").read_text()
PROGRAM = """
import asyncio, json, sys
from gateway.config import Config, load
from gateway.plugins.context import NoLookups
from gateway.plugins.runner import NoMark, Runner
from gateway.plugins.testing import TODAY, make_claim, rules

config = load(sys.argv[1], secrets=False)
assert isinstance(config, Config), "\\n".join(map(str, config))
plugin = config.plugins["bluegrass"]
runner = Runner(today=TODAY, lookups=NoLookups(), mark=NoMark())
answers = []
for lines, payer, providers in json.load(sys.stdin):
    claim = make_claim(*lines, payer_id=payer, filing_code="MC", providers=providers)
    chain = config.chains.choose(payer, "practice", "MC")
    decision, claim = asyncio.run(runner.claim(0, chain, "scrub", claim, payer, "practice"))
    answers.append({
        "chain": chain.name,
        "rules": rules(decision),
        "passes": decision.passes,
        "lines": [line.segments[1].raw for line in claim.lines],
    })
print(json.dumps([plugin.name, plugin.version, plugin.origin, sorted(config.tables), answers]))
"""
REFERRED = "NM1*DN*1*ALDERMAN*IVO****XX*1999999018"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the package, without asking the network for anything."""
    folder = tmp_path_factory.mktemp("site")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    ran = subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--target", str(folder / "site"), str(source)],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "site"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The shipped configuration with the chain of the README."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    (chain,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.S)
    (folder / "chains/bluegrass.yaml").write_text(chain)
    return folder


def run(site: Path, *command: str | Path, given: str = "", **env: str) -> str:
    ran = subprocess.run(
        [sys.executable, *map(str, command)],
        input=given,
        env={**os.environ, "PYTHONPATH": f"{site}:{ROOT}", **env},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def decide(site: Path, config: Path, *claims: tuple[list[list[str]], str, list[str]]) -> Any:
    return json.loads(run(site, "-c", PROGRAM, config, given=json.dumps(claims)))


def test_a_claim_is_held_and_set_right_as_the_readme_says(site: Path, config: Path) -> None:
    before, after = re.findall(r"^    (SV1\*.*)$", README, flags=re.M)
    single, span = re.findall(r"`(DTP\*472\*.*?)`", README)
    name, version, origin, tables, answers = decide(
        site,
        config,
        ([[before, single]], "00752", [REFERRED]),
        ([[before, span]], "00752", [REFERRED]),
        ([[before, span]], "00752", []),
        ([[before, single]], "00751", []),
    )
    assert (name, version, origin) == ("bluegrass", "1.0.0", "package")
    assert {"bluegrass_modifiers", "bluegrass_rentals"} <= set(tables)
    held, corrected, unreferred, another_payer = answers
    assert (held["chain"], held["rules"], held["passes"]) == ("bluegrass", ["BG-1", "BG-3"], False)
    assert (corrected["rules"], corrected["passes"], corrected["lines"]) == (["BG-3"], True, [after])
    assert (unreferred["rules"], unreferred["passes"]) == (["BG-2", "BG-3"], False)
    # Another payer's claim does not meet the plugin.
    assert another_payer["chain"] == "default"
    assert not [rule for rule in another_payer["rules"] if rule.startswith("BG")]
    assert another_payer["lines"] == [before]


def test_a_table_of_the_organisation_goes_before_the_packages_own(site: Path, config: Path) -> None:
    (config / "tables/bluegrass_modifiers.yaml").write_text("key: modifier\nrows: [{modifier: KX, rank: 1}]\n")
    line = ["SV1*HC:E0601:RR:KX*150*UN*1***1", "DTP*472*RD8*20260201-20260228"]
    *_, answers = decide(site, config, ([line], "00752", [REFERRED]))
    assert answers[0]["lines"] == ["SV1*HC:E0601:KX:RR*150*UN*1***1"]


def test_the_commands_know_it(site: Path, config: Path) -> None:
    checked = run(site, "-m", "gateway.cli", "-c", config, "config", "check", "--no-secrets")
    assert "The configuration can be used" in checked
    listed = run(site, "-m", "gateway.cli", "-c", config, "plugins")
    assert "bluegrass 1.0.0 (package)\n  hooks:  " in listed
    assert (
        "check_settings, configuration_taken, confirm_claim, desk_settings, gateway_started, gateway_stopping" in listed
    )
    assert "used by: bluegrass (confirm, scrub, hold, route)" in listed
    assert "schedules: ending (daily at 06:30 on business days)" in listed
    assert "routes: GET /rentals/{code}" in listed
    with (config / "gateway.yaml").open("a") as main:
        (stated,) = re.findall(r"`(desk: .*)`", README)
        main.write(f"\n{stated}\n")
    assert "The configuration can be used" in run(
        site, "-m", "gateway.cli", "-c", config, "config", "check", "--no-secrets"
    )
    shown = run(site, "-m", "gateway.cli", "-c", config, "config", "show", "--part", "gateway")
    assert "desk.bluegrass.months_left" in shown
    schema = json.loads(run(site, "-m", "gateway.cli", "-c", config, "config", "schema", "gateway"))
    assert "months_left" in json.dumps(schema["properties"]["desk"]["properties"]["bluegrass"])


def test_its_own_tests_pass_against_what_pip_installed(site: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    said = run(
        site,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function"),
        *("--rootdir", tmp_path, tmp_path / "tests"),
    )
    assert " passed" in said
    assert "failed" not in said


def test_its_types_hold(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(ROOT / ".mypy_cache" / "written"), "src", "tests"],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_readme_names_every_setting(site: Path) -> None:
    program = textwrap.dedent("""
        import json
        from gateway_plugin_bluegrass.settings import DeskSettings, Settings
        print(json.dumps(sorted({*Settings.model_fields, *DeskSettings.model_fields})))
    """)
    settings = set(json.loads(run(site, "-c", program)))
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", README, flags=re.M))
    assert listed == settings
