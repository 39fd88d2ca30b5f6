"""What is measured: generated claims, and the remittance that pays them, of any size.

Both are written as a stream, and kept: the same size and seed is made once. A remittance has one payment (ST) for
each payer and billing provider of every 5,000 claims, decided by the practice clearinghouse's own rules.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from gateway.core.x12.items import ReadClaim
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import transactions
from gateway.core.x12.writer import InterchangeHead, write_sets
from gateway.sandbox.adjudicate import adjudicate
from gateway.sandbox.cases import Case
from gateway.sandbox.fees import load_fees
from gateway.sandbox.incoming import case_of
from gateway.sandbox.remit import X221, Entry, Payment, Plb, remittance
from gateway.sandbox.settings import Behaviour
from gateway.sandbox.write import write_837

SEED = 17
TODAY = dt.date(2026, 11, 20)
CLAIMS_TOGETHER = 5_000
WARM_UP = 20


class Files(NamedTuple):
    """The two files of one size."""

    claims: Path
    remittance: Path


def make(folder: Path, size: int) -> Files:
    """The files of so many claims, below `folder`; made where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Files(folder / f"claims-{size}.837", folder / f"paid-{size}.835")
    if not found.claims.exists():
        beside = found.claims.with_suffix(".part")
        write_837(beside, size, SEED, today=TODAY, fault_share=0.0, references=1.0)
        os.replace(beside, found.claims)
    if not found.remittance.exists():
        beside = found.remittance.with_suffix(".part")
        with beside.open("wb") as stream:
            for piece in remittance_of(found.claims):
                stream.write(piece)
        os.replace(beside, found.remittance)
    return found


def make_warm_up(folder: Path) -> Path:
    """A few claims of another seed."""
    found = folder / "warm-up.837"
    if not found.exists():
        write_837(found, WARM_UP, SEED + 1, today=TODAY, fault_share=0.0)
    return found


def remittance_of(claims: Path) -> Iterator[bytes]:
    """An 835 that decides on every claim of an 837P, in pieces."""
    head = InterchangeHead(
        sender_qualifier="ZZ",
        sender="PRACTICECH",
        receiver_qualifier="ZZ",
        receiver="STILLWATER",
        group_sender="PRACTICECH",
        group_receiver="STILLWATER",
        isa13="000000001",
        gs06="1",
        usage="T",
        at=dt.datetime.combine(TODAY, dt.time(6, 0), tzinfo=dt.UTC),
        version=X221,
        function="HP",
    )
    yield from write_sets(head, _sets(_together(_cases(claims))))


def _cases(claims: Path) -> Iterator[Case]:
    with claims.open("rb") as stream:
        for item in transactions(read(stream)):
            if isinstance(item, ReadClaim):
                yield case_of(item.claim, "")


def _together(cases: Iterable[Case]) -> Iterator[list[Case]]:
    """The claims that are paid at a time: those of one payer and billing provider."""
    groups: dict[tuple[str, str], list[Case]] = {}
    count = 0
    for case in cases:
        groups.setdefault((case.payer_id, case.payee.npi), []).append(case)
        count += 1
        if count == CLAIMS_TOGETHER:
            yield from groups.values()
            groups, count = {}, 0
    yield from groups.values()


def _sets(groups: Iterable[list[Case]]) -> Iterator[tuple[str, str, list[str]]]:
    behaviour, fees = Behaviour(), load_fees(None)
    for number, cases in enumerate(groups, 1):
        entries, adjustments = [], []
        for case in cases:
            outcome = adjudicate(case, behaviour, fees, SEED).first
            entries.append(Entry(case, outcome))
            if outcome.interest:
                adjustments.append(Plb("L6", outcome.control_number, -outcome.interest))
        payment = Payment(
            payer_id=cases[0].payer_id,
            payer_name=cases[0].payer_name,
            payee=cases[0].payee,
            entries=entries,
            adjustments=adjustments,
            trace=f"EFT{number:09d}",
            day=f"{TODAY:%Y%m%d}",
            received=f"{TODAY:%Y%m%d}",
        )
        yield "835", f"{number:04d}", remittance(payment, behaviour)
