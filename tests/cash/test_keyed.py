"""Paper explanations of benefits: keyed, checked at once, and posted by the rules of an 835."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.flow import keyed
from gateway.core.flow import post as post_station
from gateway.core.flow import read as read_station
from gateway.core.flow.post_scan import scan
from gateway.core.ledger.slips import Keyed
from gateway.core.store import tables

from ..posting.conftest import Inline, Line
from .banks import Credit, make_bai2
from .conftest import TODAY, CashDesk

PAYEE = ("STILLWATER HOME MEDICAL", "1999999000", "96-0000017")
PAPER: dict[str, Any] = {
    "payer": "NORTHBRIDGE HEALTH PLAN",
    "payer_id": "90101",
    "number": "4411",
    "amount": "80.00",
    "date": "2026-09-15",
    "claims": [
        {
            "claim_number": "SW1",
            "lines": [
                {
                    "code": "E1390",
                    "charge": "150.00",
                    "paid": "80.00",
                    "date": "2026-09-01",
                    "adjustments": [
                        {"group": "CO", "reason": "45", "amount": "50.00"},
                        {"group": "PR", "reason": "2", "amount": "20.00"},
                    ],
                }
            ],
        }
    ],
}


def of(**changed: Any) -> keyed.Eob:
    return keyed.from_json(json.dumps(PAPER | changed).encode())


def of_line(**changed: Any) -> keyed.Eob:
    line = PAPER["claims"][0]["lines"][0] | changed
    return of(claims=[PAPER["claims"][0] | {"lines": [line]}])


@pytest.mark.parametrize(
    ("eob", "why"),
    [
        (of(amount="80.01"), "The check is $80.01, and what stands on the paper adds up to $80.00: $0.01 apart."),
        (of_line(paid="79.00"), "Claim 1: Service 1: its charge less its adjustments is $80.00"),
        (of_line(charge="1.5.0"), "claim 1: charge: an amount like 80.00 is needed."),
        (of_line(date="9/1/26"), "claim 1, line 1: date: a date like 2026-11-26 is needed."),
        (of(number="44*11"), "number: at most 50 characters, none of * ~ : ^"),
        (of(payer=""), "payer, payer_id and number (of the check) are needed."),
        (of(claims=[]), "Nothing stands on it."),
    ],
)
def test_what_does_not_come_out_is_told_at_once(eob: keyed.Eob, why: str) -> None:
    with pytest.raises(keyed.NotKeyed) as refused:
        keyed.make_835(eob, "T", PAYEE)
    assert str(refused.value).startswith(why)


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"payer": 1}', json.dumps(PAPER | {"sum": "1"}).encode()])
def test_what_is_no_paper_is_refused(data: bytes) -> None:
    with pytest.raises(keyed.NotKeyed, match="It cannot be read"):
        keyed.from_json(data)


def test_rows_of_a_spreadsheet_are_the_same_paper() -> None:
    rows = "claim_number,code,date,charge,paid,adjustments\nSW1,E1390,2026-09-01,150.00,80.00,CO-45 50.00 PR-2 20.00\n"
    head = {name: PAPER[name] for name in ("payer", "payer_id", "number", "amount", "date")}
    assert keyed.make_835(keyed.from_csv(rows.encode(), **head), "T", PAYEE) == keyed.make_835(of(), "T", PAYEE)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1, max_size=6))
def test_whatever_balances_on_paper_balances_as_a_remittance(amounts: list[tuple[int, int]]) -> None:
    def text(cents: int) -> str:
        return f"{cents // 100}.{cents % 100:02d}"

    claims = [
        keyed.KeyedClaim(
            f"SW{at}",
            [keyed.Line("E1390", text(paid + off), text(paid), adjustments=[keyed.Reason("CO", "45", text(off))])],
        )
        for at, (paid, off) in enumerate(amounts)
    ]
    total = sum(paid for paid, _ in amounts)
    eob = of(amount=text(total))
    eob.claims = claims
    (found,) = scan(io.BytesIO(keyed.make_835(eob, "T", PAYEE)))
    assert (found.paid_cents, found.difference_cents, found.claims, found.fault) == (total, 0, len(amounts), "")


async def _read(desk: CashDesk, file_id: int) -> None:
    await read_station.read_file(Inline(desk.services(), desk.sql), {"file_id": file_id})


@pytest.mark.asyncio
async def test_a_keyed_paper_posts_and_its_check_reconciles_when_the_bank_shows_the_slip(desk: CashDesk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    services = desk.services()
    stored = keyed.keep(services.config, desk.archive, of())
    with desk.sql.begin() as connection:
        first = keyed.register(connection, "practice", of(), stored, "petra", desk.clock.now())
        assert keyed.register(connection, "practice", of(), stored, "petra", desk.clock.now()).duplicate_of
    assert desk.told("file", first.file_id)[0].startswith("key: Keyed by petra from paper")
    await _read(desk, first.file_id)
    begun = [row.key for row in desk.rows(tables.outbox) if row.kind == "post"]
    assert begun == [str(first.file_id)], "it has its turn"
    assert not [row for row in desk.rows(tables.outbox) if row.kind == "reply"], "nobody is answered"
    await _post(desk, first.file_id)
    assert desk.balance(claim) == 2000
    (deposit,) = desk.rows(tables.deposits)
    assert (deposit.method, deposit.trace_number, deposit.state) == ("check", "4411", "expected")
    check = Keyed("check", 8000, TODAY, "004411", "NORTHBRIDGE")
    slip = desk.do_slip([check], "77")
    assert desk.states()[deposit.id] == "posted", "in hand, and not yet at the bank"
    desk.take(data=make_bai2(Credit("80.00", code="301", customer="77"), date="260916"))
    assert desk.states()[slip.deposit_id] == "reconciled"
    assert desk.states()[deposit.id] == "reconciled"
    assert desk.accounts("cash:") == {"cash:bank": 8000}
    assert desk.figures(TODAY).variance == 0


async def _post(desk: CashDesk, file_id: int) -> None:
    await post_station.post(Inline(desk.services(), desk.sql), {"file_id": file_id})
