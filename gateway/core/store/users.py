"""People who sign in: their roles and teams, their passwords (argon2), and the sessions of their browsers."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from .ids import allocate
from .user_tables import sessions, users

ROLES = {
    "viewer": "looks at everything, changes nothing",
    "biller": "works queues: corrects, releases, resubmits",
    "poster": "as a biller, and fixes payments that did not post",
    "manager": "as a poster, for every team, and sends files again",
    "administrator": "everything: users, partners, plugins and configuration included",
}
RIGHTS = {
    "viewer": frozenset({"look"}),
    "biller": frozenset({"look", "work"}),
    "poster": frozenset({"look", "work", "post"}),
    "manager": frozenset({"look", "work", "post", "manage"}),
    "administrator": frozenset({"look", "work", "post", "manage", "administer"}),
}
"""What each role may."""

MOST_FAILURES = 5
LOCKED_FOR = dt.timedelta(minutes=15)
LONGEST = dt.timedelta(hours=12)
"""A session ends after this time, however busy it was."""
SEEN_EVERY = dt.timedelta(seconds=60)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,79}")
_TEAM = re.compile(r"[a-z][a-z0-9_-]{0,29}")


class User(NamedTuple):
    """Somebody who signs in. `teams`: empty for every team's work."""

    id: int
    name: str
    full_name: str
    role: str
    teams: tuple[str, ...]
    created_at: dt.datetime
    disabled_at: dt.datetime | None
    locked_until: dt.datetime | None
    signed_in_at: dt.datetime | None

    def may(self, right: str) -> bool:
        """Whether the role has this right."""
        return right in RIGHTS[self.role]

    def may_work_for(self, team: str) -> bool:
        """Whether work of this team is theirs: that of their teams, or of all where they have none or are managers."""
        return self.may("work") and (not self.teams or team in self.teams or self.may("manage"))

    @property
    def called(self) -> str:
        """What people call them."""
        return self.full_name or self.name


class Session(NamedTuple):
    """A browser that is signed in, and whose it is. `unseen`: that it is in use has not been written for a minute."""

    hash: str
    csrf: str
    user: User
    unseen: bool


class NotAllowed(Exception):
    """Nobody comes in like that. The message says why, and no more than may be known outside."""


class NoUser(Exception):
    """A user cannot be made or changed; the message says what to do."""


def hash_of(token: str) -> str:
    """What is kept of a cookie. It has 256 bits of its own: a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_password(password: str) -> None:
    """Raises NoUser where a password is too short or too long to be taken."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise NoUser(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; a short sentence is good.")


def hashed(password: str) -> str:
    """A password as it is kept. Takes some tenths of a second, so that nobody tries many."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def matches(kept: str, password: str) -> bool:
    """Whether this is the password that was kept."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


# --- users -----------------------------------------------------------------------------------------


def add(
    connection: Connection,
    name: str,
    password_hash: str,
    role: str,
    now: dt.datetime,
    *,
    full_name: str = "",
    teams: Sequence[str] = (),
) -> User:
    """Make a user.

    Raises:
        NoUser: the name is taken or cannot be one, there is no such role, a team's name cannot be one.
    """
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise NoUser("A name has small letters, digits, and . _ @ - between them: jo.doe")
    if connection.execute(select(users.c.id).where(users.c.name == name)).first():
        raise NoUser(f"There is a user {name!r} already. Change the password: gateway user password {name}")
    row = {
        "id": allocate(connection, "users", 1),
        "name": name,
        "full_name": full_name.strip()[:80],
        "password": password_hash,
        "created_at": now,
    }
    connection.execute(insert(users).values(**row, **_checked(role, teams)))
    found = find(connection, name)
    assert found is not None
    return found


def _checked(role: str, teams: Sequence[str]) -> dict[str, str]:
    if role not in ROLES:
        raise NoUser(f"There is no role {role!r}. There are: {', '.join(ROLES)}.")
    for team in teams:
        if not _TEAM.fullmatch(team):
            raise NoUser(f"{team!r} cannot be a team's name; teams are called billing, posting, denials ...")
    words = " ".join(sorted(set(teams)))
    if len(words) > 400:
        raise NoUser("These are too many teams for one person; leave them out for all teams.")
    return {"role": role, "teams": words}


def change(connection: Connection, name: str, role: str, teams: Sequence[str]) -> User:
    """Give a user another role and other teams; what they have open goes on with these.

    Raises:
        NoUser: there is no such user or role, or nobody would be left who administers.
    """
    user = _known(connection, name)
    values = _checked(role, teams)
    if role != "administrator":
        _somebody_else_administers(connection, user)
    connection.execute(update(users).where(users.c.id == user.id).values(**values))
    return _known(connection, name)


def set_password(connection: Connection, name: str, password_hash: str) -> User:
    """Another password. Every browser of this user has to sign in again.

    Raises:
        NoUser: there is no such user.
    """
    user = _known(connection, name)
    connection.execute(
        update(users).where(users.c.id == user.id).values(password=password_hash, failures=0, locked_until=None)
    )
    connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
    return user


def disable(connection: Connection, name: str, now: dt.datetime) -> User:
    """Let a user come in no more; what they did stays under their name.

    Raises:
        NoUser: there is no such user, or nobody would be left who administers.
    """
    user = _known(connection, name)
    _somebody_else_administers(connection, user)
    connection.execute(
        update(users).where(users.c.id == user.id, users.c.disabled_at.is_(None)).values(disabled_at=now)
    )
    connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
    return _known(connection, name)


def enable(connection: Connection, name: str) -> User:
    """Let a user come in again, also one that wrong passwords have locked out. Raises NoUser."""
    user = _known(connection, name)
    connection.execute(
        update(users).where(users.c.id == user.id).values(disabled_at=None, failures=0, locked_until=None)
    )
    return _known(connection, name)


def find(connection: Connection, name: str) -> User | None:
    """A user by name; None where there is none."""
    row = connection.execute(select(users).where(users.c.name == name.strip().lower())).one_or_none()
    return _user(row) if row is not None else None


def every(connection: Connection) -> list[User]:
    """All users, by name."""
    return [_user(row) for row in connection.execute(select(users).order_by(users.c.name))]


def _known(connection: Connection, name: str) -> User:
    found = find(connection, name)
    if found is None:
        names = ", ".join(one.name for one in every(connection)) or "none yet"
        raise NoUser(f"There is no user {name!r}. There are: {names}.")
    return found


def _somebody_else_administers(connection: Connection, user: User) -> None:
    if user.role != "administrator" or user.disabled_at is not None:
        return
    others = [
        one for one in every(connection)
        if one.id != user.id and one.role == "administrator" and one.disabled_at is None
    ]  # fmt: skip
    if not others:
        raise NoUser(f"{user.name} is the only one who administers. Make somebody else administrator first.")


def _user(row: Any) -> User:
    return User(
        row.id,
        row.name,
        row.full_name,
        row.role,
        tuple(row.teams.split()),
        row.created_at,
        row.disabled_at,
        row.locked_until,
        row.signed_in_at,
    )


# --- signing in ------------------------------------------------------------------------------------

WRONG = "Name and password do not fit together."


class Asked(NamedTuple):
    """What is needed to say whether a password is right: the user's id (0: there is none), and what is kept of it."""

    user_id: int
    kept: str


def asked(connection: Connection, name: str, now: dt.datetime) -> Asked:
    """Somebody wants to sign in under this name.

    Raises:
        NotAllowed: wrong passwords have locked the name out for a while.
    """
    row = connection.execute(select(users).where(users.c.name == name.strip().lower())).one_or_none()
    if row is None or row.disabled_at is not None:
        return Asked(0, "")
    if row.locked_until is not None and row.locked_until > now:
        minutes = max(1, round((row.locked_until - now).total_seconds() / 60))
        raise NotAllowed(
            f"Too many wrong passwords. Try again in {minutes} minutes, or ask an administrator to let you in."
        )
    return Asked(row.id, row.password)


def failed(connection: Connection, user_id: int, now: dt.datetime) -> None:
    """A password was wrong; after some of them the name is locked for a while."""
    connection.execute(update(users).where(users.c.id == user_id).values(failures=users.c.failures + 1))
    connection.execute(
        update(users)
        .where(users.c.id == user_id, users.c.failures >= MOST_FAILURES)
        .values(locked_until=now + LOCKED_FOR, failures=0)
    )


def sign_in(connection: Connection, user_id: int, source: str, now: dt.datetime) -> str:
    """A new session; returns what its cookie holds, which is not kept. Sessions that have ended are forgotten."""
    token = secrets.token_urlsafe(32)
    connection.execute(delete(sessions).where(sessions.c.created_at < now - LONGEST))
    connection.execute(
        insert(sessions).values(
            hash=hash_of(token),
            user_id=user_id,
            csrf=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
            source=source[:60],
        )
    )
    connection.execute(
        update(users).where(users.c.id == user_id).values(failures=0, locked_until=None, signed_in_at=now)
    )
    return token


def session(connection: Connection, token: str, idle: dt.timedelta, now: dt.datetime) -> Session | None:
    """The session of a cookie; None where there is none, it was idle for too long, or its user comes in no more."""
    row = connection.execute(
        select(sessions.c.hash, sessions.c.csrf, sessions.c.seen_at, sessions.c.created_at.label("begun"), users)
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.hash == hash_of(token))
    ).one_or_none()
    if row is None or row.disabled_at is not None:
        return None
    if now - row.seen_at > idle or now - row.begun > LONGEST:
        return None
    return Session(row.hash, row.csrf, _user(row), row.seen_at < now - SEEN_EVERY)


def seen(connection: Connection, hash_: str, now: dt.datetime) -> None:
    """The session is in use; written once a minute at most."""
    connection.execute(
        update(sessions).where(sessions.c.hash == hash_, sessions.c.seen_at < now - SEEN_EVERY).values(seen_at=now)
    )


def sign_out(connection: Connection, hash_: str) -> None:
    """The session ends."""
    connection.execute(delete(sessions).where(sessions.c.hash == hash_))
