"""Finding plugins: the bundled folder, a folder of the organisation's own, and installed packages.

Finding is cheap and imports nothing; a plugin is imported when it is asked for. Those found in folders are imported
by path as `gateway_plugins.<name>`: relative imports work inside them, and imports by their own name (`own_imports`).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import sys
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import gateway

from .blame import load_failure
from .host import Plugin, PluginHost, PluginRefused, suggestion
from .own_imports import PACKAGE, allow_own_names, forget

GROUP = "gateway.plugins"
"""The entry-point group of installed plugins; the entry's name is the plugin's."""


class Candidate(NamedTuple):
    """A plugin that was found and not imported yet. `where` is its folder or file, or the installed package."""

    name: str
    origin: str
    where: str
    entry: importlib.metadata.EntryPoint | None = None


def bundled_folder() -> Path:
    """The plugins that come with the gateway: inside the installed package, else the repository's folder."""
    package = Path(gateway.__file__).resolve().parent
    inside = package / "bundled"
    return inside if inside.is_dir() else package.parent / "plugins"


def _in_folder(folder: Path, origin: str) -> list[Candidate]:
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith((".", "_")):
            continue
        if path.suffix == ".py":
            found.append(Candidate(path.stem, origin, str(path)))
        elif (path / "__init__.py").is_file():
            found.append(Candidate(path.name, origin, str(path)))
    return found


def _version_of(where: Path) -> str:
    """The version of a plugin in a folder that states none: `0+` and a hash of its Python files, so that every decision
    says by which state of the code it was made."""
    files = [where] if where.is_file() else sorted(where.rglob("*.py"))
    found = hashlib.sha256()
    for path in files:
        name = path.relative_to(where).as_posix() if path != where else path.name
        found.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return f"0+{found.hexdigest()[:10]}"


def _installed() -> list[Candidate]:
    found = []
    for entry in importlib.metadata.entry_points(group=GROUP):
        package = entry.dist.name if entry.dist else entry.value
        found.append(Candidate(entry.name, "package", package, entry))
    return found


class Finder:
    """What can be loaded, by name. Two plugins of one name are refused when that name is asked for.

    `only`: the names that may be loaded, None for all that are found.
    """

    def __init__(
        self,
        *,
        bundled: Path | None = None,
        folder: Path | None = None,
        only: Collection[str] | None = None,
    ) -> None:
        bundled = bundled_folder() if bundled is None else bundled
        self._folders = [str(path) for path in (bundled, folder) if path is not None]
        self._candidates: dict[str, list[Candidate]] = {}
        everything = _in_folder(bundled, "bundled")
        if folder is not None:
            everything += _in_folder(folder, "folder")
        everything += _installed()
        for candidate in everything:
            self._candidates.setdefault(candidate.name, []).append(candidate)
        self._only = None if only is None else frozenset(only)

    @property
    def names(self) -> list[str]:
        """Every name that may be loaded, sorted."""
        return sorted(n for n in self._candidates if self._only is None or n in self._only)

    def candidate(self, name: str) -> Candidate:
        """What is to be imported for a name.

        Raises:
            PluginRefused: there is none of this name, several, or it is not among those that may be loaded.
        """
        found = self._candidates.get(name, [])
        if not found:
            known = ", ".join(self.names) or "none"
            raise PluginRefused(f"There is no plugin {name!r}.{suggestion(name, self.names)} Found: {known}.")
        if len(found) > 1:
            places = " and ".join(f"{one.where} ({one.origin})" for one in found)
            raise PluginRefused(f"Plugin {name!r} was found twice: {places}. Rename or remove one.")
        if self._only is not None and name not in self._only:
            raise PluginRefused(
                f"Plugin {name!r} is there, but `plugins` in gateway.yaml does not name it. Add it there."
            )
        return found[0]

    def load(self, name: str, host: PluginHost) -> Plugin:
        """Import one plugin and register it with the host; one that is there already is returned as it is.

        Raises:
            PluginRefused: it cannot be found, imported or registered; says in one paragraph why and where.
        """
        if name in host:
            return host[name]
        candidate = self.candidate(name)
        try:
            if candidate.entry is not None:
                plugin: object = candidate.entry.load()
                version = candidate.entry.dist.version if candidate.entry.dist else ""
            else:
                plugin = self._import(candidate)
                version = gateway.__version__ if candidate.origin == "bundled" else _version_of(Path(candidate.where))
        except (Exception, SystemExit) as error:
            path = candidate.where if candidate.entry is None else ""
            raise PluginRefused(
                f"Plugin {name!r} ({candidate.origin}, {candidate.where}) cannot be loaded: "
                f"{load_failure(error, path)}. {_advice(candidate, error)}, or take it out of the configuration."
            ) from None
        own = hasattr(plugin, "__version__") or hasattr(plugin, "version")
        return host.add(name, plugin, origin=candidate.origin, version="" if own else version)

    def load_all(self, host: PluginHost) -> list[str]:
        """Load every plugin there is; returns one paragraph for each that could not be."""
        refused = []
        for name in self.names:
            try:
                self.load(name, host)
            except PluginRefused as error:
                refused.append(str(error))
        return refused

    def _import(self, candidate: Candidate) -> ModuleType:
        package = sys.modules.get(PACKAGE)
        if package is None:
            package = ModuleType(PACKAGE, "Plugins that were found in folders.")
            package.__path__ = []
            sys.modules[PACKAGE] = package
        package.__path__ = list(self._folders)
        full = f"{PACKAGE}.{candidate.name}"
        known = sys.modules.get(full)
        if known is not None:
            file = Path(known.__file__ or "")
            if candidate.where in (str(file), str(file.parent)):
                return known
            # Another folder's plugin of the same name, from an earlier configuration.
            forget(candidate.name)
        importlib.invalidate_caches()
        allow_own_names()
        try:
            return importlib.import_module(full)
        except BaseException:
            # Or what was imported of it so far would be found by the next one that tries.
            forget(candidate.name)
            raise


def _advice(candidate: Candidate, error: BaseException) -> str:
    """What to do about a plugin that cannot be imported."""
    if not isinstance(error, ImportError):
        return "Correct it"
    wanted = (error.name or "").partition(".")[0]
    where = Path(candidate.where)
    if candidate.entry is None and wanted == candidate.name:
        return (
            f"Something else that is installed is called {wanted}, too: inside the plugin write `from . import ...` "
            f"instead of `from {wanted} import ...`, or rename the plugin"
        )
    if candidate.entry is None and wanted and isinstance(error, ModuleNotFoundError):
        if where.is_dir() and ((where / f"{wanted}.py").is_file() or (where / wanted).is_dir()):
            return f"It is a module of the plugin's own: write `from . import {wanted}`"
        if where.is_file() and (where.parent / f"{wanted}.py").is_file():
            return (
                f"{wanted}.py lies beside it, but a plugin of one file has no further modules. Make it a folder: move "
                f"{where.name} to {where.stem}/__init__.py and {wanted}.py to {where.stem}/{wanted}.py, and write "
                f"`from . import {wanted}`"
            )
    return "Install what it needs" if isinstance(error, ModuleNotFoundError) else "Correct it"
