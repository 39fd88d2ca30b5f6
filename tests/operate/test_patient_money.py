"""`gateway deposit post-patient`, on a place where a gateway has lived."""

from __future__ import annotations

import re

from gateway.core.ledger import accounts
from gateway.core.ledger.balances import by_line
from gateway.core.ledger.proof import prove
from gateway.core.store.cash_tables import money_lines
from gateway.core.store.tables import claims

from .conftest import Place

KEYED = ("deposit", "add", "--method", "card", "--date", "2026-11-20", "--number", "9001", "--by", "petra")


def _owing(place: Place) -> tuple[str, int]:
    """The number of a claim on which a patient owes something, and how much."""
    with place.sql.connect() as connection:
        rows = {row.id: row.claim_number for row in place.rows(claims)}
        for claim_id, lines in by_line(connection, sorted(rows)).items():
            cents = sum(
                amount for on in lines.values() for name, amount in on.items() if name.startswith(accounts.PATIENT)
            )
            if cents > 0:
                return rows[claim_id], cents
    raise AssertionError("nobody owes anything here")


def test_a_card_at_the_counter_is_posted_to_the_claim_and_the_rest_waits(lived: Place) -> None:
    number, cents = _owing(lived)
    amount = f"{(cents + 100) / 100:.2f}"
    assert lived.run(*KEYED, "--amount", amount, "--payer", "A PATIENT").exit_code == 0
    line = str(lived.rows(money_lines)[-1].id)
    post = ("deposit", "post-patient", line)
    for words, told in (
        (("--reason", "Copay."), "which patient paid, or for which claims"),
        (("--claim", "NONE", "--reason", "Copay."), "There is no claim NONE"),
        (("--patient", "999999", "--reason", "Copay."), "There is no patient 999999"),
    ):
        refused = lived.run(*post, *words)
        assert refused.exit_code == 1
        assert told in refused.output
    done = lived.run(*post, "--claim", number, "--reason", "Copay.", "--by", "petra")
    assert done.exit_code == 0, done.output
    assert re.search(rf"posted to claim {number}\.\n\$1\.00 is left that nobody owes", done.output)
    assert "patient_money" in lived.run("queue", "list", "--kind", "patient_money").output
    with lived.sql.connect() as connection:
        assert prove(connection).ok
    assert lived.run("deposit", "unmatch", line, "--reason", "Another patient.", "--by", "petra").exit_code == 0
    with lived.sql.connect() as connection:
        assert prove(connection).ok
    assert _owing(lived) == (number, cents)
