"""Correcting a claim: fields by their names, places, segments; and what is said of each change."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.x12.claim import Claim
from gateway.core.x12.claim_fields import OF_CLAIM, OF_LINE, field_at, field_named, fields_of, value_at
from gateway.core.x12.correcting import NotCorrected, correct, typed
from gateway.core.x12.edit_words import told
from gateway.core.x12.editing import parse_place
from gateway.plugins.testing import make_claim, make_line
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.loops import stored


def a_claim() -> Claim:
    return make_claim(make_line("E1390", "RR", charge="150"), make_line("E0431", "RR", charge="40"))


def after(*settings: str, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()) -> Claim:
    made, _ = correct(a_claim(), typed(settings, added, removed))
    return made


def words(claim: Claim, *settings: str, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()) -> list[str]:
    _, edits = correct(claim, typed(settings, added, removed))
    return [str(told(edit, claim.delimiters)) for edit in edits]


def test_a_field_is_set_by_its_name() -> None:
    assert after("subscriber id=1EG4TE5MK99").subscriber.id == "1EG4TE5MK99"
    assert after("Subscriber  ID = 1EG4TE5MK99").subscriber.id == "1EG4TE5MK99"
    assert after("place of service=13").place_of_service == "13"
    assert after("subscriber birth date=03/04/1951").subscriber.birth_date.isoformat() == "1951-03-04"  # type: ignore[union-attr]
    assert after("authorization=A12345678901234").authorization == "A12345678901234"


def test_a_field_of_a_line_is_named_with_its_number() -> None:
    made = after("line 2 modifiers=rr, kh kx", "line 2: units=2", "line 2 diagnosis pointers=1")
    assert made.lines[1].modifiers == ("RR", "KH", "KX")
    assert made.lines[1].units == 2
    assert made.lines[0].modifiers == ("RR",)


def test_a_place_is_set_where_a_field_has_no_name() -> None:
    made = after("2010BA N403=454021111", "line 1 REF[G1]02=A12345678901234")
    assert made.subscriber.address.zip == "454021111"
    assert made.lines[0].reference("G1") == "A12345678901234"


@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [
        ("2026-11-02", "2026-11-02", "2026-11-02"),
        ("2026-11-02 to 2026-12-01", "2026-11-02", "2026-12-01"),
        ("20261102-20261201", "2026-11-02", "2026-12-01"),
        ("11/02/2026 - 12/01/2026", "2026-11-02", "2026-12-01"),
    ],
)
def test_dates_of_a_line_are_a_day_or_a_span(dates: str, first: str, last: str) -> None:
    found = after(f"line 1 dates={dates}").lines[0].dates
    assert (str(found.start), str(found.end)) == (first, last)


def test_a_diagnosis_is_set_by_its_number_and_one_more_goes_behind_the_last() -> None:
    claim = a_claim()
    count = len(claim.diagnoses)
    made = after("diagnosis 1=J96.11", f"diagnosis {count + 1}=G47.33")
    assert made.diagnoses[0].code == "J9611"
    assert made.diagnoses[-1] == ("G4733", "ABF")
    with pytest.raises(NotCorrected, match=f"no diagnosis {count + 2}"):
        after(f"diagnosis {count + 2}=G47.33")


def test_a_charge_of_a_line_changes_that_of_the_claim_with_it() -> None:
    made = after("line 1 charge=$1,150.00")
    assert (made.lines[0].charge_cents, made.charge_cents) == (115_000, 119_000)
    assert after("line 1 charge=160", "charge=160").charge_cents == 16_000


def test_segments_are_added_and_taken_out() -> None:
    made = after(added=("REF*G1*A12345678901234", "line 2 NTE*ADD*3 MONTH SUPPLY"))
    assert made.authorization == "A12345678901234"
    assert [note.text for note in made.lines[1].notes] == ["3 MONTH SUPPLY"]
    gone, _ = correct(made, typed((), (), ("REF[G1]", "line 2 NTE")))
    assert gone.authorization == ""
    assert gone.lines[1].notes == ()


def test_an_emptied_reference_is_taken_out_whole() -> None:
    made, _ = correct(after("authorization=A1"), typed(["authorization="]))
    assert made.find("REF", "G1") is None


def test_what_was_read_is_not_changed() -> None:
    claim = a_claim()
    before = claim.stored.pack()
    correct(claim, typed(["place of service=13"]))
    assert claim.stored.pack() == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("subscriber idd=1", "'subscriber id' is near"),
        ("modifiers=RR", "'line 1 modifiers'"),
        ("claim number=X", "stays what it is"),
        ("CLM01=X", "stays what it is"),
        ("line 3 units=1", "no line 3"),
        ("line 1 units=one", "a number is wanted"),
        ("charge=12.345", "dollars and cents"),
        ("subscriber birth date=1951-02-30", "a day of the calendar"),
        ("line 1 dates=2026-02-02 to 2026-01-01", "before the first"),
        ("line 1 modifiers=A B C D E", "room for four"),
        ("2420E NM109=1", "no loop 2420E"),
        ("patient id=1", "no loop 2010CA"),
        ("line 1 LX01=2", "the gateway's own"),
        ("subscriber id=A*B", "separates elements"),
        ("subscriber id", "a name or place, ="),
    ],
)
def test_what_cannot_be_done_says_why_and_shows_no_value(change: str, why: str) -> None:
    with pytest.raises(NotCorrected, match=why) as refused:
        after(change)
    assert "A*B" not in str(refused.value)


def test_what_changes_nothing_is_told() -> None:
    with pytest.raises(NotCorrected, match="says so already"):
        after(f"place of service={a_claim().place_of_service}")


@pytest.mark.parametrize("segment", ["LX*3", "NM1*DK*1*WELBY", "CLM*X*1", "REF", "no segment"])
def test_a_part_of_a_claim_is_not_added_like_a_segment(segment: str) -> None:
    with pytest.raises(NotCorrected):
        after(added=(segment,))


def test_the_timeline_says_where_and_keeps_what_is_the_patients() -> None:
    claim = a_claim()
    assert words(claim, "subscriber id=1EG4TE5MK99") == ["subscriber id (2010BA NM109) changed"]
    assert words(claim, "note=JANE IS OUT") == ["note (2300 NTE[ADD]02) changed"]
    assert words(claim, "place of service=13") == ["place of service (2300 CLM05-1): 12 -> 13"]
    assert words(claim, "line 2 modifiers=RR KX") == ["line 2 modifiers (2400 SV101): HC:E0431:RR -> HC:E0431:RR:KX"]
    assert words(claim, "diagnosis 1=J96.11")[0].startswith("diagnosis 1 (2300 HI01-2): ")
    assert words(claim, added=("REF*G1*A1",)) == ["2300 REF added: REF*G1*A1"]
    assert words(claim, added=("REF*EA*CHART",)) == ["2300 REF added"]
    assert words(claim, added=("NTE*ADD*JANE IS OUT",)) == ["2300 NTE added"]


def test_every_named_field_reads_its_own_place() -> None:
    made = after("authorization=A1", "note=hello", "line 1 place of service=13")
    by_name = {one.name: one for one in fields_of(made)}
    assert by_name["authorization"].value == "A1"
    assert by_name["line 1 place of service"].value == "13"
    assert by_name["subscriber id"].private
    for one in by_name.values():
        if one.kind.value in ("text", "code") and not one.name.startswith("diagnosis"):
            assert value_at(made, parse_place(one.place), one.line) == one.value


@pytest.mark.parametrize("field", [*OF_CLAIM, *OF_LINE], ids=lambda field: f"{field.of_line} {field.name}")
def test_every_field_is_found_by_its_name_and_by_its_place(field: object) -> None:
    from gateway.core.x12.claim_fields import Field

    assert isinstance(field, Field)
    assert field_named(field.name.upper(), of_line=field.of_line) == field
    at = parse_place(field.place)
    assert field_at(at.loop, at.tag, at.element, at.component, at.qualifier) == field


def test_a_place_that_says_less_is_that_of_the_only_field_that_it_can_mean() -> None:
    assert field_at("2400", "SV1", 1, 4) == field_named("modifiers", of_line=True)
    assert field_at("2400", "DTP", 3) == field_named("dates", of_line=True)
    assert field_at("2300", "REF", 2) is None


@pytest.mark.parametrize("seed", range(3))
def test_what_is_shown_of_a_field_is_what_may_be_typed(seed: int) -> None:
    """Typing a field as it is shown changes nothing, in whatever claim: names, places, dates and lists go both ways."""
    for made in generate_claims(25, seed, dt.date(2026, 11, 23)):
        claim = Claim(stored(made))
        for one in fields_of(claim):
            with pytest.raises(NotCorrected, match=r"says so already|stays what it is"):
                correct(claim, typed([f"{one.name}={one.value}"]))


@pytest.mark.parametrize("seed", range(3))
def test_a_corrected_claim_differs_in_nothing_else(seed: int) -> None:
    for made in generate_claims(25, seed, dt.date(2026, 11, 23)):
        claim = Claim(stored(made))
        after, edits = correct(claim, typed(["place of service=33", "line 1 units=7"]))
        before, now = claim.segments, after.segments
        changed = [(one.tag, other.tag) for one, other in zip(before, now, strict=True) if one != other]
        assert changed == [("CLM", "CLM"), ("SV1", "SV1")]
        assert after.stored[1:4] == claim.stored[1:4]
        assert len(edits) == 2
