"""What the money pages call things: why a payment waits, the states and ways of deposits, where an item is worked."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ...core.store.tables import work_items

REASONS = {
    "no-claim": "No claim of ours fits",
    "candidates": "Not sure which claim",
    "lines": "Not clear which line is meant",
    "balance": "It does not add up",
    "more-than-open": "More than is open on the claim",
    "reversal": "What it takes back is not clear",
    "claim-level": "It names no lines",
    "before-the-first": "The payer before has not decided yet",
    "unreadable": "It cannot be read",
    "gateway": "A fault in the gateway",
    "quarantine": "A plugin keeps it back",
    "no-plan": "No plugin posts payments like this",
    "ask-again": "To be posted again later",
    "aside": "Its remittance is not posted",
    "exception": "The whole remittance does not add up",
    "review": "Another remittance pays the same money",
    "": "No reason is noted",
}
STATES = {
    "expected": "Expected",
    "matched": "Matched, not all posted",
    "posted": "Posted, not at the bank",
    "reconciled": "Reconciled",
    "unidentified": "Unidentified",
    "noted": "Noted, no deposit",
}
METHODS = {
    "eft": "EFT",
    "wire": "Wire",
    "check": "Check",
    "lockbox": "Lockbox",
    "card": "Card",
    "cash": "Cash",
    "other": "Other",
}
KINDS = {
    "remittance": "Remittance",
    "slip": "Slip",
    "bank": "Bank line",
    "in hand": "In hand",
    "hand": "In hand",
}
PAPERS = {
    "check": "Image of a check",
    "eob": "Explanation of benefits",
    "slip": "Slip",
    "other": "Another paper",
}


def why(rule: str) -> str:
    """Why a payment waits, in a few words."""
    if rule.startswith("plugin:"):
        return f"Plugin {rule.removeprefix('plugin:')} keeps it back"
    return REASONS.get(rule) or rule.replace("-", " ").replace("_", " ").capitalize()


def method(name: str) -> str:
    """By which way money comes, as people say it."""
    return METHODS.get(name) or name.capitalize()


def place_of(key: str) -> tuple[str, str]:
    """Where an item of this key is worked: address and words; empty where its own page is all there is."""
    name, _, rest = key.partition(":")
    number = rest.rpartition(":")[2]
    if not number.isdecimal():
        return "", ""
    if name == "payment":
        return f"/console/exceptions/{number}", "Look at the payment beside the claim"
    if name == "remittance":
        return f"/console/exceptions/remittances/{number}", "Look at the remittance"
    if name == "cash":  # also what is left of a patient's money
        return f"/console/deposits/{number}", "Look at the money, and match it"
    return "", ""


def place_of_item(connection: Connection, item_id: int) -> tuple[str, str]:
    """Where an item of the money side is worked: address and words; empty for others."""
    return place_of(str(connection.execute(select(work_items.c.key).where(work_items.c.id == item_id)).scalar() or ""))
