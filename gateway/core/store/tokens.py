"""Bearer tokens: made once, shown once, kept only as a hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from .tables import tokens

SCOPES = {
    "submit": "hand in claims and files",
    "read": "look at files, batches, claims and work items",
    "work": "retransmit, resubmit and replay",
    "metrics": "scrape /metrics",
    "admin": "everything, reloads and partners included",
}


class Token(NamedTuple):
    """A token as the gateway knows it."""

    name: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None

    def may(self, scope: str) -> bool:
        """Whether it opens what asks for this scope."""
        return scope in self.scopes or "admin" in self.scopes


class TokenExists(Exception):
    """A token of this name is there already."""


def _hash(secret: str) -> str:
    # The secret has 256 bits of its own: a plain hash cannot be searched.
    return hashlib.sha256(secret.encode()).hexdigest()


def add(connection: Connection, name: str, scopes: Sequence[str], now: dt.datetime) -> str:
    """Make a token; returns its secret, which is not kept.

    Raises:
        TokenExists: revoke the old one, or take another name.
        ValueError: an unknown scope.
    """
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown or not scopes:
        raise ValueError(f"scopes are {', '.join(SCOPES)}; not {', '.join(unknown) or 'none'}")
    if connection.execute(select(tokens.c.name).where(tokens.c.name == name)).first():
        raise TokenExists(f"a token called {name!r} is there already; take another name")
    secret = "hme_" + secrets.token_urlsafe(32)
    connection.execute(insert(tokens).values(name=name, hash=_hash(secret), scopes=sorted(set(scopes)), created_at=now))
    return secret


def find(connection: Connection, secret: str) -> Token | None:
    """The token that this secret belongs to; None where there is none, or it is revoked."""
    wanted = _hash(secret)
    for row in connection.execute(select(tokens).where(tokens.c.hash == wanted, tokens.c.revoked_at.is_(None))):
        if hmac.compare_digest(row.hash, wanted):
            return _token(row)
    return None


def check(connection: Connection, secret: str, scope: str) -> str | None:
    """The name of the token that this secret belongs to and that may do this; None where there is none."""
    found = find(connection, secret)
    return found.name if found is not None and found.may(scope) else None


def used(connection: Connection, name: str, now: dt.datetime) -> None:
    """Note that a token was used."""
    connection.execute(update(tokens).where(tokens.c.name == name).values(last_used_at=now))


def revoke(connection: Connection, name: str, now: dt.datetime) -> bool:
    """Let a token open nothing any more; False where there is none of this name."""
    changed = connection.execute(
        update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return changed.rowcount > 0


def every(connection: Connection) -> list[Token]:
    """All tokens, by name."""
    return [_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.name))]


def _token(row: Any) -> Token:
    return Token(row.name, tuple(row.scopes), row.created_at, row.last_used_at, row.revoked_at)
