"""Figures for people and for programs: rows, sentences, JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from .catalogue import CLAIM_COLUMNS, Behind
from .measure import Definition, Figure, Found, Unit, told

COLUMNS = ("group", "value", "unit", "judged", "numerator", "denominator", "words")


def as_rows(found: Found) -> list[tuple[Any, ...]]:
    """The groups of a figure, by COLUMNS; amounts in dollars."""
    return [(one.group, *_judged(found, one), *_numbers(found.definition, one), one.words) for one in found.figures]


def _judged(found: Found, one: Figure) -> tuple[str, str, str]:
    value = "" if one.value is None else f"{one.value:,}"
    judged = found.judged(one)
    return value, found.definition.unit.value, judged.value if judged is not None else ""


def _numbers(definition: Definition, one: Figure) -> tuple[str, str]:
    above, below = definition.cents
    return told(one.numerator, above), told(one.denominator, below)


def in_words(found: Found) -> list[str]:
    """What the figure is and what it rests on, a sentence a line."""
    one, scope = found.definition, found.scope
    only = [f"payer {scope.payer}" if scope.payer else "", f"source {scope.source}" if scope.source else ""]
    narrowed = ", ".join(word for word in only if word)
    lines = [
        f"{one.title}, {scope.first:%m/%d/%Y} to {scope.last:%m/%d/%Y}{f', {narrowed}' if narrowed else ''}",
        f"  formula      {one.formula}",
        f"  numerator    {one.above}",
    ]
    if one.below:
        lines.append(f"  denominator  {one.below}")
    if one.threshold is not None:
        lines.append(f"  threshold    {one.threshold.in_words}")
    if one.note:
        lines.append(f"  note         {one.note}")
    return lines


def definition_data(one: Definition) -> dict[str, Any]:
    """A definition, for a program."""
    threshold = one.threshold
    return {
        "name": one.name,
        "title": one.title,
        "formula": one.formula,
        "numerator": one.above,
        "denominator": one.below,
        "unit": one.unit.value,
        "numerator_is_cents": one.cents[0],
        "denominator_is_cents": one.cents[1],
        "groups": list(one.groups),
        "claims": one.behind,
        "note": one.note,
        "threshold": None
        if threshold is None
        else {
            "great": str(threshold.great),
            "act": str(threshold.act) if threshold.act is not None else None,
            "low_is_good": threshold.low_is_good,
            "source": threshold.source,
        },
    }


def as_data(found: Found) -> dict[str, Any]:
    """A figure for a program: numbers above and below the line as they are (cents or counts), values as text."""
    scope = found.scope
    return {
        **definition_data(found.definition),
        "from": scope.first.isoformat(),
        "to": scope.last.isoformat(),
        "payer": scope.payer,
        "source": scope.source,
        "by": scope.by,
        "figures": [
            {
                "group": one.group,
                "numerator": one.numerator,
                "denominator": one.denominator,
                "value": str(one.value) if one.value is not None else None,
                "judged": judged.value if (judged := found.judged(one)) is not None else None,
                "words": one.words,
            }
            for one in found.figures
        ],
    }


def claims_data(found: Behind) -> dict[str, Any]:
    """The claims behind a figure, for a program."""
    return {
        "claims": [dict(zip(CLAIM_COLUMNS, map(_plain, row), strict=True)) for row in found.rows],
        "more": found.more,
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def headline(found: Found) -> Figure | None:
    """The figure of all groups together; None where the groups do not add up to one (percentiles)."""
    if len(found.figures) == 1:
        return found.figures[0]
    return next((one for one in found.figures if one.group == "all"), None)


def page(every: Sequence[Found]) -> list[tuple[Any, ...]]:
    """One line for each figure: name, value, unit, judged, title. Those without one number for all have a line each."""
    rows: list[tuple[Any, ...]] = []
    for found in every:
        one = headline(found)
        figures = [one] if one is not None and not _only_shares(found) else found.figures
        for figure in figures:
            name = found.definition.name
            # The share of everything in everything says nothing: the groups do.
            label = name if figure is one else f"{name}: {figure.group}"
            rows.append((label, *_judged(found, figure), found.definition.title))
    return rows


def _only_shares(found: Found) -> bool:
    one = headline(found)
    return (
        one is not None
        and len(found.figures) > 1
        and found.definition.unit is Unit.PERCENT
        and one.numerator == one.denominator
    )


PAGE_COLUMNS = ("figure", "value", "unit", "judged", "title")


def page_data(every: Sequence[Found]) -> dict[str, Mapping[str, Any]]:
    """Every figure for a program, by name."""
    return {found.definition.name: as_data(found) for found in every}
