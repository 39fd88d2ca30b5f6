"""What holds for every guide and for the data elements, and what the notation does for the 999's contexts."""

from __future__ import annotations

from importlib import resources

import pytest

from gateway.core.x12.guides.model import Loop, Segment
from gateway.core.x12.guides.notation import FOLDER, NotationError, data_elements, guide, parse

DATA = resources.files(FOLDER) / "data"
NAMES = sorted(one.name.removesuffix(".guide") for one in DATA.iterdir() if one.name.endswith(".guide"))


@pytest.mark.parametrize("key", ["01 C998 R key\n      1 9999 R", "01 98 R key"])
def test_a_key_without_codes_is_refused(key: str) -> None:
    with pytest.raises(NotationError, match="needs its codes"):
        parse(f"GUIDE 999 1\nLOOP A R 1\n  SEG 0100 CTX R 1\n    {key}\n", "a.guide")


def test_a_composite_may_be_the_key_and_a_code_may_hold_a_blank() -> None:
    text = "GUIDE 999 1\nSEG 0100 CTX R 1\n  01 C998 R x10 key\n    1 9999 R = SITUATIONAL_TRIGGER CLM01\n"
    segment = parse(text, "a.guide").root.children[0]
    assert isinstance(segment, Segment)
    (key,) = segment.keys
    assert (key.repeats, key.components[0].codes) == (10, ("SITUATIONAL TRIGGER", "CLM01"))


@pytest.mark.parametrize("name", NAMES)
def test_every_loop_has_its_own_id(name: str) -> None:
    """Two loops of one id are one loop, written once, that stands in two places (2300)."""
    written: dict[str, Loop] = {}
    for loop in guide(name).root.loops():
        assert written.setdefault(loop.id, loop).children == loop.children


@pytest.mark.parametrize("name", NAMES)
def test_the_segments_of_one_tag_and_place_are_told_apart(name: str) -> None:
    """Of two that may stand at one place each has a key, and no code of one is a code of the other."""
    for loop in guide(name).root.loops():
        seen: dict[tuple[int, str, str], str] = {}
        firsts = [child.first if isinstance(child, Loop) else child for child in loop.children]
        for segment in firsts:
            alike = [one for one in firsts if (one.place, one.tag) == (segment.place, segment.tag)]
            assert len(alike) == 1 or segment.keys, f"{loop.id} {segment.tag} {segment.name}"
            if len(alike) > 1:
                (key, *_) = segment.keys
                for code in key.codes or next(one.codes for one in key.components if one.codes):
                    place = segment.place, segment.tag, code
                    assert place not in seen, f"{loop.id} {segment.tag} {code}: {segment.name} and {seen[place]}"
                    seen[place] = segment.name


@pytest.mark.parametrize("name", NAMES)
def test_a_code_fits_its_element(name: str) -> None:
    for loop in guide(name).root.loops():
        for segment in loop.children:
            for element in getattr(segment, "elements", ()):
                for one in (element, *element.components):
                    assert one.name or one.components, f"{loop.id} {segment.name}"
                    for code in one.codes:
                        assert one.data is not None
                        assert one.data.shortest <= len(code) <= one.data.longest, f"{loop.id} {segment.name} {code}"


@pytest.mark.parametrize("name", NAMES)
def test_every_date_says_how_it_is_written(name: str) -> None:
    for loop in guide(name).root.loops():
        for segment in loop.children:
            if isinstance(segment, Segment) and segment.tag == "DTP":
                dated = next(one for one in segment.elements if one.position == 3)
                assert dated.date_by == 2, f"{loop.id} {segment.name}"


def test_the_data_elements_stand_in_the_order_of_their_numbers() -> None:
    numbers = list(data_elements())
    assert numbers == sorted(numbers, key=lambda one: (one.startswith("I"), int(one.removeprefix("I"))))


@pytest.mark.parametrize(
    ("number", "kind", "shortest", "longest"),
    [
        ("67", "AN", 2, 80),
        ("127", "AN", 1, 50),
        ("329", "AN", 4, 9),
        ("337", "TM", 4, 8),
        ("373", "DT", 8, 8),
        ("380", "R", 1, 15),
        ("509", "AN", 10, 10),
        ("719", "N0", 1, 10),
        ("782", "R", 1, 18),
        ("1035", "AN", 1, 60),
        ("1271", "AN", 1, 30),
        ("1705", "AN", 1, 35),
        ("I06", "AN", 15, 15),
        ("I12", "N0", 9, 9),
    ],
)
def test_data_elements_of_the_standard(number: str, kind: str, shortest: int, longest: int) -> None:
    found = data_elements()[number]
    assert (str(found.kind), found.shortest, found.longest) == (kind, shortest, longest)
    assert found.name
