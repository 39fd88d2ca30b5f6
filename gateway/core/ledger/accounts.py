"""The accounts: their names, and what stands on each. An account is a kind; the claim, line or payment that a
transfer concerns stands beside it.

A debit balance on `receivable:*` is what is owed to us on claims. `clearing:<remittance>` has a credit balance as
long as a remittance's money is not all posted: exactly its exceptions. `payer:<payer>:*` is what a payer has
advanced or held back at provider level (PLB), and nets to zero over time. `cash:expected` is money that a remittance
announces and nobody has seen yet; `cash:bank` is what the bank has shown, `cash:in-hand` checks and cash on a slip that
the bank has not shown; `cash:unidentified` (a credit balance) is money of which nobody knows yet what it is for, and
`cash:named:*` what a person has said that it is for.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, Subquery, func, select, union_all

from ..model.bank_file import PURPOSES
from ..model.posting import Kind
from ..store.tables import transfers

RECEIVABLE = "receivable:"
INSURANCE = "receivable:insurance"
DENIED = "receivable:denied"
PATIENT = "receivable:patient:"

CHARGES = "income:charges"
INTEREST = "income:interest"
CASH = "cash:"
WRITTEN_OFF = "adjustment:write-off"
NEXT_PAYER = "transfer:next-payer"
"""What one claim hands to the claim for the next payer; it is zero whenever nothing is on its way."""
CASH_EXPECTED = "cash:expected"
CASH_BANK = "cash:bank"
CASH_IN_HAND = "cash:in-hand"
CASH_UNIDENTIFIED = "cash:unidentified"
CASH_DIFFERENCE = "cash:difference"
CASH_NAMED = "cash:named:"
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
    "unapplied": "payer:{payer}:unapplied",  # what a person has set aside; no row of the table says so
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


def sides(*columns: str, of_claims: Sequence[int] | None = None) -> Subquery:
    """Every transfer twice: its debit with its cents, its credit with minus its cents (columns `account`, `cents`, and
    those of the transfer that are named)."""

    def side(account: str, sign: int) -> Select[tuple[object, ...]]:
        wanted = [transfers.c[name] for name in columns]
        statement = select(*wanted, transfers.c[account].label("account"), (transfers.c.cents * sign).label("cents"))
        return statement if of_claims is None else statement.where(transfers.c.claim_id.in_(of_claims))

    return union_all(side("debit", 1), side("credit", -1)).subquery()


def balances(connection: Connection, prefix: str = "") -> dict[str, int]:
    """The balance of every account (whose name starts so), in cents; a debit counts positive."""
    both = sides()
    statement = select(both.c.account, func.sum(both.c.cents)).group_by(both.c.account).order_by(both.c.account)
    if prefix:
        statement = statement.where(both.c.account.startswith(prefix, autoescape=True))
    return {account: int(cents) for account, cents in connection.execute(statement)}


_WORDS = {
    INSURANCE: "with the payers",
    DENIED: "denied, being worked",
    "receivable:patient:deductible": "patient: deductible",
    "receivable:patient:coinsurance": "patient: coinsurance",
    "receivable:patient:copay": "patient: copay",
    "receivable:patient:other": "patient: other",
    "adjustment:contractual": "contractual adjustment",
    "adjustment:sequestration": "sequestration",
    "adjustment:withhold": "withheld",
    "adjustment:penalty": "penalties",
    "adjustment:discount": "early payment discount",
    WRITTEN_OFF: "written off",
    NEXT_PAYER: "on its way to the next payer",
    "expense:fees": "payers' fees",
    "expense:late-charge": "late charges",
    "expense:interest-penalty": "interest penalties",
    "expense:levy": "levies",
    CASH_EXPECTED: "cash expected at the bank",
    CASH_BANK: "cash at the bank",
    CASH_IN_HAND: "checks and cash in hand",
    CASH_UNIDENTIFIED: "cash unidentified",
    CASH_DIFFERENCE: "cash: differences with a reason",
    **{f"{CASH_NAMED}{name}": f"cash: {words}" for name, words in PURPOSES.items()},
    CHARGES: "charges",
    INTEREST: "interest from payers",
}
_ENDINGS = {
    ":recovery": "payers: recovery of overpayments",
    ":forward": "payers: balances carried forward",
    ":other": "payers: other provider-level",
    ":unapplied": "payers: set aside, not applied",
}


def in_words(account: str) -> str:
    """What a person calls this account; accounts of single remittances and payers share a name."""
    if account.startswith(CLEARING):
        return "remitted, not posted"
    if account.startswith("payer:"):
        return next((words for ending, words in _ENDINGS.items() if account.endswith(ending)), account)
    return _WORDS.get(account, account)


def balances_by_kind(connection: Connection) -> dict[str, int]:
    """What stands where, in words and cents, a debit counting positive; the accounts of all remittances and of all
    payers together."""
    found: dict[str, int] = {}
    for account, cents in balances(connection).items():
        words = in_words(account)
        found[words] = found.get(words, 0) + cents
    return found
