"""What the invented supplier rents and sells: its charges, the fee categories, and the diagnoses that fit.

Charges are the supplier's own price list, invented. Fees are not here but in `config/tables/fees.yaml`.
"""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    """`charge` is cents for one unit; `most` is what a month's refill holds at most (hme-billing-rules 4.2, 4.3)."""

    code: str
    charge: int
    most: int = 1


# Monthly charges of what is rented.
RENTALS = {
    "E1390": 26000,
    "E1392": 9800,
    "E0431": 5600,
    "K0738": 9400,
    "E0601": 15000,
    "E0260": 24000,
    "E0277": 92000,
    "K0001": 8800,
    "K0003": 13500,
    "K0004": 17900,
    "K0195": 2900,
    "K0823": 61000,
    "E0570": 3400,
}
CONTENTS = Item("E0443", 9000)
MAINTENANCE = 14000
HUMIDIFIER = Item("E0562", 42000)

# Resupply of positive airway pressure: a mask system is one of these sets, then what goes with any.
MASKS = (
    (Item("A7030", 29500), Item("A7031", 8900, 1)),
    (Item("A7034", 19800), Item("A7032", 6400, 2)),
    (Item("A7034", 19800), Item("A7033", 5200, 2)),
)
PAP_TUBES = (Item("A7037", 6900), Item("A4604", 11200))
PAP_FILTERS = Item("A7038", 900, 2)
PAP_HALF_YEARLY = (Item("A7035", 6300), Item("A7039", 2600), Item("A7046", 3900), Item("A7036", 2800))

NEBULIZER_SETS = (Item("A7003", 500, 2), Item("A7015", 400, 1))
NEBULIZER_HALF_YEARLY = Item("A7005", 5200)
STRIPS = Item("A4253", 3800)
LANCETS = Item("A4259", 1400)
LANCET_DEVICE = Item("A4258", 2600)
CGM_SUPPLY = Item("A4239", 34000)
CGM_RECEIVER = Item("E2103", 39500)

DIAGNOSES = {
    "oxygen": (("J449",), ("J9611", "J449"), ("J8410",), ("J449", "I5022"), ("J9611", "J8410", "Z9981")),
    "pap": (("G4733",), ("G4733", "I10"), ("G4733", "E669", "I10")),
    "resupply": (("G4733",), ("G4733", "I10")),
    "bed": (("I69354", "M6281"), ("G8220",), ("J449", "I5022"), ("C3490", "R0602")),
    "surface": (("L89153",), ("L89154", "G8220")),
    "wheelchair": (("M170", "R2689"), ("I69351",), ("G20A1", "R2681"), ("I5022", "J449")),
    "power": (("I69351", "M6281"), ("G8220",), ("G7101",)),
    "nebulizer": (("J441",), ("J4540",), ("J449", "J4541")),
    "strips": (("E119",), ("E1165", "Z794"), ("E1165",)),
    "cgm": (("E109", "Z794"), ("E1165", "Z794")),
}
# How an order describes what it is for.
ORDERED = {
    "oxygen": "Oxygen concentrator, portable oxygen system and contents",
    "pap": "Positive airway pressure device with humidifier and mask",
    "resupply": "Supplies for a positive airway pressure device",
    "bed": "Hospital bed, semi-electric, with rails and mattress",
    "surface": "Powered pressure-reducing mattress",
    "wheelchair": "Manual wheelchair with elevating leg rests",
    "power": "Power wheelchair, group 2",
    "nebulizer": "Nebulizer with compressor and sets",
    "strips": "Blood glucose test strips and lancets",
    "cgm": "Continuous glucose monitor and its supplies",
}
# Which practice orders what is not modelled; how the books of an invented supplier are mixed is.
MIX = {
    "oxygen": 26,
    "pap": 14,
    "resupply": 24,
    "bed": 7,
    "surface": 1,
    "wheelchair": 9,
    "power": 1,
    "nebulizer": 8,
    "strips": 6,
    "cgm": 4,
}
# Codes for which Medicare wants prior authorization, of those above (hme-billing-rules 1.6).
PRIOR_AUTHORIZATION = frozenset({"K0823", "E0277"})
# Rental items under the 13-month cap; oxygen has its own of 36 (1.1, 2.2).
CAPPED = frozenset({"E0601", "E0260", "E0277", "K0001", "K0003", "K0004", "K0195", "K0823", "E0570"})
OXYGEN_EQUIPMENT = frozenset({"E1390", "E1392", "E0431", "K0738"})
KX_FAMILIES = frozenset({"oxygen", "pap", "resupply", "bed", "surface", "wheelchair", "power", "strips", "cgm"})
