"""The practice clearinghouse itself: a real SFTP server on loopback that takes claims and answers them.

    async with Sandbox(settings, folder, SystemClock()) as sandbox:
        ...connect to sandbox.port as sandbox.credentials("stillwater")...

Everything is in its folder: `home/<user>` is what the partner sees, `state.db` what it remembers, `host_key` its
identity. Started again on the same folder it goes on where it stopped, with the same numbers and the same key.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import asyncssh

from gateway.core.clock import Clock, SystemClock

from .claims import ClaimDesk
from .fees import load_fees
from .intake import Intake
from .pay import Cashier
from .settings import SandboxPartner, SandboxSettings
from .sftp import Credentials, Files, Server
from .state import Paid, State
from .uploads import is_complete, is_partial_name

log = logging.getLogger(__name__)
_LOOK_EVERY = 0.25
"""Seconds between looks at a clock that somebody may move by hand."""


class Login(NamedTuple):
    """How a partner comes in; the password is None where only keys are allowed."""

    username: str
    password: str | None


class Received(NamedTuple):
    """One interchange control number: how many `times` it came, the SHA-256 of each file, and what was said each time
    (TA105; 000 accepted)."""

    times: int
    sha256: tuple[str, ...]
    notes: tuple[str, ...]


class _Office(NamedTuple):
    """Everything that works for one partner."""

    partner: SandboxPartner
    home: Path
    intake: Intake
    cashier: Cashier


class Sandbox:
    """A practice clearinghouse. An async context manager: it listens inside."""

    def __init__(
        self, settings: SandboxSettings, root_dir: Path, clock: Clock | None = None, seed: int | None = None
    ) -> None:
        """`seed` stands in for that of the settings.

        Raises:
            ValueError: the fee table cannot be read.
        """
        self.settings = settings if seed is None else settings.model_copy(update={"seed": seed})
        # As asyncssh names the files in it: absolute, and without links.
        self.root = root_dir.resolve()
        self.clock: Clock = clock or SystemClock()
        self.port = 0
        self.host_key = ""
        """The public host key, as it stands in known_hosts after the name."""
        self.host_key_fingerprint = ""
        """SHA256:..."""
        self._fees = load_fees(self.settings.fees)
        self._credentials = Credentials()
        self._passwords: dict[str, str | None] = {}
        self._under_way = 0
        self._next: float | None = None
        self._noticed: set[tuple[str, Path]] = set()
        self._incomplete: dict[tuple[str, Path], dt.datetime] = {}
        self._wake = asyncio.Event()
        # One thread does all the work, a piece after the other; the memory is used by no other.
        self._thread = ThreadPoolExecutor(1, "sandbox")
        self._failure: Exception | None = None
        self._offices: dict[str, _Office] = {}
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._task: asyncio.Task[None] | None = None

    # --- opening and closing

    async def __aenter__(self) -> Sandbox:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "tmp").mkdir(exist_ok=True)
        self._state = State(self.root / "state.db")
        self._view = State(self.root / "state.db")
        for partner in self.settings.partners:
            self._offices[partner.user] = self._office(partner)
            self._passwords[partner.user] = self._password(partner)
            self._credentials.add(partner, self._passwords[partner.user])
        key = self._key()
        self.host_key = key.export_public_key().decode().strip().split(" comment")[0]
        self.host_key_fingerprint = key.get_fingerprint()
        homes = {user: office.home for user, office in self._offices.items()}
        self._acceptor = await asyncssh.listen(
            self.settings.host,
            self.settings.port,
            server_host_keys=[key],
            server_factory=lambda: Server(self._credentials),
            sftp_factory=lambda chan: Files(chan, homes, self._notice),
            allow_scp=False,
        )
        self.port = self._acceptor.get_port()
        self._look()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            connections = list(self._credentials.open)
            for connection in connections:
                connection.abort()
            await asyncio.gather(*(connection.wait_closed() for connection in connections), return_exceptions=True)
            await self._acceptor.wait_closed()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        # What is under way in the thread ends first, whoever stopped waiting for it.
        await asyncio.get_running_loop().run_in_executor(self._thread, self._state.close)
        self._thread.shutdown()
        self._view.close()

    def _office(self, partner: SandboxPartner) -> _Office:
        home = self.root / "home" / partner.user
        for folder in {partner.incoming, partner.outgoing, *partner.outgoing_by_kind.values()}:
            (home / folder).mkdir(parents=True, exist_ok=True)
        desk = ClaimDesk(self.settings, partner, self._state, self._fees)
        intake = Intake(self.settings, partner, self._state, desk)
        return _Office(partner, home, intake, Cashier(self.settings, partner, self._state, desk))

    def _password(self, partner: SandboxPartner) -> str | None:
        if partner.password is not None or partner.authorized_keys:
            return partner.password
        path = self.root / f"password.{partner.user}"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(12))
        return path.read_text().strip()

    def _key(self) -> asyncssh.SSHKey:
        path = self.root / "host_key"
        if not path.exists():
            key = asyncssh.generate_private_key("ssh-ed25519")
            path.touch(mode=0o600)
            key.write_private_key(path)
        return asyncssh.read_private_key(path)

    # --- what others ask

    @property
    def host(self) -> str:
        return self.settings.host

    def credentials(self, user: str | None = None) -> Login:
        """How a partner comes in; the first one without a name."""
        name = user or self.settings.partners[0].user
        return Login(name, self._passwords[name])

    def home(self, user: str | None = None) -> Path:
        """The partner's home on this machine."""
        return self._offices[user or self.settings.partners[0].user].home

    def received(self, user: str | None = None) -> dict[str, Received]:
        """Every interchange that came in, by ISA13."""
        name = user or self.settings.partners[0].user
        found: dict[str, list[tuple[str, str]]] = {}
        for one in self._view.received():
            if one.partner == name:
                found.setdefault(one.isa13, []).append((one.sha256, one.note))
        return {
            isa13: Received(len(each), tuple(sha256 for sha256, _ in each), tuple(note for _, note in each))
            for isa13, each in found.items()
        }

    def sent(self, user: str | None = None) -> list[tuple[str, str, str]]:
        """Kind, file name and SHA-256 of every answer that was put out, in order."""
        return self._view.sent(user or self.settings.partners[0].user)

    def payments(self, user: str | None = None) -> list[Paid]:
        """Every payment made, in order: what was remitted."""
        return self._view.payments(user or self.settings.partners[0].user)

    def claims(self, user: str | None = None) -> dict[str, int]:
        """How many claims stand how: refused, paid, unpaid, taken back, ..."""
        return self._view.claims_by_state(user or self.settings.partners[0].user)

    def claim_counts(self, user: str | None = None) -> dict[str, int]:
        """How often each claim number was taken (by a second payer too)."""
        return self._view.claim_counts(user or self.settings.partners[0].user)

    def pending(self) -> int:
        """How many files wait to be worked on, answers to be put out, and claims to be paid."""
        return self._view.pending() + len(self._noticed) + self._under_way

    async def settle(self) -> None:
        """Take every file that lies finished, and put out everything that is due by now.

        Raises:
            Exception: what went wrong with a file since the last time.
        """
        self._look()
        await self._work(None)
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def flush(self) -> None:
        """Like `settle`, and then everything that waits, whatever its time, in the order of their times."""
        await self.settle()
        while (at := self._next) is not None:
            await self._work(dt.datetime.fromtimestamp(at, dt.UTC) + dt.timedelta(milliseconds=1))

    # --- work

    def _notice(self, user: str, path: Path) -> None:
        self._noticed.add((user, path))
        self._wake.set()

    def _look(self) -> None:
        """Notice everything that lies in the incoming folders."""
        for user, office in self._offices.items():
            for path in (office.home / office.partner.incoming).iterdir():
                if path.is_file():
                    self._noticed.add((user, path))

    async def _run(self) -> None:
        while True:
            await self._work(None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()

    def _pause(self) -> float:
        """Seconds until something may be due."""
        at = self._next
        if at is None and not self._incomplete:
            return 10 * _LOOK_EVERY
        left = (at or 0.0) - self.clock.now().timestamp()
        return min(max(left, 0.01), _LOOK_EVERY)

    async def _work(self, until: dt.datetime | None) -> None:
        self._wake.clear()
        noticed, self._noticed = self._noticed, set()
        self._under_way += len(noticed)
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._work_now, noticed, until)
        finally:
            self._under_way -= len(noticed)

    def _work_now(self, noticed: set[tuple[str, Path]], until: dt.datetime | None) -> None:
        """Everything in one go, off the event loop."""
        now = self.clock.now()
        for user, path in sorted(noticed | self._incomplete.keys()):
            try:
                self._take(self._offices[user], path, now)
            except Exception as error:
                # A practice partner must not fall silent over one file; settle() raises it.
                self._failure = error
                log.exception("a file of %s could not be worked on", user)
        moment = max(now, until) if until else now
        due = self._state.due(moment.timestamp())
        for user, office in self._offices.items():
            theirs = [one for one in due if one.partner == user]
            if theirs:
                with self._state.transaction():
                    office.cashier.pay(theirs, moment)
        while answers := self._state.answers(moment.timestamp()):
            for answer in answers:
                folder = self._offices[answer.partner].home / answer.folder
                _put(folder / answer.name, answer.body, self.root / "tmp")
                self._state.delivered(answer.id, moment.timestamp())
        self._next = self._state.next_time()

    def _take(self, office: _Office, path: Path, now: dt.datetime) -> None:
        partner = office.partner
        key = (partner.user, path)
        if path.parent != office.home / partner.incoming or is_partial_name(path.name) or not path.is_file():
            self._incomplete.pop(key, None)
            return
        stamp = _stamp(path)
        if self._state.was_taken(partner.user, path.name, stamp):
            self._incomplete.pop(key, None)
            return
        data = path.read_bytes()
        # Written to meanwhile, it would be taken again under the stamp that it has then.
        if not is_complete(data) or _stamp(path) != stamp:
            since = self._incomplete.setdefault(key, now)
            if (now - since).total_seconds() < partner.incomplete_after:
                return
        self._incomplete.pop(key, None)
        try:
            with self._state.transaction():
                self._state.take(partner.user, path.name, stamp)
                office.intake.take(path.name, data, now)
        except Exception:
            self._state.take(partner.user, path.name, stamp)
            raise
        if partner.after_pickup == "delete":
            path.unlink()
        elif partner.after_pickup == "move":
            archive = path.parent / "archive"
            archive.mkdir(exist_ok=True)
            path.rename(archive / path.name)


def _stamp(path: Path) -> str:
    """What tells a file from the one that lay there before under its name."""
    about = path.stat()
    return f"{about.st_size}:{about.st_mtime_ns}:{about.st_ino}"


def _put(path: Path, body: bytes, tmp: Path) -> None:
    """A whole file or none: written beside, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = tmp / path.name
    beside.write_bytes(body)
    beside.replace(path)
