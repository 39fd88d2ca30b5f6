"""Single faults in X12's examples (`mutants.txt`): each is found at its place and with its codes."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from .checked import Seen, check

TABLE = Path(__file__).with_name("mutants.txt")
SAMPLES = Path(__file__).parents[3].parent / "shared" / "samples" / "stupidedi" / "005010"
FOLDERS = {
    "837": "X222A1_HC837_Health_Care_Claim_Professional/pass",
    "835": "X221A1_HP835_Health_Care_Claim_Payment_Advice/pass",
}
_NONE = "X12's examples are not here (../shared/samples)"
_SET = re.compile(r"(\w+)(?:@(\d+))? (\d\d)(?:-(\d))? =(?: (.*))?")
_DO = re.compile(r"(drop|repeat|move|put) (.*)")


class Mutant(NamedTuple):
    """A line of the table. `at`: the segment (tag, which of them) where it must be found. `more`: others follow."""

    line: int
    file: str
    change: str
    at: tuple[str, int]
    level: int
    place: str
    ik304: str
    ik403: str
    more: bool

    def __str__(self) -> str:
        return f"{self.line}: {self.change}"


def _table() -> list[Mutant]:
    found, file = [], ""
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        if line.startswith("FILE "):
            _, kind, name = line.split(maxsplit=2)
            file = f"{FOLDERS[kind]}/{name}.edi"
        elif line and not line.startswith("#"):
            level, change, place, codes, *rest = (part.strip() for part in line.split("|"))
            ik304, *more = codes.split()
            at = next((part for part in rest if part != "more"), "") or change.split()[0]
            found.append(
                Mutant(
                    number,
                    file,
                    change,
                    _which(at),
                    int(level),
                    place,
                    ik304,
                    next((one for one in more if one != "more"), ""),
                    "more" in more or "more" in rest,
                )
            )
    return found


def _which(text: str) -> tuple[str, int]:
    tag, _, number = text.partition("@")
    return tag, int(number or 1)


ALL = _table()
FILES = sorted({one.file for one in ALL})
here = pytest.mark.skipif(not SAMPLES.exists(), reason=_NONE)


@lru_cache(maxsize=64)
def _segments(file: str) -> tuple[str, ...]:
    text = (SAMPLES / file).read_text("latin-1").replace("\n", "")
    return tuple(one for one in text.split("~") if one)


def _where(segments: list[str], tag: str, which: int) -> int:
    found = [at for at, one in enumerate(segments) if one.split("*")[0] == tag]
    assert len(found) >= which, f"there is no {tag}@{which}"
    return found[which - 1]


def _changed(segments: list[str], change: str) -> None:
    """Make one change of the table."""
    if setting := _SET.fullmatch(change):
        tag, which, position, component, value = setting.groups()
        at = _where(segments, tag, int(which or 1))
        parts = segments[at].split("*")
        parts += [""] * (int(position) + 1 - len(parts))
        if component:
            inner = parts[int(position)].split(":")
            inner += [""] * (int(component) - len(inner))
            inner[int(component) - 1] = value or ""
            parts[int(position)] = ":".join(inner)
        else:
            parts[int(position)] = value or ""
        # A blank at the end goes with its separator: another fault is not meant.
        segments[at] = "*".join(parts).rstrip("*")
        return
    done = _DO.fullmatch(change)
    assert done, change
    what, words = done[1], done[2]
    if what == "drop":
        del segments[_where(segments, *_which(words))]
    elif what == "repeat":
        place, times = words.split(" x")
        at = _where(segments, *_which(place))
        segments[at:at] = [segments[at]] * int(times)
    elif what == "move":
        place, before = words.split(" before ")
        taken = segments.pop(_where(segments, *_which(place)))
        segments.insert(_where(segments, *_which(before)), taken)
    else:
        text, before = words.rsplit(" before ", 1)
        segments.insert(_where(segments, *_which(before)), text)


def _file(segments: list[str]) -> bytes:
    """The file, with the right count in SE01."""
    start, end = _where(segments, "ST", 1), _where(segments, "SE", 1)
    segments[end] = f"SE*{end - start + 1}*{segments[end].split('*')[2]}"
    return ("~".join(segments) + "~").encode("latin-1")


def test_there_are_enough_and_none_stands_there_twice() -> None:
    assert len(ALL) >= 150
    assert len({(one.file, one.change) for one in ALL}) == len(ALL)
    assert {one.file.split("_")[0] for one in ALL} == {"X222A1", "X221A1"}


@here
@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file).stem[:40])
def test_the_untouched_example_passes(file: str) -> None:
    assert check(_file(list(_segments(file)))).found == []


@here
@pytest.mark.parametrize("mutant", ALL, ids=str)
def test_the_fault_is_found_at_its_place_with_its_codes(mutant: Mutant) -> None:
    segments = list(_segments(mutant.file))
    _changed(segments, mutant.change)
    assert segments != list(_segments(mutant.file))
    found = check(_file(segments)).found
    at = _where(segments, *mutant.at)
    position = at - _where(segments, "ST", 1) + 1
    expected = Seen(at + 1, position, mutant.level, mutant.place, mutant.ik304, mutant.ik403)
    assert found[:1] == [expected]
    assert mutant.more == (len(found) > 1), found[1:]
