"""Work in a process of its own is given up when its books stand still, and waited for as long as they move."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import progress
from .conftest import create_tables

FOREVER = ("http.server", ["0", "--bind", "127.0.0.1"])


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(progress, "STILL_SECONDS", 0.2)
    return monkeypatch


def test_a_process_in_whose_books_nothing_moves_is_given_up(hurried: pytest.MonkeyPatch, sqlite_url: str) -> None:
    create_tables(sqlite_url)
    with pytest.raises(AssertionError, match="nothing has moved in its books"):
        progress.ended(*FOREVER, sqlite_url)


def test_one_that_gets_on_is_waited_for(hurried: pytest.MonkeyPatch, sqlite_url: str) -> None:
    looks = iter(range(12))

    def moves(url: str) -> str:
        """Something new at each look, far longer than books may stand still; then it is over."""
        number = next(looks)
        if number == 11:
            raise InterruptedError
        return str(number)

    hurried.setattr(progress, "state", moves)
    with pytest.raises(InterruptedError):
        progress.ended(*FOREVER, sqlite_url)
    assert next(looks, None) is None


def test_what_fails_shows_what_it_said(sqlite_url: str) -> None:
    with pytest.raises(AssertionError, match="No module named"):
        progress.ended("tests.no_such_module", [], sqlite_url)


def test_a_look_makes_no_database(tmp_path: Path) -> None:
    assert progress.state(f"sqlite:///{tmp_path}/none.db") == ""
    assert not list(tmp_path.iterdir())
