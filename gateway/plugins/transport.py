"""What carries files to and from a partner: the contract that `plugins/clearinghouse_sftp` fulfils.

A transport is blocking and is used by one thread at a time, from a bounded pool of threads; every call
ends within a time limit. It knows one partner: its folders, names and keys. It keeps nothing and decides
nothing about claims; what was fetched or sent is the flow's to remember.

    transport = hooks.open_transport(partner="optum", settings=settings)
    with transport:                                  # connects, checks the host key, signs in
        for file in transport.list(folder): ...

Errors, each with what happened, where, and what to do (`str(error)` is all of it in one line, without a
secret and without a file's content):

    TransportError
    ├── TransferFailed           nothing happened at the partner: try again later, with back-off
    │   ├── Unreachable          no connection could be made
    │   ├── ConnectionLost       the line went away
    │   └── TimedOut             the partner did not answer in time
    ├── OutcomeUnknown           it may have happened, or in part: look (`stat`) before doing it again
    └── Refused                  trying again changes nothing until a person does
        ├── AuthenticationRefused    the sign-in was refused; stop after three, accounts lock
        ├── HostKeyRefused           not the server that is pinned: stop the partner, alert
        ├── NotAllowed               read-only folder, missing permission, forbidden rename
        ├── NotFound                 no such file or folder
        ├── AlreadyThere             a file of that final name is there already; it was not touched
        ├── TooLarge                 more bytes than the limit
        ├── ContentRefused           cannot be decrypted, verified or unpacked safely; nothing of it was used
        └── SettingsIncomplete       a key, password or pin that the settings name is not there
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, runtime_checkable

import msgspec

from .pickup import PickupRules, RemoteFile

__all__ = [
    "AfterFetch",
    "AlreadyThere",
    "AuthenticationRefused",
    "ConnectionLost",
    "ContentRefused",
    "HostKeyRefused",
    "Member",
    "NotAllowed",
    "NotFound",
    "OutcomeUnknown",
    "OutgoingFacts",
    "PickupRules",
    "Probe",
    "Refused",
    "RemoteFile",
    "SettingsIncomplete",
    "TimedOut",
    "TooLarge",
    "TransferFailed",
    "Transport",
    "TransportError",
    "Unreachable",
    "Uploaded",
]


class TransportError(Exception):
    """A call to a partner did not succeed.

    `what` is the sentence, `partner` its name in the configuration, `path` the folder or file at the partner
    (may be empty), `advice` what to do next.
    """

    advice_by_default = ""

    def __init__(self, what: str, *, partner: str = "", path: str = "", advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.partner = partner
        self.path = path
        self.advice = advice or self.advice_by_default

    def __str__(self) -> str:
        where = " ".join(part for part in (self.partner and f"partner {self.partner}", self.path) if part)
        sentence = f"{where}: {self.what}" if where else self.what
        return f"{sentence} {self.advice}" if self.advice else sentence


class TransferFailed(TransportError):
    """Nothing happened at the partner (at most a temporary name is left). Try again later."""

    advice_by_default = "It is tried again by itself."


class Unreachable(TransferFailed):
    """No connection: no such host, refused, or no SSH server there."""


class ConnectionLost(TransferFailed):
    """The line went away before anything could have happened."""


class TimedOut(TransferFailed):
    """No answer within the time limit, before anything could have happened."""


class OutcomeUnknown(TransportError):
    """It may have happened, or in part. Look before doing it again: the final name by `stat`, then an answer
    for that interchange within the partner's time, and only then the same bytes again."""

    advice_by_default = "Look at the partner for the final name before sending again."


class Refused(TransportError):
    """Trying again changes nothing until a person does."""


class AuthenticationRefused(Refused):
    """The partner did not accept our key or password. The caller counts: three in a row stop the partner."""

    advice_by_default = "Check the user name and the key or password with the partner before the account locks."


class HostKeyRefused(Refused):
    """The server is not the one that is pinned, or none is pinned. `offered` is the fingerprint it showed, as
    `SHA256:...`. Nothing was sent to it, no password either."""

    def __init__(self, what: str, *, partner: str = "", path: str = "", advice: str = "", offered: str = "") -> None:
        super().__init__(what, partner=partner, path=path, advice=advice)
        self.offered = offered


class NotAllowed(Refused):
    """The partner's server forbids it: a read-only folder, a missing permission, a rename."""


class NotFound(Refused):
    """No such file or folder at the partner."""


class AlreadyThere(Refused):
    """A file of that final name stands there, `size` bytes long; it was not touched and nothing was sent."""

    def __init__(self, what: str, *, partner: str = "", path: str = "", advice: str = "", size: int = 0) -> None:
        super().__init__(what, partner=partner, path=path, advice=advice)
        self.size = size


class TooLarge(Refused):
    """The file has more bytes than the limit that was given."""


class ContentRefused(Refused):
    """A file that cannot be decrypted, verified or unpacked safely. Nothing of it was used."""


class SettingsIncomplete(Refused):
    """Something that the partner's settings name is not there: an environment variable, a key file, a pin."""


class AfterFetch(enum.StrEnum):
    """What becomes of a file at the partner once we hold its bytes and have committed that we do."""

    DELETE = "delete"
    MOVE = "move"
    LEAVE = "leave"


class Uploaded(msgspec.Struct, frozen=True):
    """A put that succeeded. `renamed` tells whether it went through a temporary name, `verified` whether the
    partner showed the right size (some take the file away before one can look, or never let one look)."""

    path: str
    size: int
    renamed: bool
    verified: bool


class Member(msgspec.Struct, frozen=True):
    """One file inside what was fetched. `path` holds its plain bytes, locally: the source itself if it was
    neither encrypted nor zipped. `decrypted` and `unzipped` tell what it went through."""

    name: str
    path: Path
    size: int
    decrypted: bool = False
    unzipped: bool = False


class OutgoingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an outgoing file's name may be made of. `at` is aware; the partner's settings say in which zone it
    is shown. `usage` is ISA15 (P or T)."""

    isa13: str
    at: dt.datetime
    batch: str = ""
    usage: str = "P"
    sender: str = ""
    receiver: str = ""
    kind: str = "837P"


class Probe(msgspec.Struct, frozen=True):
    """What `probe` saw. `host_key` is the fingerprint, `folders` each configured folder with "ok" or with
    what is wrong with it."""

    server: str
    host_key: str
    seconds: float
    folders: dict[str, str]

    @property
    def ok(self) -> bool:
        """Whether every configured folder is there and can be read."""
        return all(state == "ok" for state in self.folders.values())


@runtime_checkable
class Transport(Protocol):
    """One partner's line. Not for two threads at once; open another, up to the partner's
    `max_connections`."""

    partner: str

    # -- what the partner's settings say; no connection needed --------------------------------------------

    @property
    def receive_folders(self) -> Sequence[str]:
        """The folders to poll, in the order of the settings."""

    @property
    def after_fetch(self) -> AfterFetch:
        """What `settle` does with a fetched file."""

    def final_path(self, facts: OutgoingFacts) -> str:
        """The final remote path of an outgoing file. Allocate and commit it before `put`, and use the same
        one on a retry. Pure: the same facts give the same path."""

    @property
    def pickup(self) -> PickupRules:
        """Which listed files are for us and when they are complete enough to fetch; see `pickup.look`."""

    def wanted(self, file: RemoteFile) -> bool:
        """Whether a listed file is for us at all: it fits a mask, has bytes, and is no partial or hidden
        name."""

    @property
    def limit(self) -> int:
        """The largest file that is fetched, in bytes."""

    def pause(self, at: dt.datetime, failures: int, chance: float) -> float:
        """Seconds until the next poll, seen from `at` (aware): the day's or the night's interval, spread by
        `chance` (0 to 1, drawn by the caller), and longer after `failures` in a row. Pure."""

    def wrap(self, name: str, source: Path, into: Path) -> Path:
        """What is put for a plain outgoing file: itself, or encrypted and signed in the folder `into`.
        Encryption never gives the same bytes twice: archive the result, and on a retry put that.

        Raises:
            ContentRefused, SettingsIncomplete: nothing was written; never the plain bytes instead.
        """

    def unwrap(self, name: str, source: Path, into: Path) -> list[Member]:
        """The files inside what was fetched: decrypted, verified, unzipped, as the settings say; new files
        are written to the folder `into` (the caller's, and the caller's to remove).

        Raises:
            ContentRefused: as a whole; no member is handed out of a file that is refused.
            SettingsIncomplete: a key that the settings name is not there.
        """

    # -- the line ------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Connect, check the host key, sign in. Does nothing on an open line.

        Raises:
            Unreachable, TimedOut, ConnectionLost, HostKeyRefused, AuthenticationRefused, SettingsIncomplete.
        """

    def close(self) -> None:
        """Give the line back. Never raises; may be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def probe(self) -> Probe:
        """Connect and look at every configured folder, without changing anything (`config check --probe`)."""

    # -- files; every call may raise TransferFailed, and Refused as named ------------------------------------

    def list(self, folder: str) -> list[RemoteFile]:
        """The files in a folder (not its sub-folders), by name; all of them, wanted or not.

        Raises:
            NotFound, NotAllowed.
        """

    def stat(self, path: str) -> RemoteFile | None:
        """One file, or None if there is none. Raises NotAllowed."""

    def get(self, path: str, out: BinaryIO, *, limit: int) -> int:
        """Write a file's bytes to `out`; returns how many. A get changes nothing at the partner, so it may be
        done again; the caller throws `out` away if this raises.

        Raises:
            TooLarge: it has more than `limit` bytes.
            TransferFailed: also when it changed while it was read.
            NotFound, NotAllowed.
        """

    def put(self, data: BinaryIO, path: str) -> Uploaded:
        """Upload so that the final name never shows a part: temporary name, size compared, renamed; or, where
        the partner forbids renaming, straight to the final name with the size compared after.

        Raises:
            TransferFailed, Refused: surely no file of the final name came from this call.
            OutcomeUnknown: the line or the answer was lost when the final name may have appeared already.
            AlreadyThere: it was there before; look whether it is ours.
        """

    def delete(self, path: str) -> None:
        """Remove a file; one that is not there counts as removed. Raises NotAllowed, OutcomeUnknown (doing it
        again is safe)."""

    def move(self, path: str, to: str) -> None:
        """Give a file another path; never over one that is there. Raises NotFound, NotAllowed, AlreadyThere,
        OutcomeUnknown."""

    def settle(self, file: RemoteFile) -> str:
        """Delete, move or leave a fetched file, as the partner's settings say; only after the database knows
        its bytes. Returns where it is now ("" when deleted or gone). Safe to repeat."""
