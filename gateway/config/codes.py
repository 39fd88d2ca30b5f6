"""codes/*.tsv: code lists that were imported from official files, each code with the days on which it holds.

    # HCPC2026_APR_ANWEB.txt
    # covers 2026-04-01 2026-06-30
    code    valid_from    valid_to    name
    E1390   2001-01-01                Oxygen concentrator

They are far longer than the tables that people edit, so they stand in a folder of their own, and are read when they are
first asked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from pathlib import Path

from gateway.core.model.known_codes import ALWAYS, IMPORTED, DatedCodes, KnownCodes, Span

from .code_files import CodeFile, Listed

FOLDER = "codes"
_HEAD = "code\tvalid_from\tvalid_to\tname"
_COVERS = "# covers "
_DAY = dt.timedelta(1)


class CodesError(Exception):
    """A file of the folder is not as it is written; says which line."""


def read_codes(path: Path) -> DatedCodes:
    """The list in a file.

    Raises:
        CodesError: the file is not as `import_codes` writes it.
        OSError: it cannot be read.
    """
    return _dated(*_read(path))


def load_codes(root: Path) -> KnownCodes:
    """All lists that are known to a configuration: those that come with the gateway, and those that were imported.

    Raises:
        CodesError, OSError: as `read_codes`.
    """
    folder = root / FOLDER
    return KnownCodes({name: read_codes(path) for name in IMPORTED if (path := folder / f"{name}.tsv").is_file()})


def digests(root: Path) -> dict[str, str]:
    """SHA-256 of each list's file: part of what a configuration is known by."""
    files = {name: root / FOLDER / f"{name}.tsv" for name in IMPORTED}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if path.is_file()}


def import_codes(root: Path, file: CodeFile) -> dict[str, int]:
    """Put the lists of a file into the folder, beside what earlier files said; returns how many codes each has now.

    A code that the file does not have any more has ended the day before what the file covers.

    Raises:
        CodesError, OSError: as `read_codes`; or the folder cannot be written.
    """
    counts = {}
    (root / FOLDER).mkdir(exist_ok=True)
    for name, listed in file.lists.items():
        path = root / FOLDER / f"{name}.tsv"
        sources, covers, rows = _read(path) if path.is_file() else ([], [], [])
        later = [span for span in covers if span.end > file.covers.end]
        if name != "icd10" and later:
            raise CodesError(
                f"A file for days from {later[-1].start} on is in already. Import the files in their order."
            )
        merged = _merged(rows, listed, file.covers, whole=name != "icd10")
        covers = _joined([*covers, file.covers])
        sources = [*(one for one in sources if one != file.name), file.name]
        _write(path, sources, covers, merged)
        counts[name] = len({row.code for row in merged})
    return counts


def _merged(before: Iterable[Listed], now: Iterable[Listed], covers: Span, *, whole: bool) -> list[Listed]:
    """What holds after an import. `whole`: a file tells a code's own dates; else only the days that it covers."""
    by_code: dict[str, tuple[list[Span], str]] = {}
    for row in before:
        by_code.setdefault(row.code, ([], row.name))[0].append(row.span)
    for code, (spans, name) in by_code.items():
        # On the days of this file, only what it has holds; an earlier file may know of the days after it.
        kept = [Span(span.start, min(span.end, covers.start - _DAY)) for span in spans if span.start < covers.start]
        if not whole:
            kept += [Span(max(span.start, covers.end + _DAY), span.end) for span in spans if span.end > covers.end]
        by_code[code] = (kept, name)
    for row in now:
        spans, _ = by_code.get(row.code, ([], ""))
        if whole:
            spans = [span for span in spans if span.end < row.span.start - _DAY]
        by_code[row.code] = ([*spans, row.span], row.name)
    return [
        Listed(code, span, name) for code, (spans, name) in sorted(by_code.items()) for span in _joined(spans) if spans
    ]


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same days in as few spans as can be."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and found[-1].end != ALWAYS and span.start <= found[-1].end + _DAY:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        elif not found or found[-1].end != ALWAYS:
            found.append(span)
    return found


def _read(path: Path) -> tuple[list[str], list[Span], list[Listed]]:
    sources: list[str] = []
    covers: list[Span] = []
    rows: list[Listed] = []
    days: dict[str, dt.date] = {"": ALWAYS}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            if line.startswith(_COVERS):
                start, end = line.removeprefix(_COVERS).split()
                covers.append(Span(dt.date.fromisoformat(start), dt.date.fromisoformat(end)))
            elif line.startswith("#"):
                sources.append(line.removeprefix("# "))
            elif line and line != _HEAD:
                code, start, end, name = line.split("\t", 3)
                first = _date(start, days) if start else dt.date.min
                rows.append(Listed(code, Span(first, _date(end, days)), name))
        except ValueError as error:
            raise CodesError(f"{path.name}, line {number}, is not as it is written: import the file again.") from error
    return sources, covers, rows


def _date(text: str, seen: dict[str, dt.date]) -> dt.date:
    found = seen.get(text)
    if found is None:
        found = seen[text] = dt.date.fromisoformat(text)
    return found


def _dated(sources: list[str], covers: list[Span], rows: list[Listed]) -> DatedCodes:
    codes: dict[str, tuple[Span, ...]] = {}
    for row in rows:
        codes[row.code] = (*codes.get(row.code, ()), row.span)
    return DatedCodes(codes, covers, ", ".join(sources))


def _write(path: Path, sources: Iterable[str], covers: Iterable[Span], rows: Iterable[Listed]) -> None:
    lines = [f"# {source}" for source in sources]
    lines += [f"{_COVERS}{span.start} {span.end}" for span in covers]
    lines.append(_HEAD)
    for row in rows:
        start = "" if row.span.start == dt.date.min else row.span.start.isoformat()
        end = "" if row.span.end == ALWAYS else row.span.end.isoformat()
        name = " ".join(row.name.split())
        lines.append(f"{row.code}\t{start}\t{end}\t{name}")
    partial = path.with_suffix(".partial")
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    partial.replace(path)
