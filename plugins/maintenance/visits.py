"""Maintenance visits as they are recorded: the rows of the drop `visits`, and the plugin's own table of them (O-M3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from gateway.plugins import PluginSettings, RowTable

VISITS = RowTable(
    "visits",
    {
        "visited_on": dt.date,
        "code": str,
        "serial": str,
        "technician": str,
        "inspected": bool,
        "filters": bool,
        "alarms": bool,
        "concentration": Decimal,
        "flow": Decimal,
        "complete": bool,
        "note": str,
    },
    key=("visited_on", "code"),
)
"""A row for each visit. `complete`: the technician, and every check that O-M3 wants, are there."""

WARRANTIES = RowTable("warranties", {"code": str, "labor_until": dt.date}, key=("code",))
"""Until when the maker pays for labor: the first maintenance waits for it (O-M2)."""

CHECKS = {
    "inspected": "the inspection",
    "filters": "the filters",
    "concentration": "the concentration",
    "flow": "the flow",
    "alarms": "the alarms",
}

_Text = StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)
Text = Annotated[str, _Text]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{5}$", to_upper=True, strip_whitespace=True)]


class OfPatient(PluginSettings):
    """Whom a row is about: the source's own `patient_id`, or the member id with the birth date."""

    patient_id: Text = Field(default="", description="The patient, as the source knows them.")
    source: Text = Field(default="", description="The system that knows them so; a document has its own.")
    member_id: Text = Field(default="", description="Or the member id, with the birth date.")
    birth_date: dt.date | None = None

    @model_validator(mode="after")
    def _somebody(self) -> OfPatient:
        if not self.patient_id and not (self.member_id and self.birth_date):
            raise ValueError("say whose it is: patient_id, or member_id and birth_date")
        return self


class VisitRow(OfPatient):
    """A visit: when, of which equipment, by whom, and what was checked."""

    visited_on: dt.date
    code: Code | None = Field(default=None, description="The equipment; else what is maintained of this patient's.")
    serial: Text = ""
    technician: Text = Field(default="", description="Initials or number of the technician.")
    inspected: bool = Field(default=False, description="The equipment was looked over.")
    filters: bool = Field(default=False, description="Filters were checked, cleaned or changed.")
    alarms: bool = Field(default=False, description="Alarms were tried.")
    concentration: Decimal | None = Field(
        default=None, ge=0, le=100, decimal_places=2, description="Percent of oxygen."
    )
    flow: Decimal | None = Field(default=None, ge=0, le=25, decimal_places=2, description="Liters a minute.")
    note: Text = ""
    bill: bool = Field(default=True, description="Make the claim, where it is due.")

    @property
    def missing(self) -> tuple[str, ...]:
        """What a complete record would have beside, in words."""
        lacks = [] if self.technician else ["the technician"]
        for name, words in CHECKS.items():
            value = getattr(self, name)
            if value is None or value is False:
                lacks.append(words)
        return tuple(lacks)

    def values(self, code: str) -> dict[str, Any]:
        """As a row of the table."""
        found: dict[str, Any] = {
            name: getattr(self, name) for name in VISITS.columns if name not in ("code", "complete")
        }
        return {**found, "code": code, "complete": not self.missing}


class WarrantyRow(OfPatient):
    """The labor warranty of a patient's equipment."""

    code: Code
    labor_until: dt.date = Field(description="The last day on which the maker pays for labor.")


def complete_days(rows: Iterable[Mapping[str, Any]]) -> list[dt.date]:
    """Days of visits whose record is complete."""
    return [row["visited_on"] for row in rows if row["complete"]]


def incomplete_days(rows: Iterable[Mapping[str, Any]]) -> list[dt.date]:
    """Days of visits whose record lacks something."""
    return [row["visited_on"] for row in rows if not row["complete"]]


def warranties_in(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, dt.date]]:
    """Codes with the last day of their labor warranty."""
    return [(row["code"], row["labor_until"]) for row in rows if row["labor_until"] is not None]
