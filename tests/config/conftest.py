"""A small sound configuration that each test breaks in its own way."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Config, ConfigFault, load

GATEWAY = """\
organisation:
  name: STILLWATER HOME MEDICAL
  billing_npis: [1999999000]
  tax_id: 96-0000017
  time_zone: America/New_York
environment: test
plugins_dir: plugins
sources:
  - name: billing
    format: 837
"""
PARTNER = """\
environment: test
transport:
  plugin: carrier
  settings: {host: 127.0.0.1, password: env:PRACTICE_PASSWORD}
interchange: {sender_id: STILLWATER, receiver_id: SANDBOX}
submitter:
  name: STILLWATER HOME MEDICAL
  contact: {name: EDI DESK, phone: "6145550100"}
receiver: {name: PRACTICE CLEARINGHOUSE}
payers: [00123, "NO", "*"]
"""
DEFAULT = """\
stations:
  scrub:
    - plugin: rules
      settings: {days: 3}
"""
TABLE = """\
key: code
source: invented
rows:
  - {code: E1390, fee: "98.40", valid_from: 2025-01-01, valid_to: 2025-12-31}
  - {code: E1390, fee: "100.10", valid_from: 2026-01-01}
"""
CARRIER = """\
from gateway.plugins import PluginSettings, Secret, hookimpl

gateway_api = 1

class Settings(PluginSettings):
    host: str
    password: Secret

@hookimpl
def transport_settings():
    return Settings

@hookimpl
def open_transport(settings):
    return None
"""
RULES = """\
from gateway.plugins import PluginSettings, Seconds, hookimpl

gateway_api = 1
__version__ = "1.0"

class Settings(PluginSettings):
    days: int = 10
    wait: Seconds = 60.0
    skip: frozenset[str] = frozenset()

@hookimpl
def plugin_settings():
    return Settings

@hookimpl
def scrub_claim(claim, context):
    return None
"""
ENV = {"PRACTICE_PASSWORD": "practice"}

Write = Callable[[str, str], Path]


class Folder:
    """A configuration folder on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text, f"{old!r} is not in {name}"
        (self.root / name).write_text(text.replace(old, new, 1))

    def faults(self, **env: str) -> list[ConfigFault]:
        found = load(self.root, ENV | env)
        return found if isinstance(found, list) else []

    def texts(self, **env: str) -> list[str]:
        """Every fault, with its file as seen from the folder."""
        return [str(fault).replace(f"{self.root}/", "") for fault in self.faults(**env)]

    def config(self, **env: str) -> Config:
        found = load(self.root, ENV | env)
        assert isinstance(found, Config), "\n".join(map(str, found))
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("gateway.yaml", GATEWAY)
    made.write("partners/practice.yaml", PARTNER)
    made.write("chains/default.yaml", DEFAULT)
    made.write("tables/fees.yaml", TABLE)
    made.write("plugins/carrier.py", CARRIER)
    made.write("plugins/rules.py", RULES)
    return made
