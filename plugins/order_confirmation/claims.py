"""A good order as claims: one for each date of service, with the modifiers, sides and spans that its items need."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from gateway.plugins import HistoryLine
from gateway.plugins.months import MONTHS, rental_month_end

from .checks import SIDES, service_day
from .items import Items
from .order import Order, OrderHead, OrderLine
from .settings import DeskSettings

LONGEST_NUMBER = 20
MOST_LINES = 50
MOST_MODIFIERS = 4
MONTH = 31
KINDS_OF_SALE = ("RR", "NU", "UE", "MS")
POLICY = ("KX", "GA", "GZ", "GY")
INFORMATION = (*SIDES, "RA", "RB", "N1", "N2", "N3", "EY")


class OrderClaim(NamedTuple):
    """A claim that an order becomes: its number, the date of service, and the claim in the form of JSON claims."""

    number: str
    day: dt.date
    claim: dict[str, Any]

    def as_history(self) -> Iterator[HistoryLine]:
        """Its lines, as the next order of the patient meets them."""
        for number, line in enumerate(self.claim["lines"], start=1):
            about = (line["code"], tuple(line["modifiers"]), self.day, line["thru_date"], str(line["units"]))
            yield HistoryLine(self.number, number, *about, 0, self.claim["payer"]["id"], "ready")


def claims_of(order: Order, items: Items, settings: DeskSettings) -> list[OrderClaim]:
    """The claims of an order in which nothing was found wrong."""
    by_day: dict[dt.date, list[OrderLine]] = {}
    for line in order.lines:
        day = service_day(line, settings)
        assert day is not None
        by_day.setdefault(day, []).append(line)
    parts = []
    for day, lines in sorted(by_day.items()):
        made = [one for line in lines for one in lines_of(line, day, order.head, items, settings)]
        parts += [(day, made[at : at + MOST_LINES]) for at in range(0, len(made), MOST_LINES)]
    found = []
    for at, (day, lines_made) in enumerate(parts, start=1):
        number = number_of(order, at if len(parts) > 1 else 0)
        found.append(OrderClaim(number, day, {**_head(order.head, settings), "id": number, "lines": lines_made}))
    return found


def number_of(order: Order, part: int) -> str:
    """The number of a claim (CLM01): the order's, with its part where there are several; where that is too long, one
    made of it."""
    end = f"-{part}" if part else ""
    if len(order.number) + len(end) <= LONGEST_NUMBER:
        return order.number + end
    mark = hashlib.sha256(f"{order.source}\n{order.number}".encode()).hexdigest()[:14].upper()
    return f"OC{mark}{end}"


def _head(head: OrderHead, settings: DeskSettings) -> dict[str, Any]:
    provider = head.billing_provider or settings.provider(head.billing_npi)
    assert provider is not None
    address = {
        "line1": head.address1,
        "line2": head.address2,
        "city": head.city,
        "state": head.state,
        "zip": head.zip.replace("-", ""),
    }
    person = {
        "last": head.last,
        "first": head.first,
        "birth_date": head.birth_date,
        "sex": head.sex,
        "address": address,
    }
    insured = {
        "member_id": head.member_id,
        "responsibility": "P",
        "group": head.group,
        "filing_code": head.filing_code,
    }
    if head.relationship == "18":
        people: dict[str, Any] = {"subscriber": {**person, **insured}}
    else:
        subscriber = {"last": head.subscriber_last, "first": head.subscriber_first, **insured}
        people = {"subscriber": subscriber, "patient": {**person, "relationship": head.relationship}}
    return {
        "place_of_service": head.place_of_service,
        "billing_provider": provider.model_dump(),
        **people,
        "payer": {"name": head.payer_name, "id": head.payer_id},
        "other_payers": [other.model_dump() for other in head.other_payers],
        "diagnoses": list(head.diagnoses),
    }


def lines_of(
    line: OrderLine, day: dt.date, head: OrderHead, items: Items, settings: DeskSettings
) -> Iterator[dict[str, Any]]:
    """The service lines of an item: one, or one for each side, with a unit each where it was for both (1.2)."""
    both = all(side in line.modifiers for side in SIDES)
    for side in SIDES if both else ("",):
        modifiers = modifiers_of(line, day, head, items, settings)
        if side:
            modifiers = [one for one in modifiers if one not in SIDES or one == side]
        units = line.to_bill / 2 if both else line.to_bill
        kept, notes = fitted(modifiers, _notes(line))
        yield {
            "code": line.code.upper(),
            "modifiers": kept,
            "description": line.description,
            "charge": (line.price * units).quantize(Decimal("0.01")),
            "units": units,
            "pointers": list(line.pointers),
            "from_date": day,
            "thru_date": _thru(line, day, modifiers, head, items, settings),
            "authorization": line.authorization,
            "notes": notes,
            "ordering_provider": {"last": head.orderer_last, "first": head.orderer_first, "npi": head.orderer_npi},
        }


def _thru(
    line: OrderLine,
    day: dt.date,
    modifiers: Sequence[str],
    head: OrderHead,
    items: Items,
    settings: DeskSettings,
) -> dt.date | None:
    """The last day that a supply should last, or that a rental month has, where the payer wants a span (R1.30)."""
    if not items.has_span(day, line.code, modifiers, (head.payer_id, settings.kind(head.filing_code))):
        return None
    if line.kind == "rental":
        return rental_month_end(day)
    return day + dt.timedelta(days=line.days - 1) if line.days is not None else None


def _notes(line: OrderLine) -> list[str]:
    """What is said with a line: its own note, and that it is for more than a month (R1.32)."""
    supply = [f"{line.days} DAY SUPPLY"] if line.days is not None and line.days > MONTH else []
    return [*([line.note] if line.note else []), *supply]


def modifiers_of(line: OrderLine, day: dt.date, head: OrderHead, items: Items, settings: DeskSettings) -> list[str]:
    """The modifiers of an item, in their order: how it is sold and which month it is, pricing, policy, information
    (R1.10). What the order says stands; RR or NU, and KH for the first month, are added (R1.01, R1.02)."""
    found = [one.upper() for one in line.modifiers]
    classes = settings.classes(head.payer_id, head.filing_code)
    category = items.category(day, line.code)
    if not set(found) & set(KINDS_OF_SALE):
        if line.kind == "rental":
            found.append("RR")
        elif line.kind == "purchase" or category == "IN":
            found.append("NU")
    cap = items.cap(day, line.code, classes)
    if line.kind == "rental" and cap is not None and cap.has_modifiers and not set(found) & set(MONTHS):
        found.append(MONTHS[0])
    return sorted(dict.fromkeys(found), key=_rank)


def _rank(modifier: str) -> int:
    for rank, several in enumerate((KINDS_OF_SALE, MONTHS)):
        if modifier in several:
            return rank
    return 3 if modifier in POLICY else 4 if modifier in INFORMATION else 2


def fitted(modifiers: Sequence[str], notes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Modifiers of which a line has room for four: of more, three and 99, and the rest in the note (R1.12). A line has
    one note."""
    kept, rest = list(modifiers), []
    if len(kept) > MOST_MODIFIERS:
        kept, rest = [*kept[: MOST_MODIFIERS - 1], "99"], kept[MOST_MODIFIERS - 1 :]
    words = [*([f"MODIFIERS {' '.join(rest)}"] if rest else []), *notes]
    return kept, ["; ".join(words)[:80]] if words else []
