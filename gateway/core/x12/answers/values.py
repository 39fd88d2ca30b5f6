"""Values of a file that is answered, made fit to stand in the answer."""

from __future__ import annotations

import re
import unicodedata

from ..segment import Delimiters, display

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_DIGITS = re.compile(r"\D+", re.ASCII)


def plain(value: str, longest: int, marks: Delimiters, instead: str = "") -> str:
    """A value without the answer's separators and without control characters (blanks stand in their place), letters
    without their accents, and no longer than allowed; `instead` where nothing is left."""
    if not value.isascii():
        value = _unaccented(value)
    for mark in marks:
        if mark and mark in value:
            value = value.replace(mark, " ")
    return _CONTROL.sub(" ", value).strip()[:longest].rstrip() or instead


def _unaccented(value: str) -> str:
    """MUÑOZ as MUNOZ: an answer keeps to the character set of X12, of whatever the file had. `?` for what has no plain
    letter."""
    letters = unicodedata.normalize("NFKD", display(value))
    return "".join(one if one.isascii() else "?" for one in letters if not unicodedata.combining(one))


def copied(value: str, longest: int, marks: Delimiters) -> str:
    """A value as it stood, cut to its place; empty where it may not be repeated, since it would be a fault in the
    answer too."""
    value = value.strip(" ")
    if not _PRINTABLE.fullmatch(value) or any(mark and mark in value for mark in marks):
        return ""
    return value[:longest].rstrip(" ")


def digits(value: str, longest: int, instead: str = "0") -> str:
    """The digits of a value, no more than allowed; `instead` where it has none."""
    return _DIGITS.sub("", value)[:longest] or instead


def is_number(value: str, longest: int) -> bool:
    """Whether a value is a number of one to `longest` digits."""
    return value.isascii() and value.isdigit() and len(value) <= longest
