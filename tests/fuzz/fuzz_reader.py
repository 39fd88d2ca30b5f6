"""Any bytes through the reader, guided by coverage: `python tests/fuzz/fuzz_reader.py --seconds 600` (needs atheris).

Nothing may raise, what opens closes, the chunk size does not matter, a file passes through unchanged, and memory stays
within its bound. A finding of the fuzzer leaves a `crash-*` file in the current folder; give it as an argument to run
it again.
"""

from __future__ import annotations

import argparse
import io
import itertools
import resource
import sys
import tempfile
import tracemalloc
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

MOST_GROWTH = 64
"""Megabytes by which one small input may raise the most that the process ever had."""
TRACED = 50
"""Of so many inputs one is run with every allocation counted, which is slow."""
MOST_TRACED = 2
"""Megabytes that such an input may take at most, at one moment."""
MAX_INPUT = 4096
SEEDS = ROOT.parent / "shared" / "samples"


_turns = itertools.count(1)


def one_input(data: bytes) -> None:
    """One file through everything that takes bytes from outside, its memory watched."""
    if next(_turns) % TRACED:
        before = peak_mb()
        through(data)
        grown, most = peak_mb() - before, MOST_GROWTH
    else:
        tracemalloc.start()
        try:
            through(data)
            grown, most = tracemalloc.get_traced_memory()[1] >> 20, MOST_TRACED
        finally:
            tracemalloc.stop()
    if grown > most:
        raise MemoryError(f"{len(data)} bytes took {grown} MB")


def through(data: bytes) -> None:
    """Read, copy and identify a file."""
    from gateway.core.x12.identify import identify, looks_complete
    from gateway.core.x12.reader import read
    from gateway.core.x12.tokens import copy
    from gateway.core.x12.transactions import transactions
    from tests.x12.test_reader_bytes import check

    events = list(read(io.BytesIO(data)))
    check(events, len(data))
    # A size taken from the input itself, so that the fuzzer can find the border that matters.
    size = 1 + (data[-1] if data else 0)
    if list(read(io.BytesIO(data), chunk_size=size)) != events:
        raise AssertionError(f"the events depend on the chunk size ({size})")
    if b"".join(copy(io.BytesIO(data))) != data:
        raise AssertionError("the file did not pass through unchanged")
    for _ in transactions(events):
        pass
    identify(data)
    looks_complete(io.BytesIO(data))


def peak_mb() -> int:
    """The most memory that this process ever had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most >> (20 if sys.platform == "darwin" else 10)


def seeds(folder: Path) -> None:
    """Small files of every kind, to begin with."""
    from tests.x12.test_reader_bytes import SEEDS as sound
    from tests.x12.test_reader_bytes import SNIPPETS

    for number, data in enumerate([*sound, *SNIPPETS]):
        (folder / f"seed-{number}").write_bytes(data)
    for number, path in enumerate(sorted(SEEDS.rglob("*")) if SEEDS.exists() else ()):
        if path.is_file() and path.stat().st_size <= MAX_INPUT:
            (folder / f"sample-{number}").write_bytes(path.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("again", nargs="*", type=Path, help="inputs to run again")
    arguments = parser.parse_args()
    for path in arguments.again:
        one_input(path.read_bytes())
    if arguments.again:
        return
    import atheris

    with atheris.instrument_imports(include=["gateway.core.x12"]):
        import gateway.core.x12.identify
        import gateway.core.x12.tokens
        import gateway.core.x12.transactions  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        seeds(corpus)
        options = [f"-max_total_time={arguments.seconds}", f"-max_len={MAX_INPUT}", "-timeout=20", "-rss_limit_mb=2048"]
        print(f"{arguments.seconds} seconds of coverage-guided bytes through the reader", flush=True)
        atheris.Setup([sys.argv[0], *options, str(corpus)], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
