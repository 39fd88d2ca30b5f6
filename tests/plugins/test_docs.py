"""docs/plugins.md and docs/configuration.md say what is so: their samples are run, their lists are complete."""

from __future__ import annotations

import asyncio
import inspect
import io
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from gateway.cli import cli
from gateway.config import Config, load
from gateway.config.expectations import ClaimExpected, DocumentGiven, PaymentExpected, read_tests
from gateway.config.models import Database, GatewayConfig, Organisation, Retention, Source, Web, Workers
from gateway.config.partner import Answers, BatchRules, Contact, DelimiterChoice, Interchange, Partner
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import claims
from gateway.plugins import hookspecs, pytest_plugin, testing
from gateway.plugins.chains import STATIONS, MatchSpec, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.contract import PluginContract
from gateway.plugins.host import HOOKS
from gateway.plugins.runner import NoMark, Runner
from gateway.plugins.scaffold import RULES
from gateway.plugins.testing import TODAY, make_claim, make_line
from gateway.sandbox.demo import Own, Places, _write_config
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837

ROOT = Path(__file__).parents[2]
PLUGINS_PAGE = (ROOT / "docs/plugins.md").read_text()
CONFIGURATION_PAGE = (ROOT / "docs/configuration.md").read_text()
ENV = {"PRACTICE_PASSWORD": "practice", "CLAIM_MD_PASSWORD": "practice"}


def blocks(page: str, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", page, flags=re.M | re.S)
    return [textwrap.dedent(text) for _, text in found]


def files_on(page: str) -> dict[str, str]:
    """The blocks that are files: ```python file=NAME."""
    return dict(re.findall(r"^```python file=(\S+)\n(.*?)^```$", page, flags=re.M | re.S))


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, to follow a page in."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    return folder


def begun(folder: Path) -> str:
    """`gateway plugin new northbridge_spans`, beside the configuration; what it says."""
    ran = CliRunner().invoke(cli, ["plugin", "new", "northbridge_spans", "--into", str(folder)])
    assert ran.exit_code == 0, ran.output
    return ran.output.replace(f"{folder}/", "")


def follow_the_plugins_page(folder: Path) -> Config:
    begun(folder.parent)
    in_gateway, in_chain, *_ = blocks(PLUGINS_PAGE, "yaml")
    main = folder / "gateway.yaml"
    main.write_text(main.read_text() + in_gateway)
    (folder / "chains/northbridge.yaml").write_text(in_chain)
    config = load(folder, ENV)
    assert isinstance(config, Config), "\n".join(map(str, config))
    return config


def test_what_the_page_shows_is_what_the_command_writes_and_says(tmp_path: Path) -> None:
    said = begun(tmp_path)
    assert f"$ gateway plugin new northbridge_spans\n{said}```" in PLUGINS_PAGE
    shown = files_on(PLUGINS_PAGE)
    assert (
        shown["northbridge_spans.py"] == (tmp_path / "northbridge_spans/src/northbridge_spans/__init__.py").read_text()
    )
    assert (
        shown["test_northbridge_spans.py"]
        == (tmp_path / "northbridge_spans/tests/test_northbridge_spans.py").read_text()
    )


def test_who_follows_the_plugins_page_has_a_rule_that_holds_a_claim(shipped: Path) -> None:
    config = follow_the_plugins_page(shipped)
    chain = config.chains.choose("90101", "practice", "CI")
    assert chain.name == "northbridge"
    runner = Runner(today=TODAY, lookups=NoLookups(), mark=NoMark())
    claim = make_claim(make_line("E0260", "RR"), payer_id="90101")
    decision, _ = asyncio.run(runner.claim(0, chain, "scrub", claim, "90101", "practice"))
    assert "NORTHBRIDGE-SPANS-1" in [opened.hold.rule for opened in decision.holds]
    assert not [step.note for step in decision.steps if step.outcome == "failed"]


def test_the_demo_takes_the_chain_and_the_plugin_of_the_page(shipped: Path, tmp_path: Path) -> None:
    """What `gateway demo --chain --plugins-dir` runs on has them, and some of its claims are held by them."""
    follow_the_plugins_page(shipped)
    places = Places(tmp_path / "demo")
    places.root.mkdir()
    clearinghouse = SimpleNamespace(
        port=2222,
        host_key_fingerprint="SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        credentials=lambda user: SimpleNamespace(password="practice"),
    )
    own = Own([shipped / "chains/northbridge.yaml"], tmp_path / "northbridge_spans/src")
    _write_config(places, cast(Any, clearinghouse), own)
    config = load(places.config, ENV)
    assert isinstance(config, Config), "\n".join(map(str, config))
    runner = Runner(today=TODAY, lookups=NoLookups(), mark=NoMark())
    held = 0
    for item in claims(read(io.BytesIO(as_837(list(generate_claims(500, 7, TODAY)), TODAY)))):
        if item.claim.payer.id == "90101":
            chain = config.chains.choose("90101", "practice", item.claim.filing_code)
            decision, _ = asyncio.run(runner.claim(0, chain, "scrub", item.claim, "90101", "practice"))
            held += "NORTHBRIDGE-SPANS-1" in [opened.hold.rule for opened in decision.holds]
    assert held > 3


def test_the_demo_holds_the_payers_and_items_that_the_page_says() -> None:
    payers = _codes(PLUGINS_PAGE.split("| payers of the demo ")[1].split("\n\n")[0])
    items = _codes(PLUGINS_PAGE.split("| items of the demo ")[1].split("\n\n")[0])
    made = list(generate_claims(500, 7, TODAY))
    assert payers == {claim.coverage.payer.id for claim in made}
    assert items == {line.code for claim in made for line in claim.lines}


def _codes(table: str) -> set[str]:
    """Every code of a table; `00751` to `00761` are all from the first to the last."""
    found = set(re.findall(r"`(\w+)`", table))
    for first, last in re.findall(r"`(\w+)` to `(\w+)`", table):
        found |= {f"{first[:2]}{number:03d}" for number in range(int(first[2:]), int(last[2:]) + 1)}
    return found


def test_the_samples_on_the_plugins_page_run(tmp_path: Path) -> None:
    assert blocks(PLUGINS_PAGE, "python") == [], "a sample that no test would run: give it file="
    for name, text in files_on(PLUGINS_PAGE).items():
        (tmp_path / name).write_text(text)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    samples = [name for name in files_on(PLUGINS_PAGE) if name.startswith("test_")]
    assert len(samples) == 11


def test_the_plugin_beside_the_chains_is_taken_by_the_configuration_of_the_page(shipped: Path) -> None:
    _, _, in_desk, _ = blocks(PLUGINS_PAGE, "yaml")
    (shipped / "plugins").mkdir()
    (shipped / "plugins/northbridge_watch.py").write_text(files_on(PLUGINS_PAGE)["northbridge_watch.py"])
    main = shipped / "gateway.yaml"
    main.write_text(main.read_text() + in_desk)
    config = load(shipped, ENV)
    assert isinstance(config, Config), "\n".join(map(str, config))
    declared = config.declared["northbridge_watch"]
    assert config.gateway.desk["northbridge_watch"].dollars == 750
    assert [one.name for one in declared.everything] == [
        *("look", "large", "billed", "GET /claims/{number}", "look", "large")
    ]


def test_the_source_of_documents_is_taken_by_the_configuration_of_the_page(shipped: Path) -> None:
    *_, sources = blocks(PLUGINS_PAGE, "yaml")
    (shipped / "plugins").mkdir()
    (shipped / "plugins/northbridge_visits.py").write_text(files_on(PLUGINS_PAGE)["northbridge_visits.py"])
    main = shipped / "gateway.yaml"
    main.write_text(main.read_text().split("sources:")[0] + "plugins_dir: plugins\n" + sources)
    config = load(shipped, ENV)
    assert isinstance(config, Config), "\n".join(map(str, config))
    assert [drop.name for drop in config.declared["northbridge_visits"].drops] == ["visits"]


def test_everything_of_the_kit_is_on_the_page() -> None:
    builders = [name for name in testing.__all__ if name.startswith(("make_", "read_"))]
    held = [name.removeprefix("test_") for name in vars(PluginContract) if name.startswith("test_")]
    taken = [name for name in PluginContract.__annotations__ if name != "plugin"]
    fixtures = ["plugin_context", "claim", "payment", "match", "denial"]
    assert all(hasattr(pytest_plugin, name) for name in fixtures)
    missing = [name for name in (*builders, *held, *taken, *fixtures, *RULES) if f"`{name}`" not in PLUGINS_PAGE]
    assert not missing
    told = re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \| [^|]+ \|$", PLUGINS_PAGE, flags=re.M)
    suite = {name for row in told for name in row if name.startswith(("it_", "its_", "the_", "what_", "a_"))}
    assert suite == set(held)


def test_every_hook_is_on_the_page_with_its_exact_signature_and_words() -> None:
    for name in HOOKS:
        function = getattr(hookspecs, name)
        signature = str(inspect.signature(function)).replace("'", "")
        assert f"### `{name}{signature}`" in PLUGINS_PAGE, name
        assert str(inspect.getdoc(function)) in PLUGINS_PAGE, name


def test_the_samples_on_the_configuration_page_can_be_used(shipped: Path) -> None:
    gateway, partner, chain, trial, table = blocks(CONFIGURATION_PAGE, "yaml")
    (shipped / "tests/oxygen.yaml").write_text(trial)
    _, missing = read_tests(shipped)
    told = [fault.what for fault in missing]
    assert told == [f"there is no file files/{name}" for name in ("earlier.837", "tickets.csv")], "not on the page"
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
        *(ClaimExpected, DocumentGiven, PaymentExpected),
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
