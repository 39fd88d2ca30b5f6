"""Which guide a transaction set is to be held against."""

from __future__ import annotations

from collections.abc import Mapping

from .model import Guide
from .notation import guide

NAMES: Mapping[str, str] = {"837": "837p", "835": "835", "999": "999", "277": "277ca"}
"""The guides that are here, by ST01."""


def guide_for(kind: str, version: str) -> Guide | None:
    """The guide for a set of this kind (ST01) and version (ST03, else GS08); None where there is none here.

    A set that says no version is held against the guide of its kind.
    """
    name = NAMES.get(kind)
    if name is None:
        return None
    found = guide(name)
    return found if not version or version in found.versions else None
