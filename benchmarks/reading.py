"""Reading and writing without a database, each in a process of its own: `python -m benchmarks.reading <row> <file>`."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.core.flow.post_scan import Posts, cut, scan
from gateway.core.x12.items import ReadClaim, ReadPayment, RemittanceEnd
from gateway.core.x12.reader import read
from gateway.core.x12.stored import StoredClaim
from gateway.core.x12.tokens import copy
from gateway.core.x12.transactions import transactions
from gateway.core.x12.writer import ClaimHead, ClaimSet, InterchangeHead, write_claims

from .checking import check
from .measure import timed


def read_837(path: Path) -> int:
    """Id, charge and diagnoses of each claim; code, modifiers, charge, units and dates of each line."""
    count = 0
    with path.open("rb") as stream:
        for item in transactions(read(stream)):
            if type(item) is ReadClaim:
                claim = item.claim
                count += 1
                _ = (claim.id, claim.charge, claim.diagnoses)
                for line in claim.lines:
                    _ = (line.code, line.modifiers, line.charge, line.units, line.dates)
    return count


def read_835(path: Path) -> int:
    """What posting needs: each claim payment with its amounts, each line with its own, and every adjustment of both;
    the adjustments of the provider."""
    count = 0
    with path.open("rb") as stream:
        for item in transactions(read(stream)):
            if type(item) is ReadPayment:
                payment = item.payment
                count += 1
                _ = (payment.claim_id, payment.status, payment.charge, payment.paid, payment.payer_control_number)
                for adjustment in payment.adjustments:
                    _ = (adjustment.group, adjustment.reason, adjustment.amount)
                for line in payment.lines:
                    _ = (line.code, line.modifiers, line.charge, line.paid, line.units, line.dates)
                    _ = (line.control_number, line.remark_codes)
                    for adjustment in line.adjustments:
                        _ = (adjustment.group, adjustment.reason, adjustment.amount)
            elif type(item) is RemittanceEnd:
                for provider_adjustment in item.adjustments:
                    _ = (provider_adjustment.code, provider_adjustment.reference, provider_adjustment.amount)
    return count


def rewrite_837(path: Path) -> int:
    """Read every claim and write all of them as a new interchange, hierarchy, envelopes and counts made afresh."""
    head = InterchangeHead(
        sender_qualifier="ZZ",
        sender="STILLWATER",
        receiver_qualifier="ZZ",
        receiver="PRACTICECH",
        group_sender="STILLWATER",
        group_receiver="PRACTICECH",
        isa13="000000002",
        gs06="2",
        usage="T",
        at=dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC),
    )
    start = ClaimHead(
        reference="BENCHMARK",
        submitter=(
            ("NM1", "41", "2", "STILLWATER HOME MEDICAL", "", "", "", "", "46", "STILLWATER"),
            ("PER", "IC", "BILLING OFFICE", "TE", "6145550100"),
        ),
        receiver=(("NM1", "40", "2", "PRACTICE CLEARINGHOUSE", "", "", "", "", "46", "PRACTICECH"),),
    )
    count = 0

    def sets() -> Iterator[ClaimSet]:
        nonlocal count
        together: list[StoredClaim] = []
        with path.open("rb") as stream:
            for item in transactions(read(stream)):
                if type(item) is ReadClaim:
                    count += 1
                    together.append(item.claim.stored)
                    if len(together) == 5_000:
                        yield ClaimSet(f"{count // 5_000:04d}", together)
                        together = []
        if together:
            yield ClaimSet(f"{count // 5_000 + 1:04d}", together)

    with tempfile.TemporaryFile(dir=path.parent) as out:
        for piece in write_claims(head, start, sets()):
            out.write(piece)
    return count


def copy_837(path: Path) -> int:
    """Pass the file through token by token; the bytes must be the same."""
    with path.open("rb") as stream, tempfile.TemporaryFile(dir=path.parent) as out:
        for piece in copy(stream):
            out.write(piece)
        if out.tell() != path.stat().st_size:
            raise SystemExit("the copy differs")
    return int(path.stem.rpartition("-")[2])


def passes_835(path: Path) -> int:
    """What posting does with the bytes: a first pass that adds every payment up and hashes its elements, and a second
    one that cuts its claim payments into chunks."""
    with path.open("rb") as stream:
        posts = {found.ordinal: Posts(found.ordinal, 1, found.payer_id) for found in scan(stream)}
    with path.open("rb") as stream:
        return sum(1 for _ in cut(stream, posts))


ROWS: dict[str, Callable[[Path], int]] = {
    "read-837": read_837,
    "read-835": read_835,
    "rewrite": rewrite_837,
    "copy": copy_837,
    "passes-835": passes_835,
    "check-837": check,
    "check-835": check,
}


if __name__ == "__main__":
    row, file = ROWS[sys.argv[1]], Path(sys.argv[2])
    timed(lambda: row(file))
