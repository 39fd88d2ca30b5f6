"""The plugins and the tables that come with the gateway, for the tests of the plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.config import Config, load
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.tables import Tables


def shipped_tables() -> Tables:
    config = load(Path(__file__).parents[2] / "config", secrets=False)
    assert isinstance(config, Config)
    return config.tables


def shipped(name: str) -> Any:
    """A bundled plugin, as the gateway loads it."""
    return Finder().load(name, PluginHost()).object


TABLES = shipped_tables()
