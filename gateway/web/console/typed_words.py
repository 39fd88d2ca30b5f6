"""What was typed into a search, kept here and not in an address: it may be a patient's name, and addresses stand in
histories, bookmarks and the logs of proxies. The address has a key, which is worth something in its session alone."""

from __future__ import annotations

import secrets
from collections import OrderedDict

from aiohttp import web

MOST = 5_000


class TypedWords:
    """The last searches of all who look, the oldest of which are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], str] = OrderedDict()

    def keep(self, session: str, words: str) -> str:
        """The key under which this session finds the words again."""
        key = secrets.token_urlsafe(9)
        self._kept[session, key] = words
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return key

    def words(self, session: str, key: str) -> str:
        """The words of a key; none where it is another session's, or forgotten."""
        return self._kept.get((session, key), "")


TYPED: web.AppKey[TypedWords] = web.AppKey("typed", TypedWords)
