"""The back office of the demo at the gateway's API: what it hands in, corrects and releases, with its own token."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from .papers import Rows, as_csv

if TYPE_CHECKING:
    import aiohttp

WHO = "demo"
SCOPES = ("submit", "read", "work", "post")
SOURCE = "billing"


class Office:
    """A session of the API. Raises ClickException where the gateway says no."""

    def __init__(self, port: int, token: str) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Office:
        import aiohttp

        self._session = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        if self._session is None:
            raise RuntimeError("an office is entered before it is used")
        async with self._session.request(method, f"{self._base}{path}", **more) as answer:
            body = await answer.json(content_type=None)
            if answer.status >= 400:
                raise click.ClickException(f"{method} {path}: {body.get('detail', answer.status)}")
            return body

    async def bring(self, rows: Rows) -> tuple[str, int]:
        """Hand in what claims rest on, as CSV; what it was in words, and how many held claims that decides again."""
        brought, again = [], 0
        for kind, some in rows.items():
            if some:
                path = f"/sources/{SOURCE}/{kind}"
                done = await self._ask("POST", path, data=as_csv(some), params={"name": f"{kind}.csv"})
                brought.append(f"{kind} {len(some):,}")
                again += int(done["again"])
        return ", ".join(brought) or "nothing", again

    async def drop(self, plugin: str, name: str, rows: Sequence[Mapping[str, Any]]) -> Any:
        """Hand a document of rows in to a plugin; what the plugin said."""
        path = f"/plugins/{plugin}/drops/{name}"
        done = await self._ask("POST", path, json=list(rows), params={"source": SOURCE, "name": f"{name}.json"})
        return done["said"]

    async def paper(self, kind: str, name: str, data: bytes, **about: str) -> int | None:
        """Hand in a scanned paper; how many held claims that decides again, None where nobody knows the claim."""
        headers = {f"Document-{key.replace('_', '-')}": value for key, value in about.items()}
        headers |= {"Document-Kind": kind, "Document-Name": name}
        try:
            return int((await self._ask("POST", "/documents", data=data, headers=headers))["again"])
        except click.ClickException:
            return None

    async def hold(self, claim_id: int, reason: str) -> int:
        """Put a hold by hand; its id."""
        return int((await self._ask("POST", f"/claims/{claim_id}/holds", json={"reason": reason}))["hold_id"])

    async def release(self, hold_id: int, reason: str) -> None:
        """Let go of a hold."""
        await self._ask("POST", f"/holds/{hold_id}/release", json={"reason": reason})

    async def correct(self, claim_id: int, fields: Mapping[str, str], reason: str, cause: str) -> None:
        """Correct fields of a claim by name; a claim that was refused goes again."""
        body = {"set": dict(fields), "reason": reason, "root_cause": cause}
        await self._ask("POST", f"/claims/{claim_id}/correct", json=body)

    async def bank(self, name: str, data: bytes) -> Any:
        """Hand in the bank's file; what came of it."""
        return await self._ask("POST", "/banks/bank/files", data=data, params={"name": name})

    async def close_day(self, day: dt.date) -> Any:
        """Close a day: at 0.00, or with what waits as the reason; the figures."""
        found = await self._ask("GET", f"/days/{day.isoformat()}")
        waits = f"Waiting as exceptions ${found['waiting']}, unidentified ${found['unidentified']}: in the queue."
        reason = "" if found["variance"] == "0.00" else waits
        return await self._ask("POST", f"/days/{day.isoformat()}/close", json={"reason": reason})

    async def report(self, plugin: str, name: str, **asked: str) -> list[dict[str, Any]]:
        """The rows of a plugin's report."""
        found = await self._ask("GET", f"/reports/{plugin}/{name}", params=asked)
        return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]

    async def holds(self) -> list[dict[str, Any]]:
        """Every open hold."""
        return list((await self._ask("GET", "/holds", params={"limit": "10000"}))["holds"])

    async def rejections(self) -> list[dict[str, Any]]:
        """Every claim that is refused now."""
        found, asked = [], {"limit": "1000"}
        while True:
            page = await self._ask("GET", "/rejections", params=asked)
            found += page["rejections"]
            if not page["after"]:
                return found
            asked["after"] = page["after"]
