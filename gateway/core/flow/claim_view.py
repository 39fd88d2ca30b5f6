"""One claim as a person sees it who corrects it: its fields by name and place, its version, and whether it can be."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection

from ..x12.claim import Claim
from ..x12.claim_fields import FieldValue, fields_of
from ..x12.segment import display
from ..x12.stored import StoredClaim
from .again import CannotBeDone
from .correct import claim_row, why_not


class View(NamedTuple):
    """`why_not`: why it cannot be corrected in place (empty: it can be)."""

    claim_id: int
    claim_number: str
    state: str
    version: int
    charge_cents: int
    why_not: str
    fields: list[FieldValue]
    segments: list[str]

    def as_data(self) -> dict[str, Any]:
        """For a program; without the segments."""
        fields = [
            {"name": one.name, "place": one.place, "line": one.line, "value": one.value, "type": one.kind.value}
            for one in self.fields
        ]
        data = self._asdict()
        del data["segments"]
        return data | {"fields": fields, "can_be_corrected": not self.why_not}


def view(connection: Connection, claim_id: int) -> View:
    """The claim with its values: the caller notes the look. Raises CannotBeDone where there is none, or it cannot be
    read."""
    row = claim_row(connection, claim_id)
    try:
        stored = StoredClaim.unpack(row.content)
    except ValueError:
        raise CannotBeDone(
            f"Claim {row.claim_number or claim_id} could not be read. What did happen: gateway trace claim {claim_id}"
        ) from None
    claim = Claim(stored)
    segments = [display(raw) + stored.delimiters.segment for part in stored[1:] for raw in part]
    return View(
        row.id,
        row.claim_number,
        row.state,
        row.version,
        row.charge_cents,
        why_not(connection, row),
        list(fields_of(claim)),
        segments,
    )
