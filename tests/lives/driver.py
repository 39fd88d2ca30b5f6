"""A life, lived through the shipped chain and the plugins' desks: what left, what was kept back, what was on a list.

Dates are passed in. What the billing system or the order system sends goes in as it would; what a biller does (corrects
a claim, decides about a long break) is done with what the rules page makes right, as the checker reads it: the gateway
must then let it go. Two facts have no record of their own in the gateway: of a stay in a facility and of a death the
registry says that the equipment is not in use (it ended, and came back).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from gateway.core.model.belongings import (
    Decided,
    Delivery,
    Document,
    Equipment,
    Ownership,
    Proof,
)
from gateway.core.model.decision import Severity
from gateway.core.x12.claim import Claim
from gateway.plugins.runner import NoMark, Runner

from ..oracle import life
from ..oracle.codes import AUTHORIZED_MONTHS, BASES, CAPPED
from ..oracle.days import add_months, last_of_month
from ..oracle.expect import script
from . import house, lists
from .claims import BORN, MEMBERS, Item, Who, as_of, order_row, source_claim
from .folder import ACCEPTED, CANCELLED, DENIED, HELD, PAID, Filed, Folder
from .outcomes import Kept, Left, Lived
from .papers import authorization_of, order_of, payment_of

BILLING = "billing"
SPANNED = ("A4253", "A4259")
"""Testing supplies, which are billed with a span (R1.30)."""
CONFIRMATION = "plugin:order_confirmation"
REASONS = {"lost": "REPLACES EQUIPMENT THAT WAS LOST", "lifetime": "RUL ENDED, USEFUL LIFETIME OVER"}
DECISIONS = {"new": "BIN NEW MEDICAL NEED", "resumes": "BIB NO CHANGE IN NEED"}
CHECKED = {"technician": "T1", "inspected": True, "filters": True, "alarms": True, "concentration": "94", "flow": "2"}
FACILITIES = ("21", "31")


class Life:
    """A patient, walked through day by day. `right`: what must leave, by code and date of service, for who corrects."""

    def __init__(self, patient: life.Patient, due: Sequence[life.Expected]) -> None:
        self.patient = patient
        self.by_gateway = patient.rentals_by == "gateway"
        self.who = Who(patient.kind, patient.state, patient.payer)
        self.folder = Folder((MEMBERS[life.MEDICARE], BORN), "P-1")
        self.right = {(one.code, one.dos): one for one in due if one.kind in ("claim", "warn")}
        self.long_breaks = {(one.code, one.dos) for one in due if one.rule == "R1.05"}
        self.replaced: dict[tuple[str, dt.date], str] = {}
        self.waiting: list[tuple[Item, dict[str, Any]]] = []
        self.homes: list[tuple[dt.date, Equipment]] = []
        self.today = dt.date.min
        self.numbers = 0
        self.lived = Lived([], [], [], frozenset(), [])

    # --- days

    def live(self, upto: dt.date, look: Iterable[dt.date]) -> Lived:
        """Until and with a day; the lists are looked at on those days."""
        by_day: dict[dt.date, list[life.Event]] = {}
        for event in script(self.patient):
            by_day.setdefault(event.date, []).append(event)
        looks = set(look)
        first = min(by_day)
        ends = {last_of_month(add_months(first, months)) for months in range((upto - first).days // 28 + 1)}
        homes = {event.home for event in self.patient.events if isinstance(event, life.InpatientStay)}
        days = sorted(day for day in {*by_day, *looks, *ends, *homes} if first <= day <= upto)
        for day in days:
            self.today = day
            self._come_home()
            for event in by_day.get(day, ()):
                getattr(self, f"_{type(event).__name__.lower()}", self._nothing)(event)
            if day in ends and self.by_gateway:
                self._months(rentals="orders")
                self._other_modality()
            if day in by_day or day in ends or day in homes:
                self._look_again()
            if day in looks:
                self.lived.listed.extend(lists.on_reports(self.folder, self.patient.kind, self.today))
                self.lived.worked.extend(lists.on_worklists(self.folder, self.today))
        return self.lived._replace(looked=frozenset(looks))

    def _nothing(self, event: life.Event) -> None: ...

    def _come_home(self) -> None:
        for day, piece in [one for one in self.homes if one[0] <= self.today]:
            self.homes.remove((day, piece))
            self.folder.pieces.append(piece)
            self._withdraw([one for one in self.folder.claims_filed if one.claim.place_of_service in FACILITIES])

    # --- claims

    def number(self, prefix: str) -> str:
        self.numbers += 1
        return f"{prefix}{self.numbers}"

    def _on(self, day: dt.date | None) -> Who:
        """Whose claim it is on a day of service."""
        payer = self.patient.payer
        for event in self.patient.events:
            if isinstance(event, life.PayerChanged) and day is not None and event.date <= day:
                payer = event.payer
        return self.who._replace(payer=payer)

    def send(self, claim: Claim, source: str, payer: str) -> Filed:
        """A claim comes in and is decided."""
        filed = self.folder.file(claim, source, payer)
        self.decide(filed)
        return filed

    def decide(self, filed: Filed) -> None:
        """Run the chain for a claim: it leaves, or it is kept back."""
        self.folder.deciding = filed.id
        chains = house.config().chains
        claim = filed.claim
        chain = chains.choose(claim.payer.id, "practice", claim.filing_code)
        runner = Runner(today=self.today, lookups=self.folder, mark=NoMark())
        kept: set[str] = set()
        warned: set[str] = set()
        for station in ("confirm", "scrub", "hold"):
            decision, claim = house.now(runner.claim(0, chain, station, claim, claim.payer.id, "practice"))
            assert not decision.failure, decision.failure
            kept |= {opened.hold.rule for opened in decision.holds}
            warned |= {
                found.rule for step in decision.steps for found in step.findings if found.severity is Severity.WARN
            }
        self.folder.deciding = None
        filed.claim, filed.kept = claim, frozenset(kept)
        new = frozenset(kept - filed.told)
        filed.told |= kept
        filed.state = HELD if kept else ACCEPTED
        filed.read()
        self.folder.changed()
        about = (self.today, filed.code, filed.dos)
        if not kept:
            line = claim.lines[0]
            modifiers = frozenset(line.modifiers)
            self.lived.left.append(Left(*about, int(line.units), modifiers, filed.payer, frozenset(warned)))
        elif new:
            self.lived.kept.append(Kept(*about, new, frozenset(warned), "MS" in claim.lines[0].modifiers))

    def _look_again(self) -> None:
        """What is held is decided again, the oldest service first; orders that wait are sent again."""
        for item, row in list(self.waiting):
            self._drop(item, row)
        held = [one for one in self.folder.claims_filed if one.state == HELD]
        for filed in sorted(held, key=lambda one: one.dos):
            self.decide(filed)

    def _by_source(self, item: Item) -> Filed:
        who = self._on(item.day)
        return self.send(source_claim(self.number("SW"), who, item), BILLING, who.payer)

    def _by_order(self, item: Item, kind: str, serials: Sequence[str]) -> None:
        self._drop(item, order_row(self.number("SO"), self.folder.known_as, self._on(item.day), item, kind, serials))

    def _drop(self, item: Item, row: dict[str, Any]) -> None:
        """An order comes in; one that waits is sent again when something has happened."""
        said, acts = house.ask(
            "order_confirmation",
            "plugin_drops",
            "orders",
            json.dumps([row]).encode(),
            self.today,
            self.folder.turn("order_confirmation"),
        )
        (told,) = house.rows_of(said)
        if told["said"] != "billed":
            rules = frozenset(told["claims_or_reasons"].split(", "))
            if all(waiting is not row for _, waiting in self.waiting):
                self.waiting.append((item, row))
                self.lived.kept.append(Kept(self.today, item.code, item.day, rules))
        else:
            self.waiting = [(one, waiting) for one, waiting in self.waiting if waiting is not row]
        self._made(acts, "order_confirmation")

    def _made(self, acts: Sequence[Any], plugin: str) -> list[Filed]:
        """What a desk made comes in, for whoever pays now."""
        found = []
        for act in self.folder.turn(plugin).done(acts):
            claim = act.claim
            who = self._on(claim.lines[0].dates.start)
            if (claim.payer.id, claim.patient.address.state) != (who.payer_id, who.state):
                claim = self._rewritten(as_of(claim, who))
            found.append(self.send(claim, f"plugin:{plugin}", who.payer))
        return found

    def _rewritten(self, claim: Claim) -> Claim:
        """The claim as a person writes it for the new payer: with the modifiers that this one wants."""
        line = claim.lines[0]
        day = line.dates.start
        right = self.right.get((line.code, day)) if day is not None else None
        if right is not None and right.modifiers is not None and "MS" not in right.modifiers:
            line.set_modifiers(right.modifiers)
        return claim

    def _months(self, rentals: str) -> list[Filed]:
        """The claims of rental months that have begun. Where no month was billed for more than a year, the gateway is
        asked each quarter: what it makes then is as wrong."""
        rented = [one.dos for one in self.folder.claims_filed if any("RR" in line.modifiers for line in one.lines)]
        if not rented or ((self.today - max(rented)).days > 400 and self.today.month % 3 and rentals == "orders"):
            return []
        _, acts = house.ask(
            "order_confirmation",
            "plugin_commands",
            "rentals",
            {},
            self.today,
            self.folder.turn("order_confirmation"),
            rentals=rentals,
        )
        return self._made(acts, "order_confirmation")

    def _other_modality(self) -> None:
        """The first month under the code of another modality has another price: it is billed from its order."""
        for event in self.patient.events:
            if not isinstance(event, life.Delivered) or event.how != "switch" or event.date > self.today:
                continue
            known = any(one.code == event.code and one.dos >= event.date for one in self.folder.claims_filed)
            due = [one for one in self.right.values() if one.code == event.code and one.date == self.today]
            for one in due if not known else ():
                self._by_hand(one.code, one.dos, one.modifiers or ("RR", *event.modifiers), ())

    def _by_hand(self, code: str, day: dt.date, modifiers: tuple[str, ...], notes: tuple[str, ...]) -> None:
        """A person has a month billed: by the system that bills this patient's months."""
        number = self._authorization(code, goes_on=DECISIONS["new"] not in notes)
        item = Item(code, modifiers, day, notes=notes, authorization=number)
        if self.by_gateway:
            self._by_order(item, "rental", [self._serial(code)])
        else:
            self._by_source(item)

    def _filed(self, code: str, dos: dt.date, *states: str) -> Filed | None:
        found = [one for one in self.folder.claims_filed if one.code == code and one.dos == dos and one.state in states]
        return found[-1] if found else None

    def _serial(self, code: str) -> str:
        return next((one.serial for one in reversed(self.folder.pieces) if one.code == code), "")

    def _authorization(self, code: str, *, goes_on: bool = False) -> str:
        """The number that stands on a claim: where a rental goes on the one of its last month; else of the last
        decision that affirmed, else of the last."""
        if code not in AUTHORIZED_MONTHS:
            return ""
        before = [one.claim.lines[0].reference("G1") for one in self.folder.claims_filed if one.code == code]
        if goes_on and before:
            return before[-1]
        mine = [one for one in self.folder.authorized if code in one.codes]
        good = [one for one in mine if one.decided is Decided.AFFIRMED]
        return (good or mine)[-1].number if mine else ""

    def _withdraw(self, claims: Iterable[Filed]) -> None:
        """A person withdraws what waits and is never to be billed."""
        for filed in claims:
            if filed.state == HELD:
                filed.state = CANCELLED
                filed.read()
        self.folder.changed()

    # --- equipment

    def _delivered(self, event: life.Delivered) -> None:
        ownership = Ownership.OWNED if event.way == "sell" else Ownership.RENTED
        piece = Equipment(event.code, event.serial, event.date, None, ownership, BILLING)
        ordered = event.asks and event.how != "again" and (event.way == "sell" or self.by_gateway)
        if not ordered:
            self.folder.bring(piece)
        if not event.asks:
            return
        if event.how == "again":
            self._months(rentals="all")
            return
        notes = (REASONS[event.how],) if event.narrative else ()
        self.replaced[event.code, event.date] = event.how
        number = self._authorization(event.code)
        if event.way == "sell":
            self._by_order(
                Item(event.code, event.modifiers, event.date, notes=notes, authorization=number),
                "purchase",
                [event.serial],
            )
        elif self.by_gateway:
            self._by_order(
                Item(event.code, event.modifiers, event.date, notes=notes, authorization=number),
                "rental",
                [event.serial],
            )
        else:
            month = ("RR", "KH") if event.code in CAPPED else ("RR",)
            self._by_source(Item(event.code, (*month, *event.modifiers), event.date, notes=notes, authorization=number))
        # An order that was confirmed has told the registry already; of one that waits, the warehouse tells it.
        self.folder.bring(piece)

    def _end(self, serials: Iterable[str], day: dt.date) -> None:
        wanted = set(serials)
        self.homes = [(home, piece) for home, piece in self.homes if piece.serial not in wanted]
        self.folder.pieces = [
            one._replace(ended_on=day) if one.serial in wanted and one.ended_on is None else one
            for one in self.folder.pieces
        ]

    def _pickedup(self, event: life.PickedUp) -> None:
        """Taken back; what still waits to be billed for its delivery is withdrawn."""
        came = {one.started_on for one in self.folder.pieces if one.serial == event.serial}
        self._withdraw([one for one in self.folder.claims_filed if one.code == event.code and one.dos in came])
        self._end([event.serial], event.date)

    def _lost(self, event: life.Lost) -> None:
        self._end([event.serial], event.date)
        if event.statement:
            self._file("other", event.code)

    def _statementfiled(self, event: life.StatementFiled) -> None:
        self._file("other", event.code)

    def _inpatientstay(self, event: life.InpatientStay) -> None:
        used = [one for one in self.folder.pieces if one.ended_on is None and one.ownership is Ownership.RENTED]
        self._end([one.serial for one in used], event.date)
        self.homes += [(event.home, one._replace(started_on=event.home)) for one in used]

    def _died(self, event: life.Died) -> None:
        self._end([one.serial for one in self.folder.pieces], event.date)
        self.homes.clear()

    def _moved(self, event: life.Moved) -> None:
        self.who = self.who._replace(state=event.state)

    def _payerchanged(self, event: life.PayerChanged) -> None:
        self.who = self.who._replace(payer=event.payer)

    # --- what asks to be billed

    def _rentalasked(self, event: life.RentalAsked) -> None:
        number = self._authorization(event.code, goes_on=True)
        self._by_source(Item(event.code, event.modifiers, event.date, authorization=number, place=event.place))

    def _contentsdelivered(self, event: life.ContentsDelivered) -> None:
        proof = Proof.SIGNED if event.proven else Proof.NONE
        about = (Decimal(event.months), "", "", event.date, proof, BILLING)
        self.folder.given.append(Delivery(self.number("DO"), event.code, (), *about))

    def _proofarrived(self, event: life.ProofArrived) -> None:
        self.folder.given = [
            one._replace(proof=Proof.SIGNED) if (one.code, one.delivered_on) == (event.code, event.delivered) else one
            for one in self.folder.given
        ]

    def _contentsasked(self, event: life.ContentsAsked) -> None:
        self._by_source(Item(event.code, event.modifiers, event.date, event.units))

    def _visit(self, event: life.Visit) -> None:
        row: dict[str, Any] = {"patient_id": self.folder.known_as, "visited_on": event.date.isoformat()}
        if event.documented:
            row |= CHECKED
        if len(event.codes) == 1:
            row["code"] = event.codes[0]
        _, acts = house.ask(
            "maintenance",
            "plugin_drops",
            "visits",
            json.dumps([row]).encode(),
            self.today,
            self.folder.turn("maintenance"),
        )
        self._made(acts, "maintenance")

    def _repairasked(self, event: life.RepairAsked) -> None:
        self._by_source(Item(event.code, event.modifiers, event.date, notes=(f"REPAIR OF {event.machine}",)))

    def _refillcontact(self, event: life.RefillContact) -> None:
        row = {"patient_id": self.folder.known_as, "code": event.code, "contacted_on": event.date.isoformat()}
        row["answer"] = event.answer  # type: ignore[assignment]
        _, acts = house.ask(
            "resupply",
            "plugin_drops",
            "refills",
            json.dumps([row]).encode(),
            self.today,
            self.folder.turn("resupply"),
        )
        self.folder.turn("resupply").done(acts)

    def _shipment(self, event: life.Shipment) -> None:
        notes = [f"{BASES[event.code][0]} OF ANOTHER SUPPLIER 2023"] if event.narrative else []
        notes += [f"{event.days} DAY SUPPLY"] if event.days > 31 else []
        thru = event.date + dt.timedelta(days=event.days - 1) if event.code in SPANNED else None
        if event.reason:
            self._file("medical_record", event.code)
        self._by_source(Item(event.code, event.modifiers, event.date, event.units, thru, tuple(notes)))

    # --- papers and answers

    def _file(self, kind: str, code: str) -> None:
        self.folder.papers.append(
            Document(kind, "scan.pdf", "application/pdf", "0" * 64, self.today, (code,), "", "", BILLING)
        )

    def _order(self, event: life.Order) -> None:
        made = order_of(event)
        others = [one for one in self.folder.ordered if one.order_number != event.number]
        self.folder.ordered = sorted([*others, made], key=lambda one: one.ordered_on)

    def _authorized(self, event: life.Authorized) -> None:
        self.folder.authorized.append(authorization_of(event, self.who.payer_id))

    def _answered(self, event: life.Answered) -> None:
        filed = self._filed(event.code, event.month, ACCEPTED, PAID, DENIED)
        if filed is None:
            return
        self.folder.paid.append(payment_of(filed, event))
        filed.state = DENIED if event.outcome == "denied" else PAID
        filed.read()
        self.folder.changed()

    # --- what a person does

    def _corrected(self, event: life.Corrected) -> None:
        filed = self._filed(event.code, event.service, HELD)
        right = self.right.get((event.code, event.service))
        if right is None or right.modifiers is None:
            return
        how = self.replaced.get((event.code, event.service), "")
        note = REASONS[how] if how and "RA" in right.modifiers else ""
        if filed is not None:
            self._change(filed, right.modifiers, note)
        for item, row in self.waiting:
            if (item.code, item.day) == (event.code, event.service):
                row["lines"] = [{**row["lines"][0], "modifiers": list(right.modifiers), "note": note}]

    def _decided(self, event: life.Decided) -> None:
        right = self.right.get((event.code, event.month))
        filed = self._filed(event.code, event.month, HELD)
        if right is None and filed is None and event.answer == "new":
            # What the page never lets go is billed as a clerk would, and must be kept back.
            brought = [one for one in self.patient.events if isinstance(one, life.Delivered) and one.code == event.code]
            month = ("RR", "KH") if event.code in CAPPED else ("RR",)
            self._by_hand(event.code, event.month, (*month, *brought[0].modifiers), (DECISIONS["new"],))
        if right is None or right.modifiers is None:
            return
        # Where only one reading of the rule calls the break long, the count goes on, whatever the need.
        note = DECISIONS[event.answer if (event.code, event.month) in self.long_breaks else "resumes"]
        if filed is not None and "R1.05" in " ".join(filed.kept):
            self._change(filed, right.modifiers, note)
        elif filed is None and self._filed(event.code, event.month, ACCEPTED, PAID, DENIED) is None:
            self._by_hand(event.code, event.month, right.modifiers, (note,))

    def _change(self, filed: Filed, modifiers: Sequence[str], note: str) -> None:
        claim = Claim(filed.claim.stored, "biller")
        line = claim.lines[0]
        line.set_modifiers(tuple(modifiers))
        if note:
            line.remove("NTE")
            line.add_note(note)
        filed.claim = claim.handle("biller")
        filed.read()
        self.folder.changed()
