"""Settings of the mails, under `desk` in gateway.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gateway.plugins import PluginSettings, Secret

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("an address such as edi@example.org")
    return value


Address = Annotated[str, AfterValidator(_address)]


class MailDesk(PluginSettings):
    """The mail server, and who gets the alarms."""

    host: str = Field(min_length=1, max_length=255, description="The mail server.")
    port: int = Field(default=587, ge=1, le=65_535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the line is protected: starttls, tls from the first byte, or none."
    )
    trust: str = Field(default="", description="A file with the certificate of its authority, where it is your own.")
    user: Secret | None = Field(default=None, description="With which name to sign in, as env:NAME or file:/path.")
    password: Secret | None = Field(default=None, description="With which password.")
    sender: Address = Field(description="From which address.")
    to: tuple[Address, ...] = Field(min_length=1, max_length=50, description="To which addresses.")
    console: str = Field(default="", max_length=200, description="Where the console is, for the end of each mail.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together: name both, or neither")
        if self.user is not None and self.security == "none":
            raise ValueError("a password goes over no line in the clear: security is starttls or tls")
        if self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError("security: none is for a mail server on this machine alone")
        return self
