"""Which money is which deposit (hme-billing-rules 5.1): by number and amount; else by amount, payer and date.

One candidate is a match. Two, on either side, wait for a person, who is told of each. Nothing here reads or writes: it
is given lines and deposits, and says what belongs together.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..work.calendar import business_days_between

NUMBER, PAYER = "number", "payer"
SLIP = "slip"
_OF_SLIPS = ("check", "cash", "card", "other")
SHORTEST_NAME = 8
"""Letters and digits that two names must have in common before they are taken for one payer."""
_KINDS = {"wire": "eft", "lockbox": "check"}


class Line(NamedTuple):
    """Money that nobody has identified."""

    id: int
    method: str
    cents: int
    number: str
    originator: str
    payer: str
    told: str
    on_date: dt.date
    in_hand: bool = False


class Expected(NamedTuple):
    """A deposit that is expected: of a remittance (`originator` is its TRN03), or a slip of checks in hand, which the
    bank shows as one sum."""

    id: int
    method: str
    cents: int
    number: str
    originator: str
    payer: str
    on_date: dt.date | None


class Match(NamedTuple):
    """A line is this deposit, by this rule, and why in words."""

    line_id: int
    deposit_id: int
    rule: str
    why: str


class Waiting(NamedTuple):
    """Lines and deposits of which several could belong together, by this rule."""

    line_ids: tuple[int, ...]
    deposit_ids: tuple[int, ...]
    rule: str


class Found(NamedTuple):
    """What belongs together, and what waits for a person."""

    matches: list[Match]
    waiting: list[Waiting]


def plain_number(text: str) -> str:
    """A trace or check number without what banks add: blanks, leading zeros."""
    return "".join(text.split()).upper().lstrip("0")


def plain_name(text: str) -> str:
    """The letters and digits of a name."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def kind_of(method: str) -> str:
    """The methods that come the same way, by one name."""
    return _KINDS.get(method, method)


def find(lines: Sequence[Line], deposits: Sequence[Expected], days: int) -> Found:
    """Match lines and deposits; `days` are the business days that the two may lie apart where the number does not
    say it."""
    found = Found([], [])
    by_cents: dict[int, tuple[list[Line], list[Expected]]] = defaultdict(lambda: ([], []))
    for line in lines:
        by_cents[line.cents][0].append(line)
    for deposit in deposits:
        by_cents[deposit.cents][1].append(deposit)
    for some, others in by_cents.values():
        if some and others:
            _same_amount(some, others, days, found)
    return found


def _same_amount(lines: list[Line], deposits: list[Expected], days: int, found: Found) -> None:
    taken = _pair(lines, deposits, same_number, NUMBER, found)
    lines = [line for line in lines if line.id not in taken[0]]
    deposits = [deposit for deposit in deposits if deposit.id not in taken[1]]
    _pair(lines, deposits, lambda line, deposit: same_payer_and_date(line, deposit, days), PAYER, found)


def _pair(
    lines: Iterable[Line],
    deposits: Sequence[Expected],
    alike: Callable[[Line, Expected], bool],
    rule: str,
    found: Found,
) -> tuple[set[int], set[int]]:
    """Pair what is alike; returns the lines and deposits that had a candidate, matched or waiting."""
    candidates = {}
    for line in lines:
        some = [one for one in deposits if alike(line, one)]
        if len(some) > 1 and line.originator:
            some = [one for one in some if one.originator == line.originator] or some
        if some:
            candidates[line.id] = [one.id for one in some]
    of_deposit: dict[int, list[int]] = defaultdict(list)
    for line_id, ids in candidates.items():
        for deposit_id in ids:
            of_deposit[deposit_id].append(line_id)
    unclear: set[int] = set()
    for line_id, ids in candidates.items():
        if len(ids) == 1 and len(of_deposit[ids[0]]) == 1:
            found.matches.append(Match(line_id, ids[0], rule, WHY[rule]))
        elif line_id not in unclear:
            group = _group(line_id, candidates, of_deposit)
            unclear |= set(group.line_ids)
            found.waiting.append(group._replace(rule=rule))
    return set(candidates), set(of_deposit)


def _group(line_id: int, candidates: dict[int, list[int]], of_deposit: dict[int, list[int]]) -> Waiting:
    """Everything that hangs together with a line."""
    lines, deposits, new = {line_id}, set[int](), [line_id]
    while new:
        for deposit_id in candidates[new.pop()]:
            if deposit_id not in deposits:
                deposits.add(deposit_id)
                more = [one for one in of_deposit[deposit_id] if one not in lines]
                lines.update(more)
                new += more
    return Waiting(tuple(sorted(lines)), tuple(sorted(deposits)), "")


WHY = {
    NUMBER: "the same number and amount",
    PAYER: "the same amount and payer, and the dates are near",
}


def same_number(line: Line, deposit: Expected) -> bool:
    """Whether both name the same trace or check, and came the same way."""
    number = plain_number(line.number)
    return bool(number) and number == plain_number(deposit.number) and _same_way(line, deposit)


def same_payer_and_date(line: Line, deposit: Expected, days: int) -> bool:
    """Whether payer and date fit, and no number speaks against it."""
    ours, theirs = plain_number(line.number), plain_number(deposit.number)
    if (ours and theirs and ours != theirs) or deposit.on_date is None or not _same_way(line, deposit):
        return False
    first, last = sorted((line.on_date, deposit.on_date))
    # A slip is ours: it has no payer.
    near = business_days_between(first, last) <= days
    return near and (deposit.method == SLIP or same_payer(line, deposit))


def _same_way(line: Line, deposit: Expected) -> bool:
    ours, theirs = kind_of(line.method), kind_of(deposit.method)
    if theirs == SLIP:
        return ours in _OF_SLIPS and not line.in_hand
    return ours == theirs or ours == "other"


def same_payer(line: Line, deposit: Expected) -> bool:
    """Whether both name the same payer: by its id, where both have one, else by name as far as the bank tells it."""
    if line.originator and deposit.originator:
        return line.originator == deposit.originator
    name = plain_name(deposit.payer)
    if len(name) < SHORTEST_NAME:
        return False
    said = plain_name(line.payer)
    # A bank cuts a company's name to sixteen characters.
    return name in plain_name(line.told) or (len(said) >= SHORTEST_NAME and (said in name or name in said))
