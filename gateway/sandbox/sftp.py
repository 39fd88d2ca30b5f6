"""The SFTP side: users, their homes, and noticing when an upload is finished."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh

from .settings import SandboxPartner

Noticed = Callable[[str, Path], None]
"""Called with the user and the path of a file that was closed after writing, or renamed."""


class Credentials:
    """Who may come in: passwords and public keys by user; and who is in."""

    def __init__(self) -> None:
        self.open: set[asyncssh.SSHServerConnection] = set()
        self.passwords: dict[str, str] = {}
        self.keys: dict[str, asyncssh.SSHAuthorizedKeys] = {}

    def add(self, partner: SandboxPartner, password: str | None) -> None:
        if password is not None:
            self.passwords[partner.user] = password
        if partner.authorized_keys:
            self.keys[partner.user] = asyncssh.import_authorized_keys("\n".join(partner.authorized_keys) + "\n")


class Server(asyncssh.SSHServer):
    """One connection's authentication: password or public key, nothing else."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._credentials.open.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._credentials.open.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        keys = self._credentials.keys.get(username)
        if keys is not None and self._connection is not None:
            self._connection.set_authorized_keys(keys)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        known = self._credentials.passwords.get(username)
        return known is not None and hmac.compare_digest(known.encode(), password.encode())


class Files(asyncssh.SFTPServer):
    """A user's files, below their home. Finished uploads are told to the clearinghouse."""

    def __init__(self, chan: asyncssh.SSHServerChannel[Any], homes: dict[str, Path], noticed: Noticed) -> None:
        self._user = str(chan.get_extra_info("username"))
        self._noticed = noticed
        self._writing: dict[int, Path] = {}
        super().__init__(chan, chroot=os.fsencode(homes[self._user]))

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        opened = super().open(path, pflags, attrs)
        if pflags & asyncssh.FXF_WRITE:
            self._writing[id(opened)] = self._local(path)
        return opened

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> object:
        opened = super().open56(path, desired_access, flags, attrs)
        if desired_access & asyncssh.ACE4_WRITE_DATA:
            self._writing[id(opened)] = self._local(path)
        return opened

    def close(self, file_obj: object) -> None:
        written = self._writing.pop(id(file_obj), None)
        super().close(file_obj)
        if written is not None:
            self._noticed(self._user, written)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        super().rename(oldpath, newpath)
        self._noticed(self._user, self._local(newpath))

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        super().posix_rename(oldpath, newpath)
        self._noticed(self._user, self._local(newpath))

    def _local(self, path: bytes) -> Path:
        return Path(os.fsdecode(self.map_path(path)))
