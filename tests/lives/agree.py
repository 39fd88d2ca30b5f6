"""Comparing what came of a life with what must come of it: claim by claim, hold by hold, list by list."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..oracle.codes import line_of
from ..oracle.days import ONE, add_days
from ..oracle.life import MEDICARE, Died, Expected, Patient, PayerChanged, RefillContact
from .outcomes import Kept, Left, Listed, Lived

FOLDER = Path(__file__).parent
NOT_COMPARED = frozenset({"KX", "N1", "N2", "N3"})
"""Modifiers of maintenance claims that the page leaves open (READINGS, MS claims)."""
MAINTENANCE = "MS"
TO_DO = frozenset({"", "coming", "open", "ask", "ship"})
"""States in which what is on a list is somebody's work."""
ASKED_DAYS = 30
"""Days before the end of a supply on which the patient may be asked (4.1)."""
TIMELY = "R1.TF-1"
"""Timely filing is not in the lives; what waits for a year meets it all the same."""


class Difference(NamedTuple):
    """Where gateway and checker do not agree. `what`: missing claim, extra claim, date, units, modifiers, payer,
    warning, hold, kept, due, extra due; `rule` where one is in question, `said` both sides in words."""

    patient: int
    kind: str
    what: str
    date: dt.date
    code: str
    dos: dt.date
    rule: str
    said: str

    def __str__(self) -> str:
        return (
            f"patient {self.patient} ({self.kind}) {self.date} {self.what}: {self.code} of {self.dos} {self.rule} "
            f"{self.said}"
        )


@cache
def ids() -> dict[str, frozenset[str]]:
    """What the plugins may say for a rule of the page."""
    rows = tomllib.loads((FOLDER / "ids.toml").read_text())["id"]
    return {row["page"]: frozenset(row["ours"]) for row in rows}


def said_for(due: Expected) -> set[str]:
    """The plugins' ids that fit an expectation."""
    found: set[str] = set()
    for rule in (due.rule, *due.also):
        found |= {rule, *ids().get(rule, ())}
    return found


class Compared(NamedTuple):
    """How a life was compared: what differs, and how much of each was held against the other side."""

    differences: list[Difference]
    counts: Counter[str]


def compare(patient: Patient, due: Sequence[Expected], lived: Lived) -> Compared:
    """Everything in which the two differ."""
    judge = _Judge(patient, due, lived)
    found = [*judge.claims(), *judge.holds(), *judge.dues(), *judge.lists(lived.listed), *judge.work()]
    return Compared(sorted(found, key=lambda one: one.date), judge.counts)


class _Judge:
    def __init__(self, patient: Patient, due: Sequence[Expected], lived: Lived) -> None:
        self.patient = patient
        self.due = due
        self.lived = lived
        self.counts: Counter[str] = Counter()

    def differ(self, what: str, date: dt.date, code: str, dos: dt.date, said: str, rule: str = "") -> Difference:
        return Difference(self.patient.number, self.patient.kind, what, date, code, dos, rule, said)

    # --- claims

    def claims(self) -> Iterator[Difference]:
        wanted: dict[tuple[str, dt.date, bool], list[list[Expected]]] = {}
        for one in self.due:
            if one.kind in ("claim", "warn"):
                # A visit may be on the day of a rental month.
                of_item = wanted.setdefault((one.code, one.dos, MAINTENANCE in (one.modifiers or ())), [])
                same = [each for each in of_item if (each[0].date, each[0].units) == (one.date, one.units)]
                if one.kind == "warn" and same and all(each.rule != one.rule for each in same[0]):
                    same[0].append(one)
                else:
                    of_item.append([one])
        left: dict[tuple[str, dt.date, bool], list[Left]] = {}
        for claim in self.lived.left:
            left.setdefault((claim.code, claim.dos, MAINTENANCE in claim.modifiers), []).append(claim)
        for key in sorted({*wanted, *left}):
            code, dos, _ = key
            expected, came = wanted.get(key, []), left.get(key, [])
            for several, claim in zip(expected, came, strict=False):
                self.counts["claims"] += 1
                yield from self._claim(several, claim)
            for several in expected[len(came) :]:
                self.counts["claims"] += 1
                kept = [one for one in self.lived.kept if (one.code, one.dos) == (code, dos)]
                rules = sorted({rule for one in kept for rule in one.rules})
                said = f"kept back by {' '.join(rules)}" if kept else "none was made"
                yield self.differ("missing claim", several[0].date, code, dos, said, " ".join(rules))
            for claim in came[len(expected) :]:
                self.counts["claims"] += 1
                holds = sorted(
                    {
                        one.rule
                        for one in self.due
                        if (one.code, one.dos) == (code, dos) and one.kind in ("hold", "reject")
                    }
                )
                said = f"it left; the page keeps it back by {' '.join(holds) or 'nothing, it knows none'}"
                yield self.differ("extra claim", claim.date, code, dos, said, " ".join(holds))

    def _claim(self, several: Sequence[Expected], claim: Left) -> Iterator[Difference]:
        one = several[0]
        about = (one.code, one.dos)
        if one.date != claim.date:
            rules = sorted({rule for k in self.lived.kept if (k.code, k.dos) == about for rule in k.rules})
            said = f"it left on {claim.date}, due {one.date}; kept by {' '.join(rules) or 'nothing'}"
            yield self.differ("date", min(one.date, claim.date), *about, said, " ".join(rules))
        if one.units != claim.units:
            yield self.differ("units", claim.date, *about, f"{claim.units}, due {one.units}")
        if one.payer != claim.payer:
            yield self.differ("payer", claim.date, *about, f"{claim.payer}, due {one.payer}")
        if one.modifiers is not None:
            open_ones = NOT_COMPARED if "MS" in one.modifiers else frozenset()
            if claim.modifiers - open_ones != frozenset(one.modifiers) - open_ones:
                said = f"{'-'.join(sorted(claim.modifiers))}, due {'-'.join(one.modifiers)}"
                yield self.differ("modifiers", claim.date, *about, said)
        for warning in several:
            if warning.kind == "warn":
                self.counts["warnings"] += 1
                if not said_for(warning) & claim.warned:
                    yield self.differ("warning", claim.date, *about, f"not told: {warning.detail}", warning.rule)

    # --- holds

    def holds(self) -> Iterator[Difference]:
        keeps = [one for one in self.due if one.kind in ("hold", "reject")]
        ours: dict[tuple[str, dt.date, bool], list[Kept]] = {}
        for kept in self.lived.kept:
            ours.setdefault((kept.code, kept.dos, kept.visit), []).append(kept)
        left = {(one.code, one.dos, MAINTENANCE in one.modifiers): one.date for one in self.lived.left}
        for one in keeps:
            self.counts["holds"] += 1
            key = _key(one)
            kept_on = min((kept.date for kept in ours.get(key, ())), default=dt.date.max)
            if min(kept_on, left.get(key, dt.date.max)) > one.date and self._own(one):
                continue
            told = {rule for kept in ours.get(key, ()) if kept.date <= one.date for rule in kept.rules}
            if not told & said_for(one):
                said = f"kept back by {' '.join(sorted(told)) or 'nothing'}: {one.detail}"
                yield self.differ("hold", one.date, one.code, one.dos, said, one.rule)
        for key, several in ours.items():
            mine = [one for one in keeps if _key(one) == key]
            known: set[str] = set()
            for kept in several:
                for rule in sorted(kept.rules):
                    self.counts["rules that kept back"] += 1
                    fits = any(one.date <= kept.date and rule in said_for(one) for one in mine)
                    if not fits and not (rule == TIMELY and known):
                        page = " ".join(sorted({one.rule for one in mine})) or "nothing"
                        said = f"the page keeps it back by {page}"
                        yield self.differ("kept", kept.date, kept.code, kept.dos, said, rule)
                    known.add(rule)

    def _own(self, one: Expected) -> bool:
        """Whether the gateway itself would make the claim: a month, or a visit. To make none is as right."""
        if one.rule.startswith("O-M"):
            return True
        return one.rule in ("R1.05", "R1.03")

    # --- lists

    def dues(self) -> Iterator[Difference]:
        on = {(one.date, one.rule, one.code, one.dos): one for one in self.lived.listed}
        for one in self.due:
            if one.kind != "due":
                continue
            self.counts[f"due {one.rule}"] += 1
            there = self._there(on, one)
            if there is None or not _in_state(one, there):
                said = "not on the list" if there is None else f"on the list as {there.state}"
                yield self.differ("due", one.date, one.code, one.dos, f"{said}: {one.detail}", one.rule)
                continue
            before = on.get((one.date - ONE, one.rule, there.code, one.dos))
            if before is not None and _in_state(one, before) and self._plain(one.date - ONE):
                yield self.differ("due", one.date, one.code, one.dos, f"the day before, too: {one.detail}", one.rule)
            if one.rule == "RS-1" and there.units != one.units:
                yield self.differ("units", one.date, one.code, one.dos, f"{there.units}, due {one.units}", one.rule)

    def _there(self, on: dict[tuple[dt.date, str, str, dt.date], Listed], one: Expected) -> Listed | None:
        """What is on a list for a due."""
        there = on.get((one.date, one.rule, one.code, one.dos))
        if there is None and one.rule == "RUL-2" and line_of(one.code) == "portable":
            # O-R3: the list has the stationary one, whose date is the portable's.
            found = [key for key in on if key[:2] == (one.date, "RUL-2") and key[3] == one.dos]
            there = on[found[0]] if found else None
        return there

    def work(self) -> Iterator[Difference]:
        """What the schedules opened for people: a work item for all that is due, from that day on, and no other."""
        on = {(one.date, one.rule, one.code, one.dos): one for one in self.lived.worked}
        # A refill so long ago that the list has it as lapsed is nobody's work any more, by a setting.
        past = {one[:4] for one in self.lived.listed if one.rule == "RS-1" and one.state == "lapsed"}
        for one in self.due:
            if one.kind != "due" or self._answered(one) or (one.date, one.rule, one.code, one.dos) in past:
                continue
            self.counts["work items"] += 1
            there = self._there(on, one)
            if one.detail == "lapsed":
                if there is not None:
                    yield self.differ("due", one.date, one.code, one.dos, "its work item is still open", one.rule)
            elif there is None:
                yield self.differ("due", one.date, one.code, one.dos, f"no work item: {one.detail}", one.rule)
            elif one.detail != "open" and (one.date - ONE, *there[1:4]) in on and self._plain(one.date - ONE):
                said = f"a work item on the day before, too: {one.detail}"
                yield self.differ("due", one.date, one.code, one.dos, said, one.rule)
        for listed in self.lived.listed:
            if listed.state in TO_DO and listed[:4] not in on:
                said = "on the list, and no work item"
                yield self.differ("due", listed.date, listed.code, listed.dos, said, listed.rule)
        yield from self.lists(self.lived.worked)

    def _answered(self, one: Expected) -> bool:
        """Whether a refill is nobody's work yet: the patient has said yes before the list is looked at, and it may not
        be shipped."""
        return one.rule == "RS-1" and any(
            isinstance(event, RefillContact)
            and event.code == one.code
            and add_days(one.dos, -ASKED_DAYS) <= event.date <= one.date
            for event in self.patient.events
        )

    def lists(self, listed: Sequence[Listed]) -> Iterator[Difference]:
        """What is on a list, and should not be."""
        known: dict[tuple[str, str, dt.date], dt.date] = {}
        for one in self.due:
            if one.kind == "due":
                for code in {one.code, line_of(one.code)}:
                    key = (one.rule, code, one.dos)
                    known[key] = min(known.get(key, one.date), one.date)
        told: set[tuple[str, str, dt.date]] = set()
        for there in listed:
            if there.state in ("done", "lapsed") or not self._plain(there.date):
                continue
            self.counts["items on lists"] += 1
            since = [known.get((there.rule, code, there.dos)) for code in (there.code, line_of(there.code))]
            key = (there.rule, there.code, there.dos)
            if not any(day is not None and day <= there.date for day in since) and key not in told:
                told.add(key)
                yield self.differ("extra due", there.date, there.code, there.dos, there.state, there.rule)

    def _plain(self, day: dt.date) -> bool:
        """Whether the patient lives on a day and Medicare pays: of other days the checker tells nothing."""
        payer = self.patient.payer
        for event in self.patient.events:
            if event.date <= day:
                if isinstance(event, Died):
                    return False
                payer = event.payer if isinstance(event, PayerChanged) else payer
        return payer == MEDICARE


def _key(one: Expected) -> tuple[str, dt.date, bool]:
    """Which claim a hold is of: a visit may be on the day of a rental month."""
    return one.code, one.dos, one.rule.startswith("O-M") and one.rule != "O-M6"


def _in_state(one: Expected, there: Listed) -> bool:
    if one.rule != "O-M2":
        return True
    return there.state == {"due": "coming"}.get(one.detail, one.detail)
