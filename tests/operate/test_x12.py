"""`gateway x12` on files on disk: show, check, 999, 277ca, split, merge. Everybody in them is invented."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import cli
from gateway.core.store.tables import access_log
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import claims, transactions

from ..flow.out.made import NPI, Line, Made, make_837
from ..x12.answers.made import checked
from ..x12.build import SAMPLES
from ..x12.wire import faults_of, file_of, interchange, one_set
from .conftest import Place

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
SECRETS = ("QUILL", "JANE", "1EG4TE5MK72", "12 MILL RD", "19480302", "03/02/1948", "45402~", "CHART-9", "KNOCK TWICE")
GOOD = Made(number="A-1001")


def x12(*words: str | Path, code: int | None = 0) -> Result:
    done = CliRunner().invoke(cli, ["-c", "no/such/config", "x12", *map(str, words)], catch_exceptions=False)
    assert code is None or done.exit_code == code, done.output
    return done


@pytest.fixture
def put(tmp_path: Path) -> Callable[[bytes, str], Path]:
    """Writes a file into this test's folder."""

    def write(data: bytes, name: str = "claims.edi") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


Put = Callable[..., Path]


def read_claims(*paths: Path) -> list[list[str]]:
    """The 2300 of every claim of these files, as text."""
    found = []
    for path in paths:
        with path.open("rb") as stream:
            found += [list(item.stored.claim) for item in claims(read(stream))]
    return found


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


def mutants(data: bytes, seed: int, number: int) -> list[bytes]:
    rng = random.Random(seed)
    found = []
    for _ in range(number):
        made = bytearray(data)
        for _ in range(rng.randint(1, 5)):
            at = rng.randrange(len(made))
            to = min(len(made), at + rng.randint(1, 60))
            new = [b"", made[at:to] * 2, bytes([rng.randrange(256)]), bytes(rng.choices(b"*~:^ A1\nISE", k=9))]
            made[at:to] = new[rng.randrange(4)]
        found.append(bytes(made))
    return found


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
            from gateway.core.model.known_codes import KnownCodes
            from gateway.core.x12.rules import Codes
            from gateway.core.x12.rules.sweep import sweep

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
    one = Made(chart="CHART-9", extra=["NTE*ADD*JANE QUILL: KNOCK TWICE", "K3*JANE QUILL"])
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


# --- 999 and 277CA


def answer(put: Put, command: str, data: bytes, *words: str, code: int = 0) -> bytes:
    out = put(b"", "answer.edi")
    out.unlink()
    x12(command, put(data), "--out", out, *words, code=code)
    return out.read_bytes() if out.exists() else b""


@pytest.mark.parametrize("command", ["999", "277ca"])
def test_what_is_answered_passes_its_own_guide(put: Put, command: str) -> None:
    data = make_837([GOOD, Made(number="A-2", filing="QQ"), Made(number="A-3", charge="9")])
    said = answer(put, command, data)
    assert not faults_of(said)
    checking = checked(said)
    sets = [one for interchange in checking.interchanges for group in interchange.groups for one in group.sets]
    assert sets
    assert all(one.supported and not one.told for one in sets)


def test_a_999_is_e_where_a_claim_is_bad_and_r_where_all_or_nothing_is_asked(put: Put) -> None:
    bad = make_837([GOOD, Made(number="A-2", filing="QQ")])
    assert b"IK5*A~" in answer(put, "999", make_837([GOOD]))
    assert b"IK5*E*" in answer(put, "999", bad)
    assert b"IK5*R*" in answer(put, "999", bad, "--all-or-nothing")
    unbalanced = make_837([Made(charge="9")])
    assert b"IK5*A~" in answer(put, "999", unbalanced)
    assert b"IK5*E*" in answer(put, "999", unbalanced, "--up-to", "3")


def test_a_ta1_comes_where_it_is_asked_for_or_due(put: Put) -> None:
    data = make_837([GOOD])
    assert b"TA1" not in answer(put, "999", data)
    asked = answer(put, "999", data.replace(b"*000000101*0*T*", b"*000000101*1*T*"), "--first", "41")
    assert b"TA1*000000101*261120*0930*A*000~" in asked
    assert re.findall(rb"IEA\*\d\*(\d+)", asked) == [b"000000041", b"000000042"]
    cut = answer(put, "999", data[: data.index(b"IEA*")])
    assert b"*R*023~" in cut
    assert b"AK1*" not in cut


def test_an_answer_is_not_answered(put: Put) -> None:
    said = answer(put, "999", make_837([GOOD]))
    assert answer(put, "999", said, code=1) == b""


def test_a_277ca_says_which_claims_are_rejected(put: Put) -> None:
    data = make_837([GOOD, Made(number="A-2", filing="QQ"), Made(number="A-3", charge="9"), Made(number="A-4")])
    said = answer(put, "277ca", data).decode()
    statuses = re.findall(r"TRN\*2\*(A-\d+)~\nSTC\*(A\d)", said)
    assert [(number, category) for number, category in statuses if category == "A1"] == [
        ("A-1001", "A1"),
        ("A-4", "A1"),
    ]
    assert {number for number, category in statuses if category != "A1"} == {"A-2", "A-3"}
    assert "QTY*QA*2~\nQTY*QC*2~" in said
    assert "TRN*2*A-3~\nSTC*A1" in answer(put, "277ca", data, "--up-to", "2").decode()


def test_every_claim_below_a_bad_provider_is_rejected(put: Put) -> None:
    bad = make_837([GOOD, Made(number="A-2")]).replace(NPI.encode(), b"1999999001")
    said = answer(put, "277ca", bad, "--up-to", "5").decode()
    assert "QTY*QC*2~" in said
    assert "QTY*QA" not in said


def test_a_set_that_is_refused_as_a_whole_has_no_277ca(put: Put) -> None:
    done = x12("277ca", put(make_837([GOOD], se01=99)), code=1)
    assert "refused as a whole" in done.stderr
    assert done.stdout == ""


def test_nothing_is_replaced_without_force(put: Put) -> None:
    out = put(b"mine", "answer.edi")
    path = put(make_837([GOOD]))
    assert "is there already" in x12("999", path, "--out", out, code=1).output
    assert out.read_bytes() == b"mine"
    x12("999", path, "--out", out, "--force")
    assert out.read_bytes().startswith(b"ISA")


# --- split


def split(path: Path, *words: str, code: int = 0) -> tuple[list[Path], str]:
    into = path.parent / "parts"
    output = x12("split", path, "--into", into, *words, code=code).output
    return sorted(into.glob("*")) if into.exists() else [], output


def family(*, mixed: bool = False) -> bytes:
    """Claims of three subscribers; those of the second are for two dependents. `mixed`: and one for himself, which no
    guide allows."""
    insured = Made(last="MARSH", first="TOM", member="2EG4TE5MK72").subscriber()
    insured[0] = "SBR*P********MB"
    body = [*insured[:2], insured[-1]] + (Made(number="A-9").claim() if mixed else [])
    for number, first in ((4, "BEN"), (5, "ANN")):
        patient = [f"NM1*QC*1*MARSH*{first}", "N3*12 MILL RD", "N4*DAYTON*OH*45402", f"DMG*D8*2015040{number}*M"]
        body += [f"HL*{number}*3*23*0", "PAT*19", *patient, *Made(number=f"A-{number}").claim()]
    body += Made(number="A-6").claim()
    last = Made(number="A-7", last="REED")
    whole = make_837([GOOD, last]).replace(b"HL*3*1*22*0", b"HL*6*1*22*0")
    inner = "".join(f"{one}~\n" for one in ["HL*3*1*22*1", *body]).encode()
    text = whole.replace(b"HL*6*", inner + b"HL*6*")
    return re.sub(rb"SE\*\d+", b"SE*%d" % text[text.index(b"ST*837") : text.index(b"GE*")].count(b"~"), text)


def test_interchanges_put_together_again_are_the_file(put: Put) -> None:
    data = make_837([GOOD]) + b"\r\n" + make_837([Made(number="A-2")], isa13="000000102", segment="~")
    parts, _ = split(put(data), "--by", "interchange")
    assert [part.name for part in parts] == ["claims-0001.edi", "claims-0002.edi"]
    assert b"".join(part.read_bytes() for part in parts) == data
    assert all(not faults_of(part.read_bytes()) for part in parts)


def test_each_set_stands_in_an_interchange_of_its_own(put: Put) -> None:
    sets = [one_set(number=f"000{number}") for number in (1, 2)]
    data = file_of(interchange(*sets), "~\n")
    parts, _ = split(put(data), "--by", "set", "--first", "70")
    for number, part in enumerate(parts, 1):
        text = part.read_bytes()
        assert not faults_of(text)
        assert re.findall(rb"(?:GE|IEA)\*1\*(\d+)", text) == [b"%d" % (69 + number), b"%09d" % (69 + number)]
        assert "".join(f"{one}~\n" for one in sets[number - 1]).encode() in text


@pytest.mark.parametrize("most", [1, 2, 3, 4, 9])
def test_claims_are_cut_with_the_levels_over_them(put: Put, most: int) -> None:
    path = put(family())
    assert not faults_of(path.read_bytes())
    assert "0 findings" in x12("check", path).output
    parts, _ = split(path, "--by", f"claims:{most}", "--first", "1")
    assert len(parts) == -(-5 // most)
    assert read_claims(*parts) == read_claims(path)
    for part in parts:
        assert not faults_of(part.read_bytes())
        assert "0 findings" in x12("check", part).output  # levels, counts and HL04 are right in every part
    numbers = [re.findall(rb"BHT\*0019\*00\*([^*]+)", part.read_bytes())[0] for part in parts]
    assert len(set(numbers)) == len(parts)


def test_a_level_says_that_patients_follow_only_where_one_does(put: Put) -> None:
    parts, _ = split(put(family(mixed=True)), "--by", "claims:2", "--first", "1")
    levels = [re.findall(rb"HL\*[^~]*\*22\*(\d)~", part.read_bytes()) for part in parts]
    assert levels == [[b"0", b"0"], [b"1"], [b"1", b"0"]]
    parts, _ = split(put(family(mixed=True)), "--by", "claims:3", "--first", "1", "--force")
    assert re.findall(rb"HL\*[^~]*\*22\*(\d)~", parts[0].read_bytes()) == [b"0", b"1"]


def test_a_part_that_holds_a_whole_set_has_its_bytes(put: Put) -> None:
    data = family()
    (part,), _ = split(put(data), "--by", "claims:9", "--first", "101")
    assert part.read_bytes() == data


def test_a_file_that_is_not_whole_is_not_cut(put: Put) -> None:
    data = make_837([GOOD])
    for broken in (data[:-20], make_837([GOOD], se01=9), data.replace(b"GE*1*101~\n", b"")):
        parts, output = split(put(broken), "--by", "set", "--first", "1", code=1)
        assert not parts
        assert "is not whole at segment" in output


def test_what_cannot_be_cut_by_claims_says_so_and_leaves_nothing(put: Put) -> None:
    parts, output = split(
        put(file_of(interchange(one_set(("BPR*I*1*C*CHK",), kind="835", version="005010X221A1")))),
        "--by",
        "claims:5",
        "--first",
        "1",
        code=1,
    )
    assert "Only claims (837) can be cut by claims" in output
    assert not parts
    mixed = file_of(
        interchange(one_set(), one_set(("BPR*I*1*C*CHK",), number="0002", kind="835", version="005010X221A1"))
    )
    parts, output = split(put(mixed), "--by", "claims:5", "--first", "1", code=1)
    assert not parts  # the first set could be cut, and is not left half done


def test_parts_do_not_replace_files_without_force(put: Put) -> None:
    path = put(make_837([GOOD]))
    parts, _ = split(path, "--by", "interchange")
    parts[0].write_bytes(b"mine")
    _, output = split(path, "--by", "interchange", code=1)
    assert "is there already" in output
    assert parts[0].read_bytes() == b"mine"
    split(path, "--by", "interchange", "--force")
    assert parts[0].read_bytes() == path.read_bytes()


def test_how_to_cut_is_asked_for_exactly(put: Put) -> None:
    path = put(make_837([GOOD]))
    assert "--first" in split(path, "--by", "set", code=2)[1]
    assert "leave --first out" in split(path, "--by", "interchange", "--first", "1", code=2)[1]
    for wrong in ("claims", "claims:0", "claims:x", "payer"):
        assert "is none of" in split(path, "--by", wrong, code=2)[1]


# --- merge


def merge(put: Put, *files: bytes, code: int = 0, words: tuple[str, ...] = ("--first", "555")) -> tuple[Path, str]:
    paths = [put(data, f"part{number}.edi") for number, data in enumerate(files, 1)]
    out = paths[0].parent / "one.edi"
    return out, x12("merge", *paths, "--out", out, *words, code=code).output


def test_claims_of_several_files_stand_in_one_interchange(put: Put) -> None:
    files = (family(), make_837([Made(number="B-1"), Made(number="B-2", last="OTHER")], isa13="000000102"))
    out, output = merge(put, *files)
    assert "7 claims of 2 files written" in output
    data = out.read_bytes()
    assert not faults_of(data)
    assert "7 claims checked: 7 good" in x12("check", out).output
    assert sorted(read_claims(out)) == sorted(read_claims(*(out.parent / f"part{number}.edi" for number in (1, 2))))
    assert b"*000000555*0*T*" in data
    assert data.count(b"ISA*") == data.count(b"ST*837*") == 1


def test_files_with_other_separators_are_merged(put: Put) -> None:
    other = make_837([Made(number="B-1")]).replace(b"*", b"|").replace(b":", b">").replace(b"^", b"!")
    out, _ = merge(put, make_837([GOOD]), other)
    assert not faults_of(out.read_bytes())
    assert "2 claims checked: 2 good" in x12("check", out).output


def test_what_is_split_and_merged_has_the_same_claims(put: Put) -> None:
    path = put(family())
    parts, _ = split(path, "--by", "claims:1", "--first", "1")
    out = path.parent / "again.edi"
    x12("merge", *parts, "--out", out, "--first", "1")
    assert sorted(read_claims(out)) == sorted(read_claims(path))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (make_837([Made(number="B-1")], usage="P"), "test or production"),
        (make_837([Made(number="B-1")]).replace(b"DESK           *ZZ", b"ELSE           *ZZ"), "the sender"),
        (make_837([Made(number="B-1")]).replace(b"STILL1", b"STILL2"), "the submitter"),
        (make_837([Made(number="B-1")], version="005010X222A2"), "version"),
        (make_837([Made(number="B-1")], version="005010X223A2"), "another guide than the 837P"),
        (make_837([GOOD]), "Claim A-1001 of part2.edi stands in another"),
        (make_837([Made(number="B-1")], se01=9), "not whole"),
        (make_837([Made(number="B-1")])[:-20], "cut off"),
        (make_837([Made(number="B-1")]).replace(b"BHT*0019*00", b"BHT*0019*18"), "reissue"),
        (make_837([Made(number="B-1")]).replace(b"*22*0", b"*99*0"), "level"),
        (file_of(interchange(one_set(("BPR*I*1*C*CHK",), kind="835", version="005010X221A1"))), "more than claims"),
        (b"nothing", "no X12"),
    ],
)
def test_what_cannot_be_merged_says_why_and_writes_nothing(put: Put, other: bytes, why: str) -> None:
    out, output = merge(put, make_837([GOOD]), other, code=1)
    assert why in output
    assert not out.exists()
    assert not list(out.parent.glob(".*"))


def test_a_merge_does_not_replace_a_file_least_of_all_its_own(put: Put) -> None:
    path = put(make_837([GOOD]))
    assert "is there already" in x12("merge", path, "--out", put(b"mine", "m.edi"), "--first", "1", code=1).output
    assert "one of the files to merge" in x12("merge", path, "--out", path, "--first", "1", "--force", code=1).output


# --- the docs


def test_the_sample_in_the_docs_is_what_the_command_says(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = re.search(r"```\n\$ gateway x12 check (\S+)\n(.*?)```", PAGE.read_text(), re.S)
    assert sample is not None
    put(make_837([GOOD, Made(number="A-1002", charge="175", frequency="7")]), sample[1])
    monkeypatch.chdir(tmp_path)
    assert x12("check", sample[1], code=1).output.startswith(sample[2])


def test_the_guides_loops_have_names_to_show() -> None:
    for name in ("837p", "835", "277ca", "999"):
        assert all(loop.name for loop in guide(name).root.loops())
    assert list(transactions(read(io.BytesIO(make_837([GOOD])))))
