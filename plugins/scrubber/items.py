"""What an item's payment category allows (hme-billing-rules 1.1): R1.01, FS, OX contents, PO, purchase options."""

from __future__ import annotations

from decimal import Decimal

from .book import Book
from .findings import Findings
from .line import PURCHASE, PURCHASE_OR_RENTAL, RENTAL, Line
from .past import Past
from .whole import Whole

PLACE = "2400 SV101-3"
NEEDS_ONE = frozenset({"IN", "CR", "FS", "OX"})
MONTHS = frozenset({"KI", "KJ"})
OPTIONS = frozenset({"BP", "BR", "BU"})


def check_items(whole: Whole, out: Findings) -> None:
    """The rules of each line's category."""
    book = whole.book
    for line in whole.lines:
        kinds = line.have & PURCHASE_OR_RENTAL
        kind = line.kind
        if kind in NEEDS_ONE:
            _rented_or_sold(line, kinds, out)
        elif kinds and kind == "OC":
            out.say(
                "R1.OX-1",
                f"oxygen contents are neither rented nor sold. Remove {' and '.join(sorted(kinds))}.",
                line=line,
                place=PLACE,
                most=line.most,
                team="respiratory",
            )
        elif kinds and kind == "PO":
            out.say(
                "R1.PO-1",
                f"prosthetics and orthotics take no {' and '.join(sorted(kinds))} as a rule. Remove it if the fee "
                "schedule does not ask for it.",
                line=line,
                place=PLACE,
            )
        if kind == "IN" and RENTAL in kinds and book.prices:
            _below_its_price(line, book, whole.past, out)
        if line.have & MONTHS and kind != "CR" and line.category is not None:
            given = " and ".join(sorted(line.have & MONTHS))
            out.say("R1.KH-1", f"has {given}, and is no capped rental. Remove it.", line=line, place=PLACE)
        _option(line, kinds, book, out)


def _rented_or_sold(line: Line, kinds: frozenset[str], out: Findings) -> None:
    if len(kinds) > 1:
        out.say(
            "R1.01",
            f"has {' and '.join(sorted(kinds))}; only one of RR, NU and UE may stand.",
            line=line,
            place=PLACE,
            most=line.most,
        )
    elif not kinds and "MS" not in line.have:
        out.say(
            "R1.01",
            "needs RR, NU or UE, and has none. Add the one that was delivered.",
            line=line,
            place=PLACE,
            most=line.most,
        )
    elif line.kind == "FS" and kinds & PURCHASE:
        out.say(
            "R1.FS-1",
            "is frequently serviced, and paid as a monthly rental only. Bill RR.",
            line=line,
            place=PLACE,
            most=line.most,
        )


def _below_its_price(line: Line, book: Book, past: Past, out: Findings) -> None:
    """R1.IN-1: what earlier rentals and this one charge, against the purchase price."""
    found = book.prices.find(line.code, line.day)
    if found is None:
        return
    lines = past.lines(line.code)
    denied = past.denied(lines)
    charged = line.raw.charge + sum(
        (
            Decimal(old.charge_cents) / 100
            for old in lines
            if RENTAL in old.modifiers
            and old.state not in ("faulty", "cancelled", "rejected", "denied")
            and (old.claim_number, old.line) not in denied
        ),
        Decimal(0),
    )
    if charged > found[0]:
        out.say(
            "R1.IN-1",
            f"rentals come to ${charged:.2f} with this one, more than the purchase price of ${found[0]:.2f}.",
            line=line,
            place="2400 SV102",
            most=line.most,
        )


def _option(line: Line, kinds: frozenset[str], book: Book, out: Findings) -> None:
    """R1.BP-1 and R1.BP-2: the purchase option of the items that have one."""
    chosen = line.have & OPTIONS
    if not chosen and not book.options:
        return
    row = book.options.find(line.code, line.day)
    if row is None:
        if chosen and line.category is not None:
            what = " and ".join(sorted(chosen))
            out.say("R1.BP-2", f"has {what}, and no purchase option is known for it.", line=line, place=PLACE)
        return
    if line.maintenance:
        return
    if not chosen:
        out.say(
            "R1.BP-1",
            "must be offered for purchase. Add BP (buys), BR (rents) or BU (no answer after 30 days).",
            line=line,
            place=PLACE,
            most=row[0],
        )
    elif len(chosen) > 1 or ("BP" in chosen) == (RENTAL in kinds):
        out.say(
            "R1.BP-2",
            f"has {' and '.join(sorted(chosen | kinds))}: BP goes with a purchase, BR or BU with RR.",
            line=line,
            place=PLACE,
            most=row[0],
        )
