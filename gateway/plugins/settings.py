"""What settings are made of: the base model of a plugin's settings, durations, and secrets by reference.

The YAML reader hands every scalar on as a string; these types say what the string must look like.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema


class PluginSettings(BaseModel):
    """Settings of a plugin: unknown keys are refused, values never change once checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


_UNITS = {
    "ms": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "days": 86400.0,
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")


def parse_seconds(value: object) -> float:
    """`2s`, `150ms`, `5 min`, `4h`, `30 days` in seconds; a number in Python code is seconds already.

    Raises:
        ValueError: the text is no number with a unit.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _DURATION.fullmatch(str(value).strip().lower())
    if not found or found[2] not in _UNITS:
        raise ValueError("a time with its unit, such as 2s, 5 min, 4h or 30 days")
    return float(found[1]) * _UNITS[found[2]]


def _write_seconds(seconds: float) -> str:
    return f"{seconds:.10g}s"


Seconds = Annotated[
    float,
    BeforeValidator(parse_seconds, json_schema_input_type=str),
    PlainSerializer(_write_seconds, when_used="json"),
]
"""A length of time in seconds, written with its unit: `2s`, `5 min`, `4h`."""


TIME_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$"
TimeOfDay = Annotated[str, StringConstraints(pattern=TIME_PATTERN)]
"""A time of the supplier's day: `06:30`."""


class SecretMissing(Exception):
    """A secret that the configuration refers to is not there. The message names the reference, never a value."""


_SHORTEST_TOLD = 6
"""A secret of fewer characters would be found in any sentence."""
_revealed: set[bytes] = set()


def tells_a_secret(text: bytes) -> bool:
    """Whether a secret that was revealed in this process stands in this text."""
    return any(secret in text for secret in _revealed)


def any_revealed() -> bool:
    """Whether any secret was revealed in this process that could be told."""
    return bool(_revealed)


class Secret:
    """A secret by reference: `env:NAME` or `file:/path/of/a/file`. It never stands in the YAML itself.

    `reveal()` reads it each time, so that a rotated secret is used without a restart. A relative path counts from
    `base`: the folder of gateway.yaml, where the reference stands in a configuration.
    """

    __slots__ = ("base", "kind", "name")

    def __init__(self, reference: str, base: Path | None = None) -> None:
        kind, _, name = reference.partition(":")
        if kind not in ("env", "file") or not name.strip():
            raise ValueError(
                "a reference to a secret: env:NAME (an environment variable) or file:/path (a file that holds it)"
            )
        self.kind: str = kind
        self.name: str = name.strip()
        self.base = base

    def reveal(self, env: Mapping[str, str] | None = None) -> str:
        """The secret itself; one newline at the end of a file is dropped.

        Raises:
            SecretMissing: the variable is not set or empty, or the file cannot be read.
        """
        value = self._read(env)
        if len(value) >= _SHORTEST_TOLD:
            _revealed.add(value.encode())
        return value

    def _read(self, env: Mapping[str, str] | None) -> str:
        if self.kind == "env":
            value = (os.environ if env is None else env).get(self.name, "")
            if not value:
                raise SecretMissing(f"the environment variable {self.name} is not set")
            return value
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SecretMissing(f"the secret file {self.name} cannot be read: {reason}") from None
        value = text.removesuffix("\n").removesuffix("\r")
        if not value:
            raise SecretMissing(f"the secret file {self.name} is empty")
        return value

    @property
    def path(self) -> Path:
        """The file of a `file:` reference."""
        path = Path(self.name).expanduser()
        return self.base / path if self.base else path

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def convert(value: object, info: core_schema.ValidationInfo) -> Secret:
            context = info.context if isinstance(info.context, dict) else {}
            secret = value if isinstance(value, Secret) else cls(str(value), base=context.get("root"))
            # Whoever reads a configuration asks for all of its references, to see that they lead somewhere.
            context.get("secrets", set()).add(secret)
            return secret

        return core_schema.with_info_plain_validator_function(convert, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": "^(env|file):.+", "description": "env:NAME or file:/path"}
