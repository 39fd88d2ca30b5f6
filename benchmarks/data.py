"""What is measured: generated claims, and the remittance that pays them, of any size.

Both are written as a stream, and kept: the same size and seed is made once. A remittance has one payment (ST) for
each payer and billing provider of every 5,000 claims, decided by the practice clearinghouse's own rules.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from gateway.core.x12.items import ReadClaim
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import transactions
from gateway.core.x12.writer import InterchangeHead, write_sets
from gateway.sandbox.adjudicate import adjudicate
from gateway.sandbox.cases import Case
from gateway.sandbox.fees import load_fees
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.incoming import case_of
from gateway.sandbox.papers import KINDS, as_csv, papers_of
from gateway.sandbox.records import Claim
from gateway.sandbox.remit import X221, Entry, Payment, Plb, remittance
from gateway.sandbox.settings import Behaviour
from gateway.sandbox.write import as_837, write_837

SEED = 17
TODAY = dt.date(2026, 11, 20)
CLAIMS_TOGETHER = 5_000
HISTORY = 10
"""Earlier claims for each that is timed."""
MOST_DRAWN = 50
"""Claims of the generator for each that is timed: about half of them are of Medicare."""
ROWS_TOGETHER = 10_000
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


class WithHistory(NamedTuple):
    """Claims whose patients have a history: `papers` are documents by kind, in the order in which they are taken in."""

    papers: list[tuple[str, Path]]
    before: Path
    timed: Path


def make_with_history(folder: Path, size: int) -> WithHistory:
    """So many Medicare claims, ten times as many earlier ones of the same population, and what all of them rest on."""
    place = folder / f"with-history-{size}"
    if not place.exists():
        beside = place.with_suffix(".part")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        _write_with_history(beside, size)
        os.replace(beside, place)
    papers = [(path.name.split("-")[0], path) for kind in KINDS for path in sorted(place.glob(f"{kind}-*.csv"))]
    return WithHistory(papers, place / "before.837", place / "timed.837")


def _write_with_history(folder: Path, size: int) -> None:
    before, timed = _population(size)
    (folder / "before.837").write_bytes(as_837(before, TODAY))
    (folder / "timed.837").write_bytes(as_837(timed, TODAY, control_number=2))
    # A patient's in a row, as the population has them.
    everything = sorted([*before, *timed], key=lambda claim: claim.number)
    for kind, rows in papers_of(everything, SEED, TODAY, late_share=0.0).now.items():
        for number, at in enumerate(range(0, len(rows), ROWS_TOGETHER)):
            (folder / f"{kind}-{number:04d}.csv").write_bytes(as_csv(rows[at : at + ROWS_TOGETHER]))


def _population(size: int) -> tuple[list[Claim], list[Claim]]:
    """Medicare claims of patients one after the other: of those with several the last is timed, until there are enough,
    spread over all of them; the others come before."""
    before: list[Claim] = []
    timed: list[Claim] = []
    made = generate_claims(size * MOST_DRAWN, SEED, TODAY, fault_share=0.0, references=1.0)
    of_medicare = (one for one in made if one.coverage.payer.kind == "medicare" and one.responsibility == "P")
    for _, mine in groupby(of_medicare, key=lambda claim: id(claim.patient)):
        several = list(mine)
        if len(several) > 1 and len(timed) < min(size, len(before) // HISTORY + 1):
            timed.append(several.pop())
        before += several[: size * HISTORY - len(before)]
        if len(timed) == size and len(before) == size * HISTORY:
            break
    return before, timed


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
