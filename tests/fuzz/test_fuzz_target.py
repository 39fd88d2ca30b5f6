"""The fuzz target itself, on what it begins with: it would notice what it is there to notice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.core.x12 import tokens

from .fuzz_reader import one_input, seeds


def test_its_seeds_pass(tmp_path: Path) -> None:
    seeds(tmp_path)
    assert len(os.listdir(tmp_path)) > 20
    for path in sorted(tmp_path.iterdir()):
        one_input(path.read_bytes())


def test_it_notices_a_byte_that_gets_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "copy", lambda stream: [stream.read()[:-1]])
    with pytest.raises(AssertionError, match="unchanged"):
        one_input(b"ISA*00*")
