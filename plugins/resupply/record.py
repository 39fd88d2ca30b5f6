"""Refill requests come in: by a drop, over the API, or one by one with a command (hme-billing-rules 4.1.1)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gateway.core.model.rows_file import Document, DocumentRefused
from gateway.plugins import Desk, RouteAnswer, RouteRequest, Rows

from .due import ASK_KIND, SHIP_KIND, Books, due_of
from .requests import REFILLS
from .settings import DeskSettings

UNKNOWN_KIND = "refill_unknown"
COLUMNS = ("row", "item", "contacted_on", "said")
Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)]
Item = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]\d{4}$")]


class PatientRow(BaseModel):
    """Whose a row is: the source's own id of the patient, or the member id with the birth date."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Word = ""
    patient_id: Word = ""
    member_id: Word = ""
    birth_date: dt.date | None = None

    @model_validator(mode="after")
    def _says_who(self) -> PatientRow:
        if not self.patient_id and not (self.member_id and self.birth_date):
            raise ValueError("the row needs patient_id, or member_id with birth_date")
        return self

    def find(self, desk: Desk[DeskSettings]) -> int | None:
        """Our id of the patient; None where there is nobody."""
        return desk.patient(
            source=self.source, patient_id=self.patient_id, member_id=self.member_id, birth_date=self.birth_date
        )

    def mark(self, desk: Desk[DeskSettings]) -> str:
        """A word that tells patients apart whom we do not know, and says nothing of them."""
        who = [self.source or desk.source, self.patient_id, self.member_id, str(self.birth_date)]
        return hashlib.sha256(json.dumps(who).encode()).hexdigest()[:16]


class RefillRow(PatientRow):
    """One item that the patient was asked about: on which day, and what was answered."""

    code: Item
    contacted_on: dt.date
    answer: bool = Field(description="Whether the patient wants the refill.")
    answered_by: Literal["patient", "caregiver", "representative"] = "patient"
    spoken_with: Word = Field(default="", description="The name of who answered.")
    medium: Literal["phone", "text", "email", "portal", "mail", "in person"] = "phone"
    quantity: int | None = Field(default=None, ge=1, le=10_000, description="Units that were asked for.")


def record(rows: Sequence[RefillRow], desk: Desk[DeskSettings]) -> Rows:
    """Keep refill requests; what was done with each row. Who is not known becomes a work item of the resupply team."""
    told: list[tuple[int, str, dt.date, str]] = []
    answered: set[int] = set()
    for number, row in enumerate(rows, start=1):
        patient_id = row.find(desk)
        if row.contacted_on > desk.today:
            said = "not kept: the day of contact lies ahead"
        elif patient_id is None:
            said = "not kept: no patient with these ids is known"
            _tell_unknown(desk, row)
        else:
            values = row.model_dump(include=set(REFILLS.columns))
            desk.keep(REFILLS.name, {**values, "recorded_on": desk.today}, patient_id=patient_id)
            desk.close_item(f"{UNKNOWN_KIND} {row.mark(desk)}", "The patient is known now.")
            answered.add(patient_id)
            said = "kept"
        told.append((number, row.code, row.contacted_on, said))
    _close(desk, answered, rows)
    return Rows(COLUMNS, told)


def _tell_unknown(desk: Desk[DeskSettings], row: RefillRow) -> None:
    desk.open_item(
        kind=UNKNOWN_KIND,
        key=f"{UNKNOWN_KIND} {row.mark(desk)}",
        reason=f"A refill request for {row.code} of {row.contacted_on:%m/%d/%Y} is for a patient whom no claim, "
        "delivery or import has brought. Check the ids that were sent, and send the request again.",
        team=desk.settings.team,
        work_by=desk.today,
    )


def _close(desk: Desk[DeskSettings], patients: set[int], rows: Sequence[RefillRow]) -> None:
    """Close the work items of what has been answered; the daily turn opens those for shipping."""
    if not patients:
        return
    books, codes = Books(desk), {row.code for row in rows}
    for view in desk.patients(patient_ids=sorted(patients)):
        for due in due_of(view, books, desk.today, desk.settings):
            if due.code in codes:
                desk.close_item(due.key(ASK_KIND), "The patient has answered.")
                desk.close_item(due.key(SHIP_KIND), "The patient has answered anew.")


def post(request: RouteRequest, desk: Desk[DeskSettings]) -> RouteAnswer:
    """`POST /refills`: a request, or a list of them; kept whole or refused whole."""
    try:
        rows = Document(RefillRow).read(json.dumps(request.body).encode())
    except DocumentRefused as refused:
        return RouteAnswer(status=422, detail=str(refused))
    said = record(rows, desk)
    return RouteAnswer({"rows": [dict(zip(said.columns, map(str, row), strict=True)) for row in said.rows]}, status=201)


def one(desk: Desk[DeskSettings], asked: RefillRow) -> Rows:
    """The command `refill`: one request."""
    return record([asked], desk)
