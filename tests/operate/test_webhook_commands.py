"""`gateway webhook`: who is told, what arrived, sending again, on a configuration with one webhook."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.store import webhooks
from gateway.core.store.webhooks import Event, Result

from .conftest import Place

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


@pytest.fixture
def hooked(lived: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("HOOK", "a secret of tests, long enough")
    main = lived.config_dir / "gateway.yaml"
    hook = "webhooks: [{name: billing, url: 'https://billing.example/hooks', secret: 'env:HOOK', events: [claim.held]}]"
    main.write_text(f"{main.read_text()}\n{hook}\n")
    return lived


def test_without_webhooks_the_list_says_where_they_are_written(lived: Place) -> None:
    assert "No webhook is configured" in lived.run("webhook", "list").output
    assert "Nothing was told yet" in lived.run("webhook", "deliveries").output
    assert "No webhook is called 'billing'" in lived.run("webhook", "test", "billing").output


def test_what_was_told_is_listed_and_sent_again(hooked: Place) -> None:
    with hooked.sql.begin() as sql:
        webhooks.put(sql, "billing", [Event("claim.held", str(at), {"claim_id": at}) for at in (7, 8)], NOW)
        (first, _) = webhooks.take(sql, "billing", NOW, 2)
        webhooks.record(sql, [Result(first, 500, "it answered 500")], NOW)
    assert "https://billing.example/hooks" in hooked.run("webhook", "list").output
    told = hooked.run("webhook", "deliveries", "billing").output
    assert "tried 1 time(s): it answered 500" in told
    assert len(told.splitlines()) == 2
    assert hooked.run("webhook", "deliveries", "--state", "delivered").output == "Nothing was told yet.\n"
    assert hooked.run("webhook", "send", str(first)).output.startswith("1 delivery(s) go again")
    assert "There is no delivery 999" in hooked.run("webhook", "send", "999").output
    with hooked.sql.begin() as sql:
        assert webhooks.listed(sql, state="waiting")[-1].attempts == 0


def test_one_is_tried_out(hooked: Place) -> None:
    assert "gateway webhook deliveries billing" in hooked.run("webhook", "test", "billing").output
    with hooked.sql.begin() as sql:
        (row,) = webhooks.listed(sql)
    assert (row.event, row.state) == ("ping", "waiting")
