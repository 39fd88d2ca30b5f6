"""The figures over HTTP: their definitions, their groups, the claims behind them, and who may look."""

from __future__ import annotations

import pytest

from gateway.core.reports.catalogue import REPORTS

from .conftest import Desk
from .test_queue import person

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_who_may_not_read_sees_no_figure(desk: Desk) -> None:
    worker = await person(desk, "work")
    assert (await worker.get("figures"))[0] == 403
    assert (await worker.get("figures/dso/claims"))[0] == 403


async def test_every_figure_has_its_formula_and_its_claims(desk: Desk) -> None:
    reader = await person(desk, "read")
    status, body = await reader.get("figures")
    assert status == 200
    assert set(body["figures"]) == set(REPORTS)
    for name, report in REPORTS.items():
        status, one = await reader.get(f"figures/{name}")
        assert (status, one["formula"]) == (200, report.definition.formula)
        status, behind = await reader.get(f"figures/{name}/claims?limit=5")
        assert status == 200
        assert len(behind["claims"]) <= 5


async def test_what_is_not_understood_is_told(desk: Desk) -> None:
    reader = await person(desk, "read")
    for path, words in (
        ("figures/moon", "There is no figure"),
        ("figures/dso?by=moon", "not grouped by moon"),
        ("figures/dso?from=2026-02-02&to=2026-02-01", "before the first"),
        ("figures?by=payer", "ask for one"),
        ("figures/dso?colour=red", "colour is not known here"),
    ):
        status, body = await reader.get(path)
        assert status == (404 if path == "figures/moon" else 422), path
        assert words in body["detail"]
