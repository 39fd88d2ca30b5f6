"""Reading what a step answered: the few allowed forms, and a plain sentence for everything else."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from types import GeneratorType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import msgspec

from gateway.core.model.decision import (
    Continue,
    Finding,
    Hold,
    Quarantine,
    RetryAfter,
    Severity,
    Stop,
)

from .rubbish import Rubbish

if TYPE_CHECKING:
    from .chains import Step

T = TypeVar("T")

MOST = 1000
"""The most findings and holds that one step may answer for one claim."""
MOST_BYTES = 256 * 1024
"""The largest that a single record of an answer may be."""
LARGEST = 10**15
"""The largest number in an answer, either way: what a column takes, and more cents than anybody is paid."""
LARGEST_COUNT = 100_000
"""The largest number of a line or service, and the most days."""
_COUNTS = frozenset({"line", "line_number", "service", "business_days"})


RESTING = "resting"
"""The outcome of a step that was not called because it had failed again and again."""


class StepRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one step decided, as it stands on the timeline. `outcome`: continue, stop, hold, quarantine, retry, answer,
    failed (its claim waits), skipped (it failed, and its chain says to go on without it) or resting (it was not called:
    it had failed again and again). `notes` are the sentences that it left (`context.note`), `calls` how
    often it called out (`context.http`)."""

    plugin: str
    version: str
    outcome: str
    findings: tuple[Finding, ...] = ()
    note: str = ""
    edits: int = 0
    microseconds: int = 0
    notes: tuple[str, ...] = ()
    calls: int = 0


class Answered(NamedTuple):
    """An answer, read. `ends`: the outcome that ends the station. `value`: the plan or draft of post and route."""

    outcome: str
    findings: tuple[Finding, ...] = ()
    holds: tuple[Hold, ...] = ()
    note: str = ""
    ends: Stop | Quarantine | RetryAfter | None = None
    value: Any = None


_KEEPS_BACK = (Severity.HOLD, Severity.REJECT)


_encode = msgspec.msgpack.Encoder().encode


@lru_cache(maxsize=64)
def _decoder(kind: Hashable) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(cast(Any, kind))


def checked(one: Any, kind: type[T]) -> T:
    """The same record, proven to survive being written and read again, and to fit the database: a struct checks nothing
    when it is made, and what fails only when the chunk is committed would take its neighbours with it."""
    try:
        data = _encode(one)
        read = cast(T, _decoder(cast(Hashable, kind)).decode(data))
    except (msgspec.MsgspecError, TypeError, OverflowError, ValueError) as error:
        # What msgspec says names the field and the types, never the value.
        text = str(error) if isinstance(error, msgspec.ValidationError) else "it holds what is no plain data"
        raise _not_kept(kind, text) from None
    if len(data) > MOST_BYTES:
        raise _not_kept(kind, f"it is larger than {MOST_BYTES >> 10} kB")
    # Numbers of more than four bytes, floats, and the character that PostgreSQL cannot keep, in msgpack: where none of
    # their bytes is there, there is none of them.
    if any(byte in data for byte in _SUSPECT):
        _fits(msgspec.to_builtins(read), kind)
    return read


_SUSPECT = (b"\x00", b"\xcb", b"\xce", b"\xcf", b"\xd2", b"\xd3")


def _fits(value: Any, kind: type) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise _not_kept(kind, "a text in it holds a NUL character")
    elif isinstance(value, int | float):
        if not -LARGEST <= value <= LARGEST:  # false for what is no number, too
            raise _not_kept(kind, "a number in it is out of bounds")
    elif isinstance(value, dict):
        for name, one in value.items():
            if name in _COUNTS and not -1 <= one <= LARGEST_COUNT:
                raise _not_kept(kind, f"its {name} is out of bounds")
            _fits(one, kind)
    elif isinstance(value, list | tuple):
        for one in value:
            _fits(one, kind)


def _not_kept(kind: type, why: str) -> Rubbish:
    return Rubbish(f"its {kind.__name__} cannot be kept: {why}")


def _as_hold(finding: Finding) -> Hold:
    return Hold(
        reason=finding.message,
        type=finding.hold_type,
        rule=finding.rule,
        team=finding.team,
        line=finding.line,
    )


def _several(items: Iterable[Any], step: Step) -> Answered | None:
    findings: list[Finding] = []
    holds: list[Hold] = []
    count = 0
    for item in items:
        count += 1
        if count > MOST:
            raise Rubbish(f"it answered more than {MOST} findings for one claim")
        if isinstance(item, Finding):
            finding = checked(item, Finding)
            findings.append(finding)
            if finding.severity in _KEEPS_BACK:
                holds.append(_as_hold(finding))
        elif isinstance(item, Hold):
            holds.append(checked(item, Hold))
        else:
            raise Rubbish(
                f"its {step.station.hook} answered a {type(item).__name__} where findings and holds are wanted"
            )
    if not count:
        return None
    return Answered("hold" if holds else "continue", tuple(findings), tuple(holds))


LISTS = frozenset({list, tuple, GeneratorType})
"""What nearly every step answers with; a plain generator can be awaited no more than a list."""


def gather(step: Step, answer: Any) -> Answered | None:
    """Read the answer of a step of confirm, scrub or hold: findings, holds, or one outcome.

    Raises:
        Rubbish: it is nothing of that.
    """
    if type(answer) in LISTS:
        return _several(answer, step)
    if isinstance(answer, Finding | Hold):
        return _several((answer,), step)
    if isinstance(answer, Continue):
        read = _several(answer.findings, step) or Answered("continue")
        return read._replace(note=checked(Continue(note=answer.note), Continue).note)
    if isinstance(answer, Stop | Quarantine | RetryAfter):
        return _ending(answer)
    if isinstance(answer, str | bytes | dict) or not isinstance(answer, Iterable):
        raise Rubbish(
            f"its {step.station.hook} answered a {type(answer).__name__} where findings, holds or an outcome are wanted"
        )
    return _several(answer, step)


def _ending(answer: Stop | Quarantine | RetryAfter) -> Answered:
    ends = checked(answer, type(answer))
    outcome = {Stop: "stop", Quarantine: "quarantine", RetryAfter: "retry"}[type(ends)]
    return Answered(outcome, note=ends.reason, ends=ends)


def first_answer(step: Step, answer: Any) -> Answered | None:
    """Read the answer of a step of post or route: a plan or draft, or one outcome.

    Raises:
        Rubbish: it is nothing of that.
    """
    wanted = step.station.answer_type()
    if isinstance(answer, wanted):
        return Answered("answer", value=checked(answer, wanted))
    if isinstance(answer, Hold):
        return Answered("hold", holds=(checked(answer, Hold),), note=answer.reason, ends=Stop(answer.reason))
    if isinstance(answer, Continue):
        return _several(answer.findings, step)
    if isinstance(answer, Stop):
        hold = Hold(reason=answer.reason)
        return _ending(answer)._replace(holds=(hold,))
    if isinstance(answer, Quarantine | RetryAfter):
        return _ending(answer)
    raise Rubbish(
        f"its {step.station.hook} answered a {type(answer).__name__} where a {wanted.__name__} or an outcome is wanted"
    )
