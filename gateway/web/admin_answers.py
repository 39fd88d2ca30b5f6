"""Answers about what an administrator watches: partners' lines, their tests, alarms."""

from __future__ import annotations

from .answers import Moment, Told


class Line(Told):
    """How a partner's line does: when it was asked and reached, when it is asked next, its last error, and what waits:
    batches by state, claims that are ready."""

    name: str
    environment: str
    asked_at: Moment | None
    reached_at: Moment | None
    next_look: Moment | None
    failures: int
    stopped: str
    error: str
    batches_waiting: dict[str, int]
    claims_ready: int


class Partners(Told):
    """Every partner of the configuration."""

    partners: list[Line]


class LineTested(Told):
    """A test of a partner's line: under way, given up or done; what it saw of the server, and what is wrong with it."""

    partner: str
    began_at: Moment
    by: str
    state: str
    said: str = ""
    ok: bool | None = None
    trouble: str | None = None
    faults: list[str] | None = None
    offered_host_key: str | None = None
    server: str | None = None
    host_key: str | None = None
    folders: object = None


class Alarm(Told):
    """Something that an administrator should know; `over_at`: since when it is over."""

    kind: str
    words: str
    since: Moment
    told_at: Moment | None
    over_at: Moment | None


class Message(Told):
    """A message about alarms, by one channel."""

    id: int
    channel: str
    state: str
    tries: int
    error: str
    created_at: Moment


class Alarms(Told):
    """What stands, what is over, who is told, and the last messages."""

    standing: list[Alarm]
    over: list[Alarm]
    channels: list[str]
    messages: list[Message]


class Tried(Told):
    """The message with which a channel is tried."""

    message_id: int
