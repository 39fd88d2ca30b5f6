"""Bearer tokens: made once, shown once, kept only as a hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, or_, select, update

from .tables import tokens

SCOPES = {
    "submit": "hand in claims and files",
    "read": "look at files, batches, claims and work items",
    "work": "work queues, claims, holds, rejections and denials; retransmit, resubmit and replay",
    "post": "match money, fix payments that did not post, close days",
    "metrics": "scrape /metrics",
    "admin": "everything, reloads and webhooks included",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}")
USED_EVERY = dt.timedelta(seconds=60)


class Token(NamedTuple):
    """A token as the gateway knows it."""

    name: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None
    expires_at: dt.datetime | None = None

    def may(self, scope: str) -> bool:
        """Whether it opens what asks for this scope."""
        return scope in self.scopes or "admin" in self.scopes


class TokenExists(Exception):
    """A token of this name is there already."""


def _hash(secret: str) -> str:
    # The secret has 256 bits of its own: a plain hash cannot be searched.
    return hashlib.sha256(secret.encode()).hexdigest()


def add(
    connection: Connection,
    name: str,
    scopes: Sequence[str],
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> str:
    """Make a token; returns its secret, which is not kept. `expires_at`: from then on it opens nothing.

    Raises:
        TokenExists: revoke the old one, or take another name.
        ValueError: an unknown scope, or a moment that is over.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("the name of a token is 1 to 80 letters, digits and . _ @ -, a letter or digit first")
    if expires_at is not None and expires_at <= now:
        raise ValueError("a token expires in the future, or not at all")
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown or not scopes:
        raise ValueError(f"scopes are {', '.join(SCOPES)}; not {', '.join(unknown) or 'none'}")
    if connection.execute(select(tokens.c.name).where(tokens.c.name == name)).first():
        raise TokenExists(f"a token called {name!r} is there already; take another name")
    secret = "hme_" + secrets.token_urlsafe(32)
    row = {"name": name, "hash": _hash(secret), "scopes": sorted(set(scopes)), "created_at": now}
    connection.execute(insert(tokens).values(**row, expires_at=expires_at))
    return secret


def find(connection: Connection, secret: str, now: dt.datetime) -> Token | None:
    """The token that this secret belongs to; None where there is none, it is revoked, or its time is over."""
    wanted = _hash(secret)
    for row in connection.execute(select(tokens).where(tokens.c.hash == wanted, tokens.c.revoked_at.is_(None))):
        if hmac.compare_digest(row.hash, wanted) and (row.expires_at is None or now < row.expires_at):
            return _token(row)
    return None


def used(connection: Connection, names: Collection[str], now: dt.datetime) -> None:
    """Note that tokens were used; to the minute, so that a busy one is not written each time."""
    before = or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at < now - USED_EVERY)
    connection.execute(update(tokens).where(tokens.c.name.in_(sorted(names)), before).values(last_used_at=now))


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
    return Token(row.name, tuple(row.scopes), row.created_at, row.last_used_at, row.revoked_at, row.expires_at)
