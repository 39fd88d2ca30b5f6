"""Bank files: what does not add up is refused with the line and the sum; nothing else ever comes out of the reader."""

from __future__ import annotations

import contextlib
import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model.bai2 import read_bai2
from gateway.core.model.bank_file import BankFileRefused

from .banks import Credit, make_bai2

# The example of the format's own guide: availability by days, text that goes on, items of a lockbox.
GUIDE = b"""01,122099999,123456789,260621,0200,1,65,,2/
02,031001234,122099999,1,260620,2359,,2/
03,0123456789,,010,+4350000,,,040,2830000,,/
88,072,1020000,,,074,500000,,/
16,115,450000,S,100000,200000,150000/
88,AX13612,B096132,AMALGAMATED CORP. LOCKBOX
88,DEPOSIT-MISC. RECEIVABLES
16,409,1000,V,260622,,,,RETURNED CHEQUE     /
49,9151000,7/
98,9151000,1,9/
99,9151000,1,11/
"""


def test_a_sum_that_is_not_what_it_says_is_refused_with_the_line_and_both_sums() -> None:
    with pytest.raises(BankFileRefused) as refused:
        read_bai2(make_bai2(Credit("80.00"), Credit("20.50"), off=-50))
    assert str(refused.value) == (
        "Line 6: the control total of the account is $200.50, and what it holds adds up to $201.00: $0.50 apart. "
        "Nothing of the file is taken."
    )


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"49,16000,3/", b"49,16000,4/", "Line 5: the account says that it has 4 records, and has 3."),
        (b"98,16000,1,5/", b"98,16000,2,5/", "Line 6: the group says that it has 2 accounts, and has 1."),
        (b"98,16000,1,5/", b"98,16001,1,5/", "Line 6: the control total of the group is $160.01"),
        (b"99,16000,1,7/", b"99,16000,1,9/", "Line 7: the file says that it has 9 records, and has 7."),
        (b"99,16000,1,7/\n", b"", "Line 6: the file stops here, before its end (record 99)."),
        (b"16,142,8000", b"16,142,80.00", "Line 4: an amount stands there that cannot be read."),
        (b"16,142,8000", b"16,1x2,8000", "Line 4: a type code stands there that cannot be read."),
        (b"16,142,8000,Z", b"16,142,8000,Q", "Line 4: its funds type is none of"),
        (b",1,260915", b",2,260915", "Line 2: its group deletes what was sent before"),
        (b",1,260915,,,", b",1,260915,,CAD,", "Line 2: it is in another currency than US dollars."),
        (b",1,260915", b",1,261315", "Line 2: its date cannot be read"),
        (b"03,0011223344", b"05,0011223344", "Line 3: it begins with none of the record codes"),
        (b"02,STILL", b"03,STILL", "Line 2: a record 03 stands after a record 01, where 02 or 99 belongs."),
        (b"01,0910", b"88,0910", "Line 1: a record 88 goes on with the one before"),
    ],
)
def test_what_a_bank_may_get_wrong_is_named_with_its_line(old: bytes, new: bytes, why: str) -> None:
    data = make_bai2(Credit("80.00"))
    assert data.count(old) == 1
    with pytest.raises(BankFileRefused) as refused:
        read_bai2(data.replace(old, new))
    assert str(refused.value).startswith(why)


def test_the_example_of_the_format_is_read() -> None:
    first, second = read_bai2(GUIDE)
    assert (first.number, first.code, first.cents, first.on_date) == (5, "115", 450000, dt.date(2026, 6, 20))
    assert (first.account, first.reference) == ("0123456789", "AX13612")
    assert first.told == "AMALGAMATED CORP. LOCKBOX DEPOSIT-MISC. RECEIVABLES"
    assert (second.code, second.cents, second.told) == ("409", -1000, "RETURNED CHEQUE")


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("NORTHBRIDGE HCCLAIMPMT TRN*1*EFT0001*1960000022\\", ()),
        ("NORTHBRIDGE HCCLAIMPMT", ("TRN*1*EFT0001*1960000022~",)),
        ("NORTHBRIDGE HCCLAIMPMT TRN*1*EFT", ("0001*1960000022\\",)),
        ("NORTHBRIDGE TRN*1*EFT0001*1960000022*000090101\\", ("SOMETHING ELSE",)),
    ],
)
def test_the_trace_is_found_in_the_addenda_also_where_a_record_cuts_it(text: str, more: tuple[str, ...]) -> None:
    (line,) = read_bai2(make_bai2(Credit("80.00", text=text, more=more)))
    assert (line.trace, line.originator) == ("EFT0001", "1960000022")


def test_company_and_check_number_are_read_from_the_words_of_the_bank() -> None:
    said = "ORIG CO NAME:NORTHBRIDGE HEAL  ORIG ID:1960000022  DESC DATE:260915"
    eft, check = read_bai2(make_bai2(Credit("80.00", text=said), Credit("5.00", code="116", customer="0004411")))
    assert (eft.payer, eft.originator) == ("NORTHBRIDGE HEAL", "1960000022")
    assert check.check == "0004411"


def test_a_lockbox_deposit_is_its_items_and_refused_where_they_do_not_add_up_to_it() -> None:
    items = (Credit("30.00", code="116", customer="101"), Credit("20.00", code="116", customer="102"))
    found = read_bai2(make_bai2(Credit("50.00", code="115"), *items))
    assert [(line.check, line.cents) for line in found] == [("101", 3000), ("102", 2000)]
    with pytest.raises(BankFileRefused, match=r"Line 4: the lockbox deposit is \$50.01, and its items add up to \$50"):
        read_bai2(make_bai2(Credit("50.01", code="115"), *items))


def test_lines_that_are_alike_are_told_apart_by_their_order() -> None:
    found = read_bai2(make_bai2(Credit("80.00"), Credit("80.00"), Credit("80.00", bank="REF2")))
    assert [line.nth for line in found] == [1, 2, 1]


@given(st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from(["142", "301", "699", "165"])), max_size=12))
def test_whatever_adds_up_is_read_to_the_cent(amounts: list[tuple[int, str]]) -> None:
    made = [Credit(f"{cents // 100}.{cents % 100:02d}", code=code) for cents, code in amounts]
    found = read_bai2(make_bai2(*made))
    assert [line.cents for line in found] == [cents if code < "400" else -cents for cents, code in amounts]


@given(st.data())
def test_a_file_with_any_one_digit_of_its_money_changed_is_refused(data: st.DataObject) -> None:
    sound = make_bai2(Credit("80.17"), Credit("20.50", code="301"))
    said = re.finditer(rb"^(?:16,[0-9]+,|49,|98,|99,)(?P<money>[0-9]+)", sound, re.MULTILINE)
    money = [at for found in said for at in range(*found.span("money"))]
    at = data.draw(st.sampled_from(money))
    digit = data.draw(st.sampled_from([one for one in b"0123456789" if one != sound[at]]))
    with pytest.raises(BankFileRefused):
        read_bai2(sound[:at] + bytes([digit]) + sound[at + 1 :])


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_in_another_way(data: bytes) -> None:
    with contextlib.suppress(BankFileRefused):
        read_bai2(data)


@given(st.data())
def test_no_change_to_a_sound_file_makes_the_reader_fail_in_another_way(data: st.DataObject) -> None:
    sound = data.draw(st.sampled_from([GUIDE, make_bai2(Credit("80.00", trace="A1"), Credit("5.00", code="116"))]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(sound)))
        size = data.draw(st.integers(0, 12))
        put = data.draw(
            st.sampled_from([b"", b",", b"/", b"\n", b"88,", b"D,2", b"S", b"-", b"\xff", b"99", b"16,115,"])
        )
        sound = sound[:at] + put + sound[at + size :]
    try:
        lines = read_bai2(sound)
    except BankFileRefused:
        return
    assert all(abs(line.cents) < 10**15 for line in lines)
