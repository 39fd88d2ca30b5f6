"""Where the gateway's books and the checker's differ: set by set, payment by payment, claim by claim, and in sum."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

from ..oracle.money import Books
from .deliveries import ORIGINATORS
from .office import Office

NEXT, NEXT_ACCOUNT = "with the next payer", "receivable:next"
"""Where the gateway has no account of its own for what the next payer is asked, it stands as the patient's."""
PLACES = {
    "receivable:insurance": "with the payer",
    "receivable:denied": "denied",
    "receivable:patient:deductible": "patient deductible",
    "receivable:patient:coinsurance": "patient coinsurance",
    "receivable:patient:copay": "patient copay",
    "receivable:patient:other": "patient other",
    NEXT_ACCOUNT: NEXT,
    "adjustment:contractual": "contractual",
    "adjustment:sequestration": "sequestration",
    "adjustment:withhold": "taken off: WITHHOLD",
    "clearing": "paid",
}
"""The gateway's accounts by the checker's words."""

USES = {
    "WO": "payer:{}:recovery",
    "72": "payer:{}:recovery",
    "FB": "payer:{}:forward",
    "L6": "income:interest",
    "CS": "payer:{}:other",
    "AH": "payer:{}:other",
    "50": "expense:late-charge",
}
"""Where each provider-level code that the quarter has is booked (the table `plb`)."""

REASONS = (
    ("is not one that posts by itself", "status"),
    ("cannot be read", "cannot be read"),
    ("apart", "does not balance"),
    ("No claim of ours", "no claim"),
    ("proof enough", "no claim"),
    (r"claims (have|fit)", "two claims"),
    ("nothing tells for certain", "two lines"),
    ("fits no open line", "no line"),
    ("more than is open", "more than is open"),
    ("none that stands on the claim is exactly that|left to take back", "reversal"),
    ("nothing of that payer has been posted", "before the first payer"),
)
"""What in the gateway's sentence is which class of reason of the checker."""
CLASSES = {"reversal of nothing": "reversal", "reversal differs": "reversal"}
"""Two of the checker's classes that are one sentence in the gateway: it names what stands on the claim."""


class Agreement(NamedTuple):
    """What was compared, and each difference in words."""

    counts: Counter[str]
    differences: list[str]


def agree(office: Office, books: Books) -> Agreement:
    """Compare everything."""
    found = Agreement(Counter(), [])
    _sets(office, books, found)
    _payments(office, books, found)
    _claims(office, books, found)
    _whole(office, books, found)
    return found


def _sets(office: Office, books: Books, found: Agreement) -> None:
    rows = office.sets()
    if len(rows) != len(books.sets):
        found.differences.append(f"sets: {len(rows)} came, {len(books.sets)} are judged")
    for row, one in zip(rows, books.sets, strict=False):
        # What could not post and came again whole is called a copy of that later one.
        state = "exception" if row.state == "duplicate" and row.duplicate_of > row.id else row.state
        found.counts[f"set {one.state}"] += 1
        if (row.trace_number, state) != (one.remitted.trace, one.state):
            found.differences.append(
                f"set {row.id} {row.name} {row.trace_number}: {state} ({row.reason[:80]}); by the page {one.state} "
                f"{one.reason}"
            )


def reason_of(row: Any) -> str:
    """The class of reason of a payment that waits."""
    return next((name for words, name in REASONS if re.search(words, row.reason)), row.reason[:60])


def _payments(office: Office, books: Books, found: Agreement) -> None:
    rows = office.payments()
    if len(rows) != len(books.payments):
        found.differences.append(f"payments: {len(rows)} came, {len(books.payments)} are judged")
    for row, one in zip(rows, books.payments, strict=False):
        ours = ("waits", reason_of(row)) if row.state == "exception" else (row.state, "")
        page = (one.state, CLASSES.get(one.reason, one.reason))
        found.counts[f"payment {one.state} {one.reason}".rstrip()] += 1
        # A payment that says nothing about money has no claim in the checker's books.
        same_claim = one.state != "posted" or row.claim_number == one.claim
        if ours != page or not same_claim:
            found.differences.append(
                f"payment {row.id} of {one.payment.number} (status {one.payment.status}): {ours} on "
                f"{row.claim_number}; by the page {page} on {one.claim}"
            )


def _claims(office: Office, books: Books, found: Agreement) -> None:
    stands = office.on_claims()
    for number, accounts in books.accounts.items():
        (account,) = accounts
        page = account.places()
        ours = {
            PLACES.get(name, name): cents
            for name, cents in stands.get(number, {}).items()
            if cents and name != "income:charges"
        }
        if NEXT in page and not any(name.startswith(NEXT_ACCOUNT) for name in stands[number]):
            ours, page = _left(ours), _left(page)
        found.counts["claims"] += 1
        for place in page:
            found.counts[f"claims {place}"] += 1
        if dict(sorted(ours.items())) != page:
            found.differences.append(f"claim {number}: {ours}; by the page {page}")


def _left(places: dict[str, int]) -> dict[str, int]:
    """What the payer left, whoever owes it now: the patient or the next payer."""
    left = sum(cents for place, cents in places.items() if place == NEXT or place.startswith("patient"))
    others = {place: cents for place, cents in places.items() if place != NEXT and not place.startswith("patient")}
    return others | ({"left": left} if left else {})


def _whole(office: Office, books: Books, found: Agreement) -> None:
    balances = office.balances()
    waiting = -sum(cents for name, cents in balances.items() if name.startswith("clearing:"))
    sums: Counter[str] = Counter()
    for (payer, code), cents in books.provider_level().items():
        sums[USES[code].format(ORIGINATORS[payer])] += cents
    named = {name: cents for name, cents in balances.items() if name in sums or name.startswith("payer:")}
    for what, ours, page in (
        ("cash expected", balances.get("cash:expected", 0), books.cash_expected()),
        ("waiting", waiting, books.waiting()),
        ("provider level", named, {name: cents for name, cents in sorted(sums.items()) if cents}),
    ):
        found.counts["sums"] += 1
        if ours != page:
            found.differences.append(f"{what}: {ours}; by the page {page}")
