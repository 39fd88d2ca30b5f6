"""The configuration that comes with the gateway: inside the package of a wheel, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path


def shipped_config() -> Path:
    """Its folder."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "default_config"
    return inside if inside.is_dir() else package.parent / "config"
