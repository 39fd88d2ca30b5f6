"""An upload of which the final name never shows a part, or of which it is said that it may (rules 8.2)."""

from __future__ import annotations

import contextlib
import os
from typing import BinaryIO

from gateway.plugins.transport import (
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    TooLarge,
    TransferFailed,
    TransportError,
    Uploaded,
)

from . import names
from .calls import Calls
from .session import FAILURE, PERMISSION_DENIED, UNSUPPORTED, Status


class Upload:
    """Uploads on one line."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._settings = calls.settings

    def put(self, data: BinaryIO, path: str) -> Uploaded:
        """See `Transport.put`."""
        size = _size(data)
        limit = self._settings.outgoing.limit
        if size is not None and size > limit:
            raise TooLarge(
                f"{size} bytes are more than the {limit} that this partner takes.",
                partner=self._calls.partner,
                path=path,
                advice="Make smaller batches.",
            )
        self._calls.must_be_free(path)
        return self._put_renamed(data, path) if self._settings.outgoing.rename else self._put_direct(data, path)

    def _put_renamed(self, data: BinaryIO, path: str) -> Uploaded:
        chosen = self._settings.outgoing
        temporary = names.temporary_path(
            path,
            prefix=chosen.temporary_prefix,
            suffix=chosen.temporary_suffix,
            folder=names.folder_path(self._settings.folders.temporary, self._settings.variables),
        )
        with self._calls.call(temporary, total=self._settings.timeouts.transfer) as (session, moved):
            size = session.write_from(temporary, data, moved)
        seen = self._seen_size(temporary)
        if seen is not None and seen != size:
            self._tidy(temporary)
            raise self._calls.error(TransferFailed, f"{seen} of {size} bytes arrived at the partner.", temporary)
        self._rename(temporary, path, size)
        return Uploaded(path, size, True, seen is not None)

    def _rename(self, temporary: str, path: str, size: int) -> None:
        """The moment at which the final name appears."""
        try:
            with self._calls.call(path, unknown=lambda: True) as (session, _):
                try:
                    session.rename_over(temporary, path)
                except Status as status:
                    if status.code not in (UNSUPPORTED, PERMISSION_DENIED, FAILURE):
                        raise
                    session.rename_plain(temporary, path)
        except NotFound:
            self._after_failed_rename(temporary, path, size, "the temporary file is gone.")
        except (NotAllowed, TransferFailed) as error:
            self._after_failed_rename(temporary, path, size, error.what)

    def _after_failed_rename(self, temporary: str, path: str, size: int, why: str) -> None:
        """The server says that it did not rename. Believe it only after a look."""
        try:
            final = self._calls.stat(path)
        except TransferFailed as error:
            raise self._calls.error(
                OutcomeUnknown, f"the server did not rename: {why} Then {error.what}", path
            ) from None
        except NotAllowed:
            final = None
        if final is not None and final.size == size:
            return
        self._tidy(temporary)
        raise NotAllowed(
            f"the file was uploaded, but the server did not give it its final name: {why}",
            partner=self._calls.partner,
            path=path,
            advice="If the partner forbids renaming, set outgoing.rename: false. No file of that name is there.",
        )

    def _put_direct(self, data: BinaryIO, path: str) -> Uploaded:
        may_exist = False

        def opened() -> None:
            nonlocal may_exist
            may_exist = True

        try:
            with self._calls.call(path, total=self._settings.timeouts.transfer, unknown=lambda: may_exist) as (
                session,
                moved,
            ):
                size = session.write_from(path, data, moved, opened)
        except OutcomeUnknown:
            raise
        except TransportError as error:
            if may_exist:
                raise self._calls.error(
                    OutcomeUnknown, f"{error.what} A part of the file may be there.", path
                ) from None
            raise
        try:
            seen = self._seen_size(path)
        except TransferFailed:
            return Uploaded(path, size, False, False)  # Every block and the close were answered with yes.
        if seen is not None and seen != size:
            raise self._calls.error(OutcomeUnknown, f"{seen} of {size} bytes are there.", path)
        return Uploaded(path, size, False, seen is not None)

    def _seen_size(self, path: str) -> int | None:
        """How many bytes the partner shows; None where it shows nothing (taken away already, or not to be seen)."""
        try:
            there = self._calls.stat(path)
        except NotAllowed:
            return None
        return there.size if there is not None else None

    def _tidy(self, temporary: str) -> None:
        with contextlib.suppress(TransportError):
            self._calls.delete(temporary)


def _size(data: BinaryIO) -> int | None:
    if not data.seekable():
        return None
    here = data.tell()
    end = data.seek(0, os.SEEK_END)
    data.seek(here)
    return end - here
