"""A claim as the rules look at it: its lines, whose it is, and what there is to compare it with."""

from __future__ import annotations

from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext

from .book import Book
from .line import Line
from .past import Past
from .settings import ScrubberSettings


class Whole:
    """The claim around the lines. `payer_class`: whose rules hold (medicare, medicaid, commercial)."""

    __slots__ = (
        *("_notes", "_text", "book", "claim", "lines", "partner", "past", "payer_class", "payer_id", "practitioner"),
        "today",
    )

    def __init__(self, claim: Claim, book: Book, payer_class: str, context: ClaimContext[ScrubberSettings]) -> None:
        self.claim = claim
        self.book = book
        self.payer_class = payer_class
        self.payer_id = context.payer_id
        self.partner = context.partner
        self.today = context.today
        self.past = Past(context)
        self.practitioner = context.practitioner
        self.lines: list[Line] = []
        self._text = ""
        self._notes: str | None = None
        self.read()

    def read(self) -> None:
        """Read the lines anew: something was set on them."""
        self._notes = None
        claim, categories, today = self.claim, self.book.categories, self.today
        # Its segments in one text, so that most questions about what a claim does not have cost nothing.
        end = claim.delimiters.segment
        self._text = end + end.join(claim.stored.claim)
        self.lines = [Line(raw, today, categories) for raw in claim.lines]

    def has(self, tag: str, qualifier: str = "") -> bool:
        """Whether the claim or one of its lines may have a segment with this tag (and this first element)."""
        marks = self.claim.delimiters
        return f"{marks.segment}{tag}{marks.element}{qualifier}" in self._text

    def may_be_padded(self) -> bool:
        """Whether a value on the claim or its lines may have blanks around it; most claims have none anywhere."""
        text, (element, component, _, end) = self._text, self.claim.delimiters
        ends = (element, component, end)
        return not text.isprintable() or any(f" {one}" in text or f"{one} " in text for one in ends) or text[-1:] == " "

    @property
    def notes(self) -> str:
        """The text of the claim's own notes, joined."""
        if self._notes is None:
            self._notes = " ".join([note.text for note in self.claim.notes])
        return self._notes

    def told(self, line: Line) -> str:
        """Every note that speaks of a line: its own, and the claim's."""
        if not self.has("NTE"):
            return ""
        return f"{line.notes} {self.notes}".strip()
