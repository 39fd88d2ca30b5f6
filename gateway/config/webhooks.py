"""Webhooks: who is told when something happens."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gateway.core.model.webhooks import EVENTS
from gateway.plugins.settings import Secret

from .values import Model, Name

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.username is not None or parts.fragment:
        raise ValueError("an address such as https://billing.example/hooks, without a user or password in it")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise ValueError("an address that begins with https://; http:// only on this machine")
    return value


def _event(value: str) -> str:
    if value not in EVENTS:
        raise ValueError(f"one of {', '.join(EVENTS)}")
    return value


class Webhook(Model):
    """An address that is told of events, each signed with its secret."""

    name: Name
    url: Annotated[str, Field(max_length=500), AfterValidator(_address)]
    secret: Secret
    """With what is signed; by reference, of 24 characters at least."""
    events: tuple[Annotated[str, AfterValidator(_event)], ...] = tuple(EVENTS)
    """Which events; all of them without it."""
    timeout: int = Field(default=10, ge=1, le=60)
    """Seconds that an answer may take."""
