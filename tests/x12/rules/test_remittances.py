"""The sums of a remittance and what one thing in it calls for: each broken once, and its sound twin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.core.x12.balance import Balance
from gateway.core.x12.items import ReadPayment, RemittanceEnd, RemittanceStart
from gateway.core.x12.reader import read
from gateway.core.x12.remittance import Remittance
from gateway.core.x12.rules import RULES, RuleFinding, payment_findings, remittance_findings
from gateway.core.x12.transactions import transactions

from ..build import PAYMENT, changed, items, payment_of, remittance_file
from ..guides.facts import SAMPLES
from .cases import OF_PAYMENTS

X12S = sorted((SAMPLES / "stupidedi" / "005010").glob("X221A1*/pass/*.edi")) if SAMPLES.exists() else []
LINE, HEAD = "SVC*HC:E0431:RR*154.4*50**1", "CLP*A1001*1*615.5*300*100.5*MB*ICN0001*12*1"
WITHOUT_DATES = [text for text in PAYMENT if not text.startswith(("DTM*232", "DTM*233"))]
CLAIM_ONLY = (HEAD, "CAS*CO*45*315.5", "NM1*QC*1*ABELSON*ADA****MI*1EG4TE5MK73", "DTM*232*20260105")


def whole(text: str) -> list[RuleFinding]:
    """Everything that is found in the remittance of a file."""
    return _found(items(text))


def _found(read_items: Sequence[object]) -> list[RuleFinding]:
    found: list[RuleFinding] = []
    header: Remittance | None = None
    balance = Balance(0)
    for item in read_items:
        if isinstance(item, RemittanceStart):
            header, balance = item.remittance, Balance(item.remittance.paid_cents)
        elif isinstance(item, ReadPayment):
            balance.add(item.payment)
            found += payment_findings(item.payment, first=item.set.segment_number, ordinal=item.ordinal)
        elif isinstance(item, RemittanceEnd) and header is not None:
            for adjustment in item.adjustments:
                balance.adjust(adjustment)
            found += remittance_findings(header, balance.result(), first=item.set.segment_number)
    return found


@pytest.mark.parametrize(
    ("payment", "place", "rule"),
    [
        (changed(PAYMENT, LINE, "SVC*HC:E0431:RR*154.4*51**1"), "2110 SVC03", "G3.11"),
        (changed(PAYMENT, HEAD, HEAD.replace("300", "301")), "2100 CLP04", "G3.12"),
        (changed(PAYMENT, HEAD, HEAD.replace("615.5*300", "616.5*301")), "2100 CLP03", "G3.13"),
        (changed(WITHOUT_DATES, "DTM*472*20260105", "REF*1S*X"), "2110 DTM", "G4.80"),
        (CLAIM_ONLY[:-1], "2100 DTM", "G4.81"),
    ],
)
def test_a_payment_that_breaks_a_rule(payment: Sequence[str], place: str, rule: str) -> None:
    (found,) = payment_findings(payment_of(payment))
    assert (found.place, found.rule.id) == (place, rule)
    assert "ABELSON" not in found.words
    assert "ask the payer" in found.words


@pytest.mark.parametrize("payment", [PAYMENT, WITHOUT_DATES, CLAIM_ONLY])
def test_their_sound_twins(payment: Sequence[str]) -> None:
    assert payment_findings(payment_of(payment)) == []


@pytest.mark.parametrize(
    ("text", "place", "rule"),
    [
        (remittance_file(paid="291"), "BPR02", "G3.14"),
        (remittance_file().replace("*C*ACH*", "*C*NON*"), "BPR02", "G4.82"),
        (remittance_file().replace("*DA*123*", "*DA**"), "BPR09", "G4.83"),
    ],
)
def test_a_remittance_that_breaks_a_rule(text: str, place: str, rule: str) -> None:
    (found,) = whole(text)
    assert (found.place, found.rule.id, found.position) == (place, rule, 2)


def test_its_sound_twin() -> None:
    assert whole(remittance_file()) == []
    assert set(RULES) >= OF_PAYMENTS


def test_the_second_claim_is_named_with_its_place() -> None:
    second = changed(PAYMENT, LINE, "SVC*HC:E0431:RR*154.4*51**1")
    (found,) = whole(remittance_file((PAYMENT, second), paid="590"))
    at = remittance_file((PAYMENT, second), paid="590").split("~\n").index("SVC*HC:E0431:RR*154.4*51**1")
    assert (found.claims, found.position) == ((2, 2), at - 1), "two segments stand before the set"


@pytest.mark.skipif(not X12S, reason="X12's examples are not here (../shared/samples)")
@pytest.mark.parametrize("path", X12S, ids=lambda path: Path(path).stem)
def test_x12s_own_examples_keep_to_every_rule(path: Path) -> None:
    with path.open("rb") as stream:
        assert _found(list(transactions(read(stream)))) == []
