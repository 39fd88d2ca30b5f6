"""Writes docs/api.md: `python -m tests.web.api_page`. A test holds the page to what this makes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.core.model.webhooks import EVENTS
from gateway.core.store.tokens import SCOPES
from gateway.web import openapi
from gateway.web.api import make_app

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
HEAD = """# The HTTP API

For billing systems, and for whoever automates what people do in the console. This page is written from the
declarations beside the routes (`python -m tests.web.api_page`); a running gateway has the same as an OpenAPI 3.1
document at `/openapi.json`, with the routes of the plugins in use.

## The first request

```
$ gateway token add billing-system --scope submit --scope read --expires 365d
hme_...
$ curl -H 'Authorization: Bearer hme_...' --data-binary @monday.837 \\
    'http://127.0.0.1:8470/api/v1/sources/billing/files?name=monday.837'
{{"file_id": 1}}
$ curl -H 'Authorization: Bearer hme_...' http://127.0.0.1:8470/api/v1/files/1
```

A token is shown once and kept as a hash. `gateway token list` shows when each was last used and when it expires,
`gateway token revoke billing-system` ends it. There is no way in without one, also not from the same machine; only
`/healthz` and `/readyz` are open, and `/metrics` where `web.open_metrics` says so. Each use is in the access log
before it is answered.

| scope | may |
|---|---|
{scopes}

## What holds everywhere

- **Dollars** are text with two decimals (`"1234.56"`), names that end in `cents` whole cents. **Days** are ISO 8601
  (`2026-11-26`) in the supplier's time zone, **moments** are UTC.
- **What goes wrong** is a problem document (RFC 9457, `application/problem+json`): `detail` says what happened and
  what to do, and nothing of a patient. 400: the body is no JSON. 401, 403: no token, or not for that. 404, 405: nothing
  of that name, or not in that way. 409: it cannot be done as things stand. 413: too large. 422: not as it must be,
  with the names of fields. 503: not now; send it again.
- **Lists** come in pages: `limit` says how many, and `after` of the answer asks for the next page; empty on the
  last one. A page begins behind the last row of the one before it, so nothing is shown twice or left out while rows
  are added.
- **A write may name a key** (`Idempotency-Key`, a word of your own, one for each request). Sent again by the same
  token within 24 hours it is done once and answered as it was (with `Idempotency-Replayed: true`); under the same
  key another request is refused (409). What did nothing leaves its key free. Where the gateway died between doing
  it and answering, the answer is 409 "It was done".
- Nothing unknown is taken: a field or parameter that is not known here is refused by its name.

## Webhooks

Other systems are told what happens; they need not ask. In gateway.yaml:

```yaml
webhooks:
  - name: billing
    url: https://billing.example/hooks
    secret: env:BILLING_HOOK_SECRET     # 24 characters at least; or file:/path
    events: [claim.rejected, remittance.posted]
```

| event | `data` has |
|---|---|
{events}

A body is `{{"id": "evt_17", "event": "claim.held", "at": "...", "data": {{...}}}}`: our numbers alone, nothing of a
patient. Whoever wants more asks the API. Each is signed as standardwebhooks.com says, with `Webhook-Id`,
`Webhook-Timestamp` and `Webhook-Signature`; check both the signature and that the timestamp is of the last five
minutes:

```python
{verify}
```

Answer with a status of 2xx within ten seconds (`timeout`). Anything else is tried again after 10 s, 1 min, 5 min,
30 min, 2 h, 6 h, 12 h and 24 h, under the same `id`: take what came before only once. While nobody answers, what is
younger waits. Then it is given up, and a work item says so.

```
$ gateway webhook list                    # who is told
$ gateway webhook test billing            # tell it an event `ping`
$ gateway webhook deliveries billing      # what was told, and whether it arrived
$ gateway webhook send 17                 # deliver again
```

"""
VERIFY = """import base64, hashlib, hmac


def said_by_the_gateway(secret: str, headers, body: bytes) -> bool:
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(headers["Webhook-Signature"], f"v1,{wanted}")"""


class _Nobody:
    """Stands for the server: the page needs its routes alone."""


def page() -> str:
    """The page as it should stand."""
    document = openapi.document(make_app(_Nobody()).router.routes())  # type: ignore[arg-type]
    head = HEAD.format(
        scopes="\n".join(f"| {name} | {words} |" for name, words in SCOPES.items()),
        events="\n".join(f"| `{name}` | {words} |" for name, words in EVENTS.items()),
        verify=VERIFY,
    )
    return head + re.sub(r"\n{3,}", "\n\n", "\n".join(_parts(document)))


def _parts(document: Mapping[str, Any]) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"## {tag['name'].capitalize()}\n\n{tag['description']}\n"
        for path, several in document["paths"].items():
            for method, one in several.items():
                if one["tags"] == [tag["name"]]:
                    yield from _operation(document, f"{method.upper()} {path}", one)


def _operation(document: Mapping[str, Any], title: str, one: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {title}\n\n{one['description']}\n"
    asked = [row for row in one["parameters"] if row.get("in") == "query"]
    if asked:
        yield "| parameter | what |\n|---|---|"
        for row in asked:
            kind, words = f"{_kind(document, row['schema'])}{_default(row['schema'])}", row.get("description", "")
            yield f"| `{row['name']}` | {kind}{'. ' + words if words else ''} |"
        yield ""
    for kind, content in one.get("requestBody", {}).get("content", {}).items():
        schema = _at(document, content["schema"])
        if schema.get("properties"):
            yield f"{one['requestBody'].get('description', '')}\n"
            yield "| field of the body | what |\n|---|---|"
            for name, field in schema["properties"].items():
                needed = "; must be there" if name in schema.get("required", ()) else _default(field)
                yield f"| `{name}` | {_kind(document, field)}{needed} |"
            yield ""
        elif kind != "application/json" or not schema:
            yield f"Body: {', '.join(one['requestBody']['content'])}. {one['requestBody'].get('description', '')}\n"
            break
    for status, answer in one["responses"].items():
        if status < "300":
            yield f"Answers {status}: {_answer(document, answer)}\n"


def _answer(document: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    told = []
    for kind, content in answer["content"].items():
        if kind != "application/json":
            told.append(f"or as {kind}" if told else kind)
            continue
        for schema in content["schema"].get("anyOf", [content["schema"]]):
            names = _at(document, schema).get("properties", {})
            told.append(", ".join(f"`{name}`" for name in names) or "JSON")
    return "; or ".join(told).replace("; or or", "; or")


def _at(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        found: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    schema = _at(document, schema)
    if "enum" in schema:
        return "one of " + ", ".join(f"`{one}`" for one in schema["enum"] if one != "")
    kinds = [_kind(document, one) for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if kinds:
        return kinds[0] if set(kinds) & {"dollars", "number"} else " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema['items'])}"
    if schema.get("format") == "date":
        return "date"
    if str(schema.get("pattern", "")).startswith("^(json|csv)"):
        return "`json` or `csv`"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}
    return words.get(str(schema.get("type", "")), "number" if schema.get("type") == "number" else "JSON")


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    return f"; `{shown}` without it" if value not in (None, "", [], {}) and not isinstance(value, dict) else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
