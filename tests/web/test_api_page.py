"""docs/api.md is what the routes declare, and what it shows works."""

from __future__ import annotations

from gateway.core.model.webhooks import signature

from . import api_page


def test_the_page_is_what_the_routes_declare() -> None:
    assert api_page.PAGE.read_text(encoding="utf-8") == api_page.page(), "write it anew: python -m tests.web.api_page"


def test_the_code_that_checks_a_signature_does() -> None:
    made: dict[str, object] = {}
    exec(api_page.VERIFY, made)
    check = made["said_by_the_gateway"]
    assert callable(check)
    assert api_page.VERIFY in api_page.PAGE.read_text(encoding="utf-8")
    secret, body = "a secret of tests, long enough", b'{"id": "evt_1"}'
    headers = {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": "1790000000",
        "Webhook-Signature": signature(secret, "evt_1", 1790000000, body),
    }
    assert check(secret, headers, body)
    assert not check(secret, headers, body + b" ")
    assert not check("another secret of tests, long", headers, body)
