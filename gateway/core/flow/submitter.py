"""PER of the submitter (loop 1000A): who is asked about what is written here, and how."""

from __future__ import annotations

from ...config.contact import Contact
from ..x12.segment import Delimiters

_MOST = 3
"""Numbers that a PER has room for."""


def per(contact: Contact | None, marks: Delimiters) -> tuple[str, ...]:
    """The segment, in elements; with our own name alone where nobody is named, as without any partner."""
    if contact is None:
        return "PER", "IC", "GATEWAY"
    numbers = (
        ("TE", contact.phone),
        ("EX", contact.extension),
        ("EM", contact.email),
        ("FX", contact.fax),
    )
    said = [(qualifier, plain(value, marks)) for qualifier, value in numbers if value][:_MOST]
    return "PER", "IC", plain(contact.name, marks), *(part for one in said for part in one)


def plain(text: str, marks: Delimiters) -> str:
    """A text in which no separator stands."""
    for mark in marks:
        text = text.replace(mark, " ") if mark else text
    return text
