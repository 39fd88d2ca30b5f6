"""What an administrator sees of a configuration: every value with its origin, a picture, a schema for the editor."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from gateway.cli import cli
from gateway.config import Config, load
from gateway.config.graph import draw
from gateway.config.showing import path_text, shown

from .conftest import Folder

ROOT = Path(__file__).parents[2]
OHIO = """\
extends: default
match: {payer: "00123", state: [OH, KY], charge: {at_least: "500"}}
stations:
  scrub:
    - inherited
    - plugin: rules
      timeout: 500ms
"""


def run(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(cli, ["--config", str(folder), *words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def more(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    folder.write("chains/ohio.yaml", OHIO)
    monkeypatch.chdir(folder.root)
    return folder


def values(folder: Folder, effective: bool) -> dict[str, tuple[Any, str]]:
    return {
        f"{one.part}: {path_text(one.path)}": (one.value, one.origin)
        for one in shown(folder.config(), effective=effective)
    }


def test_every_value_says_where_it_comes_from(more: Folder) -> None:
    found = values(more, effective=True)
    assert found["gateway: environment"] == ("test", "gateway.yaml:6")
    assert found["gateway: web.port"] == (8470, "default")
    assert found["partners/practice: payers[0].id"] == ("00123", "partners/practice.yaml:10")
    assert found["partners/practice: answers.999.alarm"] == ("1 d", "default")
    assert found["partners/practice: name"] == ("practice", "the file's name")
    assert found["chains/ohio: match.state[1]"] == ("KY", "chains/ohio.yaml:2")
    assert found["chains/ohio: stations.scrub[0].settings.days"] == (
        3,
        "inherited from default, chains/default.yaml:4",
    )
    assert found["chains/ohio: stations.scrub[1].timeout"] == ("500ms", "chains/ohio.yaml:7")
    assert found["chains/ohio: stations.scrub[1].settings.days"] == (10, "default")
    assert found["tables: fees"] == ("2 rows, by code", "tables/fees.yaml")


def test_without_effective_only_what_the_files_say(more: Folder) -> None:
    found = values(more, effective=False)
    assert "gateway: web.port" not in found
    assert found["chains/ohio: stations.scrub[0].inherited"] == (True, "chains/ohio.yaml:5")
    assert all(origin != "default" for _, origin in found.values())


def test_no_secret_is_shown(more: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE_PASSWORD", "hunter2")
    text = run(more.root, "config", "show", "--effective")
    assert "env:PRACTICE_PASSWORD" in text
    assert "hunter2" not in text


def test_it_comes_as_json_and_csv_and_part_by_part(more: Folder) -> None:
    whole = json.loads(run(more.root, "config", "show", "--format", "json"))
    rows = list(csv.DictReader(io.StringIO(run(more.root, "config", "show", "--format", "csv"))))
    assert len(whole) == len(rows) > 20
    part = run(more.root, "config", "show", "--part", "chains/ohio")
    assert part.startswith("chains/ohio\n")
    assert "partners/practice" not in part
    wrong = CliRunner().invoke(cli, ["--config", str(more.root), "config", "show", "--part", "chains/ohoi"])
    assert wrong.exit_code == 2
    assert "Did you mean 'chains/ohio'?" in wrong.output


def test_the_picture_has_every_chain_and_step_in_order(more: Folder) -> None:
    mermaid = draw(more.config(), "mermaid")
    assert '"ohio<br/>payer 00123; state OH, KY; charge $500 or more"' in mermaid
    assert re.findall(r'c0_scrub_\d\["(.*?)"\]', mermaid) == ["rules, 2 s", "rules, 0.5 s"]
    assert "c0 -. no match .-> c1" in mermaid
    assert mermaid.count("subgraph") == mermaid.count("\n  end") == 2
    dot = draw(more.config(), "dot")
    assert dot.count("{") == dot.count("}")
    assert "c0_scrub_0 -> c0_scrub_1;" in dot
    assert '"default: everything else"' in dot
    only = run(more.root, "graph", "--chain", "default")
    assert "ohio" not in only


def test_words_in_a_picture_cannot_break_it(more: Folder) -> None:
    more.edit("chains/ohio.yaml", '"00123"', "'\"\\<b>*'")
    assert '"\\<b>' not in draw(more.config(), "mermaid")
    assert '\\"\\\\<b>*' in draw(more.config(), "dot")


# --- schemas ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Those of the shipped configuration."""
    into = tmp_path_factory.mktemp("schemas")
    run(ROOT / "config", "config", "schema", "--into", str(into))
    found = {path.name.split(".")[0]: json.loads(path.read_text()) for path in into.glob("*.schema.json")}
    for schema in found.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return found


KINDS = {"partners": "partner", "chains": "chain", "tables": "table"}


def test_the_shipped_files_fit_their_schemas_as_an_editor_reads_them(schemas: dict[str, Any]) -> None:
    files = [(ROOT / "config/gateway.yaml", "gateway")]
    files += [(path, kind) for folder, kind in KINDS.items() for path in (ROOT / "config" / folder).glob("*.yaml")]
    assert len(files) > 10
    for path, kind in files:
        data = _plain(yaml.safe_load(path.read_text()))
        faults = list(jsonschema.Draft202012Validator(schemas[kind]).iter_errors(data))
        assert not faults, (path.name, faults[0].json_path, faults[0].message)


def _plain(value: Any) -> Any:
    """What YAML makes a date is text to a schema."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("gateway", "{environment: tests}"),
        ("chain", "{stations: {scrubb: []}}"),
        ("chain", "{stations: {scrub: [{plugin: scruber}]}}"),
        ("chain", "{stations: {hold: [{plugin: oxygen, settings: {hold_content: true}}]}}"),
        ("chain", "{stations: {hold: [{plugin: oxygen, on_error: hodl}]}}"),
        ("chain", "{match: {sate: OH}}"),
        ("table", "{rows: [], codes: {code: hpccs}}"),
    ],
)
def test_an_editor_underlines_a_mistake(kind: str, text: str, schemas: dict[str, Any]) -> None:
    assert list(jsonschema.Draft202012Validator(schemas[kind]).iter_errors(yaml.safe_load(text)))


def test_a_transports_settings_are_in_the_partners_schema(schemas: dict[str, Any]) -> None:
    data = _plain(yaml.safe_load((ROOT / "config/partners/practice.yaml").read_text()))
    validator = jsonschema.Draft202012Validator(schemas["partner"])
    assert not list(validator.iter_errors(data))
    data["transport"]["settings"]["hots"] = "x"
    assert [error.message for error in validator.iter_errors(data)]


def test_the_shipped_configuration_shows() -> None:
    found = load(ROOT / "config", secrets=False)
    assert isinstance(found, Config)
    assert all(one.origin for one in shown(found, effective=True))
