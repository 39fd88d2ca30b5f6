"""Segments as their elements alone: the same however a sender separates them.

Two files with other delimiters, line ends or trailing separators give the same bytes here. What is hashed to tell
whether a remittance came before is this, never the file's own bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .segment import Delimiters

_ELEMENT, _COMPONENT, _REPETITION = "\x1f", "\x1e", "\x1d"
_EMPTY_AT_END = re.compile(f"[{_COMPONENT}{_REPETITION}]+(?=[{_ELEMENT}\n])")
_TRAILING = re.compile(f"{_ELEMENT}+(?=\n)")


def canonical(raw: Sequence[str], delimiters: Delimiters) -> bytes:
    """The segments, each with its elements, without empty ones at an end."""
    text = "\n".join(raw) + "\n"
    marks: dict[str, str | int | None] = {
        mark: ours
        for mark, ours in zip(delimiters[:3], (_ELEMENT, _COMPONENT, _REPETITION), strict=True)
        if mark and mark != " " and not mark.isalnum()
    }
    if marks.keys() & {_ELEMENT, _COMPONENT, _REPETITION}:
        text = text.translate(str.maketrans(marks))  # all at once: one of theirs may be another one of ours
    else:
        for mark, ours in marks.items():
            text = text.replace(mark, str(ours))
    if _COMPONENT in text or _REPETITION in text:
        text = _EMPTY_AT_END.sub("", text)
    return _TRAILING.sub("", text).encode("latin-1")
