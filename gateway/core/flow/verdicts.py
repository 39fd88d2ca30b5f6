"""What was decided about the claims of a chunk: the records that travel from a child process to the commit.

They go as msgpack into one blob of the archive. Fields stand in arrays, not maps: there are thousands of them. They
hold nothing that could point back at them, so the garbage collector need not look at them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from ..model.posting import WorkItemDraft
from ..store.patients import Person


class LineRow(msgspec.Struct, array_like=True, gc=False):
    """The searched columns of a service line; `charge_cents` in cents, `units` as written (SV104)."""

    number: int
    control_number: str
    code: str
    modifiers: str
    charge_cents: int
    units: str
    from_date: dt.date | None
    thru_date: dt.date | None


class HoldRow(msgspec.Struct, array_like=True, gc=False):
    """A hold to open: who put it (`plugin`, empty: the gateway itself) at which `station`, why, and which team releases
    it."""

    type: str
    rule: str
    plugin: str
    reason: str
    team: str
    line: int = 0
    due: dt.date | None = None
    expires: dt.date | None = None
    station: str = ""


PLUGIN_ITEM = "claim_review"
"""The kind of the work items that plugins open beside what they decide."""


class ItemRow(msgspec.Struct, array_like=True, gc=False):
    """A work item that a plugin wants opened, whatever else was decided; `line` is 0 for the whole claim."""

    plugin: str
    line: int
    draft: WorkItemDraft


class RowKept(msgspec.Struct, array_like=True, gc=False):
    """A row that a plugin keeps in a table of its own: values by column, amounts and dates as text."""

    plugin: str
    table: str
    payer_id: str
    values: dict[str, Any]


class Noted(msgspec.Struct, array_like=True, gc=False):
    """What the guides find in a claim. `level` is 1 to 5, `place` as people write it (`2010AA NM109`), `line` the
    service line (0: the claim), `code` IK304 or IK403 or a rule's id, `words` what is wrong and what to do, `status`
    the STC for it (`A7:562:85`). `action`: what is done about it (report, hold, refuse); `told_only`: it is never
    more than reported."""

    level: int
    place: str
    line: int
    code: str
    words: str
    status: str
    action: str = "report"
    told_only: bool = False


class StationRow(msgspec.Struct, array_like=True, gc=False):
    """What happened at one station: a plain sentence, and each plugin's decision."""

    station: str
    what: str
    steps: list[dict[str, Any]]


class Columns(msgspec.Struct, array_like=True, gc=False):
    """The searched columns of a claim, with its patient and its lines. `source_number` is the number that its source
    gave it, where it leaves under another one."""

    claim_number: str
    payer_id: str
    payer_name: str
    filing_code: str
    member_id: str
    billing_npi: str
    frequency: str
    charge_cents: int
    from_date: dt.date | None
    thru_date: dt.date | None
    payer_claim_number: str
    person: Person
    lines: list[LineRow]
    source_number: str = ""


class Verdict(msgspec.Struct, array_like=True, gc=False):
    """One claim, decided. `content` is the packed claim after the edits; `content_hash` is of the segments as they
    came. `patient_id` and `patient_version` are those of the history that was looked at (0: no patient of ours
    then). `fault` says why nothing can be done with the claim (empty: it was decided); `alone` is False where that is
    the fault of its whole transaction set, which a work item of the file speaks of. `items` are what plugins want done
    beside, `rows` what they keep. `noted` is what the guides find in it, as it came. `edit` names the first fault of
    one that cannot be worked on (`guide:7`, `read:bad-amount`)."""

    ordinal: int
    content: bytes
    content_hash: str
    columns: Columns
    partner: str
    chain: str
    usage: str
    patient_id: int
    patient_version: int
    holds: list[HoldRow]
    stations: list[StationRow]
    fault: str = ""
    alone: bool = True
    items: list[ItemRow] = []
    rows: list[RowKept] = []
    noted: list[Noted] = []
    edit: str = ""


class Chunk(msgspec.Struct, array_like=True, gc=False):
    """All that was decided in one go, under one configuration."""

    config_hash: str
    verdicts: list[Verdict]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Chunk)


def pack_chunk(chunk: Chunk) -> bytes:
    """The chunk as bytes for the archive."""
    return _encoder.encode(chunk)


def unpack_chunk(data: bytes) -> Chunk:
    """The chunk again. Raises msgspec.ValidationError if the bytes are something else."""
    return _decoder.decode(data)
