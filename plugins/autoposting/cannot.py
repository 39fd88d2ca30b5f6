"""Why a payment cannot be posted for certain."""

from __future__ import annotations


class Cannot(Exception):
    """The payment cannot be posted for certain; the message says why and what to do."""

    def __init__(self, why: str, rule: str) -> None:
        super().__init__(why)
        self.rule = rule
