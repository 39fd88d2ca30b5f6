"""Scanned papers behind generated claims: the notes of maintenance visits, as PDF files of one page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .records import Claim


class Scan(NamedTuple):
    """A paper of a claim, by the number that its source gave it."""

    claim_number: str
    kind: str
    code: str
    dated: dt.date
    data: bytes


def visits_of(claims: Iterable[Claim]) -> Iterator[Scan]:
    """The note of the technician's visit behind each line of maintenance (MS)."""
    for claim in claims:
        for line in claim.lines:
            if "MS" in line.modifiers:
                said = (f"Visit of {line.start:%m/%d/%Y}", f"{line.code}, claim {claim.number}", line.note.capitalize())
                yield Scan(claim.number, "visit", line.code, line.start, pdf(("Practice paper, invented.", *said)))


def pdf(lines: Iterable[str]) -> bytes:
    """One page with these lines of plain ASCII text."""
    shown = "".join(f"({_escaped(line)}) Tj T* " for line in lines)
    stream = f"BT /F1 12 Tf 16 TL 72 720 Td {shown}ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start, count = len(made), len(objects) + 1
    made += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    return made + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
