"""What a patient had before: one query for a whole chunk, and what earlier claims of the chunk decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ...plugins.context import HistoryLine
from ..model.states import ClaimState
from ..store import patients as patient_store
from ..store.claims import bulks
from ..store.patients import Key, Known, Person
from ..store.tables import claim_lines, claims, patients
from .verdicts import Columns

NOBODY = Known(0, 0)
"""A patient that the store does not know."""


class History:
    """The `Lookups` of a chunk. The station says whose turn it is (`turn`) before it runs a claim's chain.

    Without a connection nobody has a past but what the chunk itself decides. `without_file`: as if that file had not
    come. `before`: for each of the people, the id of a claim; they have no past but what came before it.
    """

    def __init__(
        self,
        connection: Connection | None,
        people: Sequence[Person],
        without_file: int = 0,
        before: Sequence[int] = (),
    ) -> None:
        self._keys = [patient_store.keys_of(person) for person in people]
        self._known: dict[Key, Known] = {}
        self._lines: dict[int, list[HistoryLine]] = {}
        if connection is not None:
            self._known = patient_store.find(connection, {key for keys in self._keys for key in keys})
            until = {self.turn(index).patient_id: claim_id for index, claim_id in enumerate(before)}
            self._load(connection, {known.patient_id for known in self._known.values()}, without_file, until)
        # Patients that are new in this chunk, by each of their keys.
        self._newcomers: dict[Key, int] = {}
        self._index = 0

    def turn(self, index: int) -> Known:
        """It is the turn of claim number `index` of the chunk; returns its patient and the version seen."""
        self._index = index
        return next((self._known[key] for key in self._keys[index] if key in self._known), NOBODY)

    def history(self, claim: Any) -> Sequence[HistoryLine]:
        """The earlier lines of the patient whose turn it is."""
        who = self._who(self._index)
        return tuple(self._lines.get(who, ())) if who else ()

    def decided(self, index: int, columns: Columns, state: ClaimState) -> None:
        """A claim of the chunk has been decided: later claims of its patient see its lines."""
        who = self._who(index)
        if not who:
            return
        self._lines.setdefault(who, []).extend(
            HistoryLine(
                columns.claim_number,
                line.number,
                line.code,
                tuple(line.modifiers.split(":")) if line.modifiers else (),
                line.from_date,
                line.thru_date,
                line.units,
                line.charge_cents,
                columns.payer_id,
                state.value,
                columns.frequency,
            )
            for line in columns.lines
        )

    def _who(self, index: int) -> int:
        """A number for the patient of a claim: ours, or a negative one for somebody new; 0 for nobody at all."""
        keys = self._keys[index]
        for key in keys:
            if key in self._known:
                return self._known[key].patient_id
        for key in keys:
            if key in self._newcomers:
                who = self._newcomers[key]
                break
        else:
            who = -len(self._newcomers) - 1
        for key in keys:
            self._newcomers.setdefault(key, who)
        return who if keys else 0

    def _load(self, connection: Connection, ids: Iterable[int], without_file: int, until: Mapping[int, int]) -> None:
        owner = _with_merged(connection, set(ids))
        but_not = [claims.c.file_id != without_file] if without_file else []
        found: list[tuple[int, dt.date, int, HistoryLine]] = []
        for some in bulks(sorted(owner)):
            rows = connection.execute(
                select(
                    claim_lines.c.patient_id,
                    claims.c.id,
                    claims.c.claim_number,
                    claim_lines.c.number,
                    claim_lines.c.code,
                    claim_lines.c.modifiers,
                    claim_lines.c.from_date,
                    claim_lines.c.thru_date,
                    claim_lines.c.units,
                    claim_lines.c.charge_cents,
                    claims.c.payer_id,
                    claims.c.state,
                    claims.c.frequency,
                )
                .join(claims, claims.c.id == claim_lines.c.claim_id)
                .where(claim_lines.c.patient_id.in_(some), *but_not)
            ).all()
            for row in rows:
                if row.id >= until.get(owner[row.patient_id], row.id + 1):
                    continue
                line = HistoryLine(
                    row.claim_number,
                    row.number,
                    row.code,
                    tuple(row.modifiers.split(":")) if row.modifiers else (),
                    row.from_date,
                    row.thru_date,
                    row.units,
                    row.charge_cents,
                    row.payer_id,
                    row.state,
                    row.frequency,
                )
                found.append((owner[row.patient_id], row.from_date or dt.date.min, row.id, line))
        found.sort(key=lambda one: (one[1], one[2], one[3].line))
        for who, _, _, line in found:
            self._lines.setdefault(who, []).append(line)


def _with_merged(connection: Connection, ids: set[int]) -> dict[int, int]:
    """Each of these patients and everybody who was merged into them, with the patient they count for."""
    owner = {patient_id: patient_id for patient_id in ids}
    layer = set(ids)
    while layer:
        found: set[int] = set()
        for some in bulks(sorted(layer)):
            rows = connection.execute(
                select(patients.c.id, patients.c.merged_into).where(patients.c.merged_into.in_(some))
            ).all()
            for patient_id, into in rows:
                if patient_id not in owner:
                    owner[patient_id] = owner[into]
                    found.add(patient_id)
        layer = found
    return owner
