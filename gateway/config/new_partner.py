"""A partner that is not in the configuration yet: what somebody typed, as the text of its file; whether the whole could
be used with it; and writing it, which never touches a file that is there."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .config import Config
from .faults import ConfigFault
from .loading import load

TRANSPORT = "clearinghouse_sftp"
LONGEST = 300
OWN_VARIABLES = "GATEWAY_"
SECRET_FOLDERS = ("/etc/gateway", "/run/secrets", "/run/credentials")
"""Where the file of a secret may lie that is named in a browser, beside `secrets` in the configuration's folder."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_TAKEN = "new"
"""The address of the page on which a partner is added."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class Field(NamedTuple):
    """One thing that is asked for. `needed`: it cannot be left empty; `usual`: what stands there first."""

    name: str
    words: str
    group: str
    hint: str = ""
    usual: str = ""
    needed: bool = True
    choices: tuple[str, ...] = ()


LINE, WHO = "The line", "Who we are to each other, and for which payers"
FIELDS: tuple[Field, ...] = (
    Field("name", "Short name", LINE, "small letters, digits, - and _; it is the name of the file"),
    Field("environment", "Environment", LINE, usual="test", choices=("test", "production")),
    Field("host", "Server", LINE, "such as sftp.example.org"),
    Field("port", "Port", LINE, usual="22"),
    Field("username", "User name", LINE),
    Field("password", "Where the password is", LINE, "env:NAME or file:/path, never the password itself", needed=False),
    Field("key", "Or where our private key is", LINE, "file:/etc/gateway/keys/name", needed=False),
    Field("host_key", "Host key", LINE, "SHA256:..., as the partner published it", needed=False),
    Field("preset", "Preset", LINE, "stedi, claim_md, office_ally ...: docs/partners.md has them", needed=False),
    Field("send", "Folder for our files", LINE, "empty where the preset knows it", needed=False),
    Field("receive", "Folder of their answers", LINE, "several with commas", needed=False),
    Field("sender_qualifier", "Our qualifier (ISA05)", WHO, usual="ZZ"),
    Field("sender_id", "Our id (ISA06)", WHO),
    Field("receiver_qualifier", "Their qualifier (ISA07)", WHO, usual="ZZ"),
    Field("receiver_id", "Their id (ISA08)", WHO),
    Field("submitter", "Our name (1000A)", WHO),
    Field("receiver", "Their name (1000B)", WHO),
    Field("payers", "Payer ids", WHO, "as they stand in the claims, with commas; * for all that no partner names"),
)
SECRETS = ("password", "key")


class Draft(NamedTuple):
    """A partner as it was typed. `faults`: what is wrong with a field, by its name."""

    values: Mapping[str, str]
    faults: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.values["name"]

    @property
    def file(self) -> str:
        """Its file, from the folder of the configuration."""
        return f"partners/{self.name}.yaml"

    @property
    def text(self) -> str:
        """What its file would hold."""
        return as_yaml(self.values)


class CannotBeWritten(Exception):
    """The file was not written; the message says why, and what to do."""


def draft(config: Config, typed: Mapping[str, str]) -> Draft:
    """What somebody typed, looked at field by field. A secret that is typed in itself is not kept."""
    values = {one.name: " ".join(typed.get(one.name, "").split())[:LONGEST] for one in FIELDS}
    faults = {one.name: "This is needed." for one in FIELDS if one.needed and not values[one.name]}
    for one in FIELDS:
        if one.choices and values[one.name] and values[one.name] not in one.choices:
            faults[one.name] = f"One of {', '.join(one.choices)}."
    for name in SECRETS:
        if wrong := _secret_fault(config, values[name]):
            faults[name] = wrong
            if not values[name].startswith(("env:", "file:")):
                values[name] = ""
    name = values["name"]
    if name and (not _NAME.fullmatch(name) or name == _TAKEN):
        faults["name"] = "Small letters, digits, - and _, a letter or digit first; and not the word new."
    elif name and (config.partner(name) is not None or (config.root / "partners" / f"{name}.yaml").exists()):
        faults["name"] = "There is a partner of this name. Take another."
    return Draft(values, faults)


def _secret_fault(config: Config, reference: str) -> str:
    """What is wrong with a reference to a secret that was typed into a browser; empty where it may be used: it must not
    lead to a secret that is none of a partner's."""
    if not reference:
        return ""
    kind, _, where = reference.partition(":")
    if kind == "env" and _VARIABLE.fullmatch(where):
        others = {str(one) for one in config.documents[("gateway", "")].secrets}
        if reference in others or where.upper().startswith(OWN_VARIABLES):
            return "This variable holds a secret of the gateway's own. Name one of the partner's."
        return ""
    if kind == "file" and where:
        path = (config.root / where).resolve()
        folders = [*map(Path, SECRET_FOLDERS), config.root / "secrets"]
        if any(path.is_relative_to(folder.resolve()) for folder in folders):
            return ""
        return f"Put the file below one of {', '.join(SECRET_FOLDERS)}, or secrets/ beside gateway.yaml."
    return (
        "A secret never stands in a file of the configuration: name the environment variable (env:NAME) or the file "
        "(file:/path) that holds it."
    )


def check(config: Config, new: Draft) -> Config | list[ConfigFault]:
    """The configuration as it would be with this partner, or every fault of it. Writes nothing. Blocking."""
    return load(config.root, beside={new.file: new.text})


def write(root: Path, new: Draft) -> Path:
    """Write the partner's file, whole or not at all; a file that is there stays as it is. Blocking.

    Raises:
        CannotBeWritten: there is such a file, or the folder cannot be written to.
    """
    target = root / new.file
    try:
        target.parent.mkdir(exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".new")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(new.text)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, 0o640)
            os.link(temporary, target)  # unlike a rename, never over a file that is there
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
    except FileExistsError:
        raise CannotBeWritten("There is a partner of this name meanwhile. Take another name.") from None
    except OSError as error:
        raise CannotBeWritten(
            f"The folder partners of the configuration cannot be written to ({error.strerror}). Save the text below as "
            f"{new.file} there yourself, or let the gateway's user write to that folder."
        ) from None
    return target


def take_back(root: Path, new: Draft) -> None:
    """Remove the file again that `write` has just written, because the configuration was refused with it."""
    (root / new.file).unlink(missing_ok=True)


# --- the text --------------------------------------------------------------------------------------


def as_yaml(values: Mapping[str, str]) -> str:
    """The file of a partner, every value in quotes, so that nothing that was typed is anything but a value."""
    return (
        "# docs/partners.md and docs/configuration.md explain every setting.\n"
        + "\n".join(_lines(_data(values)))
        + "\n"
    )


def _data(values: Mapping[str, str]) -> dict[str, Any]:
    settings: dict[str, Any] = {name: values[name] for name in ("preset", "host", "port", "username", *SECRETS)}
    settings["host_keys"] = [values["host_key"]] if values["host_key"] else []
    settings["folders"] = {"send": values["send"], "receive": _several(values["receive"])}
    return {
        "environment": values["environment"],
        "transport": {"plugin": TRANSPORT, "settings": settings},
        "interchange": {
            name: values[name] for name in ("sender_qualifier", "sender_id", "receiver_qualifier", "receiver_id")
        },
        "submitter": {"name": values["submitter"]},
        "receiver": {"name": values["receiver"]},
        "payers": _several(values["payers"]),
    }


def _several(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _lines(data: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Blocks of YAML; what is empty is left out."""
    before = "  " * depth
    for name, value in data.items():
        if isinstance(value, Mapping):
            inner = list(_lines(value, depth + 1))
            if inner:
                yield f"{before}{name}:"
                yield from inner
        elif isinstance(value, list):
            if value:
                yield f"{before}{name}:"
                yield from (f"{before}  - {json.dumps(one, ensure_ascii=False)}" for one in value)
        elif value:
            yield f"{before}{name}: {json.dumps(value, ensure_ascii=False)}"
