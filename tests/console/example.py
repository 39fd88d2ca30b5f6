"""What an example of an address is: where it leads to, who may go there, and what is sent along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LOOK, WORK, POST, MANAGE, ADMINISTER = "look", "work", "post", "manage", "administer"
MAY: Mapping[str, tuple[str, ...]] = {
    LOOK: ("viewer", "biller", "poster", "manager", "administrator"),
    WORK: ("biller", "poster", "manager", "administrator"),
    POST: ("poster", "manager", "administrator"),
    MANAGE: ("manager", "administrator"),
    ADMINISTER: ("administrator",),
}
"""Which roles go where; written down here, and nowhere read from the gateway."""


class Example(NamedTuple):
    """`addresses`: with names of `prepared.Ids` in braces. `right`: what it takes. `form`: fields that a POST needs to
    be understood. `page`: whether it is a page to look at, and not a file, a part of a page or a form. `teams`: whether
    what it is about belongs to a team (none of those of `elsewhere` and `afar`). `file`: the form has a file in it.
    `noted`: whether a look goes into the access log; `there`: whether the prepared office has it (else 404 will do)."""

    addresses: tuple[str, ...]
    right: str = LOOK
    form: Mapping[str, str] = {}
    page: bool = False
    teams: bool = False
    file: bool = False
    noted: bool = True
    there: bool = True


def page(*addresses: str, right: str = LOOK) -> Example:
    """A page to look at."""
    return Example(addresses, right, page=True)


def file(*addresses: str, right: str = LOOK, noted: bool = True, there: bool = True) -> Example:
    """A file, or a part of a page."""
    return Example(addresses, right, noted=noted, there=there)


def form(*addresses: str, right: str = WORK, teams: bool = False, file: bool = False, **form: str) -> Example:
    """A form that is sent."""
    return Example(addresses, right, form, teams=teams, file=file)
