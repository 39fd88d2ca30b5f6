"""Where in a plugin's own code something went wrong, in one short phrase without anybody's data.

An exception's own text may hold a patient's name (a value that could not be converted), so while claims are decided
only its type and the place are told; while a plugin is loaded there is no patient data, and the text is told as well.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from .tables import NotThere

_OURS = str(Path(__file__).resolve().parent)


def place(error: BaseException, plugin_path: str) -> str:
    """`rules.py:41 in check_cpap`: the innermost frame under the plugin's folder (or file); where it has none, the
    innermost frame that is not ours. Empty where there is no frame at all."""
    own = other = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if plugin_path and file.startswith(plugin_path):
            own = (file, number, frame.f_code.co_name)
        elif not file.startswith((_OURS, "<frozen")):
            other = (file, number, frame.f_code.co_name)
    found = own or other
    if found is None:
        return ""
    file, number, function = found
    shown = _shown(file, plugin_path)
    return f"{shown}:{number}" if function == "<module>" else f"{shown}:{number} in {function}"


def _shown(file: str, plugin_path: str) -> str:
    path = Path(file)
    base = Path(plugin_path)
    if plugin_path and path != base and path.is_relative_to(base):
        return str(Path(base.name) / path.relative_to(base))
    return path.name


def failure(error: BaseException, plugin_path: str) -> str:
    """What went wrong while a claim or payment was decided: the type and the place, never the text. A table or column
    that is not there is told by its name where that name stands in the plugin's code, so that it is no data."""
    where = place(error, plugin_path)
    if isinstance(error, NotThere):
        told = error.told(named=_is_written(error.asked, error))
        return f"{told}, asked for at {where}" if where else told
    name = type(error).__name__
    if isinstance(error, SystemExit):
        name = "it asked the process to exit"
    return f"{name} at {where}" if where else name


def _is_written(name: object, error: BaseException) -> bool:
    """Whether this word is written out in a function that was under way when the error came."""
    return any(name in frame.f_code.co_consts for frame, _ in traceback.walk_tb(error.__traceback__))


def load_failure(error: BaseException, plugin_path: str) -> str:
    """What went wrong while a plugin was imported, with the error's own text."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError at {_shown(error.filename, plugin_path)}:{error.lineno}: {error.msg}"
    where = place(error, plugin_path)
    text = " ".join(str(error).split()) or "no text"
    return f"{type(error).__name__} at {where}: {text}" if where else f"{type(error).__name__}: {text}"


def path_of(plugin: object) -> str:
    """The folder (or file) of a plugin's own code; empty where it cannot be told."""
    name = getattr(plugin, "__module__", None) or getattr(plugin, "__name__", "")
    module = plugin if hasattr(plugin, "__file__") else sys.modules.get(str(name))
    file = getattr(module, "__file__", None)
    if not file:
        return ""
    path = Path(file)
    return str(path.parent) if path.name == "__init__.py" else str(path)
