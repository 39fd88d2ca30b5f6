"""Codes as the rules page lists them, with its sections."""

from __future__ import annotations

from datetime import date

# 2.1. One stationary system and one portable add-on: each is a line of rental with a clock of its own.
STATIONARY = ("E0424", "E0439", "E1390", "E1391", "E1405", "E1406")
STATIONARY_GAS_OR_LIQUID = ("E0424", "E0439")
PORTABLE = ("E0431", "E0434", "E1392", "K0738", "E0433")
PORTABLE_GAS_OR_LIQUID = ("E0431", "E0434")
STATIONARY_CONTENTS = ("E0441", "E0442")
PORTABLE_CONTENTS = ("E0443", "E0444", "E0447")
OXYGEN = STATIONARY + PORTABLE

# 2.5 O-M1.
MAINTAINED = ("E1390", "E1391", "E1392", "E0433", "K0738")

# 1.1 names no codes: capped rentals of these lives (READINGS 1.1).
CAPPED = ("E0601", "E0470", "E0260", "E0277", "K0001", "K0003", "K0195", "K0823", "E0570")
CAPPED_MONTHS, OXYGEN_MONTHS = 13, 36

# 1.5: statutory power mobility (the page's list in 1.6), and oxygen from 2026-04-13; the eighth oxygen code is BG-M.
POWER_MOBILITY = ("K0823",)
ORDER_BEFORE_DELIVERY_OXYGEN = ("E0424", "E0431", "E0433", "E0434", "E0439", "E1390", "E1391")
ORDER_BEFORE_DELIVERY_PROBABLY = ("E1392",)
OXYGEN_ORDERS_FROM = date(2026, 4, 13)

# 1.6: how many months a decision is good for.
AUTHORIZED_MONTHS = {"K0823": 6, "E0277": 1}

# 4.2, 4.3: (units, months); of glucose (insulin-treated, not treated).
USUAL = {
    "A4604": (1, 3),
    "A7030": (1, 3),
    "A7032": (2, 1),
    "A7034": (1, 3),
    "A7035": (1, 6),
    "A7037": (1, 3),
    "A7038": (2, 1),
    "A7046": (1, 6),
    "A7003": (2, 1),
    "A7005": (1, 6),
    "A7013": (2, 1),
    "A7015": (1, 1),
}
USUAL_INSULIN = {"A4253": (6, 3), "A4259": (3, 3), "A4258": (1, 6)}
USUAL_NO_INSULIN = {"A4253": (2, 3), "A4259": (1, 3), "A4258": (1, 6)}

# RS-5: what a supply belongs to.
PAP_SUPPLIES = ("A4604", "A7030", "A7032", "A7034", "A7035", "A7037", "A7038", "A7046")
NEBULIZER_SUPPLIES = ("A7003", "A7005", "A7013", "A7015")
GLUCOSE_SUPPLIES = ("A4253", "A4259", "A4258")
BASES = {
    **dict.fromkeys(PAP_SUPPLIES, ("E0601", "E0470", "E0471")),
    **dict.fromkeys(NEBULIZER_SUPPLIES, ("E0570",)),
    **dict.fromkeys(GLUCOSE_SUPPLIES, ("E0607",)),
}


def line_of(code: str) -> str:
    """The line of equipment whose months and lifetime this code shares: the page lets another modality of stationary
    oxygen start nothing new (R1.06); everything else stands for itself."""
    if code in STATIONARY:
        return "stationary"
    if code in PORTABLE:
        return "portable"
    return code


def cap_of(code: str) -> int:
    """How many rental months are paid (1.1, 2.2)."""
    return OXYGEN_MONTHS if code in OXYGEN else CAPPED_MONTHS


def usual_of(code: str, insulin: bool) -> tuple[int, int]:
    """The usual maximum of a supply: units in so many months (4.2, 4.3)."""
    if code in GLUCOSE_SUPPLIES:
        return (USUAL_INSULIN if insulin else USUAL_NO_INSULIN)[code]
    return USUAL[code]
