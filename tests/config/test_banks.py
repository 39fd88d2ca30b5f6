"""Banks in gateway.yaml: what is wrong with one is told at its place."""

from __future__ import annotations

import re

import pytest

from .conftest import Folder

CASH = """\
cash:
  banks:
    - {name: first, accounts: ["0011"]}
    - name: second
      format: csv
      columns: {date: Posting Date, amount: Amount}
      date_format: "%m/%d/%Y"
"""
SOURCE = "  - {name: statements, bank: first}\n"


@pytest.fixture
def banked(folder: Folder) -> Folder:
    main = folder.root / "gateway.yaml"
    main.write_text(main.read_text().replace("sources:\n", f"{CASH}sources:\n{SOURCE}", 1))
    return folder


def test_a_source_may_bring_the_files_of_a_bank(banked: Folder) -> None:
    cash = banked.config().gateway.cash
    first, second = cash.bank("first"), cash.bank("second")
    assert first is not None
    assert second is not None
    assert (first.accounts, second.columns["date"]) == (("0011",), "Posting Date")
    assert cash.bank("") is None, "one of two must be named"
    assert cash.bank("third") is None


def test_without_banks_there_is_one(folder: Folder) -> None:
    cash = folder.config().gateway.cash
    assert cash.bank("") == cash.bank("bank")
    assert cash.bank("first") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("bank: first", "bank: frist", "bank: no bank is called 'frist'; expected one of first, second; did you mean"),
        ("bank: first}", "bank: first, format: json}", "format: a source with bank sends no claims"),
        ("bank: first}", "bank: first, drop: a/b}", "bank: a source has either drop or bank"),
        ("name: second", "name: first", "name: 'first' is another bank's"),
        ("amount: Amount", "amuont: Amount", "no field is called 'amuont'"),
        ("amount: Amount", "payer: Amount", "name the columns of date, and of amount or credit"),
        ('"%m/%d/%Y"', '"%d%d"', "a form of dates such as"),
        ('"%m/%d/%Y"', '"%q"', "a form of dates such as"),
    ],
)
def test_what_is_wrong_with_a_bank_is_told_at_its_place(banked: Folder, old: str, new: str, told: str) -> None:
    banked.edit("gateway.yaml", old, new)
    faults = [str(fault) for fault in banked.faults()]
    assert any(re.search(rf"gateway\.yaml:\d+:\d+: .*{re.escape(told)}", fault) for fault in faults), faults
