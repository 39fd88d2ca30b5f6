"""Whatever comes again, however it is wrapped, changes nothing; and the ledger proves after every file."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.store import tables

from ..soak import examples
from .conftest import Desk, Line
from .made import Cas, Clp, Era, Plb, Svc, dollars, make_835
from .redelivered import Separators, dealt, separated, unzipped
from .test_random_remittances import Decided, _negative, lines

NUMBERS = itertools.count(1)
ISA13 = itertools.count(1000)
PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
FORMS = [
    Separators(),
    Separators("|", ">", "'", "\r\n"),
    Separators("*", ":", "\n", ""),
    Separators("\x1d", "\x1f", "\x1c", ""),
    Separators("!", "<", "~", "\r\n"),
]


def standing(desk: Desk) -> dict[str, Any]:
    """What posting has left behind; files that come again leave a remittance row and nothing else."""
    return {
        "accounts": desk.accounts(),
        "payments": [(row.id, row.state, row.claim_id) for row in desk.payments()],
        "transfers": len(desk.rows(tables.transfers)),
        "items": [(row.kind, row.key) for row in desk.items()],
        "deposits": len(desk.rows(tables.deposits)),
        "remittances": [row.id for row in desk.remittances() if row.state != "duplicate"],
    }


def proved(desk: Desk) -> None:
    proof = desk.prove()
    assert proof.ok, proof.faults


@pytest.mark.parametrize("form", FORMS[1:])
def test_the_same_elements_between_other_separators_are_the_same_remittance(desk: Desk, form: Separators) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    data = make_835(Era([Clp("SW1", [PAID])], [Plb("L6", "-1")]))
    desk.post(data=data)
    before = standing(desk)
    desk.post(data=separated(data, form))
    assert desk.remittances()[1].state == "duplicate"
    assert standing(desk) == before


def test_trailing_separators_are_no_contents(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    data = make_835(Era([Clp("SW1", [PAID])]))
    desk.post(data=data)
    desk.post(data=data.replace(b"SVC*HC:E1390*150*80~", b"SVC*HC:E1390::*150*80***~").replace(b"LX*1~", b"LX*1*~"))
    assert [row.state for row in desk.remittances()] == ["posted", "duplicate"]


def test_an_element_that_moves_is_other_contents(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    data = make_835(Era([Clp("SW1", [PAID])]))
    desk.post(data=data)
    desk.post(data=data.replace(b"NM1*QC*1*FERNSBY*POSY~", b"NM1*QC*1*FERNSBY**POSY~"))
    assert [row.state for row in desk.remittances()] == ["posted", "review"]


def test_payments_of_one_file_dealt_over_two_are_no_news(desk: Desk) -> None:
    eras = []
    for number in ("SW1", "SW2", "SW3"):
        desk.claim(number, Line("E1390", "150", "L1"))
        eras.append(Era([Clp(number, [PAID])], trace=f"T{number}"))
    desk.post(*eras)
    before = standing(desk)
    for data in dealt(eras, 2, FORMS[1], 77):
        desk.post(data=data)
        assert standing(desk) == before


def test_a_payer_that_repeats_its_numbers_has_each_payment_posted_once(desk: Desk) -> None:
    habit = '{payer: "90101", repeats_trace: Y, claims_by: all, lines_by: all}'
    desk.tables["payer_habits"] = f"key: [payer]\nrows:\n  - {habit}\n"
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"))
    first, second = (Era([Clp(number, [PAID])], trace="ALWAYS1") for number in ("SW1", "SW2"))
    desk.post(first)
    desk.post(second)
    desk.post(first)
    assert [row.state for row in desk.remittances()] == ["posted", "posted", "duplicate"]
    assert desk.accounts("cash") == {"cash:expected": 16000}


def test_without_the_habit_the_same_number_and_amount_wait(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], trace="ALWAYS1"))
    desk.post(Era([Clp("SW2", [PAID])], trace="ALWAYS1"))
    assert [row.state for row in desk.remittances()] == ["posted", "review"]
    assert desk.accounts("cash") == {"cash:expected": 8000}


# --- as a property ---------------------------------------------------------------------------------


@st.composite
def months(draw: st.DrawFn) -> list[Era]:
    """Payments of some claims: decided, some of them reversed and decided anew, with takebacks beside."""
    eras: list[Era] = []
    for decided in draw(st.lists(st.lists(lines(), min_size=1, max_size=2), min_size=1, max_size=4)):
        number = f"D{next(NUMBERS)}"
        services = [one.service(f"{number}L{at}") for at, one in enumerate(decided)]
        eras.append(_era(draw, [Clp(number, services, payer_number=f"ICN{number}")]))
        if draw(st.booleans()):
            back = Clp(number, [_negative(one) for one in services], status="22", payer_number=f"ICN{number}")
            anew = Clp(number, [_anew(one, at, number) for at, one in enumerate(decided)], payer_number=f"{number}B")
            if draw(st.booleans()):
                eras.append(_era(draw, [back, anew]))
            else:
                eras += [_era(draw, [back]), _era(draw, [anew])]
    return eras


def _era(draw: st.DrawFn, claims: Sequence[Clp]) -> Era:
    plbs = draw(st.lists(st.tuples(st.sampled_from(("WO", "FB", "L6", "CS")), st.integers(-9999, 9999)), max_size=1))
    levels = [Plb(code, dollars(cents), f"REF{next(NUMBERS)}") for code, cents in plbs if cents]
    return Era(claims, levels, trace=f"T{next(NUMBERS)}", handling="H")


def _anew(one: Decided, at: int, number: str) -> Svc:
    return Svc(one.code, dollars(one.charge), dollars(one.charge), ref=f"{number}L{at}")


def _claims(desk: Desk, eras: Sequence[Era]) -> None:
    for number, services in {
        clp.number: clp.services for era in eras for clp in era.claims if clp.status == "1"
    }.items():
        desk.claim(number, *(Line(one.code, one.charge, one.ref) for one in services))


@examples(12, 200)
@given(eras=months(), data=st.data())
def test_delivered_again_in_any_form_and_order_nothing_changes(
    desk: Desk, tmp_path: Path, eras: list[Era], data: st.DataObject
) -> None:
    _claims(desk, eras)
    order = data.draw(st.permutations(eras), label="order")
    for file in dealt(order, data.draw(st.integers(1, 3), label="files"), FORMS[0], next(ISA13) * 10):
        desk.post(data=file)
        proved(desk)
    again = data.draw(st.permutations(eras), label="again")
    form = data.draw(st.sampled_from(FORMS), label="form")
    files = dealt(again, data.draw(st.integers(1, 4), label="dealt"), form, next(ISA13) * 10)
    if data.draw(st.booleans(), label="zipped"):
        files = unzipped(files, tmp_path / f"zip{next(NUMBERS)}")
    before = standing(desk)
    for file in files:
        desk.post(data=file)
        proved(desk)
        assert standing(desk) == before
