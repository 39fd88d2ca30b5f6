"""One measurement of a peer, run by the interpreter of its own environment: `python peer.py <what> <file>`.

Imports nothing of the gateway. Says what it counted, the seconds and its memory, as one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def oxedi_835(path: str) -> int:
    """Typed tables and findings, a transaction at a time; columns in Rust, which no Python loop looks at."""
    import oxedi

    count = 0
    for batch in oxedi.stream(Path(path).read_bytes()):
        count += len(batch.tables["claims"])
        _ = (len(batch.tables["services"]), len(batch.tables["adjustments"]), batch.diagnostics)
    return count


def pyx12_segments(path: str) -> int:
    """Its reader: every segment with its elements, and the envelope checked; no guide."""
    import pyx12.x12file

    tag = "CLP" if path.endswith(".835") else "CLM"
    count = 0
    with open(path, encoding="ascii") as stream:
        for segment in pyx12.x12file.X12Reader(stream):
            count += segment.get_seg_id() == tag
    return count


def pyx12_validate(path: str) -> int:
    """Validation against the guide, with its 999."""
    import io
    import logging

    import pyx12.params
    import pyx12.x12n_document

    logging.disable(logging.CRITICAL)
    pyx12.x12n_document.x12n_document(pyx12.params.params(), path, io.StringIO(), None, None)
    tag = "CLP*" if path.endswith(".835") else "CLM*"
    return Path(path).read_text("ascii").replace("~", "~\n").count(tag)


def x12sdk_837(path: str) -> int:
    """One validated pydantic model for each transaction set, and its claims."""
    from x12sdk.io import X12ModelReader

    count = 0
    with X12ModelReader(path) as reader:
        for model in reader.models():
            for claim in model.claims():
                _ = (claim.patient_control_number, claim.charge)
                count += 1
    return count


def x12sdk_835(path: str) -> int:
    """One validated pydantic model for each transaction set, its claims and their adjustments."""
    from x12sdk.io import X12ModelReader

    count = 0
    with X12ModelReader(path) as reader:
        for model in reader.models():
            for claim in model.claims():
                _ = (claim.charge, claim.paid, claim.adjustments, claim.service_lines)
                count += 1
    return count


def edi_835_parser(path: str) -> int:
    """Objects of every loop, and each claim's services and adjustments."""
    from edi_835_parser import parse

    count = 0
    for transaction in parse(path, debug=True):
        for claim in transaction.claims:
            count += 1
            for service in claim.services:
                _ = service.adjustments
    return count


def badx12_document(path: str) -> int:
    """A document of every segment."""
    from badx12 import Parser

    tag = "CLP" if path.endswith(".835") else "CLM"
    count = 0
    for group in Parser(path).document.interchange.groups:
        for transaction in group.transaction_sets:
            for segment in transaction.transaction_body:
                count += segment.fields[0].content == tag
    return count


WHAT: dict[str, tuple[str, Callable[[str], int]]] = {
    "oxedi-835": ("oxedi", oxedi_835),
    "pyx12-segments": ("pyx12.x12file", pyx12_segments),
    "pyx12-validate": ("pyx12.x12n_document", pyx12_validate),
    "x12sdk-837": ("x12sdk.io", x12sdk_837),
    "x12sdk-835": ("x12sdk.io", x12sdk_835),
    "edi-835-parser": ("edi_835_parser", edi_835_parser),
    "badx12": ("badx12", badx12_document),
}
"""What is measured, and the module that is loaded before the clock starts."""


def _peak_mb() -> float:
    try:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    (module, work), file = WHAT[sys.argv[1]], sys.argv[2]
    importlib.import_module(module)
    begun, cpu = time.perf_counter(), time.process_time()
    try:
        seen = work(file)
    except Exception as error:
        print(json.dumps({"failed": f"fails: {type(error).__name__}: {error}"[:160]}))
    else:
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        print(json.dumps({"count": seen, "seconds": seconds, "cpu": cpu, "peak_mb": _peak_mb()}))
