"""Papers as they are handed in: what kinds there are, and what a file is by its bytes.

A name says nothing: `order.pdf` may be a picture, or half of a file. So a paper is what its first bytes say, and it is
refused where its end is missing.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

KINDS: dict[str, str] = {
    "order": "an order",
    "proof_of_delivery": "a proof of delivery",
    "authorization": "an authorization",
    "medical_record": "a medical record",
    "certificate": "a certificate",
    "refill_request": "a refill request",
    "visit": "a record of a visit",
    "eob": "an explanation of benefits",
    "other": "a paper",
}
"""The kinds of papers, each with what it is called in a sentence."""

_TAIL = 4096
_PNG = b"\x89PNG\r\n\x1a\n"


class NoPaper(ValueError):
    """These bytes are no paper that can be kept. The message says why, and what can be."""


class MediaType(NamedTuple):
    """What a paper is: its media type, and the usual ending of a name."""

    name: str
    ending: str


PDF = MediaType("application/pdf", ".pdf")
TIFF = MediaType("image/tiff", ".tif")
JPEG = MediaType("image/jpeg", ".jpg")
PNG = MediaType("image/png", ".png")


def media_type(data: bytes) -> MediaType:
    """What a paper is, by its bytes: PDF, TIFF, JPEG or PNG.

    Raises:
        NoPaper: it is none of these, it is empty, or it is cut off.
    """
    if not data:
        raise NoPaper("The file is empty.")
    if data.startswith(b"%PDF-"):
        return _whole(PDF, b"%%EOF" in data[-_TAIL:])
    if data.startswith(_PNG):
        return _whole(PNG, b"IEND" in data[-_TAIL:])
    if data.startswith(b"\xff\xd8\xff"):
        return _whole(JPEG, data.rfind(b"\xff\xd9") > 0)
    if data[:4] in (b"II*\x00", b"MM\x00*"):
        return _whole(TIFF, _has_a_page(data))
    raise NoPaper("It is no PDF, TIFF, JPEG or PNG file, whatever its name says. Scan it again as one of these.")


def _whole(found: MediaType, whole: bool) -> MediaType:
    if not whole:
        kind = found.name.rpartition("/")[2].upper()
        raise NoPaper(f"It begins as {kind}, and its end is missing: it was cut off on its way. Send it again.")
    return found


def _has_a_page(data: bytes) -> bool:
    """Whether the directory of a TIFF's first page lies within the file."""
    if len(data) < 8:
        return False
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack(f"{order}I", data[4:8])
    if not 8 <= at <= len(data) - 2:
        return False
    (entries,) = struct.unpack(f"{order}H", data[at : at + 2])
    return bool(entries) and bool(at + 2 + 12 * entries <= len(data))
