"""Alarms by mail and by webhook, against real servers on loopback."""

from __future__ import annotations

import base64
import datetime as dt
import email
import email.policy
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.plugins import Alarm, AlarmMessage, NotSent
from gateway.plugins.testing import plugin_desk

from .alarm_servers import MailServer, WebServer, certificate, serving
from .shipped import shipped

SINCE = dt.datetime(2026, 11, 26, 15, tzinfo=dt.UTC)
WORDS = "Partner practice cannot be reached: 5 failures in a row."
TOLD = AlarmMessage(
    "12-1764169200",
    "STILLWATER HOME MEDICAL",
    "test",
    (
        Alarm("partner:practice", "partner", "new", WORDS, SINCE),
        Alarm("ledger", "ledger", "still", "The ledger does not prove.", SINCE),
        Alarm("archive", "archive", "over", "The disk of the archive has 2 % left.", SINCE),
    ),
)
WHO = {"sender": "edi@example.org", "to": ["a@example.org", "b@example.org"]}
SECRET = "whsec_" + base64.b64encode(b"a secret of a test").decode()


def mail(**settings: Any) -> Any:
    return plugin_desk(shipped("alarm_mail"), {"host": "127.0.0.1", "security": "none"} | WHO | settings)


def hook(port: int, **settings: Any) -> Any:
    return plugin_desk(
        shipped("alarm_webhook"), {"url": f"http://127.0.0.1:{port}/alarms?x=1", "secret": "env:HOOK"} | settings
    )


# --- mail ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": "mail.example.org"}, "for a mail server on this machine alone"),
        ({"user": "env:A"}, "go together"),
        ({"user": "env:A", "password": "env:B"}, "no line in the clear"),
        ({"to": []}, "at least 1 item"),
        ({"to": ["a@example.org\nBcc: c@example.org"]}, "an address such as"),
        ({"password": "hunter2", "user": "env:A", "security": "tls"}, "a reference to a secret"),
    ],
)
def test_settings_of_mail_that_cannot_be_are_refused(settings: dict[str, Any], words: str) -> None:
    model = shipped("alarm_mail").desk_settings()
    with pytest.raises(ValidationError, match=words):
        model.model_validate({"host": "127.0.0.1", "security": "none"} | WHO | settings)


def test_one_mail_tells_all_in_plain_words() -> None:
    with serving(MailServer()) as server:
        desk = mail(port=server.port, console="https://gateway.example.org/")
        desk.send(TOLD)
        desk.send(TOLD)
    (to, data), (_, again) = server.mails
    found = email.message_from_bytes(data, policy=email.policy.default)
    assert to == ["a@example.org", "b@example.org"]
    assert found["Subject"].strip() == "STILLWATER HOME MEDICAL (test): 1 new alarm, 1 alarm that stands, 1 over"
    text = found.get_content()
    assert f"New, since 11/26/2026 15:00 UTC: {WORDS}" in text.replace("\r\n", "\n")
    assert "The console: https://gateway.example.org/" in text
    assert found["Message-ID"] == email.message_from_bytes(again)["Message-ID"] == "<alarm-12-1764169200@example.org>"


def test_an_address_that_is_refused_is_told_while_the_others_have_the_mail() -> None:
    with serving(MailServer()) as server:
        desk = mail(port=server.port, to=["a@example.org", "c@refused.example.org"])
        desk.send(TOLD)
        assert "takes no mail for c@refused.example.org" in desk.opened[0].reason
        with pytest.raises(NotSent, match="for any of the addresses"):
            mail(port=server.port, to=["c@refused.example.org"]).send(TOLD)
    assert [to for to, _ in server.mails] == [["a@example.org"]]


def test_what_keeps_a_mail_from_going_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust, context = certificate(tmp_path)
    monkeypatch.setenv("MAIL_USER", "edi")
    monkeypatch.setenv("MAIL_PASSWORD", "wrong-password")
    sign_in = {"user": "env:MAIL_USER", "password": "env:MAIL_PASSWORD", "security": "tls", "trust": str(trust)}
    with serving(MailServer(greets="554 go away")) as server, pytest.raises(NotSent, match=r"refused the mail \(554\)"):
        mail(port=server.port).send(TOLD)
    with pytest.raises(NotSent, match=r"127\.0\.0\.1:1 cannot be reached"):
        mail(port=1).send(TOLD)
    with serving(MailServer()) as server, pytest.raises(NotSent, match="does not offer what alarm_mail wants"):
        mail(port=server.port, security="starttls").send(TOLD)
    with serving(MailServer(context)) as server:
        with pytest.raises(NotSent, match="not trusted"):
            mail(port=server.port, security="tls").send(TOLD)
        with pytest.raises(NotSent, match="did not let us in") as caught:
            mail(port=server.port, **sign_in).send(TOLD)
        assert "wrong-password" not in str(caught.value)
        monkeypatch.setenv("MAIL_PASSWORD", "right-password")
        mail(port=server.port, **sign_in).send(TOLD)
        monkeypatch.delenv("MAIL_PASSWORD")
        with pytest.raises(NotSent, match="MAIL_PASSWORD is not set"):
            mail(port=server.port, **sign_in).send(TOLD)
    assert len(server.mails) == 1


# --- webhook ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "http://example.org/x"}, "must begin with https"),
        ({"url": "ftp://example.org/x"}, "must be a URL"),
        ({"url": "https://a:b@example.org/x"}, "no name, password"),
        ({"url": "https://example.org/x\r\nX: 1"}, "no name, password, blank"),
        ({"url_from": "env:A"}, "either url or url_from"),
        ({"secret": None}, "without one nobody can tell"),
    ],
)
def test_settings_of_a_webhook_that_cannot_be_are_refused(settings: dict[str, Any], words: str) -> None:
    model = shipped("alarm_webhook").desk_settings()
    with pytest.raises(ValidationError, match=words):
        model.model_validate({"url": "https://example.org/x", "secret": "env:HOOK"} | settings)


@pytest.mark.parametrize("secret", [SECRET, "a plain secret"])
def test_a_message_is_signed_so_that_the_other_side_can_tell(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", secret)
    with serving(WebServer()) as server:
        hook(server.server_port).send(TOLD)
    ((path, headers, body),) = server.posts
    assert path == "/alarms?x=1"
    assert headers["webhook-id"] == TOLD.id
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    signed = f"{TOLD.id}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    told = json.loads(body)
    assert AlarmMessage.read(told) == TOLD
    assert told["text"].startswith("STILLWATER HOME MEDICAL (test): 1 new alarm")


def test_what_keeps_a_webhook_from_being_called_is_told_and_a_redirect_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", SECRET)
    monkeypatch.setenv("ADDRESS", "http://example.org/secret-path")
    with serving(WebServer(302, 500)) as server:
        for status in (302, 500):
            with pytest.raises(NotSent, match=f"webhook at 127.0.0.1 answered {status}"):
                hook(server.server_port).send(TOLD)
    assert [path for path, _, _ in server.posts] == ["/alarms?x=1"] * 2
    with pytest.raises(NotSent, match="cannot be reached"):
        hook(1).send(TOLD)
    with pytest.raises(NotSent, match="must begin with https") as caught:
        hook(1, url="", url_from="env:ADDRESS").send(TOLD)
    assert "secret-path" not in str(caught.value)
    trust, context = certificate(tmp_path)
    with serving(WebServer(context=context)) as server:
        address = f"https://127.0.0.1:{server.server_port}/x"
        with pytest.raises(NotSent, match="not trusted"):
            hook(1, url=address).send(TOLD)
        hook(1, url=address, trust=str(trust)).send(TOLD)
    assert len(server.posts) == 1
    with (
        serving(MailServer(greets="220 this is no web")) as server,
        pytest.raises(NotSent, match="nothing that is HTTP"),
    ):
        hook(server.port).send(TOLD)
    monkeypatch.setenv("HOOK", "whsec_***")
    with pytest.raises(NotSent, match="no base64"):
        hook(1).send(TOLD)
