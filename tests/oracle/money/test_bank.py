"""Which money is which remittance's."""

from __future__ import annotations

from .bank import Bank
from .books import Books
from .telling import claim, clp, era, svc


def bank_file(day: str, *credits: str) -> str:
    head = f"01,BANK,SUPPLIER,{day},0600,1,,,2/\n02,SUPPLIER,BANK,1,{day},,USD,2/\n03,123,USD,,,,/\n"
    return head + "".join(f"{one}\n" for one in credits) + "49,0,2/\n98,0,1,2/\n99,0,1,2/\n"


def books_of(*traces: str) -> Books:
    books = Books()
    for at, trace in enumerate(traces):
        books.claims(claim(f"SW{at}", ("A7030", "80")))
        books.remittance(era("80", clp(f"SW{at} 1 80 80", svc("A7030", "80", "80")), trace=trace))
    return books


def test_the_trace_decides_between_two_of_one_amount() -> None:
    books, bank = books_of("EFT1", "EFT2"), Bank()
    bank.file(bank_file("260916", "16,165,8000,,,,", "88,TRN*1*EFT2*1960000022\\/"))
    bank.match(books)
    assert [one.set for one in bank.credits] == [1]


def test_without_a_trace_one_of_the_payers_within_three_business_days_is_enough_and_two_are_not() -> None:
    books, bank = books_of("EFT1"), Bank()
    bank.file(bank_file("260918", "16,165,8000,,,,", "88,ORIG ID:1960000022/"))
    bank.match(books)
    assert (bank.matched(), bank.unidentified()) == (8000, 0)
    for day, traces in (("260921", ("EFT1",)), ("260916", ("EFT1", "EFT2"))):
        books, bank = books_of(*traces), Bank()
        bank.file(bank_file(day, "16,165,8000,,,,", "88,ORIG ID:1960000022/"))
        bank.match(books)
        assert (bank.matched(), bank.unidentified()) == (0, 8000), day


def test_money_of_another_amount_is_unidentified() -> None:
    books, bank = books_of("EFT1"), Bank()
    bank.file(bank_file("260916", "16,165,8001,,,,", "88,TRN*1*EFT1*1960000022\\/", "16,475,8000,,,,/"))
    bank.match(books)
    assert (len(bank.credits), bank.unidentified()) == (1, 8001)
