"""The plugins that are loaded: their hooks, checked against the specifications, and their declarations.

pluggy registers and validates. It does not call the stations' hooks: `runner` does.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import pluggy

from . import API_VERSION, PROJECT, hookspecs
from .blame import failure, load_failure, path_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .rows import RowTable
    from .tables import Tables
    from .transport import Transport


class PluginRefused(Exception):
    """A plugin cannot be used. The message is one paragraph: which, why, where, and what to do."""


def suggestion(word: str, known: Iterator[str] | list[str] | tuple[str, ...] | Mapping[str, Any]) -> str:
    """` Did you mean 'scrubber'?`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


class Plugin:
    """One loaded plugin. `hooks` maps each hook that it implements to the function and the arguments it takes;
    `tables` are those that it cannot do without, each with the columns that all of its rows must have, `row_tables` its
    own; `origin` says where it was found: bundled, folder, package or given."""

    __slots__ = ("_settings", "hooks", "name", "object", "origin", "path", "row_tables", "tables", "version")

    def __init__(self, name: str, plugin: object, origin: str, version: str) -> None:
        self.name = name
        self.object = plugin
        self.origin = origin
        self.version = version
        self.path = path_of(plugin)
        self.tables: dict[str, tuple[str, ...]] = _tables_of(name, plugin)
        self.row_tables: dict[str, RowTable] = {}
        self.hooks: dict[str, pluggy.HookImpl] = {}
        self._settings: type[BaseModel] | None = None

    def declared(self, hook: str) -> Any:
        """What a declaration hook without arguments returns; None where the plugin does not implement it.

        Raises:
            PluginRefused: it raised.
        """
        found = self.hooks.get(hook)
        if found is None:
            return None
        try:
            return found.function()
        except (Exception, SystemExit) as error:
            raise PluginRefused(f"Plugin {self.name!r}: its {hook} fails: {load_failure(error, self.path)}.") from None

    def model(self, hook: str) -> type[BaseModel] | None:
        """The pydantic model that `plugin_settings` or `transport_settings` returns.

        Raises:
            PluginRefused: it raised, or returned something else.
        """
        model = self.declared(hook)
        if model is None:
            return None
        if not (isinstance(model, type) and hasattr(model, "model_validate")):
            raise PluginRefused(
                f"Plugin {self.name!r}: its {hook} returns {type(model).__name__} where a pydantic model "
                "(the class itself) is wanted."
            )
        return model

    def complaints(self, settings: BaseModel | None, tables: Tables) -> list[str]:
        """What its `check_settings` says against settings; nothing where it has no such hook.

        Raises:
            PluginRefused: it raised, or answered something else than sentences.
        """
        found = self.hooks.get("check_settings")
        if found is None:
            return []
        given = {"settings": settings, "tables": tables}
        try:
            said: Any = found.function(*[given[name] for name in found.argnames])
            sentences = [] if said is None else list(said)
        except (Exception, SystemExit) as error:
            why = load_failure(error, self.path)
            raise PluginRefused(f"Plugin {self.name!r}: its check_settings fails: {why}.") from None
        if isinstance(said, str) or not all(isinstance(one, str) for one in sentences):
            raise PluginRefused(f"Plugin {self.name!r}: its check_settings must give a list of sentences.")
        return sentences


def _spec_arguments() -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(inspect.signature(function).parameters)
        for name, function in vars(hookspecs).items()
        if hasattr(function, f"{PROJECT}_spec")
    }


HOOKS: dict[str, tuple[str, ...]] = _spec_arguments()
"""Every hook by name, with its arguments in order."""


class PluginHost:
    """The loaded plugins by name."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._plugins: dict[str, Plugin] = {}

    def __getitem__(self, name: str) -> Plugin:
        return self._plugins[name]

    def __contains__(self, name: object) -> bool:
        return name in self._plugins

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self._plugins.values())

    def __len__(self) -> int:
        return len(self._plugins)

    def add(self, name: str, plugin: object, *, origin: str = "given", version: str = "") -> Plugin:
        """Register a module, an instance, or a class (an instance of which is made).

        Raises:
            PluginRefused: it was written for another version of the hooks, implements a hook that does not exist
                or takes arguments that the hook does not have, or a plugin of this name is there already.
        """
        if name in self._plugins:
            raise PluginRefused(f"Two plugins are called {name!r}; rename one of them.")
        if isinstance(plugin, type):
            plugin = plugin()
        _check_version(name, plugin)
        _check_hooks(name, plugin)
        stated = version or str(getattr(plugin, "__version__", "") or getattr(plugin, "version", "") or "0")
        added = Plugin(name, plugin, origin, stated)
        try:
            self._manager.register(plugin, name=name)
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            self._manager.unregister(name=name)
            text = " ".join(str(error).split())
            raise PluginRefused(f"Plugin {name!r} does not fit the hooks: {text}") from None
        for caller in self._manager.get_hookcallers(plugin) or ():
            for found in caller.get_hookimpls():
                if found.plugin is plugin:
                    added.hooks[caller.name] = found
        try:
            added.row_tables = _row_tables(added)
        except PluginRefused:
            self._manager.unregister(name=name)
            raise
        self._plugins[name] = added
        return added

    def open_transport(self, plugin: str, partner: str, settings: BaseModel) -> Transport:
        """A line to a partner through one plugin; not connected yet.

        Raises:
            PluginRefused: there is no such plugin, it carries no files, or it fails without saying why.
            TransportError: as the plugin says.
        """
        from .transport import TransportError

        found = self._plugins.get(plugin)
        hook = found.hooks.get("open_transport") if found else None
        if found is None or hook is None:
            raise PluginRefused(f"Partner {partner!r}: plugin {plugin!r} is not loaded or opens no transport.")
        given = {"partner": partner, "settings": settings}
        try:
            transport = cast("Transport | None", hook.function(*[given[name] for name in hook.argnames]))
        except TransportError:
            raise
        except Exception as error:
            raise PluginRefused(
                f"Partner {partner!r}: plugin {plugin!r} fails to open a transport: {failure(error, found.path)}."
            ) from error
        if transport is None:
            raise PluginRefused(f"Partner {partner!r}: plugin {plugin!r} does not take its settings.")
        return transport


def _row_tables(plugin: Plugin) -> dict[str, RowTable]:
    declared = plugin.declared("plugin_tables")
    if declared is None:
        return {}
    from .rows import RowTable

    if not isinstance(declared, Sequence) or isinstance(declared, RowTable | str):
        raise PluginRefused(f"Plugin {plugin.name!r}: its plugin_tables must return a list of RowTable.")
    found: dict[str, RowTable] = {}
    for table in declared:
        if not isinstance(table, RowTable):
            raise PluginRefused(
                f"Plugin {plugin.name!r}: its plugin_tables returns a {type(table).__name__} among its RowTables."
            )
        why = table.fault()
        if why:
            raise PluginRefused(f"Plugin {plugin.name!r}: {why}.")
        if table.name in found:
            raise PluginRefused(f"Plugin {plugin.name!r}: it declares two tables called {table.name}.")
        found[table.name] = table
    return found


NO_COLUMNS = ("valid_from", "valid_to", "source")
"""What a row has beside its values."""


def _tables_of(name: str, plugin: object) -> dict[str, tuple[str, ...]]:
    """The tables of `gateway_tables`, and the columns that it names of each: none where it names the table alone."""
    stated = getattr(plugin, "gateway_tables", ())
    refused = f"Plugin {name!r}: gateway_tables"
    if not isinstance(stated, Mapping):
        if isinstance(stated, str) or not all(isinstance(table, str) for table in stated):
            raise PluginRefused(
                f"{refused} must be a tuple of names, such as "
                f'gateway_tables = ("{stated if isinstance(stated, str) else "carc"}",) with the comma.'
            )
        return dict.fromkeys(stated, ())
    found = {}
    for table, columns in stated.items():
        if not isinstance(columns, tuple | list) or not all(isinstance(one, str) for one in (table, *columns)):
            raise PluginRefused(
                f"{refused} must give a tuple of columns for each table, such as "
                'gateway_tables = {"limits": ("code", "units")}; for one column with the comma: ("units",).'
            )
        for column in columns:
            if column in NO_COLUMNS:
                raise PluginRefused(
                    f"{refused} names {column!r} of the table {table!r}, which is no column: every row has it as "
                    f"row.{column}. Take it out."
                )
        found[table] = tuple(columns)
    return found


def _check_version(name: str, plugin: object) -> None:
    stated = getattr(plugin, "gateway_api", None)
    if stated is None:
        raise PluginRefused(
            f"Plugin {name!r} does not say for which version of the hooks it was written. Add the line "
            f"`gateway_api = {API_VERSION}` to it."
        )
    if stated != API_VERSION:
        what = "a newer gateway" if isinstance(stated, int) and stated > API_VERSION else "an older gateway"
        raise PluginRefused(
            f"Plugin {name!r} was written for {what} (gateway_api {stated!r}); this one speaks version "
            f"{API_VERSION}. Install the release of the plugin that states gateway_api = {API_VERSION}."
        )


def _check_hooks(name: str, plugin: object) -> None:
    for attribute in dir(plugin):
        if attribute.startswith("__"):
            continue
        function = getattr(plugin, attribute, None)
        marked = hasattr(function, f"{PROJECT}_impl")
        own = not isinstance(plugin, ModuleType) or getattr(function, "__module__", "") == plugin.__name__
        if not marked:
            if attribute in HOOKS and own and callable(function):
                raise PluginRefused(
                    f"Plugin {name!r}: {attribute} has the name of a hook but is not marked; put @hookimpl above it."
                )
            continue
        options = getattr(function, f"{PROJECT}_impl")
        hook = (options.get("specname") if isinstance(options, dict) else None) or attribute
        if hook not in HOOKS:
            raise PluginRefused(
                f"Plugin {name!r} implements {hook}, which is no hook.{suggestion(hook, HOOKS)} "
                f"The hooks are: {', '.join(sorted(HOOKS))}."
            )
        taken = [p for p in inspect.signature(function).parameters if p != "self"]  # type: ignore[arg-type]
        for argument in taken:
            if argument not in HOOKS[hook]:
                raise PluginRefused(
                    f"Plugin {name!r}: its {hook} takes {argument!r}, which the hook does not give."
                    f"{suggestion(argument, HOOKS[hook])} It gives: {', '.join(HOOKS[hook]) or 'nothing'}."
                )
