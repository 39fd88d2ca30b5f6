"""The child's side of a plugin's desk: look up the declaration, call it, and say what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from ...config import Config
from ...plugins.alarms import NotSent
from ...plugins.blame import failure
from ...plugins.calling import BadAnswer, NotTaken, call, looks_only
from ...plugins.declaring import NotDeclared
from ...plugins.desk import Desk
from ...plugins.desk_claims import ClaimRefused
from ...plugins.rubbish import Rubbish
from ..store.archive import Archive
from .desk_balances import days_of
from .desk_lookups import StoreLookups
from .desk_records import DONE, FAILED, NOT_TAKEN, DeskAnswer, DeskRequest, pack_answer, read_request
from .in_child import DESK, Marking
from .stored_config import by_hash


async def at_desk(payload: bytes, reads: Callable[[str], Engine], mark: Marking) -> bytes:
    """What a packed `DeskRequest` (after DESK) asks for; returns a packed `DeskAnswer`."""
    request = read_request(payload[len(DESK) :])
    config = by_hash(request.archive_root, request.config_root, request.config_hash)
    answer = await _call(request, config, reads(request.database_url), mark)
    mark.outside()
    return pack_answer(answer)


async def _call(request: DeskRequest, config: Config, reads: Engine, mark: Marking) -> DeskAnswer:
    declared = config.declared.get(request.plugin)
    if declared is None:
        return DeskAnswer(NOT_TAKEN, f"Plugin {request.plugin!r} declares nothing (any more).")
    with closing(reads.connect()) as connection:
        desk = Desk(
            request.plugin,
            declared.settings,
            request.now,
            request.today,
            config.tables,
            StoreLookups(connection, request.plugin, declared.plugin.row_tables, days_of(config)),
            may_change=not looks_only(request.hook, request.name),
            row_tables=declared.plugin.row_tables,
            source=request.source,
        )
        began = time.perf_counter()
        mark(0, 0)
        try:
            argument = request.argument
            if request.document:
                argument = Archive(Path(request.archive_root)).read(request.document)
            result = await call(declared, request.hook, request.name, argument, desk)
            outcome, why = DONE, ""
        except (NotTaken, NotDeclared) as error:
            result, outcome, why = None, NOT_TAKEN, str(error)
        except (BadAnswer, Rubbish, ClaimRefused, NotSent) as error:
            result, outcome, why = None, FAILED, str(error)
        except (Exception, SystemExit) as error:
            result, outcome, why = None, FAILED, failure(error, declared.plugin.path)
        took = int((time.perf_counter() - began) * 1e6)
    return DeskAnswer(outcome, why, result, desk.acts if outcome == DONE else [], took)
