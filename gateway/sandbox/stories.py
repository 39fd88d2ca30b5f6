"""Patients of the demo whose stories are known beforehand: for each special process of the back office one claim, order
or visit that meets it, whatever the day and the seed.

What becomes of them is for the gateway to say; this is only what its billing system and its warehouse bring.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from . import care, people
from . import catalogue as cat
from .generate import claim_prefix
from .papers import KINDS, Papers, papers_of, who_of
from .records import Claim, Coverage, Delivery

SUPPLY_DAYS = 90
GROUP = "N1"
"""The oxygen patients' group (hme-billing-rules 2.4)."""


class Stories(NamedTuple):
    """What is brought beside the generated claims: claims with their papers, delivered orders (the last is a
    correction of one of them), what patients said to refills, and visits.

    `mistyped` is the member id as a biller typed it on the claim `refused`, `card` as it stands on the card;
    `watched` is the claim with a hold of each kind that a paper releases.
    """

    claims: list[Claim]
    papers: Papers
    orders: list[dict[str, Any]]
    corrected_order: dict[str, Any]
    refills: list[dict[str, Any]]
    visits: list[dict[str, Any]]
    refused: str
    mistyped: str
    card: str
    watched: str


class _Maker:
    """Stories while they are gathered."""

    def __init__(self, seed: int, today: dt.date, first: int) -> None:
        self.seed = seed
        self.today = today
        self.rng = random.Random(f"stories:{seed}")
        self.number = first
        self.claims: list[Claim] = []
        self.papers = Papers({kind: [] for kind in KINDS}, {kind: [] for kind in KINDS})

    def back(self, days: int) -> dt.date:
        """So many days ago."""
        return self.today - dt.timedelta(days=days)

    def case(self, family: str) -> care.Case:
        """A patient whom Medicare pays first, and nobody else."""
        while True:
            case = care.draw_case(self.rng, self.today, (family,), (1,))
            if case.medicare and case.responsibility == "P":
                case.other = None
                return case

    def _number(self, claim: Claim) -> None:
        """The claim is the next one of its source."""
        self.number += 1
        claim.number = f"{claim_prefix(self.seed)}{self.number:07d}"
        for index, line in enumerate(claim.lines, 1):
            line.reference = f"{claim.number}L{index}"

    def bring(self, claims: list[Claim], *, late: tuple[str, ...] = ()) -> None:
        """The claims of one patient with their papers; kinds in `late` come later."""
        for claim in claims:
            self._number(claim)
        whole = papers_of(claims, self.seed, self.today, late_share=0.0)
        lacking = papers_of(claims, self.seed, self.today, late_share=1.0)
        for kind in KINDS:
            self.papers.now[kind] += _named((lacking if kind in late else whole).now[kind], claims[0])
            if kind in late:
                self.papers.late[kind] += _named(lacking.late[kind], claims[0])
        self.claims += claims


def _named(rows: list[dict[str, Any]], claim: Claim) -> list[dict[str, Any]]:
    """The rows with an order number of this patient's own, beside those of the generated claims."""
    return [row | {"order_number": f"RX-{claim.number}"} if "order_number" in row else row for row in rows]


def stories_of(seed: int, today: dt.date, first: int) -> Stories:
    """The stories of a day, their claims numbered after `first`; the same ones for the same day and seed."""
    maker = _Maker(seed, today, first)
    watched = _wheelchair(maker)
    contents = [_oxygen(maker, months, late) for months, late in ((40, True), (20, False), (43, False), (58, False))]
    _second_device(maker)
    refills = _refills(maker)
    refused, mistyped, card = _mistyped(maker)
    orders, corrected = _orders(maker)
    return Stories(
        claims=maker.claims,
        papers=maker.papers,
        orders=orders,
        corrected_order=corrected,
        refills=refills,
        visits=[_visit(contents[2], maker.back(1))],
        refused=refused,
        mistyped=mistyped,
        card=card,
        watched=watched,
    )


def _wheelchair(maker: _Maker) -> str:
    """A power wheelchair that is delivered; the order is not signed, and the payer has not decided (R1.50)."""
    case = maker.case("power")
    case.started = maker.back(5)
    claim = case.claim([care.rented(case, "K0823", 1, case.started)], 1)
    maker.bring([claim], late=("orders", "authorizations"))
    return claim.number


def _oxygen(maker: _Maker, months: int, late: bool) -> Claim:
    """Contents of a patient whose concentrator was delivered so many months ago; `late`: their ticket comes later."""
    case = maker.case("oxygen")
    case.started = care.add_months(maker.back(3), -months)
    day = care.add_months(case.started, months)
    claim = case.claim([case.line(cat.CONTENTS.code, [GROUP, *case.kx()], cat.CONTENTS.charge, day)], months + 1)
    claim.deliveries.append(Delivery(day, cat.CONTENTS.code, 8, 1))
    maker.bring([claim], late=("deliveries",) if late else ())
    return claim


def _second_device(maker: _Maker) -> None:
    """A PAP device, two years after the one before it (RUL-1)."""
    case = maker.case("pap")
    case.started = maker.back(6)
    claim = case.claim([care.rented(case, "E0601", 1, case.started)], 1)
    maker.bring([claim])
    first = who_of(claim) | {"code": "E0601", "serial": f"E0601{maker.number:07d}"}
    given = care.add_months(maker.back(6), -24)
    maker.papers.now["equipment"].append(first | {"started_on": given, "ownership": "owned"})
    delivered = {"order_number": f"RX-{claim.number}-1", "delivered_on": given, "proof": "signed"}
    maker.papers.now["deliveries"].append(first | delivered)


def _refills(maker: _Maker) -> list[dict[str, Any]]:
    """Filters for 90 days, and the next: once in time, with a request that is recorded later (RS-1), once much too
    soon (RS-2). Returns the requests."""
    asked = []
    for before, now in ((SUPPLY_DAYS + 10, 8), (45, 4)):
        case = maker.case("resupply")
        claims = [case.claim([care.bought(case, cat.PAP_FILTERS, maker.back(days), 3)]) for days in (before, now)]
        maker.bring(claims)
        asked.append(_request(claims[-1], cat.PAP_FILTERS.code, maker.back(now + 5)))
    return asked


def requests_of(claims: Iterable[Claim]) -> list[dict[str, Any]]:
    """What patients said to the refills among these claims (a patient's in a row): asked five days before each item
    that they had before."""
    found, had = [], set[tuple[str, str]]()
    for claim in claims:
        member = claim.coverage.member_id
        for line in claim.lines:
            if (member, line.code) in had and "NU" in line.modifiers and not claim.expected_faults:
                found.append(_request(claim, line.code, line.start - dt.timedelta(days=5)))
            had.add((member, line.code))
    return found


def _request(claim: Claim, code: str, on: dt.date) -> dict[str, Any]:
    who = {"member_id": claim.coverage.member_id, "birth_date": claim.patient.born.isoformat()}
    return who | {"code": code, "contacted_on": on.isoformat(), "answer": "yes", "medium": "phone"}


def _mistyped(maker: _Maker) -> tuple[str, str, str]:
    """A hospital bed, whose biller typed the member id of nobody: number of the claim, the id, and the right one."""
    case = maker.case("bed")
    case.started = maker.back(4)
    claim = case.claim([care.rented(case, "E0260", 1, case.started)], 1)
    maker.bring([claim])
    card = claim.coverage
    wrong = people.draw_mbi(maker.rng)
    claim.coverage = Coverage(card.payer, wrong, card.subscriber, card.relation, card.group)
    return claim.number, wrong, card.member_id


def _visit(claim: Claim, on: dt.date) -> dict[str, Any]:
    """A complete maintenance visit to the patient of a claim."""
    who = {"member_id": claim.coverage.member_id, "birth_date": claim.patient.born.isoformat()}
    checks = {"inspected": "yes", "filters": "yes", "alarms": "yes", "concentration": "93.5", "flow": "2"}
    return who | {"visited_on": on.isoformat(), "technician": "RT7", **checks}


# --- delivered orders

Change = Callable[[dict[str, Any]], None]


def _orders(maker: _Maker) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Seven delivered orders, three of them sound; and one of the others, corrected."""

    def out_already(order: dict[str, Any]) -> None:
        order["lines"][0]["serials"] = found[0]["lines"][0]["serials"]

    def unproven(order: dict[str, Any]) -> None:
        order["lines"][0]["proof"] = "none"

    def short(order: dict[str, Any]) -> None:
        order["lines"][-1]["ordered"] += 1
        order["orderer_npi"] = ""

    def unpriced(order: dict[str, Any]) -> None:
        order["lines"][0]["price"] = "0"

    plan: tuple[tuple[str, Change | None], ...] = (
        ("bed", None),
        ("pap", None),
        ("nebulizer", None),
        ("bed", out_already),
        ("wheelchair", unproven),
        ("nebulizer", short),
        ("wheelchair", unpriced),
    )
    found: list[dict[str, Any]] = []
    for number, (family, spoil) in enumerate(plan, start=101):
        order = _order(maker, family, f"SO-{number}")
        if spoil is not None:
            spoil(order)
        found.append(order)
    mended = found[4]
    lines = [mended["lines"][0] | {"proof": "signed"}, *mended["lines"][1:]]
    return found, mended | {"lines": lines}


def _order(maker: _Maker, family: str, number: str) -> dict[str, Any]:
    """A delivered order as the order system writes it."""
    case, day = maker.case(family), maker.back(3)
    who, card, orderer = case.patient, case.coverage, case.orderer
    codes = {"bed": "E0260", "pap": "E0601", "nebulizer": "E0570", "wheelchair": "K0001"}
    serial = f"{codes[family]}-{number.removeprefix('SO-')}"
    lines = [_line(codes[family], "rental", day, 1, cat.RENTALS[codes[family]], case.kx()) | {"serials": [serial]}]
    if family == "nebulizer":
        lines += [_line(one.code, "supply", day, one.most, one.charge, []) for one in cat.NEBULIZER_SETS]
    return {
        "order_number": number,
        "last": who.last,
        "first": who.first,
        "birth_date": who.born.isoformat(),
        "sex": who.sex,
        "address1": who.address.street,
        "city": who.address.city,
        "state": who.address.state,
        "zip": who.address.zip,
        "member_id": card.member_id,
        "payer_id": card.payer.id,
        "payer_name": card.payer.name,
        "filing_code": card.payer.filing,
        "diagnoses": case.diagnoses,
        "orderer_last": orderer.last,
        "orderer_first": orderer.first,
        "orderer_npi": orderer.npi,
        "billing_npi": case.biller.npi,
        "lines": lines,
    }


def _line(code: str, kind: str, day: dt.date, units: int, cents: int, modifiers: list[str]) -> dict[str, Any]:
    delivered = {"ordered": units, "delivered": units, "delivered_on": day.isoformat(), "proof": "signed"}
    return {"code": code, "kind": kind, "modifiers": modifiers, "price": f"{cents / 100:.2f}", **delivered}
