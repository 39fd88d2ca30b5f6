"""When a file that a partner puts is finished: its name is final, and its interchange is closed."""

from __future__ import annotations

_PARTIAL = (".tmp", ".filepart", ".part", ".partial", ".incomplete", ".swp", "~")


def is_partial_name(name: str) -> bool:
    """Whether a name says that the upload is under way (hme-billing-rules 8.2)."""
    return name.startswith(".") or name.lower().endswith(_PARTIAL)


def is_complete(data: bytes) -> bool:
    """Whether the bytes end with a closed interchange. What is no X12 at all is complete: there is nothing to wait
    for."""
    start = data.find(b"ISA", 0, 16)
    if start < 0:
        return bool(data)
    element = data[start + 3 : start + 4]
    end = data.rstrip(b"\r\n \t")
    last = data.rfind(b"IEA" + element)
    # After IEA stand two short elements and the terminator (which may have been a newline).
    return last > 0 and len(end) - last < 40 and end[last:].count(element) >= 2
