"""`gateway x12 999`, `277ca`, `split` and `merge` on files on disk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.core.x12.reader import read
from gateway.core.x12.transactions import claims

from ..flow.out.made import NPI, Made, make_837
from ..x12.answers.made import checked
from ..x12.wire import faults_of, file_of, interchange, one_set
from .x12_files import GOOD, Put, family, x12


def read_claims(*paths: Path) -> list[list[str]]:
    """The 2300 of every claim of these files, as text."""
    found = []
    for path in paths:
        with path.open("rb") as stream:
            found += [list(item.stored.claim) for item in claims(read(stream))]
    return found


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
