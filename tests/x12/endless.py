"""Streams of any size that are never there at once: `python -m tests.x12.endless NAME MEGABYTES` reads one and prints
how many megabytes the process needed at its peak."""

from __future__ import annotations

import io
import resource
import sys
from pathlib import Path
from typing import BinaryIO, cast

from gateway.core.x12.reader import read

_ISA = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'SENDER':15}*ZZ*{'CH':15}*261101*1200*^*00501*000000101*0*T*:~".encode()
_HEAD = _ISA + b"GS*HC*SENDER*CH*20261101*1200*7*X*005010X222A1~ST*837*0001*005010X222A1~"
_CLAIM = b"CLM*C1*150***12:B:1*Y*A*Y*Y~\nHI*ABK:J449~\nLX*1~\nSV1*HC:E1390:RR*150*UN*1***1~\n"
STREAMS = {
    "one segment without end": (_HEAD + b"NTE*ADD*", b"X"),
    "no terminator at all": (b"", b"X12 IS NOT THIS "),
    "blanks": (b"", b" "),
    "blanks in a set": (_HEAD, b" "),
    "empty segments": (_HEAD, b"~"),
    "one loop without end": (_HEAD + b"CLM*1*1~", b"REF*6R*12345~"),
    "one loop of small segments": (_HEAD + b"CLM*1*1~", b"AB~"),
    "segments outside": (_ISA, b"REF*6R*12345~"),
    "an unknown set": (_HEAD.replace(b"ST*837", b"ST*834"), b"INS*Y*18*030~"),
    "broken headers": (b"", b"ISA*"),
    "broken headers inside": (_HEAD, b"~ISA*"),
    "interchanges without an end": (b"", _ISA),
    "claims": (_HEAD, _CLAIM),
}
"""How each begins, and what comes again and again."""


class Endless(io.RawIOBase):
    """A stream of so many megabytes."""

    def __init__(self, name: str, megabytes: int) -> None:
        self.start, again = STREAMS[name]
        self.block = again * (1 + (1 << 18) // len(again))
        self.left = megabytes << 20

    def read(self, size: int = -1) -> bytes:
        if self.start:
            data, self.start = self.start, b""
            return data
        self.left -= len(self.block)
        return self.block if self.left > 0 else b""


def _peak_kilobytes() -> int:
    """The most memory that this program has had. `ru_maxrss` also counts what the process was before it became this
    program, so the kernel's own figure goes first where there is one."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(name: str, megabytes: int) -> None:
    for _ in read(cast(BinaryIO, Endless(name, megabytes))):
        pass
    print(_peak_kilobytes() // 1024)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
