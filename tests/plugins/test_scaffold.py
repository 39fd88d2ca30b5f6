"""`gateway plugin new`: what it refuses, and that what it writes works as it stands, for every hook."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from gateway.cli import cli
from gateway.config import Config, load
from gateway.plugins.chains import STATIONS
from gateway.plugins.scaffold import RULES, files

ROOT = Path(__file__).parents[2]
RUFF_RULES = "E,F,W,I,B,UP,SIM,RUF,C4,PIE,PT,DTZ,ASYNC"


def new(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["plugin", "new", *map(str, arguments)])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Medicaid-Spans", "cannot be called 'Medicaid-Spans'"),
        ("Medicaid-Spans", "'medicaid_spans' would do."),
        ("class", "cannot be called 'class'"),
        ("x", "2 to 40 lower-case letters"),
        ("9rules", "a letter first"),
        ("a" * 41, "2 to 40"),
        ("../up", "cannot be called"),
        ("scrubber", "There is a plugin 'scrubber' already (bundled,"),
        ("decimal", "Python has a module 'decimal' already, which a plugin of that name would hide."),
    ],
)
def test_a_name_that_cannot_be_one_is_explained(tmp_path: Path, name: str, words: str) -> None:
    ran = new(name, "--into", tmp_path)
    assert ran.exit_code == 2
    assert words in ran.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "spans_rules").mkdir()
    ran = new("spans_rules", "--into", tmp_path)
    assert ran.exit_code == 2
    assert "is there already, and is left as it is. Choose another name, or another --into." in ran.output
    assert list((tmp_path / "spans_rules").iterdir()) == []


def test_a_hook_that_there_is_not_is_explained(tmp_path: Path) -> None:
    ran = new("spans_rules", "--hook", "scrub_clam", "--into", tmp_path)
    assert ran.exit_code == 2
    assert "nothing to begin a 'scrub_clam' with. Did you mean 'scrub_claim'? Choose one of: scrub_claim," in ran.output


def test_a_place_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = new("spans_rules", "--into", tmp_path / "file")
    assert ran.exit_code == 2
    assert "cannot be written: Not a directory. Name another folder with --into." in ran.output


def test_it_says_what_comes_next(tmp_path: Path) -> None:
    ran = new("spans_rules", "--into", tmp_path)
    assert ran.exit_code == 0
    steps = ran.output.partition("Next:\n")[2].splitlines()
    assert [step.split("  ")[1] for step in steps] == [
        f"cd {tmp_path / 'spans_rules'}",
        "python -m pytest",
        "python -m pip install -e .",
    ]


def test_every_station_has_something_to_begin_with() -> None:
    of_chains = {name: rule for name, rule in RULES.items() if rule.station}
    assert {name: STATIONS[rule.station].hook for name, rule in of_chains.items()} == {name: name for name in of_chains}
    assert {rule.station for rule in of_chains.values()} == set(STATIONS)
    assert set(RULES) - set(of_chains) == {"plugin_schedules"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A new plugin for each hook: the hook, and the package's folder."""
    folder = tmp_path_factory.mktemp("written")
    found = {}
    for hook in RULES:
        name = f"my_{hook}"
        ran = new(name, "--hook", hook, "--into", folder)
        assert ran.exit_code == 0, ran.output
        found[hook] = folder / name
    return found


@pytest.mark.parametrize("hook", RULES)
def test_its_tests_pass_as_they_stand(written: dict[str, Path], hook: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rf"],
        cwd=written[hook],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = int(ran.stdout.splitlines()[-1].split(" passed")[0].split()[-1])
    # Its own tests, and those of the contract at its station.
    assert passed >= (8 if RULES[hook].station else 7), ran.stdout


@pytest.mark.parametrize("name", ["ab", "a_name_as_long_as_a_name_may_ever_become"])
@pytest.mark.parametrize("hook", RULES)
def test_what_is_written_is_clean(tmp_path: Path, hook: str, name: str) -> None:
    assert new(name, "--hook", hook, "--into", tmp_path).exit_code == 0
    for command in (["check", "--extend-select", RUFF_RULES], ["format", "--check"]):
        ran = subprocess.run(
            [Path(sys.executable).with_name("ruff"), *command, "--no-cache", "."],
            cwd=tmp_path / name,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_is_written_is_typed(written: dict[str, Path], tmp_path: Path) -> None:
    sources = [str(path) for folder in written.values() for path in (*folder.glob("src/*"), *folder.glob("tests/*.py"))]
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache" / "written"), *sources],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": ":".join(str(folder / "src") for folder in written.values())},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("hook", RULES)
def test_its_readme_and_its_package_say_how_it_is_used(written: dict[str, Path], hook: str, tmp_path: Path) -> None:
    folder, name = written[hook], f"my_{hook}"
    package = tomllib.loads((folder / "pyproject.toml").read_text())
    assert package["project"]["entry-points"]["gateway.plugins"] == {name: name}
    # What the README has for a configuration is taken by its loader.
    readme = (folder / "README.md").read_text()
    given = readme.partition("```yaml\n")[2].partition("```")[0]
    station = RULES[hook].station
    config = tmp_path / "config"
    for part in ("chains", "partners"):
        (config / part).mkdir(parents=True)
    (config / "chains/default.yaml").write_text("stations: {}\n")
    if station:
        assert set(yaml.safe_load(given)["stations"]) == {station}
        (config / "chains/mine.yaml").write_text(given)
    (config / "gateway.yaml").write_text(
        "organisation: {name: STILLWATER HOME MEDICAL, billing_npis: ['1999999000'], tax_id: 96-0000017}\n"
        f"environment: test\ndata_dir: {tmp_path}\nplugins_dir: {folder / 'src'}\nsources:\n  - name: desk\n"
        + ("" if station else given)
    )
    found = load(config, secrets=False)
    assert isinstance(found, Config), "\n".join(map(str, found))
    if station:
        (step,) = found.chains["mine"].steps(station)
        assert step.plugin.name == name
        settings = step.settings
    else:
        settings = found.gateway.desk[name]
    documented = {line.split("`")[1] for line in readme.splitlines() if line.startswith("| `")}
    assert documented == set(type(settings).model_fields)


def test_nothing_is_left_to_be_filled_in() -> None:
    for hook in RULES:
        for path, text in files("spans_rules", hook).items():
            assert "$name" not in text, path
            assert "TODO" not in text, path


def test_the_templates_are_in_the_wheel(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    ran = subprocess.run(
        [*pip, "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    templates = {f"gateway/plugins/templates/{path.name}" for path in (ROOT / "gateway/plugins/templates").iterdir()}
    assert templates
    assert templates <= inside
