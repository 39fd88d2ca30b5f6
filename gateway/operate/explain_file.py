"""What a file on disk is, before anything in it is decided: its content, its faults, whose it may be."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlalchemy import Connection, select

from ..config import Config
from ..config.commands import NotAsked
from ..core.flow.chunk import PEEK, Survey, survey
from ..core.flow.json_file import begins_like_json
from ..core.flow.read import Contents, look_into
from ..core.store.tables import files
from .looking import count

MOST_FAULTS = 20
_ANSWERS = {"277": "277CA"}
_DECIDED = frozenset({"837", "835"})
_SAYS = {
    "TA1": "the answer to whole interchanges",
    "999": "the answer to groups and transaction sets",
    "997": "an older answer to groups and transaction sets",
    "277": "claim statuses of a clearinghouse or payer",
}


class Content(NamedTuple):
    """What a file holds. `contents`: its transaction sets (None: it is JSON); `survey`: its claims, if it has any."""

    path: Path
    contents: Contents | None
    survey: Survey | None

    @property
    def kinds(self) -> dict[str, int]:
        """Transaction sets by kind, TA1 among them."""
        if self.contents is None:
            return {}
        return self.contents.kinds | ({"TA1": self.contents.ta1} if self.contents.ta1 else {})

    @property
    def has_payments(self) -> bool:
        return "835" in self.kinds

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it as a whole."""
        faults = self.contents.fault_count if self.contents is not None else 0
        return not faults and not (self.survey is not None and self.survey.problem)


def look(path: Path, stream: BinaryIO) -> Content:
    """Look a file through; never raises on its bytes."""
    json = begins_like_json(stream.read(PEEK))
    stream.seek(0)
    contents = None if json else look_into(stream)
    stream.seek(0)
    has_claims = contents is None or "837" in contents.kinds
    return Content(path, contents, survey(stream) if has_claims else None)


def about(content: Content) -> Iterator[str]:
    """What it is and what is wrong with it as a whole, in words."""
    parts = [f"{number} x {_ANSWERS.get(kind, kind)}" for kind, number in sorted(content.kinds.items())]
    if content.contents is None:
        parts = ["JSON"]
    if content.survey is not None:
        parts.append(count(content.survey.claims, "claim"))
    yield f"{content.path.name}: {', '.join(parts) or 'nothing that can be read'}"
    if content.survey is not None and content.survey.problem:
        yield content.survey.problem
    if content.contents is not None:
        yield from _faults(content.contents, content.path)
        yield from _others(content)


def _faults(contents: Contents, path: Path) -> Iterator[str]:
    """The faults of its structure, with their places."""
    if not contents.fault_count:
        return
    yield f"{count(contents.fault_count, 'fault')} in its structure:"
    for fault in contents.faults[:MOST_FAULTS]:
        yield f"  byte {fault['offset']}, segment {fault['segment_number']}: {fault['message']}"
    if contents.fault_count > MOST_FAULTS:
        yield f"  and {contents.fault_count - MOST_FAULTS:,} more; all of them: gateway x12 faults {path}"


def _others(content: Content) -> Iterator[str]:
    """What it holds of which nothing is decided here."""
    for kind, number in sorted(content.kinds.items()):
        name = _ANSWERS.get(kind, kind)
        if kind in _SAYS:
            yield (
                f"{number} x {name}: {_SAYS[kind]}. There is nothing to decide in it; what it did is told by: gateway "
                f"trace {content.path}"
            )
        elif kind not in _DECIDED:
            yield f"{number} x {name}: the gateway does not work on these."
    if not content.kinds:
        yield "No transaction set can be read in it: it is neither X12 nor JSON that the gateway knows."


class Known(NamedTuple):
    """The file that brought the same bytes before, and from whom."""

    file_id: int
    party: str


def known(connection: Connection, sha256: str) -> Known | None:
    """Whether the bytes of this hash were taken in before."""
    row = connection.execute(
        select(files.c.id, files.c.party)
        .where(files.c.sha256 == sha256, files.c.direction == "in", files.c.duplicate_of.is_(None))
        .order_by(files.c.id)
        .limit(1)
    ).first()
    return Known(row.id, row.party) if row is not None else None


def source_of(config: Config, content: Content, given: str, before: str = "") -> str:
    """The billing system that a file of claims is taken to come from: the one that is named, that sent it `before`, or
    the first whose settings fit it; empty where none does.

    Raises:
        NotAsked: the one that is named does not exist.
    """
    names = [source.name for source in config.gateway.sources]
    if given:
        return _one_of(given, names, "source")
    if before in names:
        return before
    form = "json" if content.contents is None else "837"
    able = [source for source in config.gateway.sources if source.format in (form, "auto")]
    name = content.path.name.lower()
    fitting = [source for source in able if any(fnmatch(name, mask.lower()) for mask in source.patterns)]
    return next((source.name for source in (*fitting, *able)), "")


def partner_of(config: Config, given: str, before: str = "") -> str:
    """The partner that a remittance is taken to come from: the one that is named, that sent it `before`, or the first
    of the configuration; empty where there is none.

    Raises:
        NotAsked: the one that is named does not exist.
    """
    names = [partner.name for partner in config.partners]
    if given:
        return _one_of(given, names, "partner")
    return before if before in names else next(iter(names), "")


def _one_of(given: str, names: list[str], word: str) -> str:
    if given not in names:
        raise NotAsked(f"No {word} is called {given!r}. The configuration has: {', '.join(sorted(names)) or 'none'}.")
    return given
