"""Where a gateway keeps its data."""

from __future__ import annotations

from pathlib import Path

from .config import Config


class Locations:
    """Where a configuration keeps its data: the databases' URLs, the archive, and notes of what is being decided."""

    def __init__(self, config: Config) -> None:
        self.data_dir: Path = config.gateway.data_dir
        given = config.gateway.database.reveal()
        self.business_url = given or f"sqlite:///{self.data_dir / 'business.db'}"
        self.engine_url = None if given else f"sqlite:///{self.data_dir / 'engine.db'}"
        self.archive_dir = config.gateway.archive_dir
        self.deciding_dir = self.data_dir / "deciding"

    def prepare(self) -> None:
        """Make the folders, for this user alone."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.archive_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.deciding_dir.mkdir(exist_ok=True, mode=0o700)
