"""Signing in to the console where everybody signs in: an OpenID Connect provider, and what its groups may do here."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from gateway.plugins.settings import Secret

from .values import Model

Role = Literal["viewer", "biller", "poster", "manager", "administrator"]
_Team = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,29}$")]
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def travels_safely(address: str) -> bool:
    """Whether an address is spoken to over TLS, or on this machine alone."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


class SignOn(Model):
    """An OpenID Connect provider: who it says somebody is, and in which groups, decides who comes in and as what."""

    issuer: str = Field(min_length=8, max_length=200)
    """Its address, as in what it signs; `/.well-known/openid-configuration` is found below it."""
    client_id: str = Field(min_length=1, max_length=200)
    """Under which name the gateway is registered there."""
    client_secret: Secret | None = None
    """The secret of that registration; a public client has none."""
    address: str = Field(min_length=8, max_length=200)
    """How browsers reach the gateway: https://gateway.example.org. The provider sends them back to
    `/console/sso/back` below it."""
    name: str = Field(default="your organisation", min_length=1, max_length=60)
    """What stands on the button: Sign in with ..."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    """What is asked for; `openid` among it."""
    user_claim: str = Field(default="preferred_username", min_length=1, max_length=80)
    """The claim that has the user's name."""
    roles_claim: str = Field(default="groups", min_length=1, max_length=80)
    """The claim that has the groups."""
    roles: dict[str, Role] = Field(min_length=1)
    """Which group has which role; of several the one that may most. Who is in none of them does not come in."""
    teams: dict[str, _Team] = Field(default_factory=dict)
    """Which group works for which team; who is in none of them works for all."""

    @field_validator("issuer", "address")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        parts = urlsplit(value)
        if not travels_safely(value) or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("an https address without a question mark, such as https://login.example.org")
        return value

    @field_validator("scopes")
    @classmethod
    def _asks_who_it_is(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("openid must be among the scopes")
        return value

    @property
    def back(self) -> str:
        """Where the provider sends the browser back to."""
        return f"{self.address.rstrip('/')}/console/sso/back"
