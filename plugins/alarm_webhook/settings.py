"""Settings of the webhook, under `desk` in gateway.yaml."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from gateway.plugins import PluginSettings, Secret

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def address_fault(address: str) -> str:
    """What is wrong with an address, in words; empty where it can be used."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "it must be a URL such as https://host/path"
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return "it must begin with https:// (http:// is for this machine alone)"
    if parts.username is not None or parts.fragment or any(ord(one) <= 32 or ord(one) >= 127 for one in address):
        return "it must have no name, password, blank or #"
    return ""


class WebhookDesk(PluginSettings):
    """Where alarms are sent, and how the other side knows that they are ours."""

    url: str = Field(default="", max_length=2000, description="The address.")
    url_from: Secret | None = Field(
        default=None, description="Where the address is, as env:NAME or file:/path, if who knows it may write there."
    )
    secret: Secret | None = Field(default=None, description="The secret of the signature, as env:NAME or file:/path.")
    trust: str = Field(default="", description="A file with the certificate of its authority, where it is your own.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.url) == (self.url_from is not None):
            raise ValueError("either url or url_from")
        if self.url and (wrong := address_fault(self.url)):
            raise ValueError(f"url: {wrong}")
        if self.secret is None and self.url_from is None:
            raise ValueError("secret: without one nobody can tell whether a message is ours")
        return self
