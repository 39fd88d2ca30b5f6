"""Documents that were handed in for a plugin's drop: which drop, whose ids they use, what was said of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from .tables import drop_documents, files

KIND = "DROP"
"""What `files.kind` says of them."""


class Dropped(NamedTuple):
    """Which drop a document is for: of a plugin, by name; `source` is whose ids of patients it uses."""

    plugin: str
    name: str
    source: str

    def __str__(self) -> str:
        return f"{self.plugin}/{self.name}"


def add(connection: Connection, file_id: int, to: Dropped, why: str = "") -> None:
    """Note that a file is a document for a drop."""
    connection.execute(insert(drop_documents).values(file_id=file_id, why=why, **to._asdict()))


def say(connection: Connection, file_id: int, why: str) -> None:
    """Note what is said of a document that was refused; empty where it was taken."""
    connection.execute(update(drop_documents).where(drop_documents.c.file_id == file_id).values(why=why))


def get(connection: Connection, file_id: int) -> Any:
    """The document that a file is, with name, party, sha256, size and state of the file. Raises NoResultFound."""
    statement = select(
        *(drop_documents.c.plugin, drop_documents.c.name, drop_documents.c.source, drop_documents.c.why),
        *(files.c.name.label("file_name"), files.c.party, files.c.sha256, files.c.size, files.c.state),
    ).join(files, files.c.id == drop_documents.c.file_id)
    return connection.execute(statement.where(files.c.id == file_id)).one()


def first_with(connection: Connection, to: Dropped, sha256: str, *, refused: bool = False, but: int = 0) -> int | None:
    """The first document with this content that a drop has taken, or is about to, beside the file `but`; `refused`:
    that it has refused."""
    state = files.c.state == "quarantined" if refused else files.c.state.not_in(("quarantined", "duplicate"))
    d = drop_documents.c
    return connection.execute(
        select(files.c.id)
        .join(drop_documents, d.file_id == files.c.id)
        .where(
            files.c.sha256 == sha256,
            d.plugin == to.plugin,
            d.name == to.name,
            d.source == to.source,
            state,
            files.c.id != but,
        )
        .order_by(files.c.id)
        .limit(1)
    ).scalar_one_or_none()


def refusals(connection: Connection, file_ids: list[int]) -> dict[int, str]:
    """Of these files those that a drop has refused, with what is said of each."""
    rows = connection.execute(
        select(files.c.id, drop_documents.c.why)
        .join(drop_documents, drop_documents.c.file_id == files.c.id)
        .where(files.c.id.in_(file_ids), files.c.state == "quarantined")
    )
    return {row.id: row.why for row in rows}


def waiting(connection: Connection, file_ids: list[int]) -> set[int]:
    """Those of these files that are documents of which nothing is decided yet."""
    rows = connection.execute(
        select(files.c.id)
        .join(drop_documents, drop_documents.c.file_id == files.c.id)
        .where(files.c.id.in_(file_ids), files.c.state.in_(("received", "reading")))
    )
    return set(rows.scalars())
