"""What a decide child is asked to do with a plugin's declaration, and what it answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from ...plugins.desk_views import Act

DONE, FAILED, NOT_TAKEN, RESTS = "done", "failed", "not taken", "rests"


class DeskRequest(msgspec.Struct, array_like=True):
    """One call: of `plugin`, its declaration `name` under `hook` (a hook of the gateway's life has no name), with
    `argument` as `plugins.calling` wants it; or that is the content of `document`, by its hash in the archive, which
    came from `source`."""

    config_hash: str
    config_root: str
    archive_root: str
    database_url: str
    plugin: str
    hook: str
    name: str
    argument: Any
    now: dt.datetime
    today: dt.date
    document: str = ""
    source: str = ""


class DeskAnswer(msgspec.Struct, array_like=True):
    """What came of it.

    `outcome`: done; failed (`why` has the kind of error and its place, never its text, or that it hung); not taken
    (`why` says in plain sentences what was wrong with what was asked); rests (it was not called). `result` is plain
    data, `acts` what it wants done.
    """

    outcome: str
    why: str = ""
    result: Any = None
    acts: list[Act] = []
    microseconds: int = 0


pack_request = msgspec.msgpack.Encoder().encode
read_request = msgspec.msgpack.Decoder(DeskRequest).decode
pack_answer = msgspec.msgpack.Encoder().encode
read_answer = msgspec.msgpack.Decoder(DeskAnswer).decode
