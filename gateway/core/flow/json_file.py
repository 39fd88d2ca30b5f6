"""Claims that come as JSON: a document of them is read whole, or refused whole with every fault in it at its place.

Half a document is never taken in: its sender mends it and sends it again, and nothing of it came before.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from ..model.json_claim import JsonClaim, JsonClaimError, check_claims

MOST_BYTES = 64 << 20
"""The largest document (bytes); it is read into memory as a whole."""
_BOM = b"\xef\xbb\xbf"
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class NotJson(ValueError):
    """The bytes are no JSON; the message says where it breaks off, and holds none of them."""


def begins_like_json(start: bytes) -> bool:
    """Whether the first bytes of a file say that it is JSON and no X12."""
    return start.removeprefix(_BOM).lstrip(b" \t\r\n")[:1] in (b"{", b"[")


def read_document(data: bytes) -> Any:
    """What the JSON says, amounts as Decimal to the last digit.

    Raises:
        NotJson: it does not parse.
    """
    try:
        return _decoder.decode(data.removeprefix(_BOM))
    except RecursionError:
        raise NotJson("It is nested too deep.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotJson(_in_words(str(error), data.removeprefix(_BOM))) from None


def read_claims(data: bytes) -> list[JsonClaim]:
    """The claims of a document.

    Raises:
        NotJson: it does not parse.
        JsonClaimError: it does, and holds something else or claims that cannot be taken.
    """
    return check_claims(read_document(data))


def _in_words(message: str, data: bytes) -> str:
    """Where it breaks off, as an editor counts."""
    if not data.strip():
        return "It is empty."
    _, _, place = message.rpartition("(byte ")
    number = place.rstrip(")")
    if not number.isdigit():
        return "It ends in the middle, or is not UTF-8 text."
    before = data[: int(number)]
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return f"It breaks off at line {line}, column {column}."


__all__ = ["MOST_BYTES", "JsonClaimError", "NotJson", "begins_like_json", "read_claims", "read_document"]
