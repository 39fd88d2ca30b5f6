"""The chain runner: calls the steps of a station in the order of the chain, each on its own.

It awaits what is awaitable, drops what a failed step changed, and records in a few words what each step decided. It
knows no database, no file and no clock but a stopwatch. Time limits are kept from outside: `mark(item, step)` is called
before each step, so that whoever watches knows whom to end and to blame; a step that was ended comes back in
`killed`, and is then treated like one that raised.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar

import msgspec

from gateway.core.model.decision import Hold, HoldType, Quarantine, RetryAfter

from .answers import LISTS, Answered, StepRecord, first_answer, gather
from .blame import failure
from .chains import Chain, Step
from .context import ClaimContext, Context, Ground, Lookups, PaymentContext
from .http import HttpFailed, NoCalls, Outgoing
from .rubbish import Rubbish
from .settings import SecretMissing, any_revealed, tells_a_secret

if TYPE_CHECKING:
    from gateway.core.model.posting import WorkItemDraft

    from .rows import KeptRow


class Mark(Protocol):
    """Who is told what runs, so that somebody outside can watch it."""

    def __call__(self, item: int, step: int, /) -> None:
        """This step (its number) is about to be called for this item of the chunk."""

    def outside(self, item: int = -1, /) -> None:
        """No plugin is being called; the gateway's own code works on this item (-1: on none)."""


class NoMark:
    """Nobody watches."""

    def __call__(self, item: int, step: int, /) -> None: ...

    def outside(self, item: int = -1, /) -> None: ...

    def paused(self) -> AbstractContextManager[None]:
        """Nothing to do."""
        return nullcontext()


class Editable(Protocol):
    """What the runner needs of a claim; see `core.x12.claim`."""

    def handle(self, by: str) -> Self:
        """Another handle on the claim as it is now, with an edit log of its own."""

    def lend(self, by: str) -> None:
        """Let another edit through this handle from now on, also where it had ended."""

    def kill(self) -> None:
        """End a handle: whoever kept it can set nothing through it any more."""

    @property
    def edits(self) -> Sequence[Any]:
        """What was set through this handle, in order."""

    @property
    def stored(self) -> Any:
        """What it says, as it is now."""


ClaimT = TypeVar("ClaimT", bound=Editable)


class OpenedHold(NamedTuple):
    """A hold, and the plugin that wants it."""

    plugin: str
    hold: Hold


class OpenedItem(NamedTuple):
    """A work item to open, the plugin that wants it, and the line that it is about (0: the whole claim)."""

    plugin: str
    line: int
    draft: WorkItemDraft


class Decision:
    """What a station's steps decided together about one claim, payment or denial.

    `holds`: what keeps a claim back, findings of severity HOLD and REJECT among them. `quarantine`, `retry`: set where
    a step asked for it; nothing after it ran. `edits`: what the steps set on the claim, in order. `answer`: what the
    deciding step of `post` and `route` returned. `failure`: why the first failed step that `on_error` does not
    skip failed (empty: none). `steps`: one record a step. `items`: work that the steps want opened, whatever else is
    decided; `rows`: what they keep in tables of their own.
    """

    __slots__ = (
        *("answer", "chain", "edits", "failure", "holds", "items", "quarantine", "retry", "rows", "station", "steps"),
    )

    def __init__(self, station: str, chain: str) -> None:
        self.station = station
        self.chain = chain
        self.holds: list[OpenedHold] = []
        self.items: list[OpenedItem] = []
        self.rows: list[KeptRow] = []
        self.edits: list[Any] = []
        self.quarantine: Quarantine | None = None
        self.retry: RetryAfter | None = None
        self.answer: Any = None
        self.failure = ""
        self.steps: list[StepRecord] = []

    @property
    def passes(self) -> bool:
        """Whether the claim goes on to the next station with nothing against it."""
        return not (self.holds or self.quarantine or self.retry)

    def __repr__(self) -> str:
        """What a test that fails shows: the rules that hold, what failed, and whatever else was decided."""
        rules = [f"{opened.hold.rule or opened.plugin} on line {opened.hold.line}" for opened in self.holds]
        said = {
            "holds": ", ".join(rule.removesuffix(" on line 0") for rule in rules),
            "failure": repr(self.failure) if self.failure else "",
            "quarantine": self.quarantine and repr(self.quarantine.reason),
            "retry": self.retry and repr(self.retry.reason),
            "answer": "" if self.answer is None else type(self.answer).__name__,
            "edits": len(self.edits),
            "items": len(self.items),
            "rows": len(self.rows),
        }
        told = "".join(f", {name}: {what}" for name, what in said.items() if what)
        return f"<Decision at {self.station}{told or ', nothing against it'}>"


MOST_KILLS_OF_A_PAYER = 3
"""How many claims of a payer one step may cost its process in a chunk; then it is not called for the payer's others."""
MOST_KILLS_OF_A_STEP = 9
"""How many of all payers, before it is not called any more at all."""

EVERY_PAYER = None
Resting = Mapping[tuple[int, str | None], str]
"""Steps that are not to be called for now, by number and payer (`EVERY_PAYER`: whoever pays), each with the reason."""


class _Failed(NamedTuple):
    why: str
    rests: bool = False


def _called(context: Context[Any]) -> int:
    """A step failed: what it left is dropped, and its next try has its time anew. Returns how often it called out."""
    left, context._beside = context._beside, None
    return left.http.calls if left is not None and left.http is not None else 0


def _left(decision: Decision, step: Step, context: Context[Any], calls: int) -> tuple[tuple[str, ...], int]:
    """Take over what a step that did not fail leaves beside its answer; returns its notes and how often it called out
    (`calls` times in tries before)."""
    left = context._beside
    if left is None:
        return (), calls
    decision.items += [OpenedItem(step.plugin.name, line, draft) for line, draft in left.items]
    decision.rows += left.rows.values()
    return tuple(left.notes), calls + (left.http.calls if left.http is not None else 0)


def _keep_secrets(answered: Answered | None, context: Context[Any]) -> None:
    """Refuse what would put a secret where it stays: on the timeline, on a hold, in a row. Raises Rubbish."""
    left = context._beside
    said = (left.notes, left.items, [row.values for row in left.rows.values()]) if left is not None else ()
    if tells_a_secret(msgspec.msgpack.encode((answered, said))):
        raise Rubbish("what it says holds a secret of its settings")


NO_CALLS = NoCalls()


class Runner:
    """Runs chains for the claims or payments of one chunk.

    `killed` tells, for (item, step number), what the watchdog ended that step for in an earlier attempt at the chunk;
    a step that was ended so for several claims of a payer is not called for that payer's others. `resting`: see there.
    `outgoing` does the calls that steps make (`context.http`).
    """

    def __init__(
        self,
        *,
        today: dt.date,
        lookups: Lookups,
        mark: Mark,
        killed: Mapping[tuple[int, int], str] | None = None,
        resting: Resting | None = None,
        stopwatch: Callable[[], int] = perf_counter_ns,
        outgoing: Outgoing = NO_CALLS,
    ) -> None:
        self._today = self.today = today
        self._lookups = lookups
        self._mark = mark
        self._killed = killed or {}
        self._resting = resting or {}
        self._stopwatch = stopwatch
        self._outgoing = outgoing
        # The claim that was run last, and a handle on it through which nothing was set.
        self._spare: tuple[Any, Any] | None = None
        # The items that a step has cost its process, by step and payer.
        self._lost: dict[tuple[int, str | None], set[int]] = {}

    async def claim(
        self, item: int, chain: Chain, station: str, claim: ClaimT, payer_id: str, partner: str
    ) -> tuple[Decision, ClaimT]:
        """Run `confirm`, `scrub` or `hold` for one claim.

        Every step is asked, unless one stops the station, quarantines or asks to be asked again. Returns what was
        decided and the handle that carries what the steps set (the one that was given, where nothing was set).
        """
        decision = Decision(station, chain.name)
        # One handle serves step after step, and station after station, while nothing is set through it: what was parsed
        # stays parsed.
        handle = self._handle_of(claim)
        ground = Ground(self._today, payer_id, partner, chain.name, self._lookups, self._outgoing)
        for step in chain.steps(station):
            context: ClaimContext[Any] = ClaimContext(step, ground)
            started = self._stopwatch()
            answered: Answered | _Failed | None = None
            calls = 0
            for _ in range(step.retries + 1):
                if handle is None:
                    handle = claim.handle(step.plugin.name)
                else:
                    handle.lend(step.plugin.name)
                answered = await self._ask(step, item, payer_id, gather, (handle, context))
                if not isinstance(answered, _Failed):
                    break
                calls += _called(context)
                handle.kill()
                handle = None
            micros = (self._stopwatch() - started) // 1000
            if isinstance(answered, _Failed):
                self._failed(decision, step, answered, micros, calls)
                if step.on_error == "stop":
                    break
                continue
            edits: Sequence[Any] = ()
            if handle is not None and handle.edits:
                handle.kill()
                if step.station.edits:
                    edits = handle.edits
                    decision.edits += edits
                    claim = handle
                handle = None
            if context._beside is None and not calls:
                decision.steps.append(step.record(answered, len(edits), micros))
            else:
                decision.steps.append(step.record(answered, len(edits), micros, *_left(decision, step, context, calls)))
            if answered is not None and not self._go_on(decision, step, answered):
                break
        if handle is not None:
            handle.kill()
            self._spare = (claim, handle)
        self._mark.outside(item)
        _count_as_ever()
        return decision, claim.handle("gateway") if decision.edits else claim

    def _handle_of(self, claim: ClaimT) -> ClaimT | None:
        """The handle that served this very claim at the station before, if it still says the same."""
        spare, self._spare = self._spare, None
        if spare is None or spare[0] is not claim:
            return None
        handle: ClaimT = spare[1]
        return handle if not handle.edits and handle.stored == claim.stored else None

    async def payment(
        self,
        item: int,
        chain: Chain,
        payment: Any,
        match: Any,
        payer_id: str,
        partner: str,
        given: Callable[[], object] | None = None,
    ) -> Decision:
        """Run `post` for one claim payment; the plan is in `answer`, None where no step made one. `given` tells what a
        step must leave as it is; one that does not has failed, and nothing after it is asked."""
        return await self._first(item, chain, "post", (payment, match), payer_id, partner, given)

    async def denial(self, item: int, chain: Chain, denial: Any, payer_id: str, partner: str) -> Decision:
        """Run `route` for one denial; the draft of its work item is in `answer`, None where no step made one."""
        return await self._first(item, chain, "route", (denial,), payer_id, partner)

    async def _first(
        self,
        item: int,
        chain: Chain,
        station: str,
        subject: tuple[Any, ...],
        payer_id: str,
        partner: str,
        given: Callable[[], object] | None = None,
    ) -> Decision:
        decision = Decision(station, chain.name)
        before = given() if given is not None else None
        ground = Ground(self._today, payer_id, partner, chain.name, self._lookups, self._outgoing)
        for step in chain.steps(station):
            context: PaymentContext[Any] = PaymentContext(step, ground)
            started = self._stopwatch()
            answered: Answered | _Failed | None = None
            calls = 0
            for _ in range(step.retries + 1):
                answered = await self._ask(step, item, payer_id, first_answer, (*subject, context))
                if answered.__class__ is not _Failed:
                    break
                calls += _called(context)
            micros = (self._stopwatch() - started) // 1000
            changed = given is not None and _changed(given, before)
            if changed:
                answered = _Failed("it changed the payment or the match that it was given")
            if isinstance(answered, _Failed):
                self._failed(decision, step, answered, micros, calls)
                if changed and step.on_error == "skip":
                    self._hold(decision, step, answered)
                if changed or step.on_error != "skip":
                    break
                continue
            decision.steps.append(step.record(answered, 0, micros, *_left(decision, step, context, calls)))
            if answered is None:
                continue
            decision.answer = answered.value
            if answered.value is not None or not self._go_on(decision, step, answered):
                break
        self._mark.outside(item)
        _count_as_ever()
        return decision

    async def _ask(
        self, step: Step, item: int, payer_id: str, read: Callable[[Step, Any], Any], arguments: tuple[Any, ...]
    ) -> Answered | _Failed | None:
        """One call of one step, whatever it does: what it answered, or why it failed."""
        if self._resting:
            why = self._resting.get((step.number, payer_id)) or self._resting.get((step.number, EVERY_PAYER))
            if why:
                return _Failed(why, rests=True)
        if self._killed and (why := self._not_again(step, item, payer_id)):
            return _Failed(why)
        self._mark(item, step.number)
        try:
            answer = step.call(*arguments)
            if answer is None and arguments[-1]._beside is None:
                return None
            if type(answer) not in LISTS:  # neither of these, then
                if hasattr(answer, "__await__"):
                    answer = await answer
                elif hasattr(answer, "__aiter__"):
                    answer = [one async for one in answer]
            # Reading runs plugin code too, where the answer is a generator.
            answered = None if answer is None else read(step, answer)
            if any_revealed():
                _keep_secrets(answered, arguments[-1])
            return answered
        except (Rubbish, SecretMissing, HttpFailed) as error:
            return _Failed(self.told(error))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return _Failed(self.blame(step, error))
        except BaseException as error:  # KeyboardInterrupt and what a plugin derives from it harm one claim, too
            return _Failed(self.blame(step, error))

    def _not_again(self, step: Step, item: int, payer_id: str) -> str:
        """Why a step is not called for this item: it cost its process for it, or for several before. Empty: call it."""
        why = self._killed.get((item, step.number), "")
        of_payer = self._lost.setdefault((step.number, payer_id), set())
        of_step = self._lost.setdefault((step.number, EVERY_PAYER), set())
        if why:
            of_payer.add(item)
            of_step.add(item)
            return why
        if len(of_payer) >= MOST_KILLS_OF_A_PAYER or len(of_step) >= MOST_KILLS_OF_A_STEP:
            return "it failed so for several claims before and was not called again"
        return ""

    def told(self, error: Rubbish | SecretMissing | HttpFailed) -> str:
        """What is told of a mistake that we find ourselves: our own words, of references and never of values."""
        return str(error)

    def blame(self, step: Step, error: BaseException) -> str:
        """What is told of an exception that a step raised: its type and place, never its text."""
        return failure(error, step.plugin.path)

    def _failed(self, decision: Decision, step: Step, failed: _Failed, micros: int, calls: int) -> None:
        why, rests = failed
        decision.steps.append(step.failed(why, micros, calls, resting=rests))
        if step.on_error == "skip":
            return
        self._hold(decision, step, failed)

    def _hold(self, decision: Decision, step: Step, failed: _Failed) -> None:
        name = step.plugin.name
        what = "rests" if failed.rests else f"failed in {step.station.name}"
        sentence = f"Plugin {name} {what}: {failed.why}."
        decision.failure = decision.failure or sentence
        hold = Hold(reason=sentence, type=HoldType.SYSTEM, rule=f"plugin:{name}", team="edi")
        decision.holds.append(OpenedHold(name, hold))

    def _go_on(self, decision: Decision, step: Step, answered: Answered) -> bool:
        """Take over what a step answered; False where the station ends with it."""
        for hold in answered.holds:
            decision.holds.append(OpenedHold(step.plugin.name, hold))
        if answered.ends is None:
            return True
        if isinstance(answered.ends, Quarantine):
            decision.quarantine = answered.ends
        elif isinstance(answered.ends, RetryAfter):
            decision.retry = answered.ends
        return False


def _changed(given: Callable[[], object], before: object) -> bool:
    try:
        return given() != before
    except Exception:  # what was broken so that it cannot even be read is changed
        return True


_AS_EVER = decimal.Context()


def _count_as_ever() -> None:
    """Decimal arithmetic is what it was, whatever a plugin made of it: the next one adds up money."""
    now = decimal.getcontext()
    if now.prec != _AS_EVER.prec or now.rounding != _AS_EVER.rounding:
        # In place: every task of this thread has the same one.
        now.prec, now.rounding = _AS_EVER.prec, _AS_EVER.rounding
