"""`gateway tables import`: CMS's own files, as it publishes them, become the lists that claims are asked."""

from __future__ import annotations

import datetime as dt
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli import cli
from gateway.config import Config, load
from gateway.config.codes import digests, load_codes
from gateway.config.loading import restore
from gateway.core.model.known_codes import KnownCodes

ROOT = Path(__file__).parents[2]
OFFICIAL = ROOT.parent / "shared" / "codesets" / "hcpcs_level2_2026-04.tsv"
ENV = {"PRACTICE_PASSWORD": "practice", "CLAIM_MD_PASSWORD": "practice"}
Row = tuple[str, str, str, str, str]
"""Code, record, short name, day added, day ended."""
APRIL: Sequence[Row] = (
    ("A0021", "3", "Outside state ambulance serv", "20020101", ""),
    ("A0021", "4", "", "", ""),
    ("E1390", "3", "Oxygen concentrator", "20000101", ""),
    ("E0486", "3", "Oral device/appliance cusfab", "20060101", "20260531"),
    ("RR", "7", "Rental", "19840101", ""),
    ("RR", "8", "", "", ""),
    ("ZX", "7", "Ends", "20000101", "20260331"),
)
JULY: Sequence[Row] = (*APRIL[:3], ("E9876", "3", "New", "20260701", ""), APRIL[4])
ICD = (
    "00001 A00     0 {0:60} Cholera\n"
    "00002 A000    1 {0:60} Cholera due to Vibrio cholerae 01, biovar cholerae\n"
    "15449 J449    1 {0:60} Chronic obstructive pulmonary disease, unspecified\n"
).format("Short")


def text_of(rows: Sequence[Row]) -> bytes:
    """A quarter's file in CMS's fixed columns."""
    lines = []
    for code, record, name, added, ended in rows:
        line = f"{code:>5}{'00100':5}{record}{'LONG DESCRIPTION':80}{name:28}".ljust(268)
        lines.append(f"{line}{added:8}{'20260401':8}{ended:8}N")
    return "\r\n".join(lines).encode("cp1252")


def workbook_of(rows: Sequence[Row]) -> dict[str, str]:
    """The parts of a workbook with a quarter's rows: notes above, then the names of the columns, as CMS has it."""
    texts: list[str] = []

    def cell(column: str, row: int, text: str) -> str:
        if text.isdigit():
            return f'<c r="{column}{row}"><v>{text}</v></c>'
        texts.append(text)
        return f'<c r="{column}{row}" t="s"><v>{len(texts) - 1}</v></c>'

    heads = ("HCPC", "SEQNUM", "RECID", "LONG DESCRIPTION", "SHORT DESCRIPTION", "ADD DT", "TERM DT")
    table: list[tuple[str, ...]] = [("Notes of CMS",), heads]
    table += [(code, "0100", record, "LONG", name, added, ended) for code, record, name, added, ended in rows]
    made = []
    for number, values in enumerate(table, 1):
        cells = "".join(cell(column, number, one) for column, one in zip("ABCDEFG", values, strict=False) if one)
        made.append(f'<row r="{number}">{cells}</row>')
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return {
        "xl/sharedStrings.xml": f"<sst {space}>{shared}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{''.join(made)}</sheetData></worksheet>",
    }


def zipped(path: Path, members: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    return folder


def run(config: Path, *args: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["--config", str(config), "tables", *map(str, args)])
    assert result.exit_code == code, result.output
    return result.output


def known(config: Path) -> KnownCodes:
    return load_codes(config)


@pytest.mark.parametrize("form", ["txt", "xlsx", "zip", "zip of a workbook"])
def test_a_quarter_of_hcpcs_in_each_form_that_cms_publishes(config: Path, tmp_path: Path, form: str) -> None:
    text, workbook = tmp_path / "HCPC2026_APR_ANWEB.txt", tmp_path / "HCPC2026_APR_ANWEB.xlsx"
    text.write_bytes(text_of(APRIL))
    zipped(workbook, workbook_of(APRIL))
    layout = {"HCPC2026_recordlayout.txt": "Record layout"}
    file = {
        "txt": text,
        "xlsx": workbook,
        "zip": zipped(tmp_path / "april-2026-file.zip", {**layout, text.name: text.read_bytes()}),
        "zip of a workbook": zipped(tmp_path / "apr.zip", {**layout, f"A/{workbook.name}": workbook.read_bytes()}),
    }[form]
    said = run(config, "import", file)
    assert "2026-04-01 to 2026-06-30" in said
    assert "hcpcs.tsv now has 3 codes" in said
    lists = known(config)
    day = dt.date(2026, 4, 15)
    assert lists.known("hcpcs", "E1390", day) is True
    assert lists.known("hcpcs", "E0486", day) is True
    assert lists.known("hcpcs", "E0486", dt.date(2026, 6, 1)) is False, "it ended in May"
    assert lists.known("hcpcs", "E9876", day) is False
    assert lists.known("hcpcs", "E9876", dt.date(2026, 7, 1)) is None, "July's file may have it"
    assert lists.known("modifier", "RR", day) is True
    assert lists.known("modifier", "ZX", day) is False
    said = run(config, "list")
    assert "hcpcs: 3 codes, 2026-04-01 to 2026-06-30 (HCPC2026_APR_ANWEB" in said
    assert "The diagnoses (ICD-10-CM) of claims are not checked" in said
    assert "HCPCS codes of claims" not in said


def test_the_next_quarter_adds_to_what_was_known(config: Path, tmp_path: Path) -> None:
    for name, rows in (("HCPC2026_APR_ANWEB.txt", APRIL), ("HCPC2026_JUL_ANWEB_06172026.txt", JULY)):
        (tmp_path / name).write_bytes(text_of(rows))
        run(config, "import", tmp_path / name)
    lists = known(config)
    assert lists.tables["hcpcs"].covers == ((dt.date(2026, 4, 1), dt.date(2026, 9, 30)),)
    assert lists.known("hcpcs", "E0486", dt.date(2026, 5, 1)) is True
    assert lists.known("hcpcs", "E0486", dt.date(2026, 8, 1)) is False
    assert lists.known("hcpcs", "E9876", dt.date(2026, 6, 30)) is False
    assert lists.known("hcpcs", "E9876", dt.date(2026, 7, 1)) is True
    assert lists.known("modifier", "ZX", dt.date(2026, 2, 1)) is True
    assert "Import the files in their order" in run(config, "import", tmp_path / "HCPC2026_APR_ANWEB.txt", code=2)
    run(config, "import", tmp_path / "HCPC2026_JUL_ANWEB_06172026.txt")
    assert known(config).tables["hcpcs"].codes == lists.tables["hcpcs"].codes, "twice is once"


def test_years_of_icd_10_cm_in_any_order(config: Path, tmp_path: Path) -> None:
    this, last = tmp_path / "icd10cm_order_2026.txt", tmp_path / "icd10cm-order-2025.txt"
    this.write_text(ICD.replace("15449 J449 ", "15449 J44A "))
    last.write_text(ICD)
    run(config, "import", zipped(tmp_path / "2026-order.zip", {"icd10cm_order_addenda_2026.txt": "", this.name: ICD}))
    run(config, "import", last)
    lists = known(config)
    assert lists.known("icd10", "J449", dt.date(2025, 9, 30)) is True
    assert lists.known("icd10", "J449", dt.date(2025, 10, 1)) is True
    assert lists.known("icd10", "A00", dt.date(2025, 10, 1)) is False, "it only heads others"
    assert lists.known("icd10", "J449", dt.date(2024, 9, 30)) is None
    assert lists.known("icd10", "J44", dt.date(2026, 1, 1)) is False
    run(config, "import", this)
    corrected = known(config)
    assert corrected.known("icd10", "J449", dt.date(2025, 10, 1)) is False, "the year's file does not have it any more"
    assert corrected.known("icd10", "J44A", dt.date(2025, 10, 1)) is True
    assert corrected.known("icd10", "J449", dt.date(2025, 9, 30)) is True


def test_the_days_may_be_said(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "icd10cm_order_2026.txt"
    file.write_text(ICD)
    assert "2026-04-01 to 2026-09-30" in run(config, "import", file, "--from", "2026-04-01")
    assert known(config).known("icd10", "J449", dt.date(2026, 3, 31)) is None
    assert "before it begins" in run(config, "import", file, "--from", "2026-04-01", "--to", "2026-03-01", code=2)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("codes.txt", b"A0021", "Keep the name that CMS gave it"),
        ("HCPC2026_APR_ANWEB.txt", b"", "has no codes"),
        ("HCPC2026_APR_ANWEB.xlsx", b"no zip", "cannot be read"),
        ("icd10cm_order_2026.txt", b"J449 not in columns", "has no codes"),
        ("other.zip", b"", "cannot be read|Keep the name"),
    ],
)
def test_what_is_none_of_these_files_is_told_and_changes_nothing(
    config: Path, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    said = run(config, "import", tmp_path / name, code=2)
    assert any(one in said for one in words.split("|"))
    assert "Traceback" not in said
    assert known(config).tables == {}
    foreign = zipped(tmp_path / "foreign.zip", {"readme.txt": "nothing"})
    assert "has none of the files" in run(config, "import", foreign, code=2)


def test_a_list_that_was_changed_by_hand_is_told_with_its_line(config: Path, tmp_path: Path) -> None:
    (tmp_path / "HCPC2026_APR_ANWEB.txt").write_bytes(text_of(APRIL))
    run(config, "import", tmp_path / "HCPC2026_APR_ANWEB.txt")
    file = config / "codes" / "hcpcs.tsv"
    file.write_text(file.read_text().replace("E1390\t2000-01-01", "E1390\tlong ago"))
    said = run(config, "list", code=1)
    assert "hcpcs.tsv, line 6" in said
    assert "import the file again" in said


def test_a_configuration_is_known_by_its_lists_too(config: Path, tmp_path: Path) -> None:
    before = load(config, ENV)
    (tmp_path / "HCPC2026_APR_ANWEB.txt").write_bytes(text_of(APRIL))
    run(config, "import", tmp_path / "HCPC2026_APR_ANWEB.txt")
    after = load(config, ENV)
    assert isinstance(before, Config)
    assert isinstance(after, Config)
    assert before.hash != after.hash
    assert sorted(digests(config)) == ["hcpcs", "modifier"]
    assert after.codes.known("hcpcs", "E1390", dt.date(2026, 4, 15)) is True
    assert restore(after.text, config, ENV).hash == after.hash


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official numbers are not here (../shared/codesets)")
def test_all_of_hcpcs(config: Path, tmp_path: Path) -> None:
    """As many codes as there are: each is known, and what is no code is not."""
    rows = [line.split("\t") for line in OFFICIAL.read_text().splitlines()[1:]]
    made = [(row[0], "3", row[1][:28], "20000101", "") for row in rows]
    (tmp_path / "HCPC2026_APR_ANWEB.txt").write_bytes(text_of([*made, APRIL[4]]))
    assert f"{len(rows):,} codes" in run(config, "import", tmp_path / "HCPC2026_APR_ANWEB.txt")
    lists = known(config)
    day = dt.date(2026, 5, 1)
    assert all(lists.known("hcpcs", row[0], day) for row in rows if row[0][0] != "D")
    assert lists.known("hcpcs", "E0001", day) is False
