"""docs/scrubber.md: its sample works, and it names every setting and table."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from gateway.config import Config, load

from .desk import scrubber

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "scrubber.md").read_text(encoding="utf-8")


def test_the_chain_of_the_page_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    (sample,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    (folder / "chains" / "another.yaml").write_text(sample)
    config = load(folder, secrets=False)
    assert isinstance(config, Config), config
    chain = config.chains.choose("90102", "practice", "CI")
    (step,) = chain.steps("scrub")
    assert step.settings.skip == {"R1.02", "R1.04"}


def test_every_setting_and_table_is_on_the_page() -> None:
    plugin = scrubber()
    for name in plugin.plugin_settings().model_fields:
        assert f"`{name}`" in PAGE, name
    for name in plugin.gateway_tables:
        assert f"`{name}`" in PAGE, name


def test_rules_of_the_page_are_kept() -> None:
    assert set(re.findall(r"R1\.[A-Z0-9]+(?:-[A-Z0-9]+)?", PAGE)) <= set(scrubber().RULES)
