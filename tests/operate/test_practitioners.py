"""The list of who may order equipment: bringing it in, the next one in its place, and what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import insert

from gateway.core.flow.history import History
from gateway.core.model.practitioners import Practitioner, compared
from gateway.core.store import migrate
from gateway.core.store import practitioners as store
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.practitioner_tables import practitioner_lists, practitioners

from ..web import running
from .conftest import Place

HEAD = "NPI,LAST_NAME,FIRST_NAME,PARTB,DME,HHA,PMD,HOSPICE"
ROWS = (
    "1999999018,ALDERMAN,IVO,Y,Y,Y,Y,Y",
    '1999999026,"O\'DARBY, JR",UNA,Y,Y,N,N,N',
    "1999999034,BELLWOOD,PIA,Y,N,Y,N,N",
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path)
    running.write_config(tmp_path)
    found.places.prepare()
    engine = make_sync_engine(found.places.business_url)
    migrate.upgrade(engine)
    engine.dispose()
    return found


def file(place: Place, *rows: str, name: str = "OrderReferring.csv", head: str = HEAD) -> str:
    path = place.folder / name
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return str(path)


def bring(place: Place, *rows: str, name: str = "OrderReferring.csv", more: tuple[str, ...] = ()) -> str:
    done = place.run("practitioners", "import", file(place, *rows, name=name), "--as-of", "2026-11-02", *more)
    assert done.exit_code == 0, done.output
    return done.output


def lists(place: Place) -> list[tuple[str, str, int]]:
    return [(row.name, row.state, row.practitioners) for row in place.rows(practitioner_lists)]


def test_a_list_comes_in_and_says_who_may_order(place: Place) -> None:
    nothing = place.run("practitioners", "show", "1999999018")
    assert (nothing.exit_code, "No list was brought in yet" in nothing.output) == (1, True)
    said = bring(place, *ROWS)
    assert said == "OrderReferring.csv is in use: 2 people who may order equipment, as of 11/02/2026.\n"
    for npi, words in (
        ("1999999018", "may order equipment; the name begins with ALDE, I (list of 11/02/2026)"),
        ("1999999026", "may order equipment; the name begins with ODAR, U"),
        ("1999999034", "is not among those who may order equipment"),
    ):
        assert words in place.run("practitioners", "show", npi).output
    assert "is the list that is in use" in bring(place, *ROWS, name="again.csv")
    assert "OrderReferring.csv" in place.run("practitioners", "show").output


def test_the_next_list_takes_the_place_of_the_one_before(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "AT_ONCE", 2)
    bring(place, *(f"{1_999_990_000 + at},NAME,ANN,Y,Y,N,N,N" for at in range(7)))
    assert "would bring 7" in bring(place, *(f"{1_999_990_001 + at},NAME,ANN,Y,Y,N,N,N" for at in range(7)),
                                    name="b.csv", more=("--dry-run",))  # fmt: skip
    bring(place, *(f"{1_999_990_001 + at},NAME,ANN,Y,Y,N,N,N" for at in range(7)), name="b.csv")
    assert "is not among" in place.run("practitioners", "show", "1999990000").output
    assert "may order" in place.run("practitioners", "show", "1999990007").output
    assert lists(place) == [("OrderReferring.csv", "before", 7), ("b.csv", "in use", 7)]
    bring(place, *(f"{1_999_990_002 + at},NAME,ANN,Y,Y,N,N,N" for at in range(7)), name="c.csv")
    assert lists(place) == [("b.csv", "before", 7), ("c.csv", "in use", 7)]
    assert len(place.rows(practitioners)) == 14


def test_a_list_that_broke_off_is_forgotten_with_the_next(place: Place) -> None:
    bring(place, *ROWS)
    engine = make_sync_engine(place.places.business_url)
    with engine.begin() as connection:
        now = dt.datetime(2026, 11, 3, tzinfo=dt.UTC)
        broken = store.begin(connection, "half.csv", "0" * 64, now.date(), "pat", now)
        connection.execute(insert(practitioners).values(list_id=broken, npi="1999999042", last="HALF", first="A"))
    engine.dispose()
    assert "is not among" in place.run("practitioners", "show", "1999999042").output
    bring(place, *ROWS, "1999999059,CARDEW,ANN,Y,Y,N,N,N", name="b.csv")
    assert [name for name, _, _ in lists(place)] == ["OrderReferring.csv", "b.csv"]
    assert {row.npi for row in place.rows(practitioners)} == {"1999999018", "1999999026", "1999999059"}


def test_two_lists_do_not_come_in_at_once(place: Place) -> None:
    bring(place, *ROWS)
    engine = make_sync_engine(place.places.business_url)
    now = dt.datetime.now(dt.UTC)
    with engine.begin() as connection:
        other = store.begin(connection, "other.csv", "0" * 64, dt.date(2026, 11, 9), "pat", now)
    done = place.run("practitioners", "import", file(place, *ROWS[:1], name="b.csv"), "--as-of", "2026-11-09")
    assert (done.exit_code, "Another list is coming in at this moment" in done.output) == (1, True)
    with engine.begin() as connection, pytest.raises(store.NotWhole, match="Of 2 people 0 came in"):
        store.use(connection, other, 2)
    with engine.begin() as connection:
        store.broke_off(connection, other)
    with engine.begin() as connection, pytest.raises(store.NotWhole, match="Another list was taken in"):
        store.use(connection, other, 0)
    engine.dispose()
    assert lists(place)[0] == ("OrderReferring.csv", "in use", 2)
    assert "is in use: 1 people" in bring(place, *ROWS[:1], name="b.csv")


@pytest.mark.parametrize(
    ("head", "rows", "words"),
    [
        ("NPI,LAST,FIRST_NAME,DME", ROWS, "Line 1 does not name the column(s) last_name"),
        (HEAD, (*ROWS, "199999901,SHORT,ANN,Y,Y,N,N,N"), "Line 5: its NPI is not ten digits."),
        (HEAD, (*ROWS, "1999999042,SHORT,ANN,Y"), "Line 5 has 4 values where line 1 names 8 columns."),
        (HEAD, ("1999999042,SHORT,ANN,Y,perhaps,N,N,N",), "Line 2: DME is neither Y nor N."),
        (HEAD, ("1999999042,SHORT,ANN,Y,N,N,N,N",), "has nobody who may order equipment"),
        ("", (), "it is no list of who may order"),
    ],
)
def test_a_file_with_a_fault_is_refused_and_the_list_before_stays(
    place: Place, head: str, rows: tuple[str, ...], words: str
) -> None:
    bring(place, ROWS[0])
    more = ("--as-of", "2026-11-09", "--fewer")
    done = place.run("practitioners", "import", file(place, *rows, name="bad.csv", head=head), *more)
    assert (done.exit_code, words in done.output) == (1, True), done.output
    assert "may order" in place.run("practitioners", "show", "1999999018").output
    assert lists(place) == [("OrderReferring.csv", "in use", 1)]


def test_a_list_of_half_as_many_and_one_of_tomorrow_are_asked_about(place: Place) -> None:
    bring(place, *(f"{1_999_990_000 + at},NAME,ANN,Y,Y,N,N,N" for at in range(9)))
    half = file(place, *ROWS, name="half.csv")
    done = place.run("practitioners", "import", half, "--as-of", "2026-11-09")
    assert (done.exit_code, "it is probably not whole" in done.output) == (1, True)
    done = place.run("practitioners", "import", half, "--as-of", "2126-11-09")
    assert (done.exit_code, "still to come" in done.output) == (1, True)
    assert "is in use: 2 people" in bring(place, *ROWS, name="half.csv", more=("--fewer",))


def test_a_chunk_looks_each_up_once_and_knows_nobody_without_a_list(place: Place) -> None:
    engine = make_sync_engine(place.places.business_url, read_only=True)
    assert History(engine.connect, []).practitioner("1999999018") is None
    assert History(None, []).practitioner("1999999018") is None
    bring(place, *ROWS)
    day = dt.date(2026, 11, 2)
    chunk = History(engine.connect, [])
    assert chunk.practitioner("1999999018") == Practitioner("1999999018", True, "ALDE", "I", day)
    assert chunk.practitioner("1999999034") == Practitioner("1999999034", False, "", "", day)
    bring(place, "1999999018,OTHER,UNA,Y,Y,N,N,N", ROWS[1], name="b.csv")
    assert chunk.practitioner("1999999026") == Practitioner("1999999026", True, "ODAR", "U", day), (
        "it asks its own list"
    )
    assert History(engine.connect, []).practitioner("1999999018") == Practitioner("1999999018", True, "OTHE", "U", day)
    engine.dispose()


def test_letters_are_compared_without_marks_and_accents() -> None:
    assert compared("O'Brien", "Áine") == ("OBRI", "A")
    assert compared("d'", "") == ("D", "")
    assert compared("St. Ormond", " mary") == ("STOR", "M")
    assert compared("Li, Jr.", "Ø") == ("LI", "O")
    assert compared("Lee III", "Łucja") == ("LEE", "L")
    assert compared("IV", "Ann") == ("IV", "A")
    assert Practitioner("1", True, "LEE", "", dt.date(2026, 11, 2)).is_called("Lee", "Ann"), (
        "the list has no first name"
    )
