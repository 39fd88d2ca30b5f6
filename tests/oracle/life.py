"""What happens to a patient of an equipment supplier, and what is expected to come of it: plain records.

Events are facts, told without any rule. Codes are HCPCS codes; dates are days. An event that *asks to be billed* says
so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

MEDICARE, COMMERCIAL, MEDICAID = "medicare", "commercial", "medicaid"


@dataclass(frozen=True)
class Event:
    """Something on a day."""

    date: dt.date


@dataclass(frozen=True)
class Delivered(Event):
    """A base item came to the patient.

    how: `new` (the first of its kind), `again` (the same piece comes back after a break), `swap` (another machine of
    the same code for one that wore out), `switch` (another modality by order), `lost` (replaces one that was lost,
    stolen or destroyed), `lifetime` (replaces one whose useful lifetime is said to be over).
    way: `rent` or `sell`.
    modifiers: what the order says beside the rental modifiers (KX, N1, QF, RA).
    narrative: why, where the order says so (for NTE).
    asks: whether this delivery asks for a claim: of a rental, of its first month from this day.
    warranty_until: the last day of the labor warranty, where one was told.
    """

    code: str
    serial: str
    how: str = "new"
    way: str = "rent"
    modifiers: tuple[str, ...] = ()
    narrative: str = ""
    asks: bool = True
    warranty_until: dt.date | None = None


@dataclass(frozen=True)
class PickedUp(Event):
    """A base item left the patient on this day; it is no longer used on it."""

    code: str
    serial: str


@dataclass(frozen=True)
class Lost(Event):
    """A base item was lost, stolen or destroyed by an incident. `statement`: a police, fire or insurance report or the
    patient's statement is in the file on this day."""

    code: str
    serial: str
    cause: str
    statement: bool


@dataclass(frozen=True)
class StatementFiled(Event):
    """The report or statement about a loss came later."""

    code: str


@dataclass(frozen=True)
class RentalAsked(Event):
    """The billing system sends the claim of a rental month that begins on `date`, with these modifiers. Only of
    patients whose rentals are billed by the source; of the others the gateway makes the claims at the end of each
    month."""

    code: str
    modifiers: tuple[str, ...]
    place: str = "12"


@dataclass(frozen=True)
class Answered(Event):
    """The payer paid or denied (`outcome`) the rental month from `month`. Of a month that was not billed there is no
    answer: leave the event out."""

    code: str
    month: dt.date
    outcome: str


@dataclass(frozen=True)
class Corrected(Event):
    """A biller puts right what keeps the claim of this code and date of service back, if it is something that stands on
    the claim (modifiers, narrative). Where nothing is kept back: leave the event out."""

    code: str
    service: dt.date


@dataclass(frozen=True)
class Decided(Event):
    """A person looked at the hold for a long break (R1.05) of the rental month from `month`. `answer`: `new` (new
    medical need, documented: a new period) or `resumes` (the need never ended: the count goes on)."""

    code: str
    month: dt.date
    answer: str


@dataclass(frozen=True)
class ContentsDelivered(Event):
    """Oxygen contents that last so many months came to the patient. `proven`: the signed ticket or the carrier's proof
    is there on that day."""

    code: str
    months: int
    proven: bool


@dataclass(frozen=True)
class ProofArrived(Event):
    """The proof of the contents' delivery of `delivered` came later."""

    code: str
    delivered: dt.date


@dataclass(frozen=True)
class ContentsAsked(Event):
    """The billing system sends a claim for a month of contents from `date`."""

    code: str
    modifiers: tuple[str, ...] = ()
    units: int = 1


@dataclass(frozen=True)
class Visit(Event):
    """A technician saw the machines `codes` at home; it asks for a maintenance claim. `documented`: technician and the
    checks made are written down."""

    codes: tuple[str, ...]
    documented: bool = True


@dataclass(frozen=True)
class RepairAsked(Event):
    """The billing system sends a claim for repair labor or a part (K0739, or a code with RB) for `machine`."""

    code: str
    machine: str
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefillContact(Event):
    """The patient was asked whether a refill of `code` is needed; `answer`: yes (with the need told) or not."""

    code: str
    answer: bool


@dataclass(frozen=True)
class Shipment(Event):
    """Supplies left for the patient and ask to be billed with this day as date of service. `days`: how long they should
    last. `reason`: a documented medical reason for more than the usual. `narrative`: names base equipment that
    another supplier gave."""

    code: str
    units: int
    days: int
    modifiers: tuple[str, ...] = ()
    reason: bool = False
    narrative: bool = False


@dataclass(frozen=True)
class Order(Event):
    """A practitioner's order reached the supplier on `date`, as complete as it is told. The same number again replaces
    the earlier. `ends`: the last day that it is good for (None: it has no end)."""

    number: str
    codes: tuple[str, ...]
    ordered: dt.date
    signed: bool = True
    patient_named: bool = True
    practitioner_named: bool = True
    described: bool = True
    encounter: dt.date | None = None
    ends: dt.date | None = None


@dataclass(frozen=True)
class Authorized(Event):
    """Medicare decided on a request for prior authorization on `date`."""

    number: str
    code: str
    affirmed: bool


@dataclass(frozen=True)
class InpatientStay(Event):
    """In hospital or nursing facility from `date`; at home again on `home`. The equipment waits at home, unused."""

    home: dt.date


@dataclass(frozen=True)
class Moved(Event):
    """To another home, in `state`."""

    state: str


@dataclass(frozen=True)
class PayerChanged(Event):
    """From this day on another class of payer pays."""

    payer: str


@dataclass(frozen=True)
class Died(Event):
    """The patient died."""


@dataclass(frozen=True)
class Patient:
    """A patient and the life. `payer`: the class of payer at the beginning. `rentals_by`: `gateway` (it makes the
    claims of rental months after the first) or `source`. `insulin` matters for glucose supplies."""

    number: int
    kind: str
    payer: str
    rentals_by: str
    state: str
    events: tuple[Event, ...]
    insulin: bool = False


@dataclass(frozen=True)
class Expected:
    """What must come of it.

    date: the day on which it is known. dos: the date of service (of dues: the day that they speak of).
    kind: `claim` (it leaves, with these modifiers), `warn` (it leaves, with a warning of this rule), `hold` or `reject`
    (it does not leave; where the page names no severity, `hold` is written and either is right), `due` (it is on a list
    from this day on).
    modifiers: compare them as a set; None: the page does not say.
    rule: the rule's id, empty for a plain claim. also: ids that another fair reading may give beside or in place of it.
    """

    date: dt.date
    kind: str
    code: str
    dos: dt.date
    modifiers: tuple[str, ...] | None = None
    rule: str = ""
    detail: str = ""
    also: tuple[str, ...] = ()
    units: int = 1
    payer: str = MEDICARE


@dataclass
class Piece:
    """A base item at a patient's home. `came` and `went` are days; on the day it went it was no longer used."""

    code: str
    serial: str
    came: dt.date
    way: str
    went: dt.date | None = None
    warranty_until: dt.date | None = None


@dataclass
class Month:
    """A rental month that was billed. `anchor` and `step`: it begins `step` months after `anchor`."""

    code: str
    begins: dt.date
    anchor: dt.date
    step: int
    number: int
    state: str = "billed"


@dataclass
class Period:
    """A period of continuous use of one line of equipment, and its billed months.

    delivered: the day it was first furnished. anchor, step: where the next rental month begins (`step` months after
    `anchor`). extras: the modifiers that every month carries."""

    line: str
    code: str
    delivered: dt.date
    anchor: dt.date
    step: int
    extras: tuple[str, ...]
    months: list[Month] = field(default_factory=list)
    warranty_until: dt.date | None = None


@dataclass
class Ask:
    """Something that asks to be billed, as it stands now.

    what: `delivery`, `sale`, `rental`, `contents`, `maintenance`, `repair`, `shipment`. by: who wrote its modifiers,
    the `source` or the `gateway` (then `extras` are those beside the rental ones). decided: what a person answered to
    R1.05. known: the rules already told of it. period: the rental period that a month belongs to.
    """

    what: str
    asked: dt.date
    dos: dt.date
    code: str
    modifiers: tuple[str, ...] = ()
    units: int = 1
    by: str = "source"
    event: Event | None = None
    narrative: str = ""
    place: str = "12"
    decided: str = ""
    extras: tuple[str, ...] = ()
    known: set[str] = field(default_factory=set)
    period: Period | None = None
