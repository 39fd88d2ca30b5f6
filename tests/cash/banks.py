"""Small bank files, made as a bank makes them: the sums and counts are right unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.core.model.money import parse_cents


class Credit(NamedTuple):
    """A line of a bank's file: `Credit("80.00", trace="EFT0001")`. `more` goes on in records 88."""

    dollars: str
    code: str = "142"
    trace: str = ""
    originator: str = "1960000022"
    bank: str = "REF1"
    customer: str = ""
    text: str = ""
    more: Sequence[str] = ()

    @property
    def cents(self) -> int:
        found = parse_cents(self.dollars)
        assert found is not None, self.dollars
        return found

    def records(self) -> list[str]:
        text = self.text
        if self.trace:
            text += f"TRN*1*{self.trace}*{self.originator}\\"
        return [
            f"16,{self.code},{self.cents},Z,{self.bank},{self.customer},{text}",
            *(f"88,{one}" for one in self.more),
        ]


def make_bai2(
    *credits: Credit,
    date: str = "260915",
    account: str = "0011223344",
    off: int = 0,
    end: bool = True,
    summaries: str = "",
) -> bytes:
    """A file of one group and account. `off`: by how many cents the account's control total is wrong."""
    inner = [f"03,{account},,010,{sum(one.cents for one in credits)},,{summaries}/"]
    for one in credits:
        inner += one.records()
    total = 2 * sum(one.cents for one in credits) + off
    lines = [
        "01,091000019,STILLWATER,260916,0600,1,,,2/",
        f"02,STILLWATER,091000019,1,{date},,,2/",
        *inner,
        f"49,{total},{len(inner) + 1}/",
        f"98,{total},1,{len(inner) + 3}/",
        f"99,{total},1,{len(inner) + 5}/",
    ]
    return "\n".join(lines if end else lines[:-2]).encode() + b"\n"
