"""Alarms by mail, through the supplier's own mail server (docs/alarms.md).

Each message is one mail to all who are named. The server's certificate is checked; a name and password go over TLS or
not at all.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime

from gateway.plugins import AlarmMessage, Desk, NotSent, SecretMissing, hookimpl

from .settings import MailDesk

gateway_api = 1
SECONDS = 15.0


@hookimpl
def desk_settings() -> type[MailDesk]:
    return MailDesk


@hookimpl
def send_alarms(message: AlarmMessage, desk: Desk[MailDesk]) -> None:
    settings = desk.settings
    mail = written(message, settings)
    mail["Date"] = format_datetime(desk.now)
    refused = _deliver(mail, settings)
    if refused:
        desk.open_item(
            kind="alarm_mail_refused",
            key=f"refused:{desk.today}:{','.join(sorted(refused))}"[:150],
            reason=f"The mail server {settings.host} takes no mail for {', '.join(sorted(refused))}; the others have "
            "the alarms. Correct the addresses under desk, alarm_mail in gateway.yaml.",
            team="edi",
        )


def written(message: AlarmMessage, settings: MailDesk) -> EmailMessage:
    """The mail. Its number is the message's, so that a second one is known as the same."""
    mail = EmailMessage()
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.to)
    mail["Subject"] = message.subject[:180]
    mail["Message-ID"] = f"<alarm-{message.id}@{settings.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    console = f"\n\nThe console: {settings.console}" if settings.console else ""
    mail.set_content(f"{message.text}{console}\n")
    return mail


def _deliver(mail: EmailMessage, settings: MailDesk) -> list[str]:
    """Hand it to the mail server; returns the addresses that it does not take, where it takes others.

    Raises:
        NotSent: nobody got it.
    """
    where = f"the mail server {settings.host}:{settings.port}"
    try:
        user = settings.user.reveal() if settings.user else ""
        password = settings.password.reveal() if settings.password else ""
        trust = ssl.create_default_context(cafile=settings.trust or None)
        with _connected(settings, trust) as server:
            if settings.security == "starttls":
                server.starttls(context=trust)
            if user:
                server.login(user, password)
            return list(server.send_message(mail))
    except SecretMissing as error:
        raise NotSent(f"{error}") from None
    except smtplib.SMTPAuthenticationError:
        raise NotSent(f"{where} did not let us in; check user and password of alarm_mail") from None
    except smtplib.SMTPNotSupportedError:
        raise NotSent(f"{where} does not offer what alarm_mail wants of it (security: {settings.security})") from None
    except smtplib.SMTPRecipientsRefused:
        raise NotSent(f"{where} takes no mail for any of the addresses; check them with whoever runs it") from None
    except smtplib.SMTPSenderRefused as error:
        raise NotSent(f"{where} takes no mail from {settings.sender} ({error.smtp_code})") from None
    except ssl.SSLError as error:
        raise NotSent(f"{where} has a certificate that is not trusted, or speaks no TLS ({error.reason})") from None
    except smtplib.SMTPException as error:
        code = f" ({error.smtp_code})" if isinstance(error, smtplib.SMTPResponseException) else ""
        raise NotSent(f"{where} refused the mail{code}") from None
    except OSError as error:
        raise NotSent(f"{where} cannot be reached ({error.strerror or type(error).__name__})") from None


def _connected(settings: MailDesk, trust: ssl.SSLContext) -> smtplib.SMTP:
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=SECONDS, context=trust)
    return smtplib.SMTP(settings.host, settings.port, timeout=SECONDS)
