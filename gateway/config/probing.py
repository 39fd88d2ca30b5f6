"""`gateway config check --probe`: whether the partners answer, and have the folders that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from gateway.plugins.host import PluginRefused
from gateway.plugins.transport import Probe, TransportError

from .config import Config
from .faults import ConfigFault, Document
from .partner import Partner

_AT_ONCE = 8


class Probed(NamedTuple):
    """A partner that was asked: what was seen, or what went wrong."""

    partner: str
    seen: Probe | None
    faults: tuple[ConfigFault, ...]


def probe(config: Config) -> Iterator[Probed]:
    """Ask every partner, several at once, in the order of the configuration. Nothing is changed at any of them; a
    sign-in that is refused counts at the partner as one, so ask once and mend before asking again."""
    with ThreadPoolExecutor(_AT_ONCE, "gateway-probe") as pool:
        yield from pool.map(lambda partner: _ask(config, partner), config.partners)


def _ask(config: Config, partner: Partner) -> Probed:
    document = config.documents.get(("partners", partner.name)) or Document(partner.name, {})
    settings = ("transport", "settings")
    try:
        with config.plugins.open_transport(
            partner.transport.plugin, partner.name, partner.transport.settings
        ) as transport:
            seen = transport.probe()
    except (TransportError, PluginRefused) as error:
        return Probed(partner.name, None, (document.fault(settings, str(error)),))
    wrong = tuple(
        document.fault(document.find(folder) or settings, f"folder {folder!r} at {partner.name}: {state}")
        for folder, state in seen.folders.items()
        if state != "ok"
    )
    return Probed(partner.name, seen, wrong)


def in_words(probed: Probed) -> str:
    """One partner in one line."""
    seen = probed.seen
    if seen is None:
        return f"{probed.partner}: no line."
    folders = ", ".join(f"{folder or '.'} {state}" for folder, state in seen.folders.items())
    return f"{probed.partner}: {seen.server} answered in {seen.seconds:.1f} s, host key {seen.host_key}; {folders}."
