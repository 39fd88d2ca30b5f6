"""Other libraries, measured in the same run: what each one does of the same work, in an environment of its own.

An environment is made when it is first asked for. A peer that cannot be installed is reported, and is no error.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE / ".venvs"
INSTALL_SECONDS = 300


class Peer(NamedTuple):
    """One thing that a peer does: beside which row of ours it stands, what it is called in the table, what is
    installed, what `peer.py` calls it, and the most claims or payments it is given (it takes minutes, or gigabytes,
    for more)."""

    row: str
    label: str
    requirement: str
    what: str
    most: int


PEERS = (
    Peer("read-837", "pyx12: segments only", "pyx12==4.0.0", "pyx12-segments", 100_000),
    Peer("read-837", "x12sdk: pydantic models", "x12sdk", "x12sdk-837", 10_000),
    Peer("read-837", "badx12: document", "badx12==0.2.1", "badx12", 10_000),
    Peer("read-835", "oxedi: typed tables (Rust)", "oxedi", "oxedi-835", 100_000),
    Peer("read-835", "pyx12: segments only", "pyx12==4.0.0", "pyx12-segments", 100_000),
    Peer("read-835", "edi-835-parser: objects", "edi-835-parser", "edi-835-parser", 10_000),
    Peer("read-835", "x12sdk: pydantic models", "x12sdk", "x12sdk-835", 10_000),
    Peer("read-835", "badx12: document", "badx12==0.2.1", "badx12", 10_000),
    Peer("check-837", "pyx12: validate, with 999", "pyx12==4.0.0", "pyx12-validate", 10_000),
    Peer("check-835", "pyx12: validate, with 999", "pyx12==4.0.0", "pyx12-validate", 10_000),
)


def interpreter(requirement: str) -> tuple[Path | None, str]:
    """The Python of a peer's environment, made if it is not there; or None, and why it cannot be had."""
    name = requirement.partition("==")[0]
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    ready = folder / "installed"
    if ready.exists() and ready.read_text() == requirement:
        return python, ""
    ENVIRONMENTS.mkdir(exist_ok=True)
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement],
    )
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, f"cannot be installed here ({type(error).__name__})"
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
            return None, f"cannot be installed here ({said[-1][:80]})"
    ready.write_text(requirement)
    return python, ""


def command(python: Path, what: str, file: Path) -> list[str]:
    """What measures a peer."""
    return [str(python), "-W", "ignore", str(HERE / "peer.py"), what, str(file)]
