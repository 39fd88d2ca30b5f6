"""A whole file held against its guides and the rules beyond them, ready to be answered.

checking = check_file(read(stream), codes=None, up_to=4)
answered_group(checking.interchanges[0].groups[0], judge)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..events import Event, GroupStart, InterchangeStart, Piece, SetEnd, SetStart
from ..rules.beyond import Beyond
from ..rules.codes import Codes
from ..segment import Delimiters
from ..sets import Envelope
from .checking import Checking

_RULES_BEGIN = 3
_CODES_BEGIN = 5


def check_file(events: Iterable[Event], codes: Codes | None, up_to: int) -> Checking:
    """What is found in a file at the levels 1 to `up_to` (2: guide, 3: sums, 4: situations, 5: codes of others).

    Args:
        events: of the reader.
        codes: the lists of level 5; needed for it only.
        up_to: the last level that is looked at.

    Raises:
        ValueError: level 5 is wanted, and there are no lists.
    """
    if up_to >= _CODES_BEGIN and codes is None:
        raise ValueError("level 5 needs the lists of codes")
    asked = codes if up_to >= _CODES_BEGIN else None
    checking = Checking()
    envelope, beyond = Envelope(None, None, Delimiters()), None

    def before() -> Iterator[Event]:
        for event in events:
            if type(event) is SetEnd and beyond is not None and checking.set is not None:
                # The last of a set's rules are known at its end, and have to be told before it.
                checking.set.add(one for one in beyond.end(event) if one.level <= up_to)
            yield event

    for event in checking.watch(before()):
        kind = type(event)
        if kind is Piece:
            if beyond is not None and checking.set is not None:
                found = beyond.piece(event)  # type: ignore[arg-type]
                if found:
                    checking.set.add(one for one in found if one.level <= up_to)
        elif isinstance(event, InterchangeStart):
            envelope = Envelope(event.isa, None, event.delimiters)
        elif isinstance(event, GroupStart):
            envelope = envelope._replace(gs=event.gs)
        elif isinstance(event, SetStart):
            beyond = Beyond(event, envelope, asked) if up_to >= _RULES_BEGIN else None
        elif isinstance(event, SetEnd):
            beyond = None
    return checking
