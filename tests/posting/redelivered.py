"""The same remittances as a partner may bring them again: other separators and line ends, dealt over files, zipped."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.transport import Member

from .made import Era, make_835


class Separators(NamedTuple):
    """How a file separates its elements, components and segments."""

    element: str = "*"
    component: str = ":"
    segment: str = "~"
    line_end: str = "\n"


def separated(data: bytes, by: Separators) -> bytes:
    """A file of `make_835` with other separators. What is made has none of them in its data."""
    segments = [one.strip("\n") for one in data.decode("latin-1").split("~") if one.strip("\n")]
    whole = "".join(one.replace("*", "\0").replace(":", "\1") + "\2" for one in segments)
    ends = {"\0": by.element, "\1": by.component, "\2": by.segment + by.line_end}
    return "".join(ends.get(letter, letter) for letter in whole).encode("latin-1")


def dealt(eras: Sequence[Era], into: int, by: Separators, isa13: int) -> list[bytes]:
    """The payments dealt over so many files, the last one first, each file in an envelope of its own."""
    hands = [list(eras[start::into])[::-1] for start in range(into)]
    return [separated(make_835(*hand, isa13=f"{isa13 + number:09d}"), by) for number, hand in enumerate(hands) if hand]


def unzipped(files: Sequence[bytes], folder: Path) -> list[bytes]:
    """The files as the line to the partner takes them out of one zip."""
    plugin: Any = Finder(only=["clearinghouse_sftp"]).load("clearinghouse_sftp", PluginHost()).object
    line = plugin.__name__
    limits: Any = importlib.import_module(f"{line}.settings").Zip()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "in.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"{number}.835", data)
    unpack: Any = importlib.import_module(f"{line}.zipped").members
    found = unpack("practice", Member("in.zip", path, path.stat().st_size), limits, folder, [])
    return [one.path.read_bytes() for one in found]
