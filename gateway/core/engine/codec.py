"""What the engine remembers of a workflow is JSON: payloads, results of steps, and exceptions by name.

JSON and not pickle, so that an upgrade can read what the version before it wrote, and a person can, too.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from dbos import Serializer

from .port import StepFailed

_EXCEPTION = "__exception__"
_MAX_MESSAGE = 2000


def plain(value: Any) -> Any:
    """The value as it will come back after a restart (tuples as lists).

    A step returns this form already the first time, so that a workflow sees the same on a replay.

    Raises:
        TypeError: it is not JSON (bytes, dates, claims belong in the archive or the store).
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"a step may return only JSON (ids and hashes): {error}") from None


class JsonCodec(Serializer):
    """The codec given to DBOS."""

    def name(self) -> str:
        return "gateway_json"

    def serialize(self, data: Any) -> str:
        return json.dumps(data, allow_nan=False, default=_named, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        value = json.loads(serialized_data)
        if isinstance(value, dict) and _EXCEPTION in value:
            return _rebuilt(value)
        return value


def _named(value: Any) -> Any:
    if isinstance(value, BaseException):
        kind = type(value)
        arguments = []
        for argument in value.args:
            try:
                json.dumps(argument, allow_nan=False)
            except (TypeError, ValueError):
                arguments = [str(value)[:_MAX_MESSAGE]]
                break
            arguments.append(argument)
        return {
            _EXCEPTION: f"{kind.__module__}:{kind.__qualname__}",
            "args": arguments,
            "message": str(value)[:_MAX_MESSAGE],
        }
    raise TypeError(f"{type(value).__name__} is not JSON")


def _rebuilt(value: dict[str, Any]) -> Exception:
    """The exception of that name, as a replay must raise it again; else `StepFailed` with its text."""
    module, _, name = str(value[_EXCEPTION]).partition(":")
    try:
        kind: Any = importlib.import_module(module)
        for part in name.split("."):
            kind = getattr(kind, part)
        if isinstance(kind, type) and issubclass(kind, Exception):
            rebuilt = kind(*value["args"])
            if str(rebuilt) == value["message"]:
                return rebuilt
    except Exception:  # the class has moved, or wants other arguments
        pass
    return StepFailed(f"{name}: {value['message']}")
