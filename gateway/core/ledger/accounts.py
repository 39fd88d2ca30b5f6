"""The names of the accounts. An account is a kind; the claim, line or payment it concerns stands beside it.

A debit balance on `receivable:*` is what is owed to us on claims. `clearing:<remittance>` has a credit balance as
long as a remittance's money is not all posted: exactly its exceptions. `payer:<payer>:*` is what a payer has
advanced or held back at provider level (PLB), and nets to zero over time. `cash:expected` is money that a remittance
announces and the bank has not shown yet.
"""

from __future__ import annotations

from ..model.posting import Kind

RECEIVABLE = "receivable:"
INSURANCE = "receivable:insurance"
DENIED = "receivable:denied"
PATIENT = "receivable:patient:"

CHARGES = "income:charges"
INTEREST = "income:interest"
CASH_EXPECTED = "cash:expected"
CLEARING = "clearing:"

OF_KIND: dict[Kind, str] = {
    Kind.CONTRACTUAL: "adjustment:contractual",
    Kind.SEQUESTRATION: "adjustment:sequestration",
    Kind.WITHHOLD: "adjustment:withhold",
    Kind.PENALTY: "adjustment:penalty",
    Kind.FEE: "expense:fees",
    Kind.DEDUCTIBLE: "receivable:patient:deductible",
    Kind.COINSURANCE: "receivable:patient:coinsurance",
    Kind.COPAY: "receivable:patient:copay",
    Kind.PATIENT: "receivable:patient:other",
    Kind.DENIAL: DENIED,
}
"""The account that an amount of this kind goes to; kinds that are not here move nothing."""

KIND_OF: dict[str, Kind] = {account: kind for kind, account in OF_KIND.items()}

# What a provider-level adjustment may be (table plb, column `account`), and where it goes. {payer} is the payer.
PROVIDER_LEVEL: dict[str, str] = {
    "recovery": "payer:{payer}:recovery",
    "forward": "payer:{payer}:forward",
    "other": "payer:{payer}:other",
    "interest": INTEREST,
    "late charge": "expense:late-charge",
    "penalty": "expense:interest-penalty",
    "discount": "adjustment:discount",
    "levy": "expense:levy",
}

PAYER_SIZE = 40


def clearing(remittance_id: int) -> str:
    """The account through which the money of one remittance goes."""
    return f"clearing:{remittance_id}"


def provider_level(use: str, payer: str) -> str:
    """The account of a provider-level adjustment. Raises KeyError: the table names a use that is none."""
    return PROVIDER_LEVEL[use].format(payer=payer[:PAYER_SIZE] or "unknown")
