"""The first pass over a file of remittances: what each transaction set says it is, and whether it adds up.

Streaming, in the memory of one claim payment. Nothing posts before its whole set has been added up here. The second
pass cuts the sets that post into chunks of claim payments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import BinaryIO, NamedTuple

from ..store.archive import Archive
from ..x12.balance import PREDETERMINATION
from ..x12.canonical import canonical
from ..x12.events import Piece, SetEnd, SetStart
from ..x12.fault import Fault
from ..x12.items import ReadPayment, RemittanceEnd, RemittanceStart
from ..x12.reader import read
from ..x12.remittance import Remittance
from ..x12.sets import SetInfo
from ..x12.transactions import transactions
from ..x12.values import cents
from .post_records import Asked, ProviderLevel, Scanned, pack_segments


class Posts(NamedTuple):
    """A set that posts: its remittance, the id of its first claim payment, and its payer."""

    remittance_id: int
    first_payment_id: int
    payer_id: str


class _Sums:
    """A set while it is added up."""

    def __init__(self, remittance: Remittance, info: SetInfo) -> None:
        self.remittance = remittance
        self.info = info
        self.paid = 0
        self.fault = ""
        self._digest = hashlib.sha256()
        self._hash(remittance.raw)

    def _hash(self, raw: Sequence[str]) -> None:
        self._digest.update(canonical(raw, self.remittance.delimiters))

    def add(self, item: ReadPayment) -> None:
        """Take one claim payment in."""
        raw = item.payment.raw
        clp = raw[0].split(item.payment.delimiters.element)
        amount = cents(clp[4]) if len(clp) > 4 else None
        if amount is None:
            self.fault = self.fault or (
                f"The amount that claim payment {item.ordinal} pays (CLP04, segment {item.segment_number}) cannot be "
                "read, so nobody can tell whether the remittance adds up."
            )
        elif clp[2] != PREDETERMINATION:
            self.paid += amount
        self._hash(raw)

    def end(self, end: RemittanceEnd) -> Scanned:
        """The set as it is."""
        remittance, envelope = self.remittance, self.info.envelope
        payer, payee = remittance.payer, remittance.payee
        levels = [ProviderLevel(one.provider, one.code, one.reference, one.cents) for one in end.adjustments]
        for one in end.adjustments:
            parts = ("PLB", one.provider, str(one.fiscal_date or ""), one.code, one.reference, str(one.cents))
            self._digest.update(("\x1f".join(parts) + "\n").encode("latin-1"))
        bpr = remittance.find("BPR")
        if bpr is None or cents(bpr[2]) is None:
            self.fault = "The amount of the payment (BPR02) is missing or cannot be read."
        bad = next((fault for fault in end.faults if fault.code == "bad-amount"), None)
        if bad is not None and not self.fault:
            self.fault = "An amount of the provider-level adjustments (PLB) cannot be read."
        if not end.sound:
            # The whole set that may follow is no copy of this one, though all before its end is the same.
            self._digest.update(b"not whole\n")
            self.fault = f"The transaction set is not whole: {_first(self.info.faults)}"
        return Scanned(
            ordinal=self.info.ordinal,
            st02=self.info.st02[:9],
            usage=envelope.usage[:1],
            payer_name=payer.name[:80],
            payer_id=(payer.id or payer.reference("2U") or remittance.trace_company)[:80],
            payee_id=(payee.npi or payee.id)[:80],
            handling=remittance.handling[:2],
            method=remittance.method[:3],
            trace_number=remittance.trace_number[:50],
            originator=remittance.trace_company[:10],
            paid_cents=remittance.paid_cents,
            effective_date=remittance.effective_date,
            claims=end.payments,
            claims_cents=self.paid,
            provider_cents=sum(level.cents for level in levels),
            levels=levels,
            body=self._digest.hexdigest(),
            sound=end.sound,
            fault=self.fault,
        )


def _first(faults: list[Fault]) -> str:
    stopping = [fault for fault in faults if fault.stops_set] or faults
    return stopping[0].message if stopping else "its end is missing."


def scan(stream: BinaryIO) -> list[Scanned]:
    """Every remittance of a file; never raises on its bytes."""
    found: list[Scanned] = []
    sums: _Sums | None = None
    for item in transactions(read(stream)):
        if isinstance(item, ReadPayment):
            if sums is not None:
                sums.add(item)
        elif isinstance(item, RemittanceStart):
            sums = _Sums(item.remittance, item.set)
        elif isinstance(item, RemittanceEnd):
            if sums is not None:
                found.append(sums.end(item))
            sums = None
    return found


def chunks(archive: Archive, sha256: str, posts: Mapping[int, Posts], size: int) -> Generator[list[Asked], None, None]:
    """The claim payments of the sets that post (by the set's ordinal), in chunks of `size`, in order; the same each
    time the file is read."""
    chunk: list[Asked] = []
    with closing(archive.open(sha256)) as stream:
        for asked in cut(stream, posts):
            chunk.append(asked)
            if len(chunk) == size:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def cut(stream: BinaryIO, posts: Mapping[int, Posts]) -> Iterator[Asked]:
    """The claim payments of these sets, in the order of the file. The reader's pieces as they come: nothing is typed
    before it is decided."""
    ordinal = sets = 0
    found: Posts | None = None
    for event in read(stream):
        if isinstance(event, Piece):
            if event.tag != "CLP" or found is None:
                continue
            ordinal += 1
            payment_id = found.first_payment_id + ordinal - 1
            content = pack_segments(event.delimiters, event.segments)
            yield Asked(payment_id, found.remittance_id, ordinal, found.payer_id, content)
        elif isinstance(event, SetStart):
            sets += 1
            ordinal = 0
            found = posts.get(sets)
        elif isinstance(event, SetEnd):
            found = None
