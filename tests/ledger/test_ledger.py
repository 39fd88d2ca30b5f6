"""The ledger: it only grows, nothing is in it twice, and the proof finds what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.exc import IntegrityError

from gateway.core.ledger import accounts, transfers
from gateway.core.ledger.balances import by_line, claim_balances
from gateway.core.ledger.proof import prove
from gateway.core.ledger.transfers import Transfer, charge_transfers, reversal_of, signed
from gateway.core.model.posting import Kind
from gateway.core.store import tables
from gateway.core.store.engine import make_sync_engine

NOW = dt.datetime(2026, 9, 16, 17, tzinfo=dt.UTC)
DAY = dt.date(2026, 9, 16)


@pytest.fixture
def books(database_url: str) -> Iterator[Connection]:
    """A transaction on a database with two claims of two lines ($100 and $50), charged."""
    engine = make_sync_engine(database_url)
    with engine.begin() as connection:
        connection.execute(insert(tables.blobs).values(sha256="0" * 64, size=1, stored_at=NOW))
        connection.execute(insert(tables.files).values(id=1, direction="in", sha256="0" * 64, size=1, received_at=NOW))
        for claim_id in (1, 2):
            connection.execute(
                insert(tables.claims).values(
                    id=claim_id,
                    file_id=1,
                    ordinal=claim_id,
                    claim_number=f"SW{claim_id}",
                    charge_cents=15000,
                    content=b"",
                    created_at=NOW,
                    updated_at=NOW,
                )
            )
            for number, cents in ((1, 10000), (2, 5000)):
                connection.execute(
                    insert(tables.claim_lines).values(
                        id=claim_id * 10 + number, claim_id=claim_id, number=number, charge_cents=cents
                    )
                )
            charges = charge_transfers(claim_id, [(claim_id * 10 + 1, 10000), (claim_id * 10 + 2, 5000)], 15000, DAY)
            transfers.write(connection, charges, NOW)
        yield connection
    engine.dispose()


def remittance(books: Connection, paid: int, posted: int) -> None:
    """A remittance with one posted payment on claim 1, line 11."""
    books.execute(
        insert(tables.remittances).values(
            id=7,
            file_id=1,
            ordinal=1,
            state="posted" if paid == posted else "posting",
            paid_cents=paid,
            posted_cents=posted,
            exception_cents=paid - posted,
            received_at=NOW,
        )
    )
    books.execute(insert(tables.deposits).values(id=1, remittance_id=7, cents=paid, state="expected", created_at=NOW))
    books.execute(
        insert(tables.claim_payments).values(
            id=70,
            remittance_id=7,
            ordinal=1,
            claim_id=1,
            charge_cents=10000,
            paid_cents=posted,
            patient_cents=0,
            state="posted",
            content=b"",
            at=NOW,
        )
    )
    books.execute(
        insert(tables.line_payments).values(
            id=1, claim_payment_id=70, line_id=11, charge_cents=10000, paid_cents=posted
        )
    )
    books.execute(
        insert(tables.adjustments).values(
            id=1, claim_payment_id=70, line_id=11, group_code="CO", reason_code="45", cents=2000, kind="contractual"
        )
    )
    clearing = accounts.clearing(7)
    transfers.write(
        books,
        [
            Transfer(accounts.CASH_EXPECTED, clearing, paid, DAY, "receipt", "receipt:7", remittance_id=7),
            Transfer(clearing, accounts.INSURANCE, posted, DAY, "payment", "post:70:1", "", 1, 11, 70, 7),
            Transfer(
                accounts.OF_KIND[Kind.CONTRACTUAL],
                accounts.INSURANCE,
                2000,
                DAY,
                "contractual",
                "post:70:2",
                "CO-45",
                1,
                11,
                70,
                7,
            ),
        ],
        NOW,
    )


def test_the_same_thing_is_never_posted_twice(books: Connection) -> None:
    with pytest.raises(IntegrityError), books.begin_nested():
        transfers.write(books, charge_transfers(1, [(11, 10000)], 10000, DAY), NOW)
    assert claim_balances(books, [1, 2]) == {1: 15000, 2: 15000}


def test_nothing_and_less_than_nothing_cannot_be_moved(books: Connection) -> None:
    for cents in (0, -5):
        with pytest.raises(ValueError, match="moves"):
            transfers.write(books, [Transfer("cash:a", "cash:b", cents, DAY, "x", "k")], NOW)
    with pytest.raises(ValueError, match="moves"):
        transfers.write(books, [Transfer("cash:a", "cash:a", 5, DAY, "x", "k")], NOW)


def test_a_negative_amount_goes_the_other_way() -> None:
    made = signed("cash:a", "cash:b", -5, DAY, "x", "k")
    assert (made.debit, made.credit, made.cents) == ("cash:b", "cash:a", 5)


def test_a_claim_whose_lines_do_not_add_up_owes_its_charge() -> None:
    made = charge_transfers(1, [(11, 10000), (12, 0)], 12000, DAY)
    assert [(one.line_id, one.cents) for one in made] == [(11, 10000), (None, 2000)]


def test_what_stands_on_a_claim_is_known_by_line_and_account(books: Connection) -> None:
    remittance(books, 8000, 8000)
    stands = by_line(books, [1, 2])
    assert stands[1][11] == {
        "receivable:insurance": 0,
        "income:charges": -10000,
        "adjustment:contractual": 2000,
        "clearing:7": 8000,
    }
    assert claim_balances(books, [1, 2]) == {1: 5000, 2: 15000}
    assert accounts.balances(books, "clearing:") == {"clearing:7": 0}
    assert accounts.balances_by_kind(books)["with the payers"] == 20000


def test_sound_books_prove(books: Connection) -> None:
    remittance(books, 8000, 8000)
    proof = prove(books)
    assert proof.ok, proof.faults
    assert str(proof) == "The ledger proves: 7 transfers, 2 claims, 1 remittances, to the cent."


def test_the_books_prove_in_the_middle_of_a_remittance(books: Connection) -> None:
    remittance(books, 9000, 8000)
    assert prove(books).ok
    assert accounts.balances(books, "clearing:") == {"clearing:7": -1000}


def test_a_reversal_takes_back_exactly_what_was_moved_through_its_own_remittance(books: Connection) -> None:
    remittance(books, 8000, 8000)
    moved = transfers.of_payments(books, [70])[70]
    back = [reversal_of(transfer_id, transfer, 71, 8, DAY) for transfer_id, transfer in moved]
    assert [(one.debit, one.credit, one.cents) for one in back] == [
        ("receivable:insurance", "clearing:8", 8000),
        ("receivable:insurance", "adjustment:contractual", 2000),
    ]
    assert [one.reverses for one in back] == [transfer_id for transfer_id, _ in moved]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (update(tables.transfers).where(tables.transfers.c.id == 1).values(cents=9999), "Claim 1"),
        (update(tables.transfers).where(tables.transfers.c.key == "post:70:1").values(cents=8001), "not posted"),
        (update(tables.transfers).where(tables.transfers.c.key == "post:70:2").values(cents=1), "kind contractual"),
        (update(tables.transfers).where(tables.transfers.c.id == 1).values(cents=0), "moves nothing"),
        (update(tables.transfers).where(tables.transfers.c.id == 2).values(reverses=1), "take back"),
        (delete(tables.transfers).where(tables.transfers.c.key == "receipt:7"), "clearing account"),
        (update(tables.line_payments).values(paid_cents=7999), "its lines are"),
        (update(tables.adjustments).values(cents=2001), "kind contractual"),
        (update(tables.remittances).values(posted_cents=7999), "Remittance 7"),
        (update(tables.remittances).values(paid_cents=7999), "Remittance 7"),
        (update(tables.remittances).values(provider_level_cents=5, exception_cents=-5), "Remittance 7"),
        (update(tables.remittances).values(state="duplicate"), "Remittance 7"),
        (update(tables.deposits).values(cents=1), "expected at the bank"),
        (update(tables.claim_payments).values(state="exception"), "not posted"),
        (update(tables.claims).where(tables.claims.c.id == 2).values(charge_cents=1), "Claim 2 charges"),
    ],
)
def test_the_proof_finds_each_damage(books: Connection, damage: object, words: str) -> None:
    remittance(books, 8000, 8000)
    books.execute(damage)  # type: ignore[call-overload]
    proof = prove(books)
    assert not proof.ok
    assert words in " ".join(proof.faults)
    books.rollback()
