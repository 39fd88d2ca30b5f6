"""A plugin found in a folder may import its own modules by its own name: `from northbridge_cpap import rules`.

It is imported as `gateway_plugins.<name>`, and its tests import it as `<name>`. So that the same code works in both,
its own name stands for the same module objects: nothing is imported twice. An installed package of that name keeps it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

PACKAGE = "gateway_plugins"
"""The package as which plugins of folders are imported."""
_IMPORTING = frozenset({"importlib", "_frozen_importlib", "_frozen_importlib_external"})


class _There(Loader):
    """Gives the module that is there, as it is."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        # What the import has put there in its place says another name.
        module.__spec__ = self._spec


class _ByOwnName(MetaPathFinder):
    """Finds `<name>` and what is below it for the code of `gateway_plugins.<name>` alone."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module under its other name; None where the name is somebody else's."""
        top, _, below = fullname.partition(".")
        plugin = sys.modules.get(f"{PACKAGE}.{top}")
        if plugin is None or not _asks_itself(plugin.__name__):
            return None
        if below:
            if sys.modules.get(top) is not plugin:
                return None
            module = importlib.import_module(f"{PACKAGE}.{fullname}")
        elif top in sys.builtin_module_names or _is_anothers(top, plugin):
            return None
        else:
            module = plugin
        return ModuleSpec(fullname, _There(module), is_package=hasattr(module, "__path__"))


def _asks_itself(package: str) -> bool:
    """Whether the import that is under way stands in the code of this package."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _IMPORTING:
        frame = frame.f_back
    name = str(frame.f_globals.get("__name__", ""))
    return name == package or name.startswith(f"{package}.")


def _is_anothers(name: str, plugin: ModuleType) -> bool:
    """Whether something else of this name can be imported. A folder that happens to be called so, without an
    `__init__.py`, is nothing."""
    found = PathFinder.find_spec(name)
    return found is not None and found.origin is not None and found.origin != plugin.__file__


def allow_own_names() -> None:
    """Let plugins of folders import themselves by their own names from now on."""
    if not any(isinstance(finder, _ByOwnName) for finder in sys.meta_path):
        # First: else what lies in a plugin's folder would be found there, and imported a second time.
        sys.meta_path.insert(0, _ByOwnName())


def forget(name: str) -> None:
    """Take a plugin of a folder, its modules and their other names out of what is imported."""
    full = f"{PACKAGE}.{name}"
    ours = [one for one in sys.modules if one == full or one.startswith(f"{full}.")]
    for own in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        if getattr(sys.modules[own], "__name__", "") == f"{PACKAGE}.{own}":
            del sys.modules[own]
    for one in ours:
        del sys.modules[one]
