"""`python -m tests.oracle --patients 5 --seed 1`: lives and what must come of them, for a person to check."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from .days import add_days, add_months
from .expect import expected, script
from .life import Event, Expected, Patient
from .population import BEGIN, MONTHS, population


def tell_event(event: Event) -> str:
    """An event in a line, what is as usual left out."""
    told = []
    for each in fields(event):
        value = getattr(event, each.name)
        if each.name != "date" and value != each.default:
            told.append(f"{each.name}={value}")
    return f"{type(event).__name__} {' '.join(told)}"


def tell_expected(due: Expected) -> str:
    """An expectation in a line."""
    modifiers = "-".join(due.modifiers) if due.modifiers is not None else ""
    told = [due.kind.upper(), due.code, modifiers, f"for {due.dos}", due.rule, due.detail]
    return "    => " + " ".join(part for part in told if part)


def tell(patient: Patient, upto: date) -> list[str]:
    """A life, and under each day what must come of it."""
    lines = [f"== patient {patient.number}: {patient.kind}, {patient.payer}, rentals by the {patient.rentals_by}"]
    told = [(event.date, 0, tell_event(event)) for event in script(patient) if event.date <= upto]
    told += [(due.date, 1, tell_expected(due)) for due in expected(patient, upto)]
    lines += [f"{day} {line}" for day, _, line in sorted(told, key=lambda each: each[:2])]
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Print."""
    reader = argparse.ArgumentParser(prog="python -m tests.oracle", description="Lives and what must come of them.")
    reader.add_argument("--patients", type=int, default=5)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--only", type=int, help="this patient alone")
    reader.add_argument("--kind", help="only lives of this kind")
    asked = reader.parse_args(arguments)
    upto = add_days(add_months(BEGIN, MONTHS), -1)
    for patient in population(asked.seed, asked.patients):
        if asked.only in (None, patient.number) and asked.kind in (None, patient.kind):
            print("\n".join(tell(patient, upto)))


if __name__ == "__main__":
    main()
