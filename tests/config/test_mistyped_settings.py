"""What a biller mistypes in the settings of the plugins that come with the gateway is told with what was meant."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.config import Config, load
from gateway.config.shipped import shipped_config
from gateway.plugins.rules import instead


def told(root: Path) -> str:
    """The only fault of a configuration."""
    found = load(root, secrets=False)
    assert not isinstance(found, Config)
    assert len(found) == 1, found
    return str(found[0])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(shipped_config(), tmp_path / "config")
    return tmp_path / "config"


def skipping(root: Path, plugin: str, station: str, skip: str) -> str:
    """What is told where a step of this plugin skips this."""
    chain = root / "chains" / "default.yaml"
    step = f"    - {{plugin: {plugin}, settings: {{skip: {skip}}}}}\n"
    text = chain.read_text().replace("  scrub:\n    - plugin: scrubber\n", "")
    text = "\n".join(line for line in text.split("\n") if "- order_confirmation" not in line and "confirm:" not in line)
    chain.write_text(text.replace("stations:\n", f"stations:\n  {station}:\n{step}", 1))
    return told(root)


@pytest.mark.parametrize(
    ("plugin", "station", "skip", "meant"),
    [
        ("scrubber", "scrub", "R1.02", "skip: 'R1.02' cannot be used; expected a list, as skip: [R1.02]"),
        ("scrubber", "scrub", "[R102]", "which the scrubber does not have: did you mean R1.02?"),
        ("scrubber", "scrub", "[r1.02]", "which the scrubber does not have: did you mean R1.02?"),
        ("scrubber", "scrub", "[RS-3]", "which the scrubber does not have: RS-3 is a rule of resupply"),
        ("order_confirmation", "confirm", "[O-C5]", "no rule of order confirmation: O-C5 is a rule of oxygen"),
        ("resupply", "scrub", "[RS3]", "no rule of resupply: did you mean RS-3?"),
        ("order_confirmation", "confirm", "[RUL-1]", "no rule of order confirmation: RUL-1 is a rule of rul"),
        ("oxygen", "scrub", "[o-c5]", "rules of oxygen; there is no rule o-c5: did you mean O-C5?"),
        ("maintenance", "scrub", "[OM3]", "rules of maintenance; there is no rule OM3: did you mean O-M3?"),
        ("rul", "hold", "[R1.02]", "rules of rul; there is no rule R1.02: R1.02 is a rule of scrubber"),
    ],
)  # fmt: skip
def test_a_rule_that_is_mistyped_is_told_with_what_was_meant(
    root: Path, plugin: str, station: str, skip: str, meant: str
) -> None:
    assert meant in skipping(root, plugin, station, skip)


def test_where_no_rule_is_near_it_is_told_which_there_are() -> None:
    assert instead("nothing", ["A-1", "A-2"]) == "the rules are A-1, A-2"
    assert instead("nothing", [f"A-{n}" for n in range(99)]).endswith("A-14 ...")


@pytest.mark.parametrize("plugin", ["rul", "maintenance", "receivables", "resupply"])
def test_a_time_of_day_is_asked_for_as_one_is_written(root: Path, plugin: str) -> None:
    file = root / "gateway.yaml"
    file.write_text(f"{file.read_text()}\ndesk: {{{plugin}: {{daily: 6am}}}}\n")
    assert told(root).endswith("daily: '6am' cannot be used; expected a time such as 06:00")
