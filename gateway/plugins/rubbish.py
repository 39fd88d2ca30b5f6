"""What a step is told that answered, or left, what cannot be. By itself, so that importing it pulls in nothing."""

from __future__ import annotations


class Rubbish(Exception):
    """A step answered what its hook does not allow, or left what cannot be kept. The message says what came and what is
    wanted, and holds nobody's data."""
