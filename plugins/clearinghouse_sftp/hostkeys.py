"""Pinned host keys: reading a pin, and deciding whether a server's key is one of them. Pure."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

FAMILIES = ("ssh-ed25519", "ecdsa", "ssh-rsa")
"""Kinds of host key, in the order in which they are asked for."""


class Pin(NamedTuple):
    """A trusted key: its fingerprint (`SHA256:` and 43 characters) and its family, "" if only the former is
    known."""

    fingerprint: str
    family: str


class DatedPin(Protocol):
    """A pin with the days on which it holds."""

    @property
    def pin(self) -> Pin: ...
    @property
    def active_from(self) -> dt.date | None: ...
    @property
    def active_until(self) -> dt.date | None: ...


def family(key_type: str) -> str:
    """The family of an SSH key type: `rsa-sha2-512` and `ssh-rsa` are one."""
    if key_type.startswith("ecdsa-"):
        return "ecdsa"
    if key_type.startswith("rsa-") or key_type == "ssh-rsa":
        return "ssh-rsa"
    return key_type


def fingerprint(blob: bytes) -> str:
    """The fingerprint of a public key's bytes, as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def parse_pin(text: str) -> Pin:
    """Read `SHA256:...`, `ssh-ed25519 SHA256:...` or a line of a public key or known_hosts file.

    Raises:
        ValueError: it is none of these.
    """
    words = text.split()
    for index, word in enumerate(words):
        if re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}=?", word):
            kind = family(words[index - 1]) if index else ""
            return Pin(word.rstrip("="), kind if kind in FAMILIES else "")
        if word.startswith("AAAA") and index:
            try:
                blob = base64.b64decode(word, validate=True)
                length = int.from_bytes(blob[:4], "big")
                kind = blob[4 : 4 + length].decode("ascii")
            except (binascii.Error, UnicodeDecodeError):
                break
            if kind != words[index - 1]:
                break
            return Pin(fingerprint(blob), family(kind))
    raise ValueError(
        "a host key is written SHA256:... (43 characters, as ssh-keygen -lf prints it) or as a whole public key "
        "line, such as ssh-ed25519 AAAA...; MD5 fingerprints are not accepted"
    )


def wanted_families(pins: Iterable[DatedPin], today: dt.date) -> list[str]:
    """The kinds of key to ask the server for: those of the pins that hold today, or all if one does not
    say."""
    held = [dated.pin.family for dated in pins if holds(dated, today)]
    return list(FAMILIES) if not held or "" in held else [kind for kind in FAMILIES if kind in held]


def holds(dated: DatedPin, today: dt.date) -> bool:
    """Whether a pin is in force on a day."""
    return not (dated.active_from and today < dated.active_from) and not (
        dated.active_until and today > dated.active_until
    )


def trusted(offered: str, pins: Iterable[DatedPin], today: dt.date) -> bool:
    """Whether a server that shows this fingerprint is the pinned one today."""
    return any(dated.pin.fingerprint == offered and holds(dated, today) for dated in pins)


def refusal(offered: list[str], pins: Sequence[DatedPin], today: dt.date) -> tuple[str, str]:
    """What happened and what to do, for a server whose keys are not trusted today."""
    shown = " and ".join(offered) or "none that we can read"
    if not pins:
        return (
            f"no host key is pinned; the server showed {shown}. Nothing was sent to it.",
            "Compare that fingerprint with the one the partner published, by telephone or on their web site, "
            "and only then put it under host_keys.",
        )
    for dated in pins:
        if dated.pin.fingerprint not in offered:
            continue
        if dated.active_from and today < dated.active_from:
            return (
                f"the server shows the key {dated.pin.fingerprint} already, pinned from {dated.active_from} "
                "on. Nothing was sent to it.",
                "Ask the partner whether they changed early; if so, set its active_from to today.",
            )
        if dated.active_until and today > dated.active_until:
            return (
                f"the server shows the key {dated.pin.fingerprint}, pinned only until {dated.active_until}. "
                "Nothing was sent to it.",
                "Ask the partner whether the change of keys was put off; if so, set a later active_until.",
            )
    return (
        f"the server showed a host key that is not pinned: {shown}. Nothing was sent to it.",
        "This partner is stopped. Ask them whether they changed their key; if so, add the new fingerprint "
        "under host_keys. If not, somebody may be in between: do not connect.",
    )
