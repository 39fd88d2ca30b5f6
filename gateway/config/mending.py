"""Reading on behind a mistake: a file with one fault is read again as if it had been put right, so that its other
faults, and those of files that refer to it, are told in the same run. What comes of it is never used for anything else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .faults import ConfigFault, Document, Loc, explained, in_document, mistyped, told

M = TypeVar("M", bound=BaseModel)

_ROUNDS = 6


class Read(NamedTuple):
    """A file as a model. `sound`: nothing was wrong with it. `document` has the places of what was read."""

    model: Any
    document: Document
    sound: bool


def read_on(
    model: type[M], document: Document, validate: Callable[[Document], M], faults: list[ConfigFault]
) -> Read | None:
    """What `validate` makes of a document. What is wrong goes to `faults`; None where it cannot be read on."""
    now = document
    touched: set[Loc] = set()
    for round_ in range(_ROUNDS):
        try:
            return Read(validate(now), now, not round_)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            # What is wrong only because something was taken out has been told already.
            faults += told([one for one in errors if in_document(one["loc"], now, ()) not in touched], now, model)
            mended = _mended(errors, now, model, touched)
            if mended is None:
                return None
            now = mended
    return None


def _mended(
    errors: Sequence[ErrorDetails], document: Document, model: type[BaseModel], touched: set[Loc]
) -> Document | None:
    """The document with each fault put right as its suggestion says, or taken out; None where nothing can be done.
    Where something was taken out, and all that it stood in, goes to `touched`."""
    made = Document(document.file, copy.deepcopy(document.data), document.places, document.keys)
    made.secrets = document.secrets
    gone: list[Loc] = []
    changed = False
    only_mistyped = mistyped(errors, document, model)
    for one in errors:
        if one["type"] == "missing" and one["loc"] in only_mistyped:
            continue
        loc = in_document(one["loc"], document, ())
        if one["type"] == "missing":
            loc = loc[:-1]  # what is not whole goes as a whole
        # One value where several may stand is known by the first place of a list that is not there.
        while loc and not isinstance(_at(made.data, loc[:-1]), dict | list):
            loc = loc[:-1]
        if not loc:
            continue
        parent, key = _at(made.data, loc[:-1]), loc[-1]
        touched |= {loc[:end] for end in range(len(loc) + 1)}
        if isinstance(parent, dict) and key in parent:
            meant = "" if one["type"] == "missing" else explained(one, document, model).meant
            if one["type"] == "extra_forbidden":
                value = parent.pop(key)
                if meant and meant not in parent:
                    parent[meant] = value
                    _move(made, loc, (*loc[:-1], meant))
            elif meant:
                parent[key] = meant
            else:
                del parent[key]
            changed = True
        elif isinstance(parent, list) and isinstance(key, int) and key < len(parent):
            meant = "" if one["type"] == "missing" else explained(one, document, model).meant
            if meant:
                parent[key] = meant
            else:
                gone.append(loc)
            changed = True
    for loc in sorted(set(gone), key=lambda loc: (loc[:-1], loc[-1]), reverse=True):
        _drop(made, loc)
    return made if changed else None


def _at(data: Any, loc: Loc) -> Any:
    for part in loc:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _move(document: Document, old: Loc, new: Loc) -> None:
    """What stands below `old` is known under `new` from now on, at its old place."""
    for places in (document.places, document.keys):
        for loc in _below(places, old):
            places[(*new, *loc[len(old) :])] = places.pop(loc)


def _drop(document: Document, loc: Loc) -> None:
    """Take an item out of a list; those behind it move up, and keep their places."""
    items = _at(document.data, loc[:-1])
    if items is None:  # the list has gone as a whole
        return
    del items[loc[-1]]
    for places in (document.places, document.keys):
        for one in _below(places, loc):
            del places[one]
    for index in range(int(loc[-1]) + 1, len(items) + 1):
        _move(document, (*loc[:-1], index), (*loc[:-1], index - 1))


def _below(places: Iterable[Loc], loc: Loc) -> list[Loc]:
    return [one for one in places if one[: len(loc)] == loc]
