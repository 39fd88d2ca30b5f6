"""Bringing a database to the schema of this version: at every start, and by `gateway upgrade`.

One process migrates at a time; the others wait for it. A database of a newer version is refused: going back means
restoring the backup that `upgrade` advises to take.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

# Any number that no one else uses for an advisory lock in this database.
_LOCK = 4_837_835


class NewerDatabase(Exception):
    """The database was written by a newer version of the gateway."""


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def current(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision that this version needs."""
    revision = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert revision is not None
    return revision


def upgrade(engine: Engine, to: str = "") -> bool:
    """Bring the schema up to date, or up to the revision `to`; True if anything was done.

    Raises:
        NewerDatabase: the database is ahead of this version.
    """
    config = _alembic()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        before = current(connection)
        if before == (to or head()):
            return False
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if before is not None and before not in known:
            raise NewerDatabase(
                f"The database has schema {before}, which this version does not know. Start the version that wrote "
                "it, or restore a backup taken before the upgrade."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, to or "head")
    return True
