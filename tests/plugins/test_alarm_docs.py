"""docs/alarms.md says what is so: its samples are taken, its lists are complete."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config, load
from gateway.config.alarms import ALARM_KINDS, Alarms
from gateway.config.shipped import shipped_config

from .shipped import shipped

PAGE = (Path(__file__).parents[2] / "docs/alarms.md").read_text()
SECRETS = {"PRACTICE_PASSWORD": "x", "MAIL_USER": "x", "MAIL_PASSWORD": "x", "ALARM_WEBHOOK_SECRET": "x"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.M | re.S)


@pytest.mark.parametrize("at", range(3))
def test_each_sample_is_taken_by_the_configuration(tmp_path: Path, at: int) -> None:
    root = tmp_path / "config"
    shutil.copytree(shipped_config(), root)
    main = root / "gateway.yaml"
    main.write_text(main.read_text() + blocks("yaml")[at])
    config = load(root, SECRETS)
    assert isinstance(config, Config), "\n".join(map(str, config))
    channels = [name for name, one in config.declared.items() if one.sends_alarms]
    assert channels == ([["alarm_mail"], ["alarm_webhook"], []][at])
    missing = load(root, {"PRACTICE_PASSWORD": "x"})
    assert isinstance(missing, list) == (at < 2), "a secret that is not there is a fault"


def test_the_signature_is_checked_as_the_page_says() -> None:
    (sample,) = blocks("python")
    named: dict[str, Any] = {}
    exec(sample, named)
    headers = {"webhook-id": "7", "webhook-timestamp": "1764169200"}
    headers["webhook-signature"] = shipped("alarm_webhook").signature("a secret", "7", 1764169200, '{"a":1}')
    assert named["is_ours"]("a secret", headers, b'{"a":1}')
    assert not named["is_ours"]("a secret", headers, b'{"a":2}')
    assert not named["is_ours"]("another", headers, b'{"a":1}')


def test_every_kind_and_every_setting_is_on_the_page() -> None:
    models = [shipped(name).desk_settings() for name in ("alarm_mail", "alarm_webhook")]
    names = {name for model in models for name in model.model_fields} | set(ALARM_KINDS)
    assert not [name for name in names if f"`{name}`" not in PAGE]
    (sample,) = [one for one in blocks("yaml") if one.startswith("alarms:")]
    assert not [name for name in Alarms.model_fields if f"  {name}:" not in sample]
