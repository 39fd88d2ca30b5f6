"""docs/partners.md: every sample is accepted, and the table of presets is what the presets are."""

from __future__ import annotations

import importlib
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import plugin

PAGE = (Path(__file__).parents[2] / "docs" / "partners.md").read_text()
SAMPLES = [textwrap.dedent(found[1]) for found in re.finditer(r"^ *```yaml\n(.*?)^ *```$", PAGE, re.M | re.S)]
PRESETS: Any = importlib.import_module("gateway_plugins.clearinghouse_sftp.presets").PRESETS


def test_there_are_samples() -> None:
    assert len(SAMPLES) == 4


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_accepted_as_it_stands(sample: str) -> None:
    transport = yaml.load(sample, Loader=yaml.BaseLoader)["transport"]  # every scalar as text, as the gateway reads it
    assert transport["plugin"] == "clearinghouse_sftp"
    made = plugin.transport_settings()(**transport["settings"])
    assert plugin.open_transport("sample", made).receive_folders


def rows() -> dict[str, list[str]]:
    table = re.findall(r"^\| `(\w+)` \|(.*)\|$", PAGE, re.M)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in table}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_stands_in_the_table_with_what_must_be_set(name: str) -> None:
    title, known, needed, _ = rows()[name]
    preset = PRESETS[name]
    assert title == preset.title or name == "generic"
    said = sorted(word[-1] for word in re.split(r", ", known) if word)
    assert said == sorted(preset.confidence.values())
    assert ("`folders`" in needed) == ("folders" not in preset.values)
    for variable in set(re.findall(r"\{(\w+)\}", str(preset.values.get("folders", "")))):
        assert f"`variables.{variable}`" in needed


def test_no_preset_is_missing_or_made_up() -> None:
    assert set(rows()) == set(PRESETS)
