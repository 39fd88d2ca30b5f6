"""Chance that depends on the seed and on what it is asked about, never on when it is asked."""

from __future__ import annotations

import hashlib
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Draws for one claim (or any other key): `chance("denied:1")` is the same number in every run."""

    __slots__ = ("_key",)

    def __init__(self, seed: int, *key: object) -> None:
        self._key = ":".join([str(seed), *(str(part) for part in key)])

    def number(self, what: str) -> int:
        """A number of 64 bits."""
        return int.from_bytes(hashlib.blake2b(f"{self._key}:{what}".encode(), digest_size=8).digest(), "big")

    def chance(self, what: str, share: float) -> bool:
        """True for this share of the keys."""
        return self.number(what) < share * 2**64

    def choose(self, what: str, choices: tuple[T, ...]) -> T:
        """One of the choices, each as likely."""
        return choices[self.number(what) % len(choices)]
