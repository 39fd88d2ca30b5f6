"""Alarms as an HTTP request that the other side can trust: signed as the Standard Webhooks specification says
(docs/alarms.md).

The body is JSON with the alarms, and with `text`, which chat systems show as it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
from urllib.parse import urlsplit

from gateway.plugins import AlarmMessage, Desk, NotSent, SecretMissing, hookimpl

from .settings import WebhookDesk, address_fault

gateway_api = 1
SECONDS = 15.0
_PREFIX = "whsec_"


@hookimpl
def desk_settings() -> type[WebhookDesk]:
    return WebhookDesk


@hookimpl
def send_alarms(message: AlarmMessage, desk: Desk[WebhookDesk]) -> None:
    settings = desk.settings
    try:
        address = settings.url_from.reveal().strip() if settings.url_from else settings.url
        secret = settings.secret.reveal() if settings.secret else ""
    except SecretMissing as error:
        raise NotSent(f"{error}") from None
    if wrong := address_fault(address):
        raise NotSent(f"the address of alarm_webhook cannot be used: {wrong}")
    body = json.dumps(message.as_data() | {"text": f"{message.subject}\n\n{message.text}"}, separators=(",", ":"))
    _post(address, body.encode(), _headers(message.id, int(desk.now.timestamp()), body, secret), settings.trust)


def _headers(number: str, at: int, body: str, secret: str) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "webhook-id": number, "webhook-timestamp": str(at)}
    if secret:
        headers["webhook-signature"] = signature(secret, number, at, body)
    return headers


def signature(secret: str, number: str, at: int, body: str) -> str:
    """`v1,` and the HMAC-SHA256 of number, moment and body, in base64. A secret that begins with `whsec_` is base64."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True) if secret.startswith(_PREFIX) else None
    except ValueError:
        raise NotSent("the secret of alarm_webhook begins with whsec_ and is no base64 after it") from None
    signed = hmac.new(key if key is not None else secret.encode(), f"{number}.{at}.{body}".encode(), hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def _post(address: str, body: bytes, headers: dict[str, str], trust: str) -> None:
    """One request; a redirect is not followed.

    Raises:
        NotSent: anything but a status from 200 to 299 came back.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    where = f"the webhook at {host}"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    line: http.client.HTTPConnection
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=trust or None)
            line = http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=context)
        else:
            line = http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
        try:
            line.request("POST", path or "/", body, headers)
            status = line.getresponse().status
        finally:
            line.close()
    except ssl.SSLError as error:
        raise NotSent(f"{where} has a certificate that is not trusted ({error.reason})") from None
    except http.client.HTTPException:
        raise NotSent(f"{where} answered nothing that is HTTP") from None
    except OSError as error:
        raise NotSent(f"{where} cannot be reached ({error.strerror or type(error).__name__})") from None
    if not 200 <= status <= 299:
        raise NotSent(f"{where} answered {status}; it must answer with 2xx")
