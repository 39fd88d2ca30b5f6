"""What is known when a document of orders comes, looked up once for all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gateway.plugins import Desk, HistoryLine, PatientView

from .items import REASONS, Items, Reason, reasons_of
from .log import ORDERS, PROBLEMS, SERIALS
from .order import Order
from .settings import DeskSettings

TEAM = "confirmation"


class Held(NamedTuple):
    """Who has a piece: our patient where it is known, the word that tells patients apart, and by which order."""

    patient_id: int | None
    patient: str
    order_number: str


class House:
    """What is known when a document comes, looked up once for all of its orders."""

    def __init__(self, orders: Sequence[Order], desk: Desk[DeskSettings]) -> None:
        self.desk = desk
        self.items = Items(desk.table)
        self.reasons = reasons_of(desk.table(REASONS))
        self.ids = {order.number: self._find(order) for order in orders}
        wanted = sorted({found for found in self.ids.values() if found is not None})
        self.views: dict[int, PatientView] = {}
        if wanted:
            self.views = {view.id: view for view in desk.patients(patient_ids=wanted)}
        numbers = {order.number for order in orders}
        source = desk.source
        self.before = {
            row["order_number"]: row
            for row in desk.rows(ORDERS.name)
            if row["source"] == source and row["order_number"] in numbers
        }
        self.waited: dict[str, list[Mapping[str, Any]]] = {}
        for row in desk.rows(PROBLEMS.name):
            if row["source"] == source and row["order_number"] in numbers:
                self.waited.setdefault(row["order_number"], []).append(row)
        self.billed: dict[str, list[HistoryLine]] = {}
        """What this document's orders became, by patient; no history knows it yet."""
        self.held = self._held({serial for order in orders for line in order.lines for serial in line.serials})

    def _find(self, order: Order) -> int | None:
        head = order.head
        return self.desk.patient(patient_id=head.patient_id, member_id=head.member_id, birth_date=head.birth_date)

    def _held(self, serials: set[str]) -> dict[str, list[Held]]:
        found: dict[str, list[Held]] = {}
        if not serials:
            return found
        for serial, several in self.desk.equipment_out(sorted(serials)).items():
            found[serial] = [Held(patient_id, "", "") for patient_id, _ in several]
        for row in self.desk.rows(SERIALS.name):
            if row["serial"] in serials:
                found.setdefault(row["serial"], []).append(self._by_order(row))
        return found

    def _by_order(self, row: Mapping[str, Any]) -> Held:
        source, _, patient_id = row["patient"].partition("/")
        known = self.desk.patient(source=source, patient_id=patient_id) if patient_id else None
        return Held(known, row["patient"], row["order_number"])

    def reason(self, code: str) -> Reason:
        """A reason by its code; where the table has lost it, one of the confirmation team."""
        lost = Reason(code, "OC-1", TEAM, TEAM, False, "The order cannot be billed.")
        return self.reasons.get(code, lost)

    def out(self, order: Order) -> set[str]:
        """Those serial numbers of an order that another patient has."""
        own, patient_id = patient_mark(order), self.ids[order.number]
        found = set()
        for serial in {serial for line in order.lines for serial in line.serials}:
            for held in self.held.get(serial, ()):
                same = held.patient == own or (held.patient_id is not None and held.patient_id == patient_id)
                if not same and not self._given_back(held, serial):
                    found.add(serial)
        return found

    def _given_back(self, held: Held, serial: str) -> bool:
        """Whether the registry says that whoever had a piece by an order has it no more."""
        if not held.patient or held.patient_id is None:
            return False
        for view in self.desk.patients(patient_ids=[held.patient_id]):
            pieces = [piece for piece in view.equipment if piece.serial == serial]
            today = self.desk.today
            return bool(pieces) and all(piece.ended_on is not None and piece.ended_on <= today for piece in pieces)
        return False


def mark_of(order: Order) -> str:
    """A word that tells the contents of orders apart."""
    content = [order.head.model_dump(mode="json"), [line.model_dump(mode="json") for line in order.lines]]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def patient_mark(order: Order) -> str:
    """A word that tells patients apart: the source's id of the patient, or one made of member id and birth date."""
    head = order.head
    if head.patient_id:
        return f"{order.source}/{head.patient_id}"
    who = json.dumps([head.member_id, str(head.birth_date)])
    return hashlib.sha256(who.encode()).hexdigest()[:16]
