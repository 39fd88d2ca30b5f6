"""What a step leaves beside its answer: sentences for the timeline, work for a person, rows of its own tables.

Gathered while the step is called, and dropped with everything else of it where it fails. What cannot be kept is refused
at the call: the step fails with a sentence that names the kind of mistake and nobody's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.core.model.posting import WorkItemDraft

from .answers import checked
from .rubbish import Rubbish

if TYPE_CHECKING:
    from .http import Http
    from .rows import KeptRow

MOST_NOTES = 10
LONGEST_NOTE = 300
MOST_ITEMS = 20
LONGEST_REASON = 1000
LONGEST_RULE = 40
LONGEST_TEAM = 30
MOST_ROWS = 100
"""How much one step may leave for one claim or payment."""


class Beside:
    """What one call of one step leaves."""

    __slots__ = ("http", "items", "notes", "rows")

    def __init__(self) -> None:
        self.http: Http | None = None
        self.notes: list[str] = []
        self.items: list[tuple[int, WorkItemDraft]] = []
        self.rows: dict[tuple[Any, ...], KeptRow] = {}

    def note(self, text: str) -> None:
        """Add a sentence. Raises Rubbish."""
        if not isinstance(text, str) or not text.strip():
            raise Rubbish("its note is no sentence")
        if "\n" in text or not text.isprintable():
            raise Rubbish("its note is not on one line of plain text")
        if len(text) > LONGEST_NOTE:
            raise Rubbish(f"its note has more than {LONGEST_NOTE} characters")
        if len(self.notes) >= MOST_NOTES:
            raise Rubbish(f"it leaves more than {MOST_NOTES} notes")
        self.notes.append(text.strip())

    def item(self, draft: WorkItemDraft, line: int) -> None:
        """Add a work item; the same rule and line again takes the place of the one before. Raises Rubbish."""
        if not isinstance(draft, WorkItemDraft):
            raise Rubbish(f"it opens a {type(draft).__name__} where a WorkItemDraft is wanted")
        draft = checked(draft, WorkItemDraft)
        if isinstance(line, bool) or not isinstance(line, int) or not 0 <= line <= 999:
            raise Rubbish("its work item is about a line that cannot be (0: the whole claim)")
        for word, text, longest in (
            ("rule", draft.rule, LONGEST_RULE),
            ("team", draft.team, LONGEST_TEAM),
            ("reason", draft.reason, LONGEST_REASON),
        ):
            if not text.strip():
                raise Rubbish(f"its work item has no {word}")
            if len(text) > longest or not text.isprintable():
                raise Rubbish(f"the {word} of its work item has more than {longest} characters, or more than one line")
        self.items = [one for one in self.items if (one[0], one[1].rule) != (line, draft.rule)]
        if len(self.items) >= MOST_ITEMS:
            raise Rubbish(f"it opens more than {MOST_ITEMS} work items")
        self.items.append((line, draft))

    def row(self, row: KeptRow) -> None:
        """Add a row; one of the same table, owner and key takes the place of the one before. Raises Rubbish."""
        if row.key not in self.rows and len(self.rows) >= MOST_ROWS:
            raise Rubbish(f"it keeps more than {MOST_ROWS} rows")
        self.rows[row.key] = row
