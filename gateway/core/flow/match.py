"""Matching (hme-billing-rules 5.8): which of our claims a payment is for, and which line each of its services.

Pure: everything was looked up before, for a whole chunk. One candidate posts, two wait for a person; a name alone
never posts. Each match carries the sentence for the timeline.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..model.money import to_dollars
from ..model.posting import Candidate, How, LineMatch, OpenLine
from ..model.states import ClaimState
from ..x12.remittance import ClaimPayment


class Keys(NamedTuple):
    """What of a payment can find its claim. `charge_cents` is positive, also of a reversal; names in upper case."""

    claim_number: str
    payer_claim_number: str
    member_ids: tuple[str, ...]
    last_name: str
    first_name: str
    from_date: dt.date | None
    charge_cents: int
    frequency: str = ""
    reverses: bool = False


class Found(NamedTuple):
    """A claim of ours that a look-up found."""

    claim_id: int
    claim_number: str
    state: str
    from_date: dt.date | None
    charge_cents: int
    frequency: str = ""


class ClaimMatch(NamedTuple):
    """The claim (None: none, or not sure which), how it was found, and the sentence that says so."""

    found: Found | None
    how: How
    why: str
    candidates: tuple[Candidate, ...] = ()


class Lookups(NamedTuple):
    """What the store had for a chunk. By number (CLM01), by the payer's claim number, by member id with date and
    charge, by name with date and charge. `posted`: claim and charge of each posted payment by the payer's claim
    number, where a reversal asks for it."""

    by_number: Mapping[str, Sequence[Found]]
    by_payer_number: Mapping[str, Sequence[Found]]
    by_member: Mapping[tuple[str, dt.date, int], Sequence[Found]]
    by_name: Mapping[tuple[str, str, dt.date, int], Sequence[Found]]
    posted: Mapping[str, Collection[tuple[int, int]]]


# Never reached a payer, or withdrawn: a payment cannot be for it.
_NEVER_BILLED = frozenset({ClaimState.FAULTY.value, ClaimState.CANCELLED.value})
# Of two claims with one number, the payment is for the one that left and was not refused.
_LESS_LIKELY = frozenset({ClaimState.REJECTED.value, ClaimState.HELD.value, ClaimState.READY.value})


def service_date(payment: ClaimPayment) -> dt.date | None:
    """The first day of service: of the lines (472, 150), else of the claim (232)."""
    days = [day for day in (line.dates.start for line in payment.lines) if day]
    return min(days) if days else payment.dates.start


def keys_of(payment: ClaimPayment) -> Keys:
    """What of this payment can find its claim."""
    patient = payment.patient
    members = (patient.id, payment.insured.id, payment.corrected.id)
    return Keys(
        payment.claim_id.strip(),
        payment.payer_control_number.strip(),
        tuple(dict.fromkeys(member for member in members if member)),
        patient.last.strip().upper(),
        patient.first.strip().upper(),
        service_date(payment),
        abs(payment.charge_cents),
        payment.frequency.strip(),
        payment.is_reversal,
    )


def match_claim(keys: Keys, lookups: Lookups, *, by_numbers: bool = False) -> ClaimMatch:
    """The claim that a payment is for; `by_numbers`: nothing but a number finds one."""
    numbered = _billed(lookups.by_number.get(keys.claim_number, ()))
    if len(numbered) == 1:
        return ClaimMatch(numbered[0], How.CLAIM_NUMBER, f"Found by its claim number {keys.claim_number} (CLP01).")
    known = _billed(lookups.by_payer_number.get(keys.payer_claim_number, ())) if keys.payer_claim_number else []
    if numbered:
        # A replacement may bear the number of what it replaces: the payer's own number can still tell them apart.
        both = [found for found in numbered if found.claim_id in {one.claim_id for one in known}]
        if len(both) == 1:
            why = (
                f"{len(numbered)} claims have the number {keys.claim_number}; the payer's number "
                f"{keys.payer_claim_number} (CLP07) tells which."
            )
            return ClaimMatch(both[0], How.PAYER_CLAIM_NUMBER, why)
        told = _singled_out(keys, both or numbered, lookups)
        if told is not None:
            return told
        why = (
            f"{len(numbered)} claims have the number {keys.claim_number} (CLP01), and nothing tells which of them is "
            "meant. Say which one, then post it."
        )
        return _waits(How.CLAIM_NUMBER, why, numbered)
    if len(known) == 1:
        why = f"No claim has the number in CLP01; found by the payer's number {keys.payer_claim_number} (CLP07)."
        return ClaimMatch(known[0], How.PAYER_CLAIM_NUMBER, why)
    if known:
        why = f"{len(known)} claims have the payer's number {keys.payer_claim_number} (CLP07). Say which one is meant."
        return _waits(How.PAYER_CLAIM_NUMBER, why, known)
    found = _by_patient(keys, lookups)
    if by_numbers and found.found is not None:
        why = (
            f"No claim has the numbers in CLP01 and CLP07. {found.found.claim_number} fits by member id, date of "
            "service and charge; of this payer only numbers count (table payer_habits). Say which one is meant."
        )
        return _waits(found.how, why, [found.found])
    return found


def _singled_out(keys: Keys, numbered: Sequence[Found], lookups: Lookups) -> ClaimMatch | None:
    """Of several claims of one number (an original and what replaces or voids it), the one that the payment itself
    tells: a reversal takes back what is posted, and a decision has the charge and the frequency of what it decides."""
    many = f"{len(numbered)} claims have the number {keys.claim_number} (CLP01)"
    if keys.reverses:
        posted = lookups.posted.get(keys.payer_claim_number, ())
        fits = [one for one in numbered if (one.claim_id, keys.charge_cents) in posted]
        why = f"{many}; the payment {keys.payer_claim_number} (CLP07) that is reversed is posted on this one."
        how = How.PAYER_CLAIM_NUMBER
    else:
        fits = [
            one for one in numbered if one.charge_cents == keys.charge_cents and one.frequency == keys.frequency != ""
        ]
        why = f"{many}; this one alone has the charge and the frequency (CLP09) of the payment."
        how = How.CLAIM_NUMBER
    return ClaimMatch(fits[0], how, why) if len(fits) == 1 else None


def _by_patient(keys: Keys, lookups: Lookups) -> ClaimMatch:
    day = keys.from_date
    if day is not None:
        found = _billed(
            {
                one.claim_id: one
                for member in keys.member_ids
                for one in lookups.by_member.get((member, day, keys.charge_cents), ())
            }.values()
        )
        if len(found) == 1:
            why = "No claim has the numbers in CLP01 and CLP07; found by member id, date of service and charge."
            return ClaimMatch(found[0], How.MEMBER_DATE_CHARGE, why)
        if found:
            why = f"{len(found)} claims fit by member id, date of service and charge. Say which one is meant."
            return _waits(How.MEMBER_DATE_CHARGE, why, found)
        named = _billed(lookups.by_name.get((keys.last_name, keys.first_name, day, keys.charge_cents), ()))
        if named:
            why = (
                f"No claim has the numbers in CLP01 and CLP07. {len(named)} may fit by name, date of service and "
                "charge, which is not proof enough. Check, and say which one is meant."
            )
            return _waits(How.NAME_DATE_CHARGE, why, named)
    why = (
        f"No claim of ours has the number {keys.claim_number or '(none)'} (CLP01) or the payer's number "
        f"{keys.payer_claim_number or '(none)'} (CLP07), and none fits by member, date and charge. Find out what was "
        "paid: another system's claim, or money that is not ours."
    )
    return ClaimMatch(None, How.NOTHING, why)


def is_sure(found: Iterable[Found]) -> bool:
    """Whether these, all found by one number, are one claim that a payer may have."""
    return len(_billed(found)) == 1


def _billed(found: Iterable[Found]) -> list[Found]:
    """Those a payer may have; a rejected one, or one that has not left yet, only where no other bears its number."""
    billed = [one for one in found if one.state not in _NEVER_BILLED]
    standing = [one for one in billed if one.state not in _LESS_LIKELY]
    return standing or billed


def _waits(how: How, why: str, found: Sequence[Found]) -> ClaimMatch:
    return ClaimMatch(None, how, why, tuple(Candidate(one.claim_id, one.claim_number, how) for one in found))


# --- lines -----------------------------------------------------------------------------------------


class Service(NamedTuple):
    """What of an SVC can find its line: the code as billed (SVC06, where the payer changed it) and as decided (SVC01).
    `first` and `last` bound the date of service (None: not known). The charge is positive."""

    control_number: str
    original: str
    code: str
    modifiers: frozenset[str]
    charge_cents: int
    first: dt.date | None
    last: dt.date | None


def services_of(payment: ClaimPayment) -> list[Service]:
    """The keys of each SVC; a service without a date takes the claim's (232 to 233)."""
    whole = payment.dates
    found = []
    for line in payment.lines:
        procedure, original = line.procedure, line.original_procedure
        days = line.dates
        first = days.start or whole.start
        last = days.start or whole.end or whole.start
        found.append(
            Service(
                line.control_number.strip(),
                original.code.upper() if original else "",
                procedure.code.upper(),
                frozenset(m.upper() for m in (original or procedure).modifiers),
                abs(line.charge_cents),
                first,
                last,
            )
        )
    return found


def match_payment(
    payment: ClaimPayment, lines: Sequence[OpenLine], *, by_numbers: bool = False
) -> tuple[LineMatch, ...]:
    """The line of each service of a payment, in their order; `by_numbers`: nothing but its control number finds one."""
    known: dict[str, OpenLine | None] = {}
    for line in lines:
        # Of a number that two lines have, neither is sure.
        known[line.control_number] = None if line.control_number in known else line
    found = []
    for index, service in enumerate(payment.lines):
        number = service.control_number
        one = known.get(number) if number else None
        if one is None:
            services = services_of(payment)
            matched = match_lines(services, lines)
            return _numbers_only(services, matched) if by_numbers else matched
        found.append(_numbered(index, one))
    return tuple(found)


def _numbers_only(services: Sequence[Service], matched: Sequence[LineMatch]) -> tuple[LineMatch, ...]:
    """What was found otherwise is a suggestion."""
    found = []
    for service, one in zip(services, matched, strict=True):
        if one.line_id is not None and one.how is not How.LINE_NUMBER:
            why = (
                f"Service {one.service + 1} ({service.code or 'no code'}, ${to_dollars(service.charge_cents):,}) may "
                f"be line {one.line_number}; of this payer only control numbers count (table payer_habits)."
            )
            one = LineMatch(one.service, None, why=why, candidates=(one.line_number,))
        found.append(one)
    return tuple(found)


def _numbered(index: int, line: OpenLine) -> LineMatch:
    why = f"Line {line.number} by its control number (REF*6R)."
    return LineMatch(index, line.line_id, line.number, How.LINE_NUMBER, why)


def match_lines(services: Sequence[Service], lines: Sequence[OpenLine]) -> tuple[LineMatch, ...]:
    """The line of each service, in their order; a service that fits none, or several, has no `line_id`."""
    matched: dict[int, LineMatch] = {}
    taken: set[int] = set()
    _by_control_number(services, lines, matched, taken)
    for how, fits in _FALL_BACKS:
        _by_rule(services, lines, matched, taken, how, fits)
        if how is How.CODE:
            _splits(services, lines, matched, taken)
    _by_charge(services, lines, matched, taken)
    return tuple(
        matched.get(index) or _unmatched(index, service, lines, taken) for index, service in enumerate(services)
    )


def _by_control_number(
    services: Sequence[Service], lines: Sequence[OpenLine], matched: dict[int, LineMatch], taken: set[int]
) -> None:
    by_number: dict[str, list[OpenLine]] = {}
    for line in lines:
        if line.control_number:
            by_number.setdefault(line.control_number, []).append(line)
    for index, service in enumerate(services):
        found = by_number.get(service.control_number, ()) if service.control_number else ()
        if len(found) == 1:
            (line,) = found
            matched[index] = _numbered(index, line)
            taken.add(line.line_id)


def _dated(service: Service, line: OpenLine) -> bool:
    if service.first is None or line.from_date is None:
        return True
    return service.first <= line.from_date <= (service.last or service.first)


def _same(service: Service, line: OpenLine) -> bool:
    return service.charge_cents == line.charge_cents and _dated(service, line)


def _original(service: Service, line: OpenLine) -> bool:
    return bool(service.original) and service.original == line.code and _same(service, line)


def _exact(service: Service, line: OpenLine) -> bool:
    return service.code == line.code and service.modifiers == frozenset(line.modifiers) and _same(service, line)


def _without_modifiers(service: Service, line: OpenLine) -> bool:
    return service.code == line.code and _same(service, line)


Fits = Callable[[Service, OpenLine], bool]
_FALL_BACKS: tuple[tuple[How, Fits], ...] = (
    (How.ORIGINAL_CODE, _original),
    (How.CODE_MODIFIERS, _exact),
    (How.CODE, _without_modifiers),
)
_WHY = {
    How.ORIGINAL_CODE: "by the code as it was billed (SVC06), date and charge",
    How.CODE_MODIFIERS: "by code, modifiers, date and charge",
    How.CODE: "by code, date and charge; the payer's modifiers differ from ours",
}


def _by_rule(
    services: Sequence[Service],
    lines: Sequence[OpenLine],
    matched: dict[int, LineMatch],
    taken: set[int],
    how: How,
    fits: Fits,
) -> None:
    """Match where exactly one line fits a service, and no other service fits that line."""
    left = [(index, service) for index, service in enumerate(services) if index not in matched]
    wanted = {
        index: [line for line in lines if line.line_id not in taken and fits(service, line)] for index, service in left
    }
    asked: dict[int, int] = {}
    for found in wanted.values():
        for line in found:
            asked[line.line_id] = asked.get(line.line_id, 0) + 1
    for index, found in wanted.items():
        if len(found) == 1 and asked[found[0].line_id] == 1:
            line = found[0]
            matched[index] = LineMatch(index, line.line_id, line.number, how, f"Line {line.number} {_WHY[how]}.")
            taken.add(line.line_id)


def _splits(
    services: Sequence[Service], lines: Sequence[OpenLine], matched: dict[int, LineMatch], taken: set[int]
) -> None:
    """Several services of one code that together are one line."""
    parts: dict[str, list[int]] = {}
    for index, service in enumerate(services):
        if index not in matched:
            parts.setdefault(service.original or service.code, []).append(index)
    for code, indexes in parts.items():
        if len(indexes) < 2:
            continue
        total = sum(services[index].charge_cents for index in indexes)
        found = [
            line
            for line in lines
            if line.line_id not in taken
            and line.code == code
            and line.charge_cents == total
            and all(_dated(services[index], line) for index in indexes)
        ]
        if len(found) == 1:
            (line,) = found
            why = f"Line {line.number}: {len(indexes)} services of its code that together are its charge."
            for index in indexes:
                matched[index] = LineMatch(index, line.line_id, line.number, How.SPLIT, why)
            taken.add(line.line_id)


def _by_charge(
    services: Sequence[Service], lines: Sequence[OpenLine], matched: dict[int, LineMatch], taken: set[int]
) -> None:
    left = [index for index in range(len(services)) if index not in matched]
    for index in left:
        charge = services[index].charge_cents
        found = [line for line in lines if line.line_id not in taken and line.charge_cents == charge]
        alone = sum(services[other].charge_cents == charge for other in left) == 1
        every = sum(line.charge_cents == charge for line in lines) == 1
        if charge and len(found) == 1 and alone and every and _dated(services[index], found[0]):
            (line,) = found
            why = f"Line {line.number}: the only one of the claim with this charge; the payer's code differs from ours."
            matched[index] = LineMatch(index, line.line_id, line.number, How.CHARGE, why)
            taken.add(line.line_id)


def _unmatched(index: int, service: Service, lines: Sequence[OpenLine], taken: set[int]) -> LineMatch:
    codes = {service.original, service.code} - {""}
    near = [line for line in lines if line.line_id not in taken and (line.code in codes or _same(service, line))]
    what = f"Service {index + 1} ({service.code or 'no code'}, ${to_dollars(service.charge_cents):,})"
    if not near:
        return LineMatch(index, None, why=f"{what} fits no open line of the claim.")
    numbers = tuple(line.number for line in near)
    named = " or ".join(str(number) for number in numbers)
    return LineMatch(index, None, why=f"{what} may be line {named}, and nothing tells for certain.", candidates=numbers)
