"""`gateway x12 check` and `show` on files on disk."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from gateway.core.model.code_sets import FILING_CODES, PLACES_OF_SERVICE
from gateway.core.model.known_codes import KnownCodes
from gateway.core.model.value_words import FILING, PLACES
from gateway.core.store.tables import access_log
from gateway.core.x12.answers.checking import Checking
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Finding
from gateway.core.x12.reader import read
from gateway.core.x12.rules import Codes
from gateway.core.x12.rules.sweep import SweptClaim, SweptRest, sweep
from gateway.operate.x12_laid import laid

from ..flow.out.made import NPI, Line, Made, make_837
from ..x12.build import SAMPLES
from ..x12.wire import file_of, interchange, one_set
from .conftest import Place
from .x12_files import GOOD, Put, family, mutants, x12

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
SECRETS = ("QUILL", "JANE", "1EG4TE5MK72", "12 MILL RD", "19480302", "03/02/1948", "45402~", "CHART-9", "KNOCK TWICE")


def rows_of(path: Path, *words: str, code: int = 1) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(x12("check", path, "--csv", *words, code=code).stdout)))


# --- what cannot be read


@pytest.mark.parametrize("words", [["show"], ["check"], ["999"], ["277ca"]])
def test_what_is_no_x12_is_said_to_be_none(put: Put, words: list[str]) -> None:
    for data in (b"", b"Dear Sirs,\nplease find enclosed", b'{"claims": []}', bytes(range(256))):
        done = x12(*words, put(data), code=2)
        assert "holds no X12 that can be read" in done.output
        assert "gateway x12 faults" in done.output


@pytest.mark.parametrize("command", ["show", "check", "999", "277ca"])
def test_a_file_that_is_not_there_or_is_a_folder_is_said_to_be(tmp_path: Path, command: str) -> None:
    assert "cannot be read: No such file" in x12(command, tmp_path / "none.edi", code=2).output
    assert "cannot be read: Is a directory" in x12(command, tmp_path, code=2).output


def test_one_unreadable_file_does_not_keep_the_others_from_being_checked(put: Put, tmp_path: Path) -> None:
    bad = put(make_837([Made(charge="9")]))
    done = x12("check", tmp_path / "none.edi", bad, code=2)
    assert "G3.01" in done.output


def test_no_bytes_end_in_a_traceback(put: Put, tmp_path: Path) -> None:
    remittance = file_of(
        interchange(one_set(("BPR*I*1*C*CHK", "LX*1", "CLP*A*1*5*5"), kind="835", version="005010X221A1"))
    )
    for data in mutants(make_837([GOOD, Made(number="A-2")]), 7, 25) + mutants(remittance, 8, 10):
        path = put(data)
        for words in (
            *(["show", path, "--elements"], ["show", path, "--csv"], ["check", path, "--json"]),
            *(["999", path, "--up-to", "5"], ["277ca", path, "--up-to", "5"]),
            ["split", path, "--into", tmp_path / "parts", "--by", "claims:1", "--first", "1", "--force"],
            ["split", path, "--into", tmp_path / "parts", "--by", "set", "--first", "1", "--force"],
            ["merge", path, "--out", tmp_path / "one.edi", "--first", "1", "--force"],
        ):
            done = x12(*words, code=None)  # what raises is raised here
            assert done.exit_code in (0, 1, 2)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_no_sample_ends_in_a_traceback() -> None:
    samples = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.stat().st_size < 30_000)
    assert len(samples) > 50
    for path in samples[::3]:
        for words in (["show", path, "--elements"], ["check", path], ["999", path], ["277ca", path]):
            assert x12(*words, code=None).exit_code in (0, 1, 2), path


# --- check


def test_a_good_file_has_no_findings(put: Put) -> None:
    done = x12("check", put(make_837([GOOD, Made(number="A-2")])))
    assert "1 transaction set, 2 claims checked: 2 good, 0 with findings; 0 findings in all." in done.output


def test_findings_of_every_level_are_told_by_claim(put: Put) -> None:
    data = make_837(
        [
            GOOD,
            Made(number="A-2", lines=[Line(charge="1O0")], charge="100"),  # level 1: a letter in an amount
            Made(number="A-3", filing="QQ"),  # level 2: no such code
            Made(number="A-4", charge="151"),  # level 3: the lines are 150
            Made(number="A-5", frequency="7"),  # level 4: the payer's number is missing
        ]
    ).replace(b"1999999000", b"1999999001")  # level 5: the check digit
    rows = rows_of(put(data))
    found = {(row["claim"], row["level"], row["place"], row["rule"]) for row in rows}
    assert ("A-2", "1", "2400 SV102", "") in found
    assert ("A-3", "2", "2000B SBR09", "") in found
    assert ("A-4", "3", "2300 CLM02", "G3.01") in found
    assert ("A-5", "4", "2300 REF", "G4.30") in found
    npi = [row for row in rows if row["rule"] == "G5.04"]
    assert [(row["claim"], row["concerns"], row["place"]) for row in npi] == [
        ("A-1001", "billing provider", "2010AA NM109")  # told once, and not with each claim of the provider
    ]
    only = rows_of(put(data), "--level", "3", "--level", "4")
    assert {row["level"] for row in only} == {"3", "4"}


def test_a_finding_names_the_segment_of_the_file(put: Put) -> None:
    data = make_837([GOOD, Made(number="A-4", charge="151")])
    (row,) = rows_of(put(data))
    assert data.split(b"~\n")[int(row["segment_number"]) - 1].startswith(b"CLM*A-4*151")


def test_what_is_missing_at_a_claims_end_is_its_own_and_not_the_next_ones(put: Put) -> None:
    data = make_837([Made(number="A-1", lines=[]), Made(number="A-2")]).replace(b"CLM*A-1*0*", b"CLM*A-1*150*")
    rows = rows_of(put(data))
    assert ("A-1", "LX") in {(row["claim"], row["place"].split()[-1]) for row in rows}
    assert {row["claim"] for row in rows} == {"A-1"}


def test_totals_count_claims_whose_level_is_wrong(put: Put) -> None:
    bad = make_837([GOOD, Made(number="A-2"), Made(number="A-3")]).replace(NPI.encode(), b"1999999001")
    totals = json.loads(x12("check", put(bad), "--json", code=1).stdout)["totals"]
    assert (totals["claims"], totals["claims_good"], totals["claims_with_findings"]) == (3, 0, 3)
    assert totals["kinds"] == {"2010AA NM109 [G5.04]": 1}


def test_remittances_are_checked_too(put: Put) -> None:
    body = [
        "BPR*I*100*C*CHK************20261101",
        "TRN*1*77*1999999999",
        "N1*PR*PAYER",
        "N3*1 ROAD",
        "N4*DAYTON*OH*45402",
    ]
    body += [
        "PER*BL*DESK*TE*6145550100",
        f"N1*PE*STILLWATER*XX*{NPI}",
        "LX*1",
        "CLP*A-9*150*1*100**MB*77",
        "CAS*CO*45*30",
    ]
    body += ["NM1*QC*1*QUILL*JANE****MI*1EG4TE5MK72", "DTM*232*20261101"]
    rows = rows_of(put(file_of(interchange(one_set(body, kind="835", version="005010X221A1")))))
    assert ("A-9", "3", "2100 CLP04") in {(row["claim"], row["level"], row["place"]) for row in rows}


def test_a_set_without_a_guide_is_told_and_not_called_good(put: Put) -> None:
    data = file_of(interchange(one_set(("BHT*0007*13",), kind="278", version="005010X217")))
    done = x12("check", put(data), code=1)
    assert "There is no guide for 278 005010X217 here" in done.output


def test_faults_of_the_envelope_are_findings(put: Put) -> None:
    rows = rows_of(put(make_837([GOOD], se01=99)))
    assert [(row["level"], row["rule"]) for row in rows] == [("1", "se01-count")]


def test_no_finding_shows_a_patient_unless_asked_for(put: Put) -> None:
    data = make_837([Made(number="A-1", born="19481302", last="QUILL" * 20, member="1")])
    for form in ([], ["--csv"], ["--json"]):
        hidden = x12("check", put(data), *form, code=1).output
        assert not [one for one in ("19481302", "QUILL", "JANE") if one in hidden]
        assert "19481302" in x12("check", put(data), *form, "--patient", code=1).output


def test_every_finding_is_told_where_a_set_has_thousands(put: Put) -> None:
    many = make_837([Made(number=f"A-{number}", charge="9") for number in range(2_500)])
    facts = json.loads(x12("check", put(many), "--json", code=1).stdout)
    assert len(facts["findings"]) == facts["totals"]["findings"] == 2_500
    assert facts["totals"]["claims_with_findings"] == 2_500


def test_memory_does_not_grow_with_the_file(put: Put) -> None:
    def peak(number: int) -> int:
        path = put(make_837([Made(number=f"A-{at}", charge="9") for at in range(number)]), f"{number}.edi")
        x12("check", path, "--csv", code=1)  # what is made once is made
        tracemalloc.start()
        try:
            with path.open("rb") as stream:
                for _ in sweep(read(stream, chunk_size=1 << 16), Codes(KnownCodes())):
                    pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(2_000) < 2 * peak(400) + 1_000_000


# --- show


def shown(path: Path, *words: str, code: int = 0) -> str:
    return x12("show", path, *words, code=code).stdout


def test_a_file_is_laid_out_by_its_loops(put: Put) -> None:
    text = shown(put(make_837([GOOD])))
    loops = re.findall(r"^ +(\d{4}[A-Z]*) ", text.replace("\n" + " " * 8, "\n"), re.M)
    assert loops == [*("1000A", "1000B", "2000A", "2010AA", "2000B", "2010BA", "2010BB", "2300", "2400")]
    assert "billing provider: NM1*85*2*STILLWATER HOME MEDICAL*****XX*1999999000~" in text
    numbers = [int(found) for found in re.findall(r"^ +(\d+)  ", text, re.M)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_who_a_patient_is_stays_hidden(put: Put) -> None:
    text = ["NTE*ADD*JANE QUILL: KNOCK TWICE", "K3*JANE QUILL"]
    one = Made(chart="CHART-9", extra=text, lines=[Line(modifiers="RR:KX:KH:NU:FOR JANE")])
    path = put(make_837([one]).replace(b"SE*", b"ZZZ*JANE QUILL*1EG4TE5MK72~\nSE*"))
    for form in ([], ["--elements"], ["--csv"], ["--json"], ["--csv", "--elements"], ["--json", "--elements"]):
        text = shown(path, *form)
        assert not [secret for secret in SECRETS if secret in text]
        assert "STILLWATER" in text
    asked = shown(path, "--patient", "--elements")
    assert not [secret for secret in SECRETS if secret not in asked]


def test_a_patient_is_hidden_in_answers_and_remittances_and_unknown_guides(put: Put) -> None:
    name = "NM1*QC*1*QUILL*JANE****MI*1EG4TE5MK72"
    for kind, version, body in (
        ("835", "005010X221A1", ("BPR*I*1*C*CHK", "LX*1", "CLP*A*1*5*5", name, "REF*EA*CHART-9")),
        ("277", "005010X214", ("HL*1**20*1", "HL*2*1*21*1", "HL*3*2*19*1", "HL*4*3*PT", name)),
        ("271", "005010X279A1", ("HL*1**22*0", name, "N3*12 MILL RD", "DMG*D8*19480302*F", "MSG*JANE")),
        ("999", "005010X231A1", ("AK1*HC*7", "IK3*NM1*9*2010BA*8", "CTX*SUBSCRIBER NAME NM109:1EG4TE5MK72")),
        ("999", "005010X231A1", ("AK1*HC*7", "AK2*837*0001", "IK3*NM1*9*2010BA*8", "IK4*3*1035*6*QUILL")),
    ):
        text = shown(put(file_of(interchange(one_set(body, kind=kind, version=version)))), "--elements")
        assert not [secret for secret in SECRETS if secret in text], (kind, text)


def test_what_is_agreed_on_for_security_is_not_shown(put: Put) -> None:
    path = put(make_837([GOOD]).replace(b"*00*          *ZZ*DESK", b"*01*SESAME    *ZZ*DESK"))
    assert "SESAME" not in shown(path, "--elements")


def test_each_element_is_named_and_put_into_words(put: Put) -> None:
    rows = list(csv.DictReader(io.StringIO(shown(put(make_837([GOOD])), "--elements", "--csv"))))
    said = {row["place"]: row["meaning"] for row in rows if row["meaning"]}
    assert said["CLM02"] == "$150.00"
    assert said["CLM05-1"] == "home"
    assert said["SBR09"] == "Medicare Part B"
    assert said["DTP03"] == "11/01/2026"
    assert {row["element"] for row in rows if row["place"] == "NM109" and row["loop"] == "2010AA"} == {"NPI"}


def test_adjustment_reasons_are_told_in_the_words_of_our_table(put: Put) -> None:
    body = ("BPR*I*1*C*CHK", "LX*1", "CLP*A*1*1000*5", "CAS*PR*1*5")
    text = shown(put(file_of(interchange(one_set(body, kind="835", version="005010X221A1")))), "--elements")
    assert "CAS01    adjustment group: PR (patient's share)" in text
    assert re.search(r"CAS02 .*: 1 \(deductible\)", text)
    assert re.search(r"CLP02 .*: 1 \(decided as primary\)", text)


def test_a_finding_stands_at_its_place(put: Put) -> None:
    data = make_837([Made(number="A-4", charge="151"), GOOD]).replace(NPI.encode(), b"1999999001")
    lines = shown(put(data)).splitlines()
    at = next(number for number, line in enumerate(lines) if "CLM*A-4*151" in line)
    assert "G3.01" in lines[at + 1]
    at = next(number for number, line in enumerate(lines) if "NM1*85*" in line)
    assert "G5.04" in lines[at + 1]
    assert sum("G5.04" in line for line in lines) == 1


def test_one_claim_is_shown_with_the_levels_over_it(put: Put) -> None:
    path = put(make_837([GOOD, Made(number="A-2"), Made(number="A-3", lines=[])]))
    text = shown(path, "--claim", "A-2")
    assert re.findall(r"CLM\*([^*]+)", text) == ["A-2"]
    assert "NM1*85*" in text
    assert text.count("HL*") == 2
    missing = shown(path, "--claim", "A-3")
    assert "LX" in missing  # found when its loop is over, and told with it
    assert "There is no such claim" in x12("show", path, "--claim", "NONE", code=1).stderr


def test_one_kind_of_loop_is_shown(put: Put) -> None:
    path = put(make_837([GOOD, Made(number="A-2")]))
    assert re.findall(r": ([A-Z0-9]+)\*", shown(path, "--loop", "2400")) == ["LX", "SV1", "DTP"] * 2
    assert "no such loop 2410" in x12("show", path, "--loop", "2410", code=1).stderr


def test_a_limit_says_that_there_is_more(put: Put) -> None:
    done = x12("show", put(make_837([GOOD])), "--limit", "3")
    assert [line.split("*")[0].split()[-1] for line in done.stdout.splitlines()] == ["ISA", "GS", "ST"]
    assert "There is more" in done.stderr


def test_json_holds_every_segment(put: Put) -> None:
    data = make_837([GOOD])
    facts = json.loads(shown(put(data), "--json", "--elements"))
    assert [one["segment_number"] for one in facts] == list(range(1, data.count(b"~") + 1))
    line = next(one for one in facts if one["segment"] == "SV1")
    assert [loop["id"] for loop in line["loops"]] == ["2000A", "2000B", "2300", "2400"]
    assert {"place": "SV102", "name": "charge", "value": "150", "meaning": "$150.00"} in line["elements"]


def test_patients_are_shown_after_a_line_in_the_access_log(lived: Place, tmp_path: Path) -> None:
    path = tmp_path / "claims.edi"
    path.write_bytes(make_837([Made(born="19481302")]))
    before = lived.count(access_log)
    assert lived.run("x12", "show", str(path)).exit_code == 0
    assert lived.run("x12", "check", str(path)).exit_code == 1
    assert lived.count(access_log) == before
    assert "QUILL" in lived.run("x12", "show", str(path), "--patient").output
    assert "19481302" in lived.run("x12", "check", str(path), "--patient").output
    told = [row.what for row in lived.rows(access_log)][before:]
    assert told == ["x12 show --patient claims.edi", "x12 check --patient claims.edi"]


# --- the two ways


def _keys(findings: list[Finding]) -> Counter[tuple[object, ...]]:
    return Counter((one.level, one.position, one.place, one.ik304, one.ik403, one.words) for one in findings)


def test_check_and_show_and_the_999_find_the_same() -> None:
    codes = Codes(KnownCodes())
    for data in [*mutants(family(), 3, 60), *mutants(family(mixed=True), 4, 30)]:
        swept = [
            finding
            for one in sweep(read(io.BytesIO(data)), codes)
            if isinstance(one, SweptClaim | SweptRest)
            for finding in one.findings
        ]
        shown_there = [finding for one in laid(read(io.BytesIO(data)), codes) for finding in (*one.before, *one.at)]
        checking = Checking()
        for _ in checking.watch(read(io.BytesIO(data))):
            pass
        sets = [one for interchange in checking.interchanges for group in interchange.groups for one in group.sets]
        assert _keys(swept) == _keys(shown_there)
        assert _keys([one for one in swept if one.level < 3]) == _keys(
            [one.finding for each in sets for one in each.told]
        )


# --- the docs


def test_the_sample_in_the_docs_is_what_the_command_says(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = re.search(r"```\n\$ gateway x12 check (\S+)\n(.*?)```", PAGE.read_text(), re.S)
    assert sample is not None
    put(make_837([GOOD, Made(number="A-1002", charge="175", frequency="7")]), sample[1])
    monkeypatch.chdir(tmp_path)
    assert x12("check", sample[1], code=1).output.startswith(sample[2])


def test_every_loop_of_the_guides_has_a_name_to_show() -> None:
    for name in ("837p", "835", "277ca", "999"):
        assert all(loop.name for loop in guide(name).root.loops())


def test_words_are_for_codes_that_exist() -> None:
    assert PLACES.keys() <= PLACES_OF_SERVICE
    assert FILING.keys() == FILING_CODES


def test_who_reads_only_the_beginning_is_no_error(put: Put) -> None:
    path = put(make_837([Made(number=f"A-{number}") for number in range(1_000)]))
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "x12", "show", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"ISA*" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1
