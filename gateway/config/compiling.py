"""From what the files say to chains that can be run: plugins loaded, settings checked by their own models, steps in
their order with what is inherited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from gateway.plugins.chains import INHERITED, STATIONS, Chain, Chains, ChainSpec, Step, StepSpec
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost, PluginRefused
from gateway.plugins.matching import HCPCS_GROUPS, Groups, covers
from gateway.plugins.tables import Tables

from .faults import ConfigFault, Document, Loc, explain, nearest, show
from .partner import Partner
from .shipped import shipped_config


class Loaded(NamedTuple):
    """A chain as read, with the file it stands in. `sound`: nothing was wrong with it."""

    spec: ChainSpec
    document: Document
    sound: bool = True


def checked_settings(
    model: type[BaseModel] | None,
    given: Any,
    document: Document,
    loc: Loc,
    plugin: str,
    root: Path,
    faults: list[ConfigFault],
) -> BaseModel | None:
    """Settings by the plugin's own model; what is wrong with them is added to `faults`."""
    given = {} if given is None else given
    if model is None:
        if given:
            faults.append(document.fault(loc, f"plugin {plugin!r} takes no settings"))
        return None
    if not isinstance(given, dict):
        faults.append(document.fault(loc, f"settings: {show(given)} cannot be used", "a mapping"))
        return None
    try:
        return model.model_validate(given, context={"root": root, "secrets": document.secrets})
    except ValidationError as error:
        faults.extend(explain(error, document, model, loc))
        return None


def check_transport(
    partner: Partner, document: Document, root: Path, finder: Finder, host: PluginHost, faults: list[ConfigFault]
) -> Partner:
    """The partner with its transport's settings as an instance of the plugin's model."""
    name, loc = partner.transport.plugin, ("transport", "plugin")
    try:
        plugin = finder.load(name, host)
        model = plugin.model("transport_settings")
    except PluginRefused as error:
        faults.append(document.fault(loc, str(error)))
        return partner
    if "open_transport" not in plugin.hooks:
        faults.append(document.fault(loc, f"plugin {name!r} carries no files", "a plugin with open_transport"))
        return partner
    settings = checked_settings(
        model, partner.transport.settings, document, ("transport", "settings"), name, root, faults
    )
    chosen = partner.transport.model_copy(update={"settings": settings})
    return partner.model_copy(update={"transport": chosen})


class Compiler:
    """Compiles the chains of one configuration."""

    def __init__(
        self,
        loaded: Sequence[Loaded],
        root: Path,
        finder: Finder,
        host: PluginHost,
        tables: Tables,
        faults: list[ConfigFault],
    ) -> None:
        self._root = root
        self._loaded = {one.spec.name: one for one in loaded}
        self._finder = finder
        self._host = host
        self._tables = tables
        self._faults = faults
        self._count = 0
        self._stations: dict[str, dict[str, tuple[Step, ...]]] = {}
        self._under_way: list[str] = []
        self.specs: dict[str, ChainSpec] = {}
        """Each chain as read, with the settings of its steps as their models have them."""

    def compile(self) -> Chains | None:
        """All chains; None where there are faults that leave nothing to compile."""
        without = [one for one in self._loaded.values() if one.spec.match is None]
        for one in without[1:]:
            self._faults.append(
                one.document.fault(
                    (),
                    f"chain {one.spec.name!r} can never match: {without[0].spec.name!r} already takes everything "
                    "that no other chain matches",
                    "match: with a payer, a partner or a filing code",
                )
            )
        groups = Groups(self._tables.get(HCPCS_GROUPS))
        self._check_groups(groups)
        self._check_shadows()
        chains = [Chain(name, one.spec.match, self._resolve(name)) for name, one in self._loaded.items()]
        return Chains(chains, groups) if without else None

    def _check_groups(self, groups: Groups) -> None:
        for spec, document, _ in self._loaded.values():
            for index, name in enumerate((spec.match.hcpcs_group if spec.match else None) or ()):
                if name in groups:
                    continue
                known = groups.names()
                self._faults.append(
                    document.fault(
                        ("match", "hcpcs_group", index),
                        f"there is no HCPCS group {name!r}",
                        f"one of {', '.join(known)}"
                        if known
                        else f"tables/{HCPCS_GROUPS}.yaml, which names the groups",
                        nearest(name, known),
                    )
                )

    def _check_shadows(self) -> None:
        """A chain whose claims are all taken by one before it."""
        before: list[ChainSpec] = []
        for spec, document, sound in self._loaded.values():
            if spec.match is None or not sound:
                continue
            for earlier in before:
                if earlier.match is not None and covers(earlier.match, spec.match):
                    file = self._loaded[earlier.name].document.file
                    self._faults.append(
                        document.fault(
                            ("match",),
                            f"chain {spec.name!r} can never match: {earlier.name!r} ({file}) comes before it and takes "
                            "all that it asks for",
                            "a narrower match there, or a file name that sorts before it here",
                            key=True,
                        )
                    )
                    break
            before.append(spec)

    def _resolve(self, name: str) -> dict[str, tuple[Step, ...]]:
        """The steps of a chain by station, what it inherits among them."""
        if name in self._stations:
            return self._stations[name]
        spec, document, _ = self._loaded[name]
        inherited: dict[str, tuple[Step, ...]] = {}
        self._under_way.append(name)
        if spec.extends is not None:
            if spec.extends in self._under_way:
                around = " extends ".join([*self._under_way, spec.extends])
                self._faults.append(document.fault(("extends",), f"a chain extends itself: {around}"))
            elif spec.extends not in self._loaded:
                self._faults.append(
                    document.fault(
                        ("extends",),
                        f"there is no chain {spec.extends!r}",
                        f"one of {', '.join(sorted(n for n in self._loaded if n != name))}",
                        nearest(spec.extends, self._loaded),
                    )
                )
            else:
                inherited = self._resolve(spec.extends)
        self._under_way.pop()
        found = dict(inherited)
        checked: dict[str, tuple[StepSpec, ...]] = {}
        for station in STATIONS:
            steps = spec.stations.of(station)
            if steps is None:
                continue
            made: list[Step] = []
            specs: list[StepSpec] = []
            for index, step in enumerate(steps):
                loc: Loc = ("stations", station, index)
                specs.append(step)
                if step.plugin == INHERITED:
                    if spec.extends is None:
                        self._faults.append(document.fault(loc, f"{INHERITED!r} without extends: nothing is inherited"))
                    made += inherited.get(station, ())
                    continue
                compiled = self._step(step, station, document, loc)
                if compiled is not None:
                    made.append(compiled)
                    specs[-1] = step.model_copy(update={"settings": compiled.settings or {}})
            found[station] = tuple(made)
            checked[station] = tuple(specs)
        self._stations[name] = found
        self.specs[name] = spec.model_copy(update={"stations": spec.stations.model_copy(update=checked)})
        return found

    def _step(self, spec: StepSpec, station: str, document: Document, loc: Loc) -> Step | None:
        # A step may be written as the plugin's name alone: then its place is the place of the name.
        at: Loc = (*loc, "plugin") if (*loc, "plugin") in document.places else loc
        try:
            plugin = self._finder.load(spec.plugin, self._host)
            model = plugin.model("plugin_settings")
        except PluginRefused as error:
            self._faults.append(document.fault(at, str(error)))
            return None
        hook = STATIONS[station].hook
        if hook not in plugin.hooks:
            does = [s.name for s in STATIONS.values() if s.hook in plugin.hooks]
            self._faults.append(
                document.fault(
                    at,
                    f"plugin {spec.plugin!r} does nothing at {station} (it has no {hook})",
                    f"a plugin that does, or this one at {' or '.join(does)}" if does else "a plugin that does",
                )
            )
            return None
        before = len(self._faults)
        settings = checked_settings(
            model, spec.settings, document, (*loc, "settings"), spec.plugin, self._root, self._faults
        )
        missing = [name for name in plugin.tables if name not in self._tables]
        for name in missing:
            self._faults.append(
                document.fault(
                    at,
                    f"plugin {spec.plugin!r} needs the table {name!r} here, and there is none",
                    f"tables/{name}.yaml{_where_from(name)}",
                    nearest(name, self._tables),
                )
            )
        if len(self._faults) == before:
            try:
                for sentence in plugin.complaints(settings, self._tables):
                    self._faults.append(document.fault((*loc, "settings"), f"plugin {spec.plugin!r}: {sentence}"))
            except PluginRefused as error:
                self._faults.append(document.fault(at, str(error)))
        if len(self._faults) > before:
            return None
        step = Step(self._count, plugin, STATIONS[station], spec, settings, self._tables)
        self._count += 1
        return step


def _where_from(table: str) -> str:
    """Where a table that is missing may be had."""
    if (shipped_config() / "tables" / f"{table}.yaml").is_file():
        return " (the configuration that comes with the gateway has one)"
    return ", or the same in the plugin's own folder tables"
