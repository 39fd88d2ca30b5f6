"""Asking a child what would become of claims and payments: the parent's side of `explain_child`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from ..config import Config
from ..config.commands import NotAsked
from ..core.engine.decide_pool import DecidePool
from ..core.engine.port import DecideFailed
from ..core.flow.deciding import Asked, DecideImpossible, answered
from ..core.flow.post_records import Asked as AskedPayment
from ..core.flow.verdicts import Verdict
from .explain_child import TARGET, AboutClaims, AboutPayments, Question, Told, ToldPayment

if TYPE_CHECKING:
    from .explain_claims import Ground

T = TypeVar("T")


class Asking:
    """A child in which plugins decide, for one command; started when it is first asked.

    Raises NotAsked where it cannot be.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._loop = asyncio.Runner()
        self._pool = DecidePool(1, memory_mb=config.gateway.workers.decide_memory_mb, target=TARGET)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._pool.close())
        self._loop.close()

    def claims(self, ground: Ground, claims: Sequence[Asked], file_id: int) -> list[tuple[Verdict, list[Told]]]:
        """The verdict on each claim, and what each station decided on the way."""
        question = self._question(ground, ground.source)
        question.claims, question.without_file, question.file_id = list(claims), ground.known_file, file_id
        return self._answer(question, question.claims, AboutClaims).found

    def payments(self, ground: Ground, payments: Sequence[AskedPayment], taken: set[int]) -> list[ToldPayment]:
        """What is decided about each payment; the claims that they take are added to `taken`."""
        question = self._question(ground, ground.partner)
        question.payments, question.taken = list(payments), sorted(taken)
        answer = self._answer(question, question.payments, AboutPayments)
        taken.update(answer.taken)
        return answer.found

    def _question(self, ground: Ground, party: str) -> Question:
        url = ""
        if ground.connection is not None:
            url = ground.connection.engine.url.render_as_string(hide_password=False)
        return Question(str(ground.config.root), ground.config.hash, url, party, ground.today)

    def _answer(self, question: Question, items: list[Any], kind: type[T]) -> T:
        limits = self._config.chains.limits
        try:
            data = self._loop.run(answered(self._pool, limits, question, items))
        except (DecideFailed, DecideImpossible) as error:
            raise NotAsked(f"It cannot be decided here: {error}.") from None
        return msgspec.msgpack.decode(data, type=kind)
