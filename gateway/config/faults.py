"""What is wrong with a configuration: every fault with its place, what was expected, and what may have been meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.plugins.settings import TIME_PATTERN, Secret


class ConfigFault(NamedTuple):
    """One fault. Lines and columns count from 1 (0: the file as a whole)."""

    file: str
    line: int
    column: int
    what: str
    expected: str = ""
    meant: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {self.what}"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.meant:
            text += f"; did you mean {self.meant!r}?"
        return text


class Place(NamedTuple):
    """Where a value stands. Lines and columns count from 1."""

    line: int
    column: int


Loc = tuple[str | int, ...]

_SECRET_WORDS = ("password", "passphrase", "secret", "key", "token", "url")


class Document:
    """A YAML file, read: plain data in which every scalar is a string, and the place of every key and value.

    `secrets`: every reference to a secret that was found when models read the data.
    """

    __slots__ = ("data", "file", "keys", "places", "secrets")

    def __init__(
        self, file: str, data: Any, places: Mapping[Loc, Place] | None = None, keys: Mapping[Loc, Place] | None = None
    ) -> None:
        self.file = file
        self.data = data
        self.places = dict(places or {})
        self.keys = dict(keys or {})
        self.secrets: set[Secret] = set()

    def find(self, text: str) -> Loc:
        """The path at which a value stands; the whole where it is not found."""
        return _find(self.data, text, ()) or ()

    def place(self, loc: Loc, *, key: bool = False) -> Place:
        """Where the value (or the key) at a path stands; the nearest one above where there is none."""
        if key and loc in self.keys:
            return self.keys[loc]
        for end in range(len(loc), -1, -1):
            found = self.places.get(loc[:end])
            if found:
                return found
        return Place(1, 1) if self.places else Place(0, 0)

    def fault(self, loc: Loc, what: str, expected: str = "", meant: str = "", *, key: bool = False) -> ConfigFault:
        """A fault at a path of this file."""
        line, column = self.place(loc, key=key)
        return ConfigFault(self.file, line, column, what, expected, meant)


def _find(data: Any, text: str, loc: Loc) -> Loc | None:
    if data == text:
        return loc
    inner = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        found = _find(value, text, (*loc, key))
        if found is not None:
            return found
    return None


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; empty where none is near."""
    options = [str(option) for option in known]
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if not near and len(word) > 1:
        begun = [option for option in options if option.lower().startswith(word.lower())]
        near = begun if len(begun) == 1 else []
    if not near:
        lower = {option.lower(): option for option in options}
        near = [lower[n] for n in difflib.get_close_matches(word.lower(), list(lower), n=1, cutoff=0.6)]
    return near[0] if near else ""


def show(value: Any) -> str:
    """A value as a fault names it, short."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found: list[type[BaseModel]] = []
    for argument in get_args(annotation):
        found += _models_in(argument)
    return found


def _known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that may stand where the last part of a path stands."""
    models = [model]
    for part in loc[:-1]:
        inner: list[type[BaseModel]] = []
        for one in models:
            for name, field in one.model_fields.items():
                if part in (name, field.alias):
                    inner += _models_in(field.annotation)
        if inner or not isinstance(part, int):
            models = inner or models
    return [key for one in models for key in _fields(one)]


_LISTS = ("list_type", "tuple_type", "set_type", "frozen_set_type")


def _as_list(error: ErrorDetails) -> str:
    """`, as skip: [R1.02]`: what stands there, as a list of it."""
    name, value = error["loc"][-1] if error["loc"] else "", error["input"]
    if not isinstance(name, str) or not isinstance(value, str) or not re.fullmatch(r"[\w.+-]{1,40}", value, re.ASCII):
        return ""
    return f", as {name}: [{value}]"


def _expected(error: ErrorDetails) -> tuple[str, str]:
    """What pydantic wanted, in our words, and what may have been meant."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _LISTS:
        return f"a list{_as_list(error)}", ""
    if kind in ("literal_error", "enum"):
        options = [o.strip().strip("'") for o in context["expected"].replace(" or ", ", ").split(", ")]
        return f"one of {', '.join(options)}", nearest(str(error["input"]), options)
    if kind == "value_error":
        return str(context["error"]), ""
    words = {
        "int_parsing": "a whole number",
        "int_type": "a whole number",
        "float_parsing": "a number",
        "decimal_parsing": "a number",
        "bool_parsing": "true or false",
        "bool_type": "true or false",
        "date_from_datetime_parsing": "a date such as 2026-01-31",
        "date_parsing": "a date such as 2026-01-31",
        "string_type": "a word",
        "path_type": "a path",
        "dict_type": "a mapping",
        "model_type": "a mapping",
        "model_attributes_type": "a mapping",
    }
    if kind in words:
        return words[kind], ""
    bounds = {
        "greater_than": ("gt", "more than {}"),
        "greater_than_equal": ("ge", "at least {}"),
        "less_than": ("lt", "less than {}"),
        "less_than_equal": ("le", "at most {}"),
        "string_too_short": ("min_length", "at least {} character(s)"),
        "string_too_long": ("max_length", "at most {} characters"),
        "too_short": ("min_length", "at least {} entry or entries"),
        "too_long": ("max_length", "at most {} entries"),
        "string_pattern_mismatch": ("pattern", "a text of the form {}"),
    }
    if kind == "string_pattern_mismatch" and context["pattern"] == TIME_PATTERN:
        return "a time such as 06:00", ""
    if kind in bounds:
        name, text = bounds[kind]
        return text.format(context[name]), ""
    message = str(error["msg"])
    return message[:1].lower() + message[1:], ""


def explain(error: ValidationError, document: Document, model: type[BaseModel], under: Loc = ()) -> list[ConfigFault]:
    """Every fault of a pydantic error, at its place in the file. `under`: the path at which the model stands."""
    return told(error.errors(include_url=False), document, model, under)


def told(
    errors: Iterable[ErrorDetails], document: Document, model: type[BaseModel], under: Loc = ()
) -> list[ConfigFault]:
    """Some errors of pydantic's as faults; see `explain`."""
    errors = list(errors)
    only_mistyped = mistyped(errors, document, model, under)
    return [
        explained(one, document, model, under)
        for one in errors
        if one["type"] != "missing" or one["loc"] not in only_mistyped
    ]


def mistyped(errors: Iterable[ErrorDetails], document: Document, model: type[BaseModel], under: Loc = ()) -> set[Loc]:
    """The keys that unknown ones stand for, by their suggestions: these are not missing as well."""
    return {
        (*one["loc"][:-1], explained(one, document, model, under).meant)
        for one in errors
        if one["type"] == "extra_forbidden"
    }


def explained(one: ErrorDetails, document: Document, model: type[BaseModel], under: Loc = ()) -> ConfigFault:
    """One error of pydantic's in our words."""
    loc = in_document(one["loc"], document, under)
    name = str(one["loc"][-1]) if one["loc"] else ""
    if one["type"] == "extra_forbidden":
        known = _known_keys(model, one["loc"])
        return document.fault(
            loc,
            f"unknown key {name!r}",
            f"one of {', '.join(sorted(known))}" if known else "",
            nearest(name, known),
            key=True,
        )
    if one["type"] == "missing":
        return document.fault(loc[:-1] if loc in document.places else loc, f"{name!r} is missing")
    hidden = _hidden(one, model)
    expected, meant = ("a list", "") if hidden and one["type"] in _LISTS else _expected(one)
    label = f"{name}: " if name and isinstance(one["loc"][-1], str) else ""
    shown = "what stands here" if hidden else show(one["input"])
    return document.fault(loc, f"{label}{shown} cannot be used", expected, meant)


_NO_SECRETS = ("literal_error", "enum", "int_parsing", "float_parsing", "bool_parsing")


def _hidden(one: ErrorDetails, model: type[BaseModel]) -> bool:
    """Whether the value may be a secret that somebody wrote into the file: it is not shown then."""
    if any(word in str(part).lower() for part in one["loc"] for word in _SECRET_WORDS):
        return True
    return bool(model.model_config.get("hide_input_in_errors")) and one["type"] not in _NO_SECRETS


def in_document(loc: Loc, document: Document, under: Loc) -> Loc:
    """A pydantic path as a path of the file: without the names of union members and validators in it."""
    path = under
    for part in loc:
        if (*path, part) in document.places or part == loc[-1]:
            path = (*path, part)
    return path


def relative(path: Path) -> str:
    """A file as faults name it: from the working folder where it is below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
