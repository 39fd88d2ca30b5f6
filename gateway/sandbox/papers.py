"""What stands behind generated claims: deliveries, equipment, practitioners' orders and prior authorizations, as the
rows that a billing system brings (`gateway deliveries import` and the others).

Most of it is there before the claims are billed. A small share comes late: contents whose ticket is not signed yet, an
order without its signature, an authorization that is still pending. Claims that need these wait for them.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from . import catalogue as cat
from .care import add_months
from .records import Claim, Coverage, Delivery, Line

LATE_SHARE = 0.04
MORE_LATE_TICKETS = 6
"""Tickets of contents come back from the road so many times as often late as other papers."""
KINDS = ("deliveries", "equipment", "orders", "authorizations")
Rows = dict[str, list[dict[str, Any]]]
"""Rows by kind."""

# What refills go with, bought or rented out long before: the patient's own by now.
_BASE = {"resupply": "E0601", "strips": "E0607", "cgm": "E2103"}
_BY_MAIL = frozenset({"resupply", "strips", "cgm"})
# What is sold and bears a serial number.
_NUMBERED = frozenset({cat.HUMIDIFIER.code, cat.CGM_RECEIVER.code})


class Papers(NamedTuple):
    """The rows that are there when the claims are billed, and those that come later and put them right."""

    now: Rows
    late: Rows


def papers_of(claims: Iterable[Claim], seed: int, today: dt.date, *, late_share: float = LATE_SHARE) -> Papers:
    """The papers behind claims of the generator (a patient's in a row); the same ones for the same claims and seed."""
    papers = Papers({kind: [] for kind in KINDS}, {kind: [] for kind in KINDS})
    for number, mine in enumerate(_by_patient(claims), start=1):
        _Patient(mine, number, today, random.Random(f"papers:{seed}:{mine[0].number}"), late_share, papers).gather()
    return papers


def write_papers(folder: Path, papers: Papers) -> list[Path]:
    """The rows as CSV files: `deliveries.csv` ..., and `late-deliveries.csv` ...; a kind without a row has no file."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for rows, prefix in ((papers.now, ""), (papers.late, "late-")):
        for kind in KINDS:
            if rows[kind]:
                path = folder / f"{prefix}{kind}.csv"
                path.write_bytes(as_csv(rows[kind]))
                made.append(path)
    return made


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """Rows of one kind as one CSV document."""
    out = io.StringIO(newline="")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _by_patient(claims: Iterable[Claim]) -> Iterator[list[Claim]]:
    mine: list[Claim] = []
    for claim in claims:
        if mine and claim.patient is not mine[0].patient:
            yield mine
            mine = []
        mine.append(claim)
    if mine:
        yield mine


class _Patient:
    """One patient's papers while they are gathered."""

    def __init__(
        self, claims: list[Claim], number: int, today: dt.date, rng: random.Random, late_share: float, papers: Papers
    ) -> None:
        self.claims = claims
        self.today = today
        self.rng = rng
        self.late_share = late_share
        self.papers = papers
        self.order = f"RX-{claims[0].number[2:7]}-{number:05d}"
        self.family = claims[0].family
        # The id that is on the card, also where a biller has mistyped it on one of the claims.
        sound = next((one for one in claims if "member_id_invalid" not in one.expected_faults), claims[0])
        self.coverage = sound.coverage
        self.who = who_of(sound)
        self.started = next((one.started for one in claims if one.started is not None), None)
        self.given: set[tuple[str, dt.date]] = set()

    def gather(self) -> None:
        """Rows of every kind."""
        lines = [line for claim in self.claims for line in claim.lines]
        self._order(lines)
        self._base()
        if self.family == "oxygen":
            # Past its 36 months the equipment is on no line of contents, and stays with the patient.
            self._item("E1390", self.started)
            if any(claim.deliveries for claim in self.claims):
                self._item("E0431", self.started)
        for claim in self.claims:
            for line in claim.lines:
                self._line(claim, line)
            for delivery in claim.deliveries:
                self._contents(claim, delivery)

    def _now(self, kind: str, **row: Any) -> None:
        self.papers.now[kind].append(self.who | row)

    def _late(self, kind: str, **row: Any) -> None:
        self.papers.late[kind].append(self.who | row)

    def _is_late(self, times: int = 1) -> bool:
        return self.rng.random() < self.late_share * times

    def _days(self, first: int, last: int) -> dt.timedelta:
        return dt.timedelta(days=first + int(self.rng.random() * (last - first + 1)))

    def _order(self, lines: list[Line]) -> None:
        """A complete order that came before the first delivery, resting on a visit in the half year before it."""
        delivered = self.started or min(line.start for line in lines)
        ordered = delivered - self._days(2, 12)
        orderer = next((line.orderer for line in lines if line.orderer), None) or self.claims[0].referring
        row: dict[str, Any] = {
            "order_number": self.order,
            "codes": " ".join(sorted({line.code for line in lines} | set(self._with()))),
            "ordered_on": ordered,
            "received_on": ordered + dt.timedelta(days=1),
            "signed_on": ordered,
            "encounter_on": ordered - self._days(5, 90),
            "quantity": max(line.units for line in lines),
            "description": cat.ORDERED[self.family],
        }
        if orderer is not None:
            npi = orderer.npi if not _mistyped(self.claims) else ""
            row |= {"practitioner": f"{orderer.last}, {orderer.first}", "practitioner_npi": npi}
        if self._is_late():
            self._now("orders", **row | {"signed_on": "", "received_on": ""})
            self._late("orders", **row)
        else:
            self._now("orders", **row)

    def _with(self) -> tuple[str, ...]:
        return ("E1390", "E0431") if self.family == "oxygen" else ()

    def _base(self) -> None:
        code = _BASE.get(self.family)
        if code is not None:
            since = self.today - self._days(400, 1400)
            self._now("equipment", code=code, serial=self._serial(code), started_on=since, ownership="owned")

    def _item(self, code: str, day: dt.date | None) -> None:
        """A rented item, which was delivered once."""
        if day is None or (code, day) in self.given:
            return
        self.given.add((code, day))
        serial = self._serial(code)
        self._now("equipment", code=code, serial=serial, started_on=day, ownership="rented")
        given = {"code": code, "serial": serial, "delivered_on": day, "proof": "signed"}
        self._now("deliveries", order_number=self.order, **given)

    def _serial(self, code: str) -> str:
        return f"{code}{int(self.rng.random() * 10**7):07d}"

    def _line(self, claim: Claim, line: Line) -> None:
        if "MS" in line.modifiers or line.code == cat.CONTENTS.code:
            return
        if line.code in cat.RENTALS:
            self._item(line.code, claim.started)
            if line.authorization:
                self._authorization(line, claim)
        elif (line.code, line.start) not in self.given:
            self.given.add((line.code, line.start))
            proof = "carrier" if self.family in _BY_MAIL else "signed"
            given = {"code": line.code, "quantity": line.units, "delivered_on": line.start, "proof": proof}
            if line.code in _NUMBERED:
                given["serial"] = self._serial(line.code)
            self._now("deliveries", order_number=self.order, claim_number=claim.number, **given)

    def _contents(self, claim: Claim, delivery: Delivery) -> None:
        # Contents are counted in months, whatever number of cylinders that is.
        row: dict[str, Any] = {"order_number": self.order, "claim_number": claim.number, "code": delivery.code}
        row |= {"quantity": delivery.months, "lot": f"L{delivery.on:%y%j}", "delivered_on": delivery.on}
        if self._is_late(MORE_LATE_TICKETS):
            self._now("deliveries", **row, proof="none")
            self._late("deliveries", **row, proof="signed")
        else:
            self._now("deliveries", **row, proof="signed")

    def _authorization(self, line: Line, claim: Claim) -> None:
        payer = (claim.other if claim.responsibility == "S" and claim.other else self.coverage).payer
        decided = (claim.started or line.start) - self._days(1, 20)
        asked = {"number": line.authorization, "payer_id": payer.id, "codes": line.code}
        affirmed = asked | {"decided": "affirmed", "decided_on": decided, "valid_to": add_months(decided, 6)}
        if self._is_late():
            self._now("authorizations", **asked, decided="pending")
            self._late("authorizations", **affirmed)
        else:
            self._now("authorizations", **affirmed)


def who_of(claim: Claim) -> dict[str, Any]:
    """Whose a row is, as every kind of row says it."""
    coverage: Coverage = claim.coverage
    found: dict[str, Any] = {"member_id": coverage.member_id, "birth_date": claim.patient.born}
    found |= {"last_name": claim.patient.last, "first_name": claim.patient.first}
    return found | ({"dependent": "true"} if coverage.relation != "18" else {})


def _mistyped(claims: list[Claim]) -> bool:
    return any("ordering_npi_invalid" in one.expected_faults for one in claims)
