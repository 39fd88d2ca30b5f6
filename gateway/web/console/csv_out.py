"""Lists as CSV files, sent as they are read."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from aiohttp import web

from ...core.model.spreadsheet import CsvWriter

log = structlog.get_logger("gateway.web")
_BLOCK = 1 << 16


async def send_csv(
    request: web.Request, name: str, columns: Sequence[str], rows: AsyncIterator[Sequence[Any]]
) -> web.StreamResponse:
    """Send a CSV file; however long it is, little of it is in memory."""
    answer = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    await answer.prepare(request)
    text = io.StringIO()
    writer = CsvWriter(text, "\r\n")
    writer.writerow(columns)
    try:
        async for row in rows:
            writer.writerow(row)
            if text.tell() > _BLOCK:
                await answer.write(text.getvalue().encode())
                text.seek(0)
                text.truncate()
        await answer.write(text.getvalue().encode())
        await answer.write_eof()
    except Exception as error:
        # The answer is under way: only a connection that breaks says that the file is not whole.
        if request.transport is not None:
            request.transport.abort()
        log.error("csv_broke_off", error=type(error).__name__)
        raise ConnectionResetError from error
    return answer
