"""The files in which CMS publishes code lists, as it publishes them: zip, fixed-width text, or a workbook.

HCPC2026_APR_ANWEB.txt, .xlsx     HCPCS Level II and its modifiers, each quarter (or the zip with both)
icd10cm_order_2026.txt            ICD-10-CM, each fiscal year from 1 October (or the zip with it)
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple
from xml.etree import ElementTree

from gateway.core.model.known_codes import ALWAYS, Span

MOST_BYTES = 500_000_000
"""A member of a zip that unpacks to more is none of these files."""
_HCPCS = re.compile(r"HCPC(?P<year>20\d\d)[_-](?P<month>JAN|APR|JUL|OCT)\w*ANWEB.*\.(?P<kind>txt|xlsx)", re.IGNORECASE)
_ICD10 = re.compile(r"icd-?10cm[_-]order[_-](?:[a-z]+[_-])?(?P<year>20\d\d)\.(?P<kind>txt)", re.IGNORECASE)
_QUARTERS = {"JAN": 1, "APR": 4, "JUL": 7, "OCT": 10}
_ICD_LINE = re.compile(r"\d{5} ([A-Z]\d[0-9A-Z]{1,5}) +([01]) (.{60}) ", re.ASCII)
_CELL = re.compile(r"([A-Z]+)\d+")
_SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_COLUMNS = ("HCPC", "RECID", "SHORT DESCRIPTION", "ADD DT", "TERM DT")


class CodeFileError(Exception):
    """The file is none that can be imported; says why, and what would be."""


class Listed(NamedTuple):
    """A code of a file, the days on which it holds, and the publisher's short name of it."""

    code: str
    span: Span
    name: str


class CodeFile(NamedTuple):
    """What a file has: for each list (`hcpcs`, `modifier`, `icd10`) its codes, and the days that the file covers."""

    name: str
    covers: Span
    lists: dict[str, list[Listed]]


def read_code_file(path: Path, start: dt.date | None = None, end: dt.date | None = None) -> CodeFile:
    """Read one of CMS's files.

    Args:
        path: the zip, text or workbook as it was downloaded.
        start, end: the first and last day that it is for, where its name does not say so.

    Raises:
        CodeFileError: it is none of them, or not as they are.
    """
    try:
        if zipfile.is_zipfile(path) and path.suffix.lower() != ".xlsx":
            return _from_zip(path, start, end)
        with path.open("rb") as stream:
            return _read(path.name, stream, start, end)
    except (OSError, zipfile.BadZipFile, ElementTree.ParseError, UnicodeDecodeError) as error:
        raise CodeFileError(f"{path.name} cannot be read ({type(error).__name__}). Download it again.") from error


def _from_zip(path: Path, start: dt.date | None, end: dt.date | None) -> CodeFile:
    with zipfile.ZipFile(path) as archive:
        found = {}
        for member in archive.infolist():
            name = Path(member.filename).name
            if (_HCPCS.fullmatch(name) or _ICD10.fullmatch(name)) and member.file_size <= MOST_BYTES:
                found[Path(name).suffix.lower()] = member
        chosen = found.get(".txt") or found.get(".xlsx")
        if chosen is None:
            raise CodeFileError(
                f"{path.name} has none of the files that can be imported: HCPC2026_APR_ANWEB (txt or xlsx) or "
                "icd10cm_order_2026.txt."
            )
        with archive.open(chosen) as stream:
            return _read(Path(chosen.filename).name, stream, start, end)


def _read(name: str, stream: IO[bytes], start: dt.date | None, end: dt.date | None) -> CodeFile:
    if found := _HCPCS.fullmatch(name):
        covers = _quarter(int(found["year"]), _QUARTERS[found["month"].upper()])
        rows = _hcpcs_text(stream) if found["kind"].lower() == "txt" else _hcpcs_workbook(stream)
        lists = _hcpcs(rows)
    elif found := _ICD10.fullmatch(name):
        year = int(found["year"])
        covers = Span(dt.date(year - 1, 10, 1), dt.date(year, 9, 30))
        covers = Span(start or covers.start, end or covers.end)
        lists = {"icd10": list(_icd10(stream, covers))}
    else:
        raise CodeFileError(
            f"{name} is none of the files that can be imported. Keep the name that CMS gave it: "
            "HCPC2026_APR_ANWEB (zip, txt or xlsx) or icd10cm_order_2026.txt."
        )
    covers = Span(start or covers.start, end or covers.end)
    if covers.end < covers.start:
        raise CodeFileError(f"{name} would end on {covers.end}, before it begins on {covers.start}.")
    if not all(lists.values()):
        raise CodeFileError(f"{name} has no codes where CMS has them. Is it the file as it was downloaded?")
    return CodeFile(name, covers, lists)


def _quarter(year: int, month: int) -> Span:
    after = dt.date(year + month // 12, (month + 3) % 12, 1) if month < 10 else dt.date(year + 1, 1, 1)
    return Span(dt.date(year, month, 1), after - dt.timedelta(1))


# --- HCPCS


class _HcpcsRow(NamedTuple):
    code: str
    kind: str
    name: str
    added: str
    ended: str


def _hcpcs(rows: Iterator[_HcpcsRow]) -> dict[str, list[Listed]]:
    """Codes (record 3) and modifiers (record 7); the records between go on with a description."""
    lists: dict[str, list[Listed]] = {"hcpcs": [], "modifier": []}
    for row in rows:
        if row.kind not in ("3", "7"):
            continue
        span = Span(_day(row.added) or dt.date.min, _day(row.ended) or ALWAYS)
        lists["hcpcs" if row.kind == "3" else "modifier"].append(Listed(row.code, span, row.name))
    return lists


def _hcpcs_text(stream: IO[bytes]) -> Iterator[_HcpcsRow]:
    for line in (raw.decode("cp1252", "replace") for raw in stream):
        yield _HcpcsRow(line[0:5].strip(), line[10:11], line[91:119].strip(), line[268:276], line[284:292])


def _hcpcs_workbook(stream: IO[bytes]) -> Iterator[_HcpcsRow]:
    columns: dict[str, str] = {}
    for cells in _sheet(io.BytesIO(stream.read(MOST_BYTES))):
        if not columns:
            named = {value.strip().upper(): column for column, value in cells.items()}
            if set(_COLUMNS) <= set(named):
                columns = {name: named[name] for name in _COLUMNS}
            continue
        yield _HcpcsRow(*(cells.get(columns[name], "").strip() for name in _COLUMNS))
    if not columns:
        raise CodeFileError(f"The workbook has no row with the columns {', '.join(_COLUMNS)}.")


def _sheet(stream: IO[bytes]) -> Iterator[dict[str, str]]:
    """The rows of a workbook's first sheet: the text of each cell, by its column."""
    with zipfile.ZipFile(stream) as archive:
        names = sorted(name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name))
        if not names:
            raise CodeFileError("The workbook has no sheet.")
        texts: list[str] = []
        if "xl/sharedStrings.xml" in archive.namelist():
            with archive.open("xl/sharedStrings.xml") as part:
                for _, one in ElementTree.iterparse(part):
                    if one.tag == f"{_SPREADSHEET}si":
                        texts.append("".join(text.text or "" for text in one.iter(f"{_SPREADSHEET}t")))
                        one.clear()
        with archive.open(names[0]) as part:
            for _, row in ElementTree.iterparse(part):
                if row.tag == f"{_SPREADSHEET}row":
                    yield dict(_cells(row, texts))
                    row.clear()


def _cells(row: ElementTree.Element, texts: list[str]) -> Iterator[tuple[str, str]]:
    for cell in row.iter(f"{_SPREADSHEET}c"):
        column = _CELL.fullmatch(cell.get("r", ""))
        value = cell.find(f"{_SPREADSHEET}v")
        text = value.text or "" if value is not None else ""
        if cell.get("t") == "s" and text.isdigit() and int(text) < len(texts):
            text = texts[int(text)]
        elif cell.get("t") == "inlineStr":
            text = "".join(one.text or "" for one in cell.iter(f"{_SPREADSHEET}t"))
        if column is not None:
            yield column[1], text


def _day(text: str) -> dt.date | None:
    digits = text.strip().split(".")[0]
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) == 8 else None
    except ValueError:
        return None


# --- ICD-10-CM


def _icd10(stream: IO[bytes], covers: Span) -> Iterator[Listed]:
    """The codes that may be billed; those that only head others are passed over."""
    for line in (raw.decode("cp1252", "replace") for raw in stream):
        found = _ICD_LINE.match(line)
        if found is not None and found[2] == "1":
            yield Listed(found[1], covers, found[3].strip())
