"""Reading what plugins declare, and looking whether it fits together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .blame import load_failure
from .declared import Command, Declaration, Drop, Metric, Report, Route, Schedule, Worklist
from .host import Plugin, PluginRefused

if TYPE_CHECKING:
    from pydantic import BaseModel

DECLARATIONS: dict[str, type[Declaration]] = {
    "plugin_schedules": Schedule,
    "plugin_worklists": Worklist,
    "plugin_reports": Report,
    "plugin_routes": Route,
    "plugin_commands": Command,
    "plugin_metrics": Metric,
    "plugin_drops": Drop,
}
"""By hook, what it returns."""
LIFE = ("gateway_started", "gateway_stopping", "configuration_taken")
"""The hooks of the gateway's own life; each is given a desk."""
LIFE_SECONDS = 10.0
SEND_ALARMS = "send_alarms"
"""The hook that tells people outside; it is given a message and a desk."""
SEND_SECONDS = 60.0
DESK_HOOKS = frozenset({*DECLARATIONS, *LIFE, SEND_ALARMS})
"""Hooks for which a plugin has a desk."""
MOST = 200
"""Declarations of one kind that a plugin may have."""


class Declared(NamedTuple):
    """What one plugin declares, with its settings under `desk` in gateway.yaml. `life`: the hooks of the gateway's life
    that it implements."""

    plugin: Plugin
    settings: BaseModel | None
    schedules: tuple[Schedule, ...] = ()
    worklists: tuple[Worklist, ...] = ()
    reports: tuple[Report, ...] = ()
    routes: tuple[Route, ...] = ()
    commands: tuple[Command, ...] = ()
    metrics: tuple[Metric, ...] = ()
    drops: tuple[Drop, ...] = ()
    life: tuple[str, ...] = ()

    @property
    def sends_alarms(self) -> bool:
        """Whether it tells people outside of alarms."""
        return SEND_ALARMS in self.plugin.hooks

    @property
    def everything(self) -> Iterator[Declaration]:
        """All of its declarations, kind by kind."""
        for several in (
            *(self.schedules, self.worklists, self.reports, self.routes, self.commands, self.metrics),
            self.drops,
        ):
            yield from several


class NotDeclared(LookupError):
    """Nothing of this name is declared. The message says what there is."""


def declare(plugin: Plugin, settings: BaseModel | None) -> Declared | None:
    """What a plugin declares; None where it declares nothing.

    Raises:
        PluginRefused: a hook raised or returned something else, or two declarations have one name.
    """
    if not DESK_HOOKS & plugin.hooks.keys():
        return None
    found = {hook: _of(plugin, hook, kind, settings) for hook, kind in DECLARATIONS.items()}
    _check_schedules(plugin, found["plugin_worklists"], found["plugin_schedules"])
    return Declared(
        plugin,
        settings,
        found["plugin_schedules"],
        found["plugin_worklists"],
        found["plugin_reports"],
        found["plugin_routes"],
        found["plugin_commands"],
        found["plugin_metrics"],
        found["plugin_drops"],
        tuple(hook for hook in LIFE if hook in plugin.hooks),
    )


def _of(plugin: Plugin, hook: str, kind: type[Declaration], settings: BaseModel | None) -> Any:
    implemented = plugin.hooks.get(hook)
    if implemented is None:
        return ()
    try:
        given: Any = implemented.function(*[settings for _ in implemented.argnames])
        made: tuple[Any, ...] = () if given is None else tuple(given)
    except (Exception, SystemExit) as error:
        why = load_failure(error, plugin.path)
        raise PluginRefused(f"Plugin {plugin.name!r}: its {hook} fails: {why}.") from None
    for one in made:
        if not isinstance(one, kind):
            raise PluginRefused(
                f"Plugin {plugin.name!r}: its {hook} gives {type(one).__name__} where a {kind.__name__} is wanted."
            )
    if len(made) > MOST:
        raise PluginRefused(f"Plugin {plugin.name!r}: its {hook} gives {len(made)}; at most {MOST} are taken.")
    seen: dict[str, str] = {}
    for one in made:
        same: str = one.shape if isinstance(one, Route) else one.name
        if same in seen:
            raise PluginRefused(
                f"Plugin {plugin.name!r}: two of its {kind.what}s are called {one.name!r}. Rename one of them."
                if seen[same] == one.name
                else f"Plugin {plugin.name!r}: its {kind.what}s {seen[same]} and {one.name} take the same addresses."
            )
        seen[same] = one.name
    slugs = [one.slug for one in made if isinstance(one, Route) and one.page]
    if twice := next((slug for slug in slugs if slugs.count(slug) > 1), ""):
        raise PluginRefused(f"Plugin {plugin.name!r}: two of its pages would stand at {twice!r}. Rename a path.")
    return made


def metric_name(plugin: str, metric: str) -> str:
    """The name under which a plugin's metric is scraped."""
    return f"plugin_{plugin.replace('-', '_')}_{metric}"


def clashes(declared: Iterable[Declared]) -> Iterator[tuple[str, str]]:
    """What does not fit together across plugins: the later plugin's name, and a sentence."""
    seen: dict[str, str] = {}
    for one in declared:
        for metric in one.metrics:
            name = metric_name(one.plugin.name, metric.name)
            if name in seen and seen[name] != one.plugin.name:
                yield (
                    one.plugin.name,
                    f"its metric {metric.name!r} would be called {name}, as one of plugin {seen[name]!r} is",
                )
            seen.setdefault(name, one.plugin.name)


def _check_schedules(plugin: Plugin, worklists: Iterable[Worklist], schedules: Iterable[Schedule]) -> None:
    known = [one.name for one in schedules]
    for one in worklists:
        if one.schedule and one.schedule not in known:
            raise PluginRefused(
                f"Plugin {plugin.name!r}: its worklist {one.name!r} is filled by the schedule {one.schedule!r}, which "
                f"it does not have. Its schedules: {', '.join(known) or 'none'}."
            )


def find(declared: Iterable[Declared], kind: str, name: str) -> tuple[Declared, Any]:
    """A worklist or report by `plugin/name`, or by its name alone where only one plugin has one so called. `kind`:
    worklists or reports.

    Raises:
        NotDeclared: there is none, or there are several.
    """
    every: Sequence[tuple[Declared, Any]] = [(one, made) for one in declared for made in getattr(one, kind)]
    found = [(one, made) for one, made in every if name in (f"{one.plugin.name}/{made.name}", made.name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{one.plugin.name}/{made.name}" for one, made in (found or every)) or "none"
    what = kind.removesuffix("s")
    if found:
        raise NotDeclared(f"Several {kind} are called {name!r}: {known}. Name it with its plugin.")
    raise NotDeclared(f"There is no {what} {name!r}. There are: {known}.")
