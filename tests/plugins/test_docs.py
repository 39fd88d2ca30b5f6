"""docs/plugins.md and docs/configuration.md say what is so: their samples are run, their lists are complete."""

from __future__ import annotations

import asyncio
import inspect
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway.config import Config, load
from gateway.config.models import Database, GatewayConfig, Organisation, Retention, Source, Web, Workers
from gateway.config.partner import Answers, BatchRules, Contact, DelimiterChoice, Interchange, Partner
from gateway.plugins import hookspecs
from gateway.plugins.chains import STATIONS, MatchSpec, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.host import HOOKS
from gateway.plugins.runner import NoMark, Runner
from gateway.plugins.testing import TODAY, make_claim, make_line

ROOT = Path(__file__).parents[2]
PLUGINS_PAGE = (ROOT / "docs/plugins.md").read_text()
CONFIGURATION_PAGE = (ROOT / "docs/configuration.md").read_text()
ENV = {"PRACTICE_PASSWORD": "practice", "CLAIM_MD_PASSWORD": "practice"}


def blocks(page: str, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", page, flags=re.M | re.S)
    return [textwrap.dedent(text) for _, text in found]


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, to follow a page in."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    return folder


def follow_the_plugins_page(folder: Path) -> Config:
    (folder / "plugins").mkdir()
    (folder / "plugins/medicaid_spans.py").write_text(blocks(PLUGINS_PAGE, "python")[0])
    in_gateway, in_chain = blocks(PLUGINS_PAGE, "yaml")
    main = folder / "gateway.yaml"
    main.write_text(main.read_text() + in_gateway)
    (folder / "chains/medicaid-ohio.yaml").write_text(in_chain)
    config = load(folder, ENV)
    assert isinstance(config, Config), "\n".join(map(str, config))
    return config


def test_who_follows_the_plugins_page_has_a_rule_that_holds_a_claim(shipped: Path) -> None:
    config = follow_the_plugins_page(shipped)
    chain = config.chains.choose("00751", "practice", "MC")
    assert chain.name == "medicaid-ohio"
    runner = Runner(today=TODAY, lookups=NoLookups(), mark=NoMark())
    claim = make_claim(make_line("E0260", "RR"), payer_id="00751", filing_code="MC")
    decision, _ = asyncio.run(runner.claim(0, chain, "scrub", claim, "00751", "practice"))
    assert "MCD-SPAN" in [opened.hold.rule for opened in decision.holds]
    assert not [step.note for step in decision.steps if step.outcome == "failed"]


def test_the_tests_on_the_plugins_page_pass(tmp_path: Path) -> None:
    plugin, tests = blocks(PLUGINS_PAGE, "python")
    (tmp_path / "medicaid_spans.py").write_text(plugin)
    (tmp_path / "test_medicaid_spans.py").write_text(tests)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr


def test_every_hook_is_on_the_page_with_its_exact_signature_and_words() -> None:
    for name in HOOKS:
        function = getattr(hookspecs, name)
        signature = str(inspect.signature(function)).replace("'", "")
        assert f"### `{name}{signature}`" in PLUGINS_PAGE, name
        assert str(inspect.getdoc(function)) in PLUGINS_PAGE, name


def test_the_samples_on_the_configuration_page_can_be_used(shipped: Path) -> None:
    gateway, partner, chain, table = blocks(CONFIGURATION_PAGE, "yaml")
    (shipped / "gateway.yaml").write_text(gateway)
    (shipped / "partners/claim_md.yaml").write_text(partner)
    (shipped / "partners/practice.yaml").unlink()
    (shipped / "chains/medicaid-ohio.yaml").write_text(chain)
    (shipped / "tables/replacement.yaml").write_text(table)
    config = load(shipped, ENV)
    assert isinstance(config, Config), "\n".join(map(str, config))
    faults = load(shipped, {})
    assert isinstance(faults, list)
    told = [str(fault).split("claim_md.yaml")[1] for fault in faults]
    assert len(told) == 1
    assert told[0] in CONFIGURATION_PAGE


@pytest.mark.parametrize(
    "model",
    [
        *(GatewayConfig, Organisation, Database, Web, Workers, Retention, Source),
        *(Partner, Interchange, Contact, DelimiterChoice, BatchRules, Answers, MatchSpec, StepSpec),
    ],
    ids=lambda model: model.__name__,
)
def test_every_setting_is_on_the_configuration_page(model: type[BaseModel]) -> None:
    names = [field.alias or name for name, field in model.model_fields.items()]
    missing = [name for name in names if not re.search(rf"[`.]{re.escape(name)}[`.:]", CONFIGURATION_PAGE)]
    assert not missing


def test_every_station_is_on_the_configuration_page() -> None:
    assert all(f"`{station}`" in CONFIGURATION_PAGE for station in STATIONS)
