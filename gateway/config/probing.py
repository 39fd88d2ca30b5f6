"""`gateway config check --probe`: whether the partners answer, and have the folders that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from gateway.plugins.host import PluginRefused
from gateway.plugins.transport import (
    AuthenticationRefused,
    HostKeyRefused,
    Probe,
    SettingsIncomplete,
    TimedOut,
    TransferFailed,
    TransportError,
    Unreachable,
)

from .config import Config
from .faults import ConfigFault, Document
from .partner import Partner

_AT_ONCE = 8
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (HostKeyRefused, "host_key"),
    (AuthenticationRefused, "sign_in"),
    (SettingsIncomplete, "settings"),
    (Unreachable, "unreachable"),
    (TimedOut, "late"),
)


class Probed(NamedTuple):
    """A partner that was asked: what was seen, or what went wrong. `kind` of what went wrong: host_key, sign_in,
    settings, unreachable, late, folders or failed; empty where all is well. `offered`: the fingerprint that a server
    showed which is not trusted."""

    partner: str
    seen: Probe | None
    faults: tuple[ConfigFault, ...]
    kind: str = ""
    offered: str = ""


def probe(config: Config) -> Iterator[Probed]:
    """Ask every partner, several at once, in the order of the configuration. Nothing is changed at any of them; a
    sign-in that is refused counts at the partner as one, so ask once and mend before asking again."""
    with ThreadPoolExecutor(_AT_ONCE, "gateway-probe") as pool:
        yield from pool.map(lambda partner: ask(config, partner), config.partners)


def ask(config: Config, partner: Partner) -> Probed:
    """Ask one partner, within the time limits of its settings. Blocking."""
    document = config.documents.get(("partners", partner.name)) or Document(partner.name, {})
    settings = ("transport", "settings")
    try:
        with config.plugins.open_transport(
            partner.transport.plugin, partner.name, partner.transport.settings
        ) as transport:
            seen = transport.probe()
    except (TransportError, PluginRefused) as error:
        kind = next((name for known, name in _KINDS if isinstance(error, known)), "failed")
        offered = error.offered if isinstance(error, HostKeyRefused) else ""
        return Probed(partner.name, None, (document.fault(settings, _told(error)),), kind, offered)
    wrong = tuple(
        document.fault(document.find(folder) or settings, f"folder {folder!r} at {partner.name}: {state}")
        for folder, state in seen.folders.items()
        if state != "ok"
    )
    return Probed(partner.name, seen, wrong, "folders" if wrong else "")


def _told(error: Exception) -> str:
    """What went wrong; without that it is tried again by itself, which a probe is not."""
    return str(error).removesuffix(TransferFailed.advice_by_default).rstrip()


def in_words(probed: Probed) -> str:
    """One partner in one line."""
    seen = probed.seen
    if seen is None:
        return f"{probed.partner}: no line."
    folders = ", ".join(f"{folder or '.'} {state}" for folder, state in seen.folders.items())
    return f"{probed.partner}: {seen.server} answered in {seen.seconds:.1f} s, host key {seen.host_key}; {folders}."
