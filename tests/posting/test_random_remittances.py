"""Whatever balanced remittances come, each cent has its place, and posting again changes nothing."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.store import tables

from ..soak import examples
from .conftest import Desk, Line
from .made import Cas, Clp, Era, Plb, Svc, dollars

NUMBERS = itertools.count(1)
CODES = ("E1390", "E0601", "A7030", "A4253", "K0001")
REASONS = (("CO", "45"), ("CO", "253"), ("CO", "50"), ("CO", "16"), ("CO", "ZZ"), ("PR", "1"), ("PR", "2"), ("PR", "3"))
REASONS += (("OA", "23"), ("OA", "133"), ("PI", "45"), ("CO", "131"), ("PR", "204"), ("CO", "B4"), ("OA", "209"))


class Decided(NamedTuple):
    """A line, and how the payer splits its charge: among the reasons, the rest is paid."""

    code: str
    charge: int
    parts: list[tuple[tuple[str, str], int]]

    def service(self, ref: str) -> Svc:
        cas = [Cas(group, reason, dollars(cents)) for (group, reason), cents in self.parts if cents]
        paid = self.charge - sum(cents for _, cents in self.parts)
        return Svc(self.code, dollars(self.charge), dollars(paid), cas, ref=ref)


@st.composite
def lines(draw: st.DrawFn) -> Decided:
    charge = draw(st.integers(1, 99_999))
    left = charge
    parts = []
    for reason in draw(st.lists(st.sampled_from(REASONS), max_size=4, unique=True)):
        cents = draw(st.integers(0, left))
        left -= cents
        parts.append((reason, cents))
    return Decided(draw(st.sampled_from(CODES)), charge, parts)


claims = st.lists(st.lists(lines(), min_size=1, max_size=3), min_size=1, max_size=5)
plbs = st.lists(st.tuples(st.sampled_from(("WO", "FB", "L6", "CS", "72", "ZZ")), st.integers(-9999, 9999)), max_size=2)


@examples(25, 500)
@given(claims=claims, plbs=plbs, takes_back=st.booleans())
def test_random_remittances_post_to_the_cent(
    desk: Desk, claims: list[list[Decided]], plbs: list[tuple[str, int]], takes_back: bool
) -> None:
    paid, back = [], []
    for decided in claims:
        number = f"R{next(NUMBERS)}"
        refs = [f"{number}L{index}" for index in range(len(decided))]
        desk.claim(number, *(Line(one.code, dollars(one.charge), ref) for one, ref in zip(decided, refs, strict=True)))
        services = [one.service(ref) for one, ref in zip(decided, refs, strict=True)]
        paid.append(Clp(number, services, payer_number=f"ICN{number}"))
        back.append(Clp(number, [_negative(one) for one in services], status="22", payer_number=f"ICN{number}"))
    levels = [Plb(code, dollars(cents)) for code, cents in plbs if cents]
    era = Era(paid, levels, trace=f"T{next(NUMBERS)}")
    desk.post(era)
    _holds(desk)
    after = desk.accounts()
    desk.post(era)
    assert desk.accounts() == after
    if takes_back:
        before = {account: cents for account, cents in after.items() if not account.startswith(("payer:", "cash:"))}
        desk.post(Era(back, trace=f"T{next(NUMBERS)}"))
        desk.post(Era([one._replace(payer_number=f"{one.payer_number}B") for one in paid], trace=f"T{next(NUMBERS)}"))
        _holds(desk)
        now = {
            account: cents for account, cents in desk.accounts().items() if not account.startswith(("payer:", "cash:"))
        }
        assert now == before


def _negative(service: Svc) -> Svc:
    def turned(text: str) -> str:
        return text[1:] if text.startswith("-") else (f"-{text}" if text != "0" else text)

    return service._replace(
        charge=turned(service.charge),
        paid=turned(service.paid),
        cas=[one._replace(amount=turned(one.amount)) for one in service.cas],
    )


def _holds(desk: Desk) -> None:
    proof = desk.prove()
    assert proof.ok, proof.faults
    waiting = [row.reason for row in desk.rows(tables.claim_payments, tables.claim_payments.c.state == "exception")]
    assert waiting == []
