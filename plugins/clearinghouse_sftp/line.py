"""One signed-in connection to a partner: connect, check the host key, sign in, open the SFTP channel."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import socket
import time
from typing import Any

import paramiko

from gateway.plugins.transport import (
    AuthenticationRefused,
    ConnectionLost,
    HostKeyRefused,
    TimedOut,
    TransportError,
    Unreachable,
)

from . import hostkeys
from .credentials import private_key, reveal
from .session import Session
from .settings import SftpSettings
from .watch import Watch

LOG = "gateway.sftp.wire"
# What goes wrong is raised; paramiko's own lines, with tracebacks, only if somebody turns this logger on.
logging.getLogger(LOG).setLevel(logging.CRITICAL + 1)

_KEY_TYPES = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}


class Line:
    """A connection that is open until `close`. `session` speaks SFTP; `host_key` is the server's fingerprint.

    Raises:
        Unreachable, TimedOut, ConnectionLost, HostKeyRefused, AuthenticationRefused, SettingsIncomplete.
    """

    def __init__(self, partner: str, settings: SftpSettings, now: dt.datetime) -> None:
        self.partner = partner
        self._settings = settings
        self._transport: paramiko.Transport
        self.host_key = ""
        credentials = self._credentials()
        limits = settings.timeouts
        self._negotiate(now.date())
        try:
            with Watch(self.cut, still=limits.auth + 5, total=2 * limits.auth + 5) as watch:
                self._sign_in(*credentials, watch)
            with Watch(self.cut, still=limits.channel, total=limits.channel) as watch:
                self.session = self._channel(watch)
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether nobody has hung up, as far as we know without asking."""
        return bool(self._transport.is_active() and not self._channel_closed())

    def _channel_closed(self) -> bool:
        channel = self.session.get_channel()
        return channel is None or channel.closed

    def cut(self) -> None:
        """Break the connection at once; whoever waits on it gets an error. From any thread."""
        sock: Any = self._transport.sock
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Log out. Never raises."""
        sock: Any = self._transport.sock
        with contextlib.suppress(Exception):
            self._transport.close()
        with contextlib.suppress(OSError):
            sock.close()

    # -- the host key ----------------------------------------------------------------------------------------------

    def _negotiate(self, today: dt.date) -> None:
        """Agree on keys with the server and compare its host key with the pins, before anything is sent to it.

        A server has several host keys and shows the kind that is asked for, so each kind that may be pinned is asked
        for in turn.
        """
        pins = list(self._settings.host_keys)
        kinds = hostkeys.wanted_families(pins, today)
        offered: list[str] = []
        while kinds:
            key = self._meet(kinds)
            if key is None:
                break
            mark = hostkeys.fingerprint(key.asbytes())
            if hostkeys.trusted(mark, pins, today):
                self.host_key = mark
                return
            self.close()
            offered.append(mark)
            kind = hostkeys.family(key.get_name())
            kinds = [other for other in kinds if other != kind] if pins else []
        if not offered:
            key = self._meet(list(hostkeys.FAMILIES))
            if key is None:
                raise self._error(Unreachable, "there is no way of encryption that both the server and we know.")
            self.close()
            offered.append(hostkeys.fingerprint(key.asbytes()))
        what, advice = hostkeys.refusal(offered, pins, today)
        raise HostKeyRefused(what, partner=self.partner, advice=advice, offered=offered[0])

    def _meet(self, kinds: list[str]) -> paramiko.PKey | None:
        """Connect and learn the server's host key of one of these kinds; None if it has none of them."""
        limits = self._settings.timeouts
        where = f"{self._settings.host}, port {self._settings.port}"
        try:
            sock = socket.create_connection((self._settings.host, self._settings.port), timeout=limits.connect)
        except TimeoutError:
            raise self._error(TimedOut, f"{where} does not answer.") from None
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self._error(Unreachable, f"{where} cannot be reached: {reason}.") from None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._transport = line = paramiko.Transport(sock)
        except BaseException:
            sock.close()
            raise
        line.set_log_channel(LOG)
        line.banner_timeout = limits.banner
        line.handshake_timeout = limits.connect
        line.auth_timeout = limits.auth
        line.channel_timeout = limits.channel
        line.get_security_options().key_types = [name for kind in kinds for name in _KEY_TYPES[kind]]
        total = limits.connect + limits.banner
        began = time.monotonic()
        with Watch(self.cut, still=total, total=total) as watch:
            try:
                line.start_client(timeout=total)
                return line.get_remote_server_key()
            except paramiko.ssh_exception.IncompatiblePeer:
                self.close()
                return None
            except (paramiko.SSHException, EOFError, OSError) as error:
                self.close()
                if watch.expired or time.monotonic() - began >= 0.9 * limits.banner:
                    raise self._error(TimedOut, f"{where} takes the call and then says nothing.") from None
                if "banner" in str(error):
                    raise self._error(Unreachable, f"{where} takes the call, but not as an SSH server.") from None
                raise self._error(ConnectionLost, f"{where} hung up while the line was being set up.") from None
            except BaseException:
                self.close()
                raise

    # -- signing in ------------------------------------------------------------------------------------------------

    def _credentials(self) -> tuple[paramiko.PKey | None, str | None]:
        settings = self._settings
        return (
            private_key(self.partner, settings.key, settings.key_passphrase) if settings.key else None,
            reveal(self.partner, settings.password, "password") if settings.password else None,
        )

    def _sign_in(self, key: paramiko.PKey | None, password: str | None, watch: Watch) -> None:
        user = self._settings.username
        try:
            more = self._transport.auth_publickey(user, key) if key is not None else ["password"]
            if more and password is None:
                raise self._error(
                    AuthenticationRefused, f"the server takes our key and asks for {' or '.join(more)} as well."
                )
            if more and password is not None:
                watch.moved()
                more = self._transport.auth_password(user, password)
            if more:
                raise self._error(AuthenticationRefused, f"the server asks for {' or '.join(more)} as well.")
        except paramiko.BadAuthenticationType as error:
            allowed = " or ".join(error.allowed_types) or "nothing that we know"
            raise self._error(
                AuthenticationRefused, f"the server does not take this kind of sign-in for {user}, but {allowed}."
            ) from None
        except paramiko.AuthenticationException as error:
            if watch.expired or "timeout" in str(error).lower():
                raise self._error(TimedOut, "the server did not answer our sign-in in time.") from None
            ours = "key" if password is None else "password" if key is None else "key and password"
            how = "hung up on" if "EOF" in str(error) else "refused"
            raise self._error(AuthenticationRefused, f"the server {how} the {ours} of user {user}.") from None
        except (paramiko.SSHException, EOFError, OSError):
            if watch.expired:
                raise self._error(TimedOut, "the server did not answer our sign-in in time.") from None
            raise self._error(ConnectionLost, "the server hung up during the sign-in.") from None

    def _channel(self, watch: Watch) -> Session:
        limits = self._settings.timeouts
        self._transport.set_keepalive(max(1, round(limits.keepalive)))
        try:
            channel = self._transport.open_session(timeout=limits.channel)
            channel.settimeout(limits.channel)
            channel.invoke_subsystem("sftp")
            return Session(channel)
        except TimeoutError:
            raise self._error(TimedOut, "the server did not start SFTP in time.") from None
        except (paramiko.SSHException, EOFError, OSError):
            if watch.expired:
                raise self._error(TimedOut, "the server did not start SFTP in time.") from None
            raise self._error(
                ConnectionLost, "the server let us in but does not start SFTP; the account may have no SFTP."
            ) from None

    def _error(self, kind: type[TransportError], what: str) -> TransportError:
        return kind(what, partner=self.partner)
