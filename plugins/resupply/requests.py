"""Refill requests: whom the supplier asked, when, and what the patient answered. Rows of our own, by patient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from gateway.core.model.belongings import Document
from gateway.plugins import RowTable

REFILLS = RowTable(
    "refills",
    {
        "code": str,
        "contacted_on": dt.date,
        "answer": bool,
        "answered_by": str,
        "spoken_with": str,
        "medium": str,
        "quantity": int,
        "recorded_on": dt.date,
    },
    key=("code", "contacted_on"),
)
"""One row for each item and day of contact (4.1.1). `answer`: whether the patient wants it; `answered_by`: patient,
caregiver or representative, with the name in `spoken_with`; `medium`: phone, text, email, portal, mail, in person;
`quantity`: how many were asked for (None: it was not said)."""
REQUEST_PAPER = "refill_request"


class Request(NamedTuple):
    """A refill request as it was recorded."""

    code: str
    contacted_on: dt.date
    answer: bool
    quantity: int | None


def requests_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Request, ...]:
    """Requests from rows of the table, by the day of contact."""
    found = [Request(row["code"], row["contacted_on"], bool(row["answer"]), row["quantity"]) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.contacted_on, one.code)))


def days_of_yes(requests: Iterable[Request], documents: Iterable[Document], codes: Collection[str]) -> list[dt.date]:
    """The days on which the patient said yes to one of these items: recorded, or on a paper in the archive."""
    days = [one.contacted_on for one in requests if one.answer and one.code in codes]
    for paper in documents:
        if paper.kind == REQUEST_PAPER and paper.dated is not None and set(codes) & set(paper.codes):
            days.append(paper.dated)
    return days
