"""What answers are made of: the base of their models, pages, and models made from the records that are answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import BaseModel, Field, create_model

M = TypeVar("M", bound=BaseModel)
Text = Annotated[str, Field(pattern=r"^-?\d+\.\d{2}$", examples=["1234.56"])]
"""Dollars, as text with two decimals."""
Cents = Annotated[int, Field(description="Cents.")]
Day = dt.date
Moment = dt.datetime


class Told(BaseModel):
    """An answer."""


class Page(Told):
    """A page of a list."""

    after: Annotated[str, Field(description="Where the next page begins: send it as `after`. Empty on the last one.")]


class Total(Told):
    """How many there are in all, and the cents at stake."""

    items: int
    cents: Cents


class Problem(Told):
    """A problem (RFC 9457): what happened, and what to do instead."""

    type: str
    title: str
    status: int
    detail: str


def fields_of(record: type, *, without: Collection[str] = ()) -> Callable[[type[M]], type[M]]:
    """The model has the fields of a NamedTuple that is answered by its names, but for some, beside its own."""

    def made(model: type[M]) -> type[M]:
        hints = {name: kind for name, kind in get_type_hints(record).items() if name not in without}
        fields: dict[str, Any] = {name: (kind, ...) for name, kind in hints.items() if name not in model.model_fields}
        words = model.__doc__ if "__doc__" in vars(model) and model.__doc__ else record.__doc__
        return create_model(model.__name__, __base__=model, __doc__=words, __module__=model.__module__, **fields)

    return made
