"""People whom a provider vouches for: found by who they are there, made when they come for the first time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from . import users
from .sign_on_tables import user_logins
from .user_tables import users as user_rows
from .users import RIGHTS, NotAllowed, User

NO_PASSWORD = ""
"""Of who has none here: no password fits it."""


class Vouched(NamedTuple):
    """What a provider says of somebody: who they are there (`subject` of `issuer`), their name, and their groups as
    roles and teams here."""

    issuer: str
    subject: str
    name: str
    full_name: str
    role: str
    teams: tuple[str, ...]


def strongest(groups: Sequence[str], roles: Mapping[str, str]) -> str:
    """The role of somebody in these groups: of several the one that may most; empty where none has a role."""
    theirs = [roles[group] for group in groups if group in roles]
    return max(theirs, key=lambda role: len(RIGHTS[role]), default="")


def enter(connection: Connection, who: Vouched, now: dt.datetime) -> User:
    """The user whom a provider vouches for, with the role and teams that they have there now.

    Raises:
        NotAllowed: they are disabled here, or their name is that of somebody else.
        NoUser: the name cannot be one, or nobody would be left who administers.
    """
    c = user_logins.c
    statement = (
        select(user_rows.c.name)
        .join(user_logins, c.user_id == user_rows.c.id)
        .where(c.issuer == who.issuer, c.subject == who.subject)
    )
    known = connection.execute(statement).scalar_one_or_none()
    if known is None:
        return _first_time(connection, who, now)
    user = users.find(connection, known)
    assert user is not None
    if user.disabled_at is not None:
        raise NotAllowed("You may not come in here any more. Ask an administrator.")
    if (user.role, user.teams) == (who.role, tuple(sorted(set(who.teams)))):
        return user
    return users.change(connection, user.name, who.role, who.teams)


def _first_time(connection: Connection, who: Vouched, now: dt.datetime) -> User:
    if users.find(connection, who.name) is not None:
        # The name alone proves nothing: it may be given to anybody over there.
        raise NotAllowed(
            "Somebody here has your name already. If it is you, sign in with the password; else ask an administrator."
        )
    made = users.add(connection, who.name, NO_PASSWORD, who.role, now, full_name=who.full_name, teams=who.teams)
    connection.execute(
        insert(user_logins).values(user_id=made.id, issuer=who.issuer, subject=who.subject, linked_at=now)
    )
    return made
