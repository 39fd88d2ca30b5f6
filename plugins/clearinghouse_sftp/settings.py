"""The settings of one partner's SFTP account: pure data, checked when the configuration is read.

No secret stands here: a password, a passphrase or a private key is named by the environment variable or the
file that holds it. Values of a preset lie under those of the file; see `presets`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, field_validator, model_validator

from gateway.plugins.pickup import PARTIAL_NAMES
from gateway.plugins.settings import PluginSettings, Seconds, Secret
from gateway.plugins.transport import AfterFetch

from .hostkeys import Pin, parse_pin
from .names import NAME_FIELDS, placeholders
from .presets import PRESETS

Limit = Annotated[Seconds, Field(gt=0, le=86_400)]
"""A time limit: more than nothing, at most a day."""


class _Part(PluginSettings):
    # An error never shows what was written: somebody may have put a password there.
    model_config = ConfigDict(hide_input_in_errors=True)


class HostKeyPin(_Part):
    """A server key that is trusted. `key` is `SHA256:...`, `ssh-ed25519 SHA256:...` or a whole public key
    line; with `active_from` it is not accepted before that date (UTC), with `active_until` not after it."""

    key: str
    active_from: dt.date | None = None
    active_until: dt.date | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_string(cls, data: Any) -> Any:
        return {"key": data} if isinstance(data, str) else data

    @field_validator("key")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_pin(value)
        return value.strip()

    @property
    def pin(self) -> Pin:
        """The parsed key."""
        return parse_pin(self.key)


class Folders(_Part):
    """Where files lie at the partner. `send` takes ours; `receive` is polled, in this order; `archive` is
    where `after_fetch: move` puts what was fetched; `temporary` is where a file is written before it is
    renamed, if not beside its final name. Placeholders such as {submitter} come from `variables`."""

    send: str
    receive: tuple[str, ...] = Field(min_length=1)
    archive: str = ""
    temporary: str = ""

    @model_validator(mode="before")
    @classmethod
    def _one_folder(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("receive"), str):
            return {**data, "receive": [data["receive"]]}
        return data

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if _plain(self.send) in {_plain(folder) for folder in self.receive}:
            raise ValueError("send and receive are the same folder: we would fetch what we sent")
        if self.archive and _plain(self.archive) in {_plain(folder) for folder in self.receive}:
            raise ValueError("archive is one of the receive folders: we would fetch the same files for ever")
        return self


class Outgoing(_Part):
    """How a file of ours is named and put.

    `name` may use {isa13} {date} {time} {timestamp} {mmddyy} {letter} {batch} {usage} {sender} {receiver}
    {kind} {test} (the `test_mark` when ISA15 is T, else nothing) and the partner's `variables`. `rename:
    false` writes straight to the final name, for partners that forbid renaming. `limit` is the largest file
    they take (bytes).
    """

    name: str = "{sender}_{date}_{isa13}.837"
    zone: str = "UTC"
    max_name: int = Field(default=128, ge=8, le=255)
    allowed: str = r"[A-Za-z0-9._-]"
    test_mark: str = ""
    rename: bool = True
    temporary_suffix: str = ".tmp"
    temporary_prefix: str = ""
    limit: int = Field(default=100_000_000, gt=0)

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return _known_zone(value)


class Pickup(_Part):
    """Which files are fetched, and when one is taken to be complete: seen unchanged on `polls` looks, over
    at least `stable`. See `gateway.plugins.pickup`. `limit` is the largest file that is fetched (bytes)."""

    masks: tuple[str, ...] = ("*",)
    ignore: tuple[str, ...] = PARTIAL_NAMES
    polls: int = Field(default=2, ge=1, le=100)
    stable: Annotated[Seconds, Field(ge=0, le=86_400)] = 30.0
    marker: str = ""
    limit: int = Field(default=2_000_000_000, gt=0)


class Timeouts(_Part):
    """Time limits. `channel` is for each answer and for a transfer that stands still, `transfer` for a
    whole get or put; `keepalive` is how often an idle line is kept from being cut."""

    connect: Limit = 15.0
    banner: Limit = 15.0
    auth: Limit = 30.0
    channel: Limit = 30.0
    transfer: Limit = 1800.0
    keepalive: Limit = 15.0


class Poll(_Part):
    """How often the receive folders are looked at: `day` apart in business hours, else `night`; spread by
    `jitter` (a share of it). After failures in a row: `backoff`, doubled each time, at most
    `backoff_max`."""

    day: Limit = 600.0
    night: Limit = 3600.0
    day_from: dt.time = dt.time(7)
    day_until: dt.time = dt.time(19)
    zone: str = "America/New_York"
    jitter: float = Field(default=0.2, ge=0, le=1)
    backoff: Limit = 60.0
    backoff_max: Limit = 3600.0

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return _known_zone(value)


class PgpSend(_Part):
    """Encryption of what we send, to the partner's public key (`encrypt_to`, a file); signed with our
    secret key if `sign_with` names one. `required`: the partner takes nothing plain."""

    encrypt_to: str = ""
    sign_with: Secret | None = None
    passphrase: Secret | None = None
    armor: bool = True
    required: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.required and not self.encrypt_to:
            raise ValueError("this partner takes only encrypted files: set encrypt_to to their public key file")
        if self.sign_with and not self.encrypt_to:
            raise ValueError("sign_with without encrypt_to: set encrypt_to to the partner's public key file")
        return self


class PgpReceive(_Part):
    """Decryption of what we fetch, with our secret key (`decrypt_with`). With `verify_with` (the
    partner's public key) an unsigned or wrongly signed file is refused; with `required` a plain file is."""

    decrypt_with: Secret | None = None
    passphrase: Secret | None = None
    verify_with: str = ""
    required: bool = True

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.verify_with and not self.decrypt_with:
            raise ValueError("verify_with without decrypt_with: set decrypt_with to our secret key file")
        return self


class Pgp(_Part):
    """OpenPGP, each direction by itself."""

    send: PgpSend = PgpSend()
    receive: PgpReceive = PgpReceive()


class Zip(_Part):
    """Zip files in what we fetch: whether they are taken, and how far (files, bytes unpacked, times
    larger)."""

    accept: bool = True
    members: int = Field(default=1000, ge=1)
    bytes: int = Field(default=2_000_000_000, ge=1)
    ratio: int = Field(default=200, ge=1)


class SftpSettings(_Part):
    """One partner's account. `key` and `password` are references; with both, the key is shown first and the
    password where the server asks for it too. `keep_open` is how long an unused line is kept before logging
    out."""

    preset: str = "generic"
    host: str
    port: int = Field(default=22, ge=1, le=65_535)
    username: str
    password: Secret | None = None
    key: Secret | None = None
    key_passphrase: Secret | None = None
    host_keys: tuple[HostKeyPin, ...] = ()
    variables: dict[str, str] = Field(default_factory=dict)
    folders: Folders
    outgoing: Outgoing = Outgoing()
    pickup: Pickup = Pickup()
    after_fetch: AfterFetch = AfterFetch.LEAVE
    keep_open: Annotated[Seconds, Field(ge=0, le=600)] = 10.0
    timeouts: Timeouts = Timeouts()
    poll: Poll = Poll()
    pgp: Pgp = Pgp()
    zip: Zip = Zip()

    @model_validator(mode="before")
    @classmethod
    def _over_preset(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        name = data.get("preset", "generic")
        preset = PRESETS.get(name)
        if preset is None:
            raise ValueError(f"there is no preset {name!r}; there are: {', '.join(sorted(PRESETS))}")
        merged = _merge(preset.values, data)
        if "folders" not in merged:
            raise ValueError(
                f"folders are missing: the preset {name!r} leaves them to you. Set folders.send and "
                f"folders.receive "
                "to what the partner's onboarding letter says"
            )
        return merged

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.password is None and self.key is None:
            raise ValueError(
                "no way to sign in: set key (file:/path/of/the/private_key) or password (env:NAME or file:/path)"
            )
        if self.after_fetch is AfterFetch.MOVE and not self.folders.archive:
            raise ValueError("after_fetch: move needs folders.archive")
        out = self.outgoing
        if out.rename and not (out.temporary_suffix or out.temporary_prefix or self.folders.temporary):
            raise ValueError("outgoing.rename needs a temporary_suffix, a temporary_prefix or folders.temporary")
        folders = (self.folders.send, self.folders.archive, self.folders.temporary, *self.folders.receive)
        for text, known in [(folder, set[str]()) for folder in folders] + [(out.name, set(NAME_FIELDS))]:
            for field in placeholders(text):
                if field not in known and field not in self.variables:
                    raise ValueError(f"{text!r} uses {{{field}}}: set variables.{field} to this partner's value")
        if "{isa13}" not in out.name and "{letter}" not in out.name and "{batch}" not in out.name:
            raise ValueError("outgoing.name must contain {isa13}, {batch} or {letter}, or two files share one name")
        return self


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _plain(folder: str) -> str:
    return folder.strip("/").removeprefix("./").casefold()


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"there is no time zone {value!r}; write one like America/New_York") from error
    return value
