"""Bank files as CSV: each bank has its columns, and a file is taken whole or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model.bank_csv import read_csv
from gateway.core.model.bank_file import BankFileRefused

COLUMNS = {"date": "Posting Date", "credit": "Credit", "debit": "Debit", "text": "Description", "check": "Check No"}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "The file is empty."),
        ("date,sum\n2026-09-15,1\n", "Line 1: the columns date and amount are needed"),
        ("date,amount\n2026-09-15,1.005\n", "Line 2: its amount cannot be read"),
        ("date,amount\n2026-09-15,1.00\n\n9/99/2026,1.00\n", "Line 4: its date cannot be read"),
        ("date,amount\n2026-09-15,\n", "Line 2: its amount cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(data: str, why: str) -> None:
    with pytest.raises(BankFileRefused) as refused:
        read_csv(data.encode())
    assert str(refused.value).startswith(why)


def test_a_total_that_the_lines_do_not_add_up_to_is_refused_with_both_sums() -> None:
    data = b"date,amount\n2026-09-15,80.00\n2026-09-15,20.00\nTOTAL,100.01\n"
    with pytest.raises(
        BankFileRefused, match=r"Line 4: the total is \$100.01, and the lines add up to \$100.00: \$0.01"
    ):
        read_csv(data, total="TOTAL")
    with pytest.raises(BankFileRefused, match="the row with the total"):
        read_csv(b"date,amount\n2026-09-15,80.00\n", total="TOTAL")


def test_a_plain_file_needs_no_configuration() -> None:
    data = b'\xef\xbb\xbfDate,Amount,Method,Trace,Payer\r\n09/15/2026,"$1,234.50",eft,EFT0001,NORTHBRIDGE\r\n'
    (line,) = read_csv(data)
    assert (line.on_date, line.cents, line.trace, line.payer) == (
        dt.date(2026, 9, 15),
        123450,
        "EFT0001",
        "NORTHBRIDGE",
    )
    assert line.code == "eft"


def test_a_bank_has_its_own_columns() -> None:
    data = (
        b"Posting Date;Description;Check No;Debit;Credit\n"
        b"15.09.2026;NORTHBRIDGE TRN*1*EFT0001*1960000022\\;;;80.00\n"
        b"15.09.2026;FEE;;12.00;\n"
        b"15.09.2026;LOCKBOX;4411;;5.00\n"
    )
    found = read_csv(data, COLUMNS, date_format="%d.%m.%Y", separator=";")
    assert [(line.cents, line.trace, line.check) for line in found] == [
        (8000, "EFT0001", ""),
        (-1200, "", ""),
        (500, "", "4411"),
    ]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(BankFileRefused, match="there is no column 'Posting Date', which is to be the date"):
        read_csv(b"Date,Credit\n", COLUMNS)


@given(st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=10))
def test_amounts_are_read_to_the_cent_however_they_are_written(amounts: list[int]) -> None:
    def written(cents: int) -> str:
        text = f"{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
        return f"({text})" if cents < 0 else text

    rows = "".join(f'2026-09-15,"{written(cents)}"\n' for cents in amounts)
    total = written(sum(amounts))
    found = read_csv(f'date,amount\n{rows}TOTAL,"{total}"\n'.encode(), total="TOTAL")
    assert [line.cents for line in found] == amounts


@given(
    st.one_of(st.binary(max_size=300), st.text(alphabet='date,amount\n"26-09/15.$()x', max_size=200).map(str.encode))
)
def test_no_bytes_make_the_reader_fail_in_another_way(data: bytes) -> None:
    for begin in (b"", b"date,amount,text\n"):
        with contextlib.suppress(BankFileRefused):
            read_csv(begin + data)
