"""Names of outgoing files and of folders, made from templates: pure."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
import string
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from gateway.plugins.transport import NotAllowed, OutgoingFacts

NAME_FIELDS = (
    "isa13",
    "date",
    "time",
    "timestamp",
    "mmddyy",
    "letter",
    "batch",
    "usage",
    "sender",
    "receiver",
    "kind",
    "test",
)
"""What an outgoing name may contain, beside the partner's own variables."""


def placeholders(template: str) -> list[str]:
    """The fields of a template such as `{submitter}_{isa13}.837`.

    Raises:
        ValueError: a brace that is not closed, or anything but a plain name between braces.
    """
    fields = []
    for _, field, form, conversion in string.Formatter().parse(template):
        if field is None:
            continue
        if not re.fullmatch(r"[a-z][a-z0-9_]*", field) or form or conversion:
            raise ValueError(f"{template!r}: between braces stands only a plain name, such as {{isa13}}")
        fields.append(field)
    return fields


def folder_path(template: str, variables: Mapping[str, str]) -> str:
    """A folder with its variables filled in, without a slash at the end ("/" stays)."""
    path = template.format_map(dict(variables))
    return path.rstrip("/") or ("/" if path else "")


def join(folder: str, name: str) -> str:
    """The remote path of a name in a folder; "" and "." are where the sign-in lands."""
    return name if folder in ("", ".") else posixpath.join(folder, name)


def outgoing_name(
    template: str,
    facts: OutgoingFacts,
    variables: Mapping[str, str],
    *,
    zone: str,
    test_mark: str,
    allowed: str,
    max_name: int,
) -> str:
    """The final name of an outgoing file; the same facts give the same name.

    Characters that the partner does not allow become `_` (blanks at the ends of ISA ids just go).

    Raises:
        NotAllowed: the name is longer than `max_name`, or would be hidden or empty.
    """
    at = facts.at.astimezone(ZoneInfo(zone) if zone != "UTC" else dt.UTC)
    values = {
        **variables,
        "isa13": facts.isa13,
        "date": at.strftime("%Y%m%d"),
        "time": at.strftime("%H%M%S"),
        "timestamp": at.strftime("%Y%m%d%H%M%S"),
        "mmddyy": at.strftime("%m%d%y"),
        "letter": string.ascii_uppercase[_number(facts.isa13) % 26],
        "batch": facts.batch,
        "usage": facts.usage,
        "sender": facts.sender,
        "receiver": facts.receiver,
        "kind": facts.kind,
        "test": test_mark if facts.usage == "T" else "",
    }
    filled = template.format_map({name: value.strip() for name, value in values.items()})
    name = "".join(char if re.fullmatch(allowed, char) else "_" for char in filled)
    if not name or name.startswith(".") or len(name) > max_name:
        raise NotAllowed(
            f"the outgoing name {name!r} does not suit this partner: 1 to {max_name} characters, no dot in front.",
            advice="Change outgoing.name in the partner's settings.",
        )
    return name


def _number(isa13: str) -> int:
    digits = re.sub(r"\D", "", isa13)
    return int(digits) if digits else 0


def temporary_path(final: str, *, prefix: str, suffix: str, folder: str) -> str:
    """Where a file is written before it gets its final path."""
    beside, name = posixpath.split(final)
    return join(folder or beside, f"{prefix}{name}{suffix}")
