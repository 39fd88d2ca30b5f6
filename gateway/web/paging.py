"""Pages of lists over HTTP: `after` says where the page begins, and the answer where the next one does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import Field

from ..core.store import keyset
from .queue_bodies import Asked

T = TypeVar("T")
MOST = 1000
After = Annotated[str, Field(max_length=2000, description="Where the page begins: `after` of the page before it.")]
Limit = Annotated[int, Field(ge=1, le=MOST, description="How many at most.")]


class PageAsked(Asked):
    """Where a page begins, and how long it is."""

    after: After = ""
    limit: Limit = 100


class List(NamedTuple):
    """A list that is read in pages: its name (a place of one list is none of another), and what tells a place."""

    name: str
    kinds: Sequence[type]

    def place(self, after: str) -> list[Any] | None:
        """The place behind which a page begins; None for the first page. Raises BadCursor."""
        return keyset.read(self.name, after, self.kinds) if after else None

    def page(self, rows: Sequence[T], limit: int, place: Callable[[T], Sequence[Any]]) -> tuple[Sequence[T], str]:
        """A page of rows of which one more than `limit` was looked for, and where the next one begins."""
        if len(rows) <= limit:
            return rows, ""
        return rows[:limit], keyset.written(self.name, place(rows[limit - 1]))
