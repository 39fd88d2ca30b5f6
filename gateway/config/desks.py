"""What plugins do beside the chains: their settings under `desk` in gateway.yaml, and what they declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from gateway.plugins.chains import STATIONS
from gateway.plugins.declaring import DECLARATIONS, DESK_HOOKS, Declared, clashes, declare
from gateway.plugins.discovery import Finder
from gateway.plugins.host import Plugin, PluginHost, PluginRefused
from gateway.plugins.tables import Tables

from .compiling import Loaded, checked_settings
from .faults import ConfigFault, Document, Loc, nearest
from .models import GatewayConfig, Source
from .partner import Partner

KEY = "desk"


class Desks(NamedTuple):
    """The settings of those that gateway.yaml names, and what each plugin in use declares, by the plugin's name."""

    settings: Mapping[str, BaseModel | None]
    declared: Mapping[str, Declared]


def load_named(desk: Mapping[str, Any], document: Document, finder: Finder, host: PluginHost) -> list[ConfigFault]:
    """Load the plugins that `desk` names, which no chain need name; returns what is wrong with that."""
    faults = []
    for name in desk:
        try:
            plugin = finder.load(name, host)
        except PluginRefused as error:
            faults.append(document.fault((KEY, name), str(error), key=True))
            continue
        if not DESK_HOOKS & plugin.hooks.keys():
            faults.append(
                document.fault(
                    (KEY, name),
                    f"plugin {name!r} does nothing beside the chains",
                    f"a plugin with one of {', '.join(DECLARATIONS)}, or a hook of the gateway's life",
                    key=True,
                )
            )
    return faults


def load_dropped(sources: Sequence[Source], document: Document, finder: Finder, host: PluginHost) -> list[ConfigFault]:
    """Load the plugins that sources hand documents to, which nothing else need name; returns what is wrong there."""
    faults = []
    for index, source in enumerate(sources):
        plugin, slash, _ = source.drop.partition("/")
        if not source.drop:
            continue
        at: Loc = ("sources", index, "drop")
        if not slash:
            faults.append(document.fault(at, f"drop: {source.drop!r} cannot be used", "plugin/name"))
            continue
        try:
            finder.load(plugin, host)
        except PluginRefused as error:
            faults.append(document.fault(at, str(error)))
    return faults


def check_drops(
    sources: Sequence[Source], document: Document, declared: Mapping[str, Declared], faults: list[ConfigFault]
) -> None:
    """Sources that hand documents to what no plugin takes, or that are set as if they sent claims."""
    known = {f"{one.plugin.name}/{drop.name}" for one in declared.values() for drop in one.drops}
    names = [source.name for source in sources]
    usual = Source(name="usual")
    for index, source in enumerate(sources):
        if source.drop and "/" in source.drop and source.drop not in known:
            faults.append(
                document.fault(
                    ("sources", index, "drop"),
                    f"drop: no plugin takes documents as {source.drop!r}",
                    f"one of {', '.join(sorted(known))}" if known else "a plugin that declares a drop",
                    nearest(source.drop, known),
                )
            )
        if source.patients_of and source.patients_of not in names:
            faults.append(
                document.fault(
                    ("sources", index, "patients_of"),
                    f"patients_of: no source is called {source.patients_of!r}",
                    f"one of {', '.join(names)}",
                    nearest(source.patients_of, names),
                )
            )
        if source.patients_of and not source.drop:
            faults.append(document.fault(("sources", index, "patients_of"), "patients_of goes with drop"))
        for key in ("format", "our_claim_numbers", "check") if source.drop or source.bank else ():
            # Not what was set: in a stored configuration everything is.
            if getattr(source, key) != getattr(usual, key):
                what = f"{key}: a source with {'drop' if source.drop else 'bank'} sends no claims"
                faults.append(document.fault(("sources", index, key), what, "no such key"))


def check_banks(gateway: GatewayConfig, document: Document, faults: list[ConfigFault]) -> None:
    """Sources that bring files of a bank which is not configured; banks of one name."""
    names = [bank.name for bank in gateway.cash.banks]
    for index, name in enumerate(names):
        if name in names[:index]:
            faults.append(document.fault(("cash", "banks", index, "name"), f"name: {name!r} is another bank's"))
    for index, source in enumerate(gateway.sources):
        at: Loc = ("sources", index, "bank")
        if source.bank and source.drop:
            faults.append(document.fault(at, "bank: a source has either drop or bank"))
        elif source.bank and gateway.cash.bank(source.bank) is None:
            known = f"one of {', '.join(names)}" if names else "a bank of cash.banks"
            what = f"bank: no bank is called {source.bank!r}"
            faults.append(document.fault(at, what, known, nearest(source.bank, names)))


class Places:
    """Where a configuration names its plugins, to tell a fault there."""

    def __init__(
        self, gateway: Document, loaded: Sequence[Loaded], partners: Sequence[tuple[Partner, Document]]
    ) -> None:
        self._gateway = gateway
        self._loaded = loaded
        self._partners = partners

    def fault(self, plugin: str, what: str, expected: str = "", meant: str = "") -> ConfigFault:
        """A fault at the first place that names a plugin."""
        if (KEY, plugin) in self._gateway.places:
            return self._gateway.fault((KEY, plugin), what, expected, meant, key=True)
        for spec, document, _ in self._loaded:
            for station in STATIONS:
                for index, step in enumerate(spec.stations.of(station) or ()):
                    if step.plugin == plugin:
                        loc: Loc = ("stations", station, index)
                        at = (*loc, "plugin") if (*loc, "plugin") in document.places else loc
                        return document.fault(at, what, expected, meant)
        for partner, document in self._partners:
            if partner.transport.plugin == plugin:
                return document.fault(("transport", "plugin"), what, expected, meant)
        return self._gateway.fault((KEY,), what, expected, meant)


def desks_of(
    desk: Mapping[str, Any],
    document: Document,
    places: Places,
    root: Path,
    host: PluginHost,
    tables: Tables,
    faults: list[ConfigFault],
) -> Desks:
    """The settings of every plugin in use, by their own models, and what it declares with them."""
    settings: dict[str, BaseModel | None] = {}
    declared: dict[str, Declared] = {}
    for plugin in host:
        if not DESK_HOOKS & plugin.hooks.keys():
            continue
        before = len(faults)
        try:
            checked = _settings(plugin, desk, document, places, root, faults)
            for name in plugin.tables if plugin.name in desk else ():
                if name not in tables:
                    faults.append(
                        places.fault(
                            plugin.name,
                            f"plugin {plugin.name!r} needs the table {name!r}, and there is none",
                            f"tables/{name}.yaml",
                            nearest(name, tables),
                        )
                    )
            found = declare(plugin, checked) if len(faults) == before else None
        except PluginRefused as error:
            faults.append(places.fault(plugin.name, str(error)))
            continue
        if plugin.name in desk:
            settings[plugin.name] = checked
        if found is not None:
            declared[plugin.name] = found
    for name, sentence in clashes(declared.values()):
        faults.append(places.fault(name, f"plugin {name!r}: {sentence}", "another name"))
    return Desks(settings, declared)


def _settings(
    plugin: Plugin,
    desk: Mapping[str, Any],
    document: Document,
    places: Places,
    root: Path,
    faults: list[ConfigFault],
) -> BaseModel | None:
    model = plugin.model("desk_settings")
    if plugin.name in desk:
        return checked_settings(model, desk[plugin.name], document, (KEY, plugin.name), plugin.name, root, faults)
    if model is None:
        return None
    try:
        return model.model_validate({}, context={"root": root, "secrets": document.secrets})
    except ValidationError as error:
        missing = ", ".join(str(one["loc"][0]) for one in error.errors(include_url=False) if one["loc"])
        faults.append(
            places.fault(
                plugin.name,
                f"plugin {plugin.name!r} wants settings of its own ({missing or 'see its page'})",
                f"desk: {{{plugin.name}: ...}} in gateway.yaml",
            )
        )
        return None
