"""The `desk:` section that config/gateway.yaml shows: whoever takes the comment signs off has a valid configuration,
with every key that there is, and with what it is without."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.config import Config, load
from gateway.config.shipped import shipped_config


@pytest.fixture
def turned_on(tmp_path: Path) -> Path:
    root = tmp_path / "config"
    shutil.copytree(shipped_config(), root)
    file = root / "gateway.yaml"
    before, start, rest = file.read_text().partition("# desk:\n")
    assert start
    section = [line.removeprefix("# ") for line in (start + rest).splitlines()]
    assert all(not line.startswith("#") for line in section)
    file.write_text(before + "\n".join(section) + "\n")
    return root


def loaded(root: Path) -> Config:
    found = load(root, secrets=False)
    assert isinstance(found, Config), found
    return found


def test_with_its_signs_taken_off_it_is_valid_and_names_every_key(turned_on: Path) -> None:
    config = loaded(turned_on)
    shown = config.gateway.desk
    models = {plugin.name: plugin.model("desk_settings") for plugin in config.plugins}
    wanted = {name: model for name, model in models.items() if model is not None}
    assert set(shown) == set(wanted)
    for name, model in wanted.items():
        assert shown[name].model_fields_set == set(model.model_fields), name


def test_what_it_shows_is_what_holds_without_it(turned_on: Path) -> None:
    for name, shown in loaded(turned_on).gateway.desk.items():
        stands = type(shown)()
        for key in type(shown).model_fields:
            if key != "billing_providers":
                assert getattr(shown, key) == getattr(stands, key), f"{name}.{key}"
