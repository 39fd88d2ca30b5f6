"""The child's side of `gateway explain`: the stations' own code decides, and what it says is sent back. Nothing is
written, and a plugin that hangs, grows or ends its process harms one claim, as in the running gateway."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine

from ..config import Config, load
from ..core.flow.decide import decide_claim, history_of, read_claims
from ..core.flow.deciding import Asked
from ..core.flow.details import details_of_payment
from ..core.flow.in_child import Marking
from ..core.flow.match import ClaimMatch
from ..core.flow.past import Opens
from ..core.flow.payment_past import PaymentPast
from ..core.flow.post_decide import Known, ReadPayment, decide_each, habits_in, look_up
from ..core.flow.post_records import Asked as AskedPayment
from ..core.flow.post_records import Decided
from ..core.flow.verdicts import Verdict
from ..core.model.posting import How, OpenClaim
from ..core.store.engine import make_looking_engine
from ..core.x12.editing import Edit
from ..plugins.answers import StepRecord
from ..plugins.http import NoCalls
from ..plugins.matching import Details
from ..plugins.runner import Runner

TARGET = f"{__name__}:decide"
NO_CALLS = NoCalls("it calls out, and explain does not: nobody knows what it would decide")
NOT_LOOKED_UP = "Our claims were not looked at, so nobody knows which one this payment is for."


class Told(msgspec.Struct, array_like=True):
    """What a station decided about a claim: what each step said, and what the steps set."""

    station: str
    steps: list[StepRecord]
    edits: list[Edit]


class ToldPayment(msgspec.Struct, array_like=True):
    """What was decided about a payment, the claim of ours that it met, and what its chain was chosen by."""

    decided: Decided
    claim: OpenClaim | None
    details: Details


class AboutClaims(msgspec.Struct, array_like=True):
    """The answer about claims."""

    found: list[tuple[Verdict, list[Told]]]


class AboutPayments(msgspec.Struct, array_like=True):
    """The answer about payments. `taken`: the claims that they leave to no later payment."""

    found: list[ToldPayment]
    taken: list[int]


class Question(msgspec.Struct):
    """What a child is asked: `claims` or `payments`, never both. `database_url` is empty where nothing is to be looked
    up; `without_file`: as if that file had not come; `file_id`: as which file they would be taken in."""

    config_root: str
    config_hash: str
    database_url: str
    party: str
    today: dt.date
    claims: list[Asked] = []
    payments: list[AskedPayment] = []
    without_file: int = 0
    file_id: int = 0
    taken: list[int] = []
    killed: list[tuple[int, int, str]] = []
    resting: list[tuple[int, str | None, str]] = []

    def only(self, start: int, end: int) -> Question:
        """A question about some of them."""
        killed = [(item - start, step, why) for item, step, why in self.killed if start <= item < end]
        claims, payments = self.claims[start:end], self.payments[start:end]
        return msgspec.structs.replace(self, claims=claims, payments=payments, killed=killed)


_questions = msgspec.msgpack.Decoder(Question)
_encode = msgspec.msgpack.Encoder().encode


async def decide(payload: bytes, mark: Marking) -> bytes:
    """Decide what is asked (a packed `Question`); returns a packed `AboutClaims` or `AboutPayments`."""
    question = _questions.decode(payload)
    config = _config(question.config_root, question.config_hash)
    with _connected(question.database_url) as connection:
        answer: Any = await (_payments if question.payments else _claims)(question, config, connection, mark)
    mark.outside()
    return _encode(answer)


async def _claims(question: Question, config: Config, connection: Connection | None, mark: Marking) -> AboutClaims:
    read = read_claims(config, question.party, question.file_id, question.claims, mark)
    mark.outside()
    history = history_of(_opens(connection), read, question.without_file, paused=mark.paused)
    runner = _runner(question, history, mark)
    found = []
    for item, (asked, one) in enumerate(zip(question.claims, read, strict=True)):
        mark.outside(item)
        verdict, decisions = await decide_claim(item, asked, one, config, history, runner, question.party)
        told = [Told(decision.station, decision.steps, list(decision.edits)) for decision in decisions]
        found.append((verdict, told))
    return AboutClaims(found)


async def _payments(question: Question, config: Config, connection: Connection | None, mark: Marking) -> AboutPayments:
    read = []
    for item, asked in enumerate(question.payments):
        mark.outside(item)
        read.append(ReadPayment(asked))
    mark.outside()
    known = Known([ClaimMatch(None, How.NOTHING, NOT_LOOKED_UP) for _ in read], {}, {})
    if connection is not None:
        known = look_up(connection, read, habits_in(config, question.today), with_contents=config.chains.asks_details)
    taken = set(question.taken)
    past = PaymentPast(_opens(connection), known.claims, paused=mark.paused)
    runner = _runner(question, past, mark)
    await decide_each(read, known, config, runner, past, question.party, taken, mark)
    usage = config.gateway.usage
    found = []
    for one in read:
        claim_id = one.decided.claim_id
        details = details_of_payment(one.payment, known.contents.get(claim_id), usage)
        found.append(ToldPayment(one.decided, known.claims.get(claim_id), details))
    return AboutPayments(found, sorted(taken))


def _runner(question: Question, lookups: Any, mark: Marking) -> Runner:
    return Runner(
        today=question.today,
        lookups=lookups,
        mark=mark,
        killed={(item, step): why for item, step, why in question.killed},
        outgoing=NO_CALLS,
    )


def _opens(connection: Connection | None) -> Opens | None:
    """The connection as look-ups want it."""
    return None if connection is None else lambda: nullcontext(connection)


@lru_cache(maxsize=1)
def _config(root: str, config_hash: str) -> Config:
    found = load(Path(root), secrets=False)
    if not isinstance(found, Config) or found.hash != config_hash:
        raise ValueError("the configuration has changed meanwhile")
    return found


@lru_cache(maxsize=1)
def _engine(url: str) -> Engine:
    return make_looking_engine(url)


@contextmanager
def _connected(url: str) -> Iterator[Connection | None]:
    if not url:
        yield None
        return
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()  # nothing stays open of a database that is only looked at
