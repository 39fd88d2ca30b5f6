"""Values that settings are made of: spans of business time, codes, delimiters, patterns."""

from __future__ import annotations

import re
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from gateway.plugins.settings import parse_seconds


class Model(BaseModel):
    """Base of every settings model: unknown keys are refused, values never change once checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


def nested(**values: Any) -> Any:
    """The default of a field that is a model: its own defaults, or these values, read as if they stood in the file.

    Instances as defaults would be built when the module is imported, and twice the time."""
    return Field(default_factory=lambda: dict(values), validate_default=True)


class SpanOfTime(NamedTuple):
    """How long to wait for something: plain `seconds`, or `business_hours`, or `business_days` (counted without
    weekends and federal holidays). One of the three is set."""

    seconds: float = 0.0
    business_hours: int = 0
    business_days: int = 0

    def __str__(self) -> str:
        if self.business_hours:
            return f"{self.business_hours} business hours"
        if self.business_days:
            return f"{self.business_days} business days"
        return f"{self.seconds:.10g}s"


_BUSINESS = re.compile(r"(\d+)\s*business\s*(h|hours?|d|days?)")


def _span(value: object) -> SpanOfTime:
    if isinstance(value, SpanOfTime):
        return value
    found = _BUSINESS.fullmatch(str(value).strip().lower())
    if found:
        if found[2].startswith("h"):
            return SpanOfTime(business_hours=int(found[1]))
        return SpanOfTime(business_days=int(found[1]))
    try:
        return SpanOfTime(seconds=parse_seconds(value))
    except ValueError:
        raise ValueError("a time such as 4h, 21 days, 48 business hours or 5 business days") from None


Span = Annotated[
    SpanOfTime,
    BeforeValidator(_span, json_schema_input_type=str),
    PlainSerializer(str, when_used="json"),
]


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        raise ValueError("a time zone such as America/Chicago") from None
    return value


def luhn_npi(npi: str) -> bool:
    """Whether ten digits are an NPI: it starts with 1 or 2 and its check digit fits (CMS: Luhn over 80840 + NPI)."""
    if len(npi) != 10 or not (npi.isascii() and npi.isdigit()) or npi[0] not in "12":
        return False
    total = 24
    for index, char in enumerate(reversed(npi)):
        digit = int(char)
        if index % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def _npi(value: str) -> str:
    if not luhn_npi(value):
        raise ValueError("an NPI: ten digits that start with 1 or 2, the last one the check digit")
    return value


_NAMED = {"newline": "\n", "crlf": "\r\n", "tab": "\t", "none": ""}


def _character(value: Any) -> str:
    text = _NAMED.get(str(value).lower(), str(value))
    found = re.fullmatch(r"0x([0-9a-fA-F]{2})", text)
    if found:
        text = chr(int(found[1], 16))
    if len(text) != 1 or text.isalnum() or text == " ":
        raise ValueError("one character that is neither letter, digit nor blank (or newline, or 0x1D)")
    return text


def _line_ending(value: Any) -> str:
    text = _NAMED.get(str(value).lower(), str(value))
    if text not in ("", "\n", "\r\n"):
        raise ValueError("none, newline or crlf")
    return text


Zone = Annotated[str, AfterValidator(_zone)]
Npi = Annotated[str, AfterValidator(_npi)]
Delimiter = Annotated[str, BeforeValidator(_character, json_schema_input_type=str)]
LineEnding = Annotated[str, BeforeValidator(_line_ending, json_schema_input_type=str)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
IsaId = Annotated[str, StringConstraints(min_length=1, max_length=15, pattern=r"^[ -~]+$")]
GsId = Annotated[str, StringConstraints(min_length=2, max_length=15, pattern=r"^[ -~]+$")]
Qualifier = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")]
