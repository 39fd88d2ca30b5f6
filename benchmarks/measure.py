"""One measurement: a process of its own, several times, the median."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
MEASUREMENT_SECONDS = 10_800


class Figure(NamedTuple):
    """What was measured: claims or payments a second (median of the runs), and a second of processor time; the most
    memory that one process took (MB, largest of the runs), and how many runs there were. `note`: what else is to be
    said, or why there is no figure."""

    rate: float = 0.0
    cpu_rate: float = 0.0
    peak_mb: float = 0.0
    runs: int = 0
    note: str = ""


def peak_mb() -> float:
    """The most memory that this process has had, in MB.

    `ru_maxrss` also counts what the process was before it became this program (its parent's pages), so the kernel's
    own high-water mark is taken where there is one.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1 << 20) if sys.platform == "darwin" else most / 1024


def report(count: int, seconds: float, cpu: float, **more: Any) -> None:
    """What a measuring process says at its end, as one line of JSON: seconds by the clock, and of processor time."""
    print(json.dumps({"count": count, "seconds": seconds, "cpu": cpu, "peak_mb": peak_mb(), **more}), flush=True)


def timed(work: Callable[[], int]) -> None:
    """Do the work in this process and report it; it returns how many claims or payments there were."""
    begun, cpu = time.perf_counter(), time.process_time()
    count = work()
    report(count, time.perf_counter() - begun, time.process_time() - cpu)


def measure(command: Sequence[str], *, expected: int, runs: int) -> Figure:
    """Run the command so many times; it ends with a line of JSON (see `report`).

    `expected`: how many claims or payments it must have seen; another count is told in the note. Where it is told
    another size (megabytes), it says how many `payments` that was.
    """
    rates, cpu_rates, peaks, note = [], [], [], ""
    for _ in range(runs):
        try:
            done = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=MEASUREMENT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Figure(note=f"not done after {MEASUREMENT_SECONDS // 60} minutes")
        lines = done.stdout.splitlines()
        if done.returncode or not lines:
            return Figure(note=f"failed (exit code {done.returncode})")
        said = json.loads(lines[-1])
        if "failed" in said:
            return Figure(note=said["failed"])
        counted = said.get("payments", expected)
        rates.append(counted / said["seconds"])
        cpu_rates.append(counted / said["cpu"])
        peaks.append(said["peak_mb"])
        note = said.get("note", "")
        if said["count"] != expected:
            note = f"saw {said['count']:,} of {expected:,}" + (f"; {note}" if note else "")
    return Figure(statistics.median(rates), statistics.median(cpu_rates), max(peaks), runs, note)
