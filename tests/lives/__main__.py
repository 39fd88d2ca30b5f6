"""`python -m tests.lives --patients 20 --seed 1 --kind bed`: where gateway and checker differ, for a person."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from ..oracle import population
from .run import UPTO, run_one


def main() -> None:
    """Print the differences, and how much was compared."""
    reader = argparse.ArgumentParser(prog="python -m tests.lives")
    reader.add_argument("--patients", type=int, default=20)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--only", type=int)
    reader.add_argument("--kind")
    reader.add_argument("--readings", action="store_true", help="also what a reading excuses")
    asked = reader.parse_args()
    counts: Counter[str] = Counter()
    whats: Counter[str] = Counter()
    begun = time.process_time()
    for patient in population(asked.seed, asked.patients):
        if asked.only not in (None, patient.number) or asked.kind not in (None, patient.kind):
            continue
        found = run_one(patient, UPTO)
        counts += found.counts
        counts["lives"] += 1
        for one in found.differences:
            whats[f"{one.what} {one.rule}"] += 1
            print(one)
        if asked.readings:
            for reading, one in found.excused:
                print(f"  [{reading}] {one}")
        counts += Counter({f"reading {reading}": 1 for reading, _ in found.excused})
    print(dict(counts), f"{time.process_time() - begun:.1f} s of CPU", file=sys.stderr)
    print(whats.most_common(30), file=sys.stderr)


if __name__ == "__main__":
    main()
