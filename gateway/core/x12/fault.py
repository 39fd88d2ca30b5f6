"""What is wrong on the wire: a fault is a finding of the reader or of a typed view, never an exception."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is not as the standard wants it, with its place and what to do.

    `code` is a short stable name (`se01-count`, `isa-padding`, `bad-amount`), `message` one plain
    sentence without patient data. `offset` counts bytes from the start of the file, `segment_number` counts
    segments in the file from 1 (0: not known). `loop`, `segment_id`, `element` and `component` name the place
    as people write it: CLM05-3 is segment_id="CLM", element=5, component=3 (0: the whole).
    `stops_set` says that the transaction set it stands in cannot be trusted as a whole.
    """

    code: str
    message: str
    offset: int = -1
    segment_number: int = 0
    loop: str = ""
    segment_id: str = ""
    element: int = 0
    component: int = 0
    stops_set: bool = False
