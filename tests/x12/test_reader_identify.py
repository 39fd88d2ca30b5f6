"""What a download holds and whether all of it is there; a file cut into tokens that are the file."""

from __future__ import annotations

import io

import pytest

from gateway.core.x12.identify import identify, looks_complete
from gateway.core.x12.tokens import LONGEST, Token, copy, tokens

from .wire import file_of, gs, interchange, isa, one_set

TA1 = "TA1*000000101*261101*1200*A*000"


@pytest.mark.parametrize(
    ("kind", "version", "name"),
    [
        ("837", "005010X222A1", "837P"),
        ("837", "005010X222A2", "837P"),
        ("837", "005010X223A2", "837I"),
        ("837", "005010X224A2", "837D"),
        ("837", "004010X098A1", "837P"),
        ("835", "005010X221A1", "835"),
        ("277", "005010X214", "277CA"),
        ("277", "005010X212", "277"),
        ("276", "005010X212", "276"),
        ("999", "005010X231A1", "999"),
        ("997", "005010", "997"),
        ("834", "005010X220A1", "other"),
    ],
)
def test_a_file_is_known_by_its_first_set(kind: str, version: str, name: str) -> None:
    data = file_of(interchange(one_set(["REF*1*2"], kind=kind, version=version)))
    assert identify(data).name == name
    assert identify(io.BytesIO(data)).interchange


def test_a_ta1_with_a_999_is_a_999_and_one_alone_a_ta1() -> None:
    body = one_set(["AK1*HC*7", "AK9*A*1*1*1"], kind="999", version="005010X231A1")
    together = interchange(body)
    assert identify(file_of([together[0], TA1, *together[1:]])).name == "999"
    assert identify(file_of([isa(), TA1, "IEA*0*000000101"])).name == "TA1"


def test_the_start_of_a_file_is_enough() -> None:
    data = file_of(interchange(one_set([f"REF*1*{n}" for n in range(10_000)])))
    stream = io.BytesIO(data)
    assert identify(stream).name == "837P"
    assert stream.tell() < len(data)
    assert identify(data[:300]).name == "837P"


@pytest.mark.parametrize("data", [b"", b"hello", b"{}", b"ISA*00*"])
def test_what_is_no_x12_is_unknown(data: bytes) -> None:
    assert identify(data) == ("", "", False)
    assert identify(data).name == "unknown"


def test_a_bare_set_stands_under_no_interchange() -> None:
    assert identify(file_of(one_set())) == ("837", "005010X222A1", False)


# --- complete ----------------------------------------------------------------------------------------

OTHER = file_of((segment.replace("*", "|") for segment in interchange(number="000000102")), "'\n")


@pytest.mark.parametrize("end", ["~", "~\n", "~\r\n", "\n", "\r\n", "\x1c"])
@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n\r\n"])
def test_a_file_that_ends_with_its_trailer_is_whole(end: str, tail: bytes) -> None:
    assert looks_complete(io.BytesIO(file_of(interchange(), end) + tail)) == (True, "")


def test_the_last_interchange_decides() -> None:
    first = file_of(interchange())
    assert looks_complete(io.BytesIO(first + OTHER)) == (True, "")
    assert not looks_complete(io.BytesIO(first + OTHER[:-2]))[0]
    assert not looks_complete(io.BytesIO(first + OTHER[:200]))[0]


@pytest.mark.parametrize("end", ["~", "~\n", "\n", "\r\n"])
def test_no_part_of_a_file_is_taken_for_all_of_it(end: str) -> None:
    """A file that is still growing: every cut, byte by byte."""
    data = file_of(interchange(), end)
    whole = len(data) - len(end) + 1
    for cut in range(3, len(data)):
        found, why = looks_complete(io.BytesIO(data[:cut]))
        assert found is (cut >= whole), cut
        assert found or why


def test_a_wrong_count_does_not_make_a_file_incomplete() -> None:
    segments = interchange()
    assert looks_complete(io.BytesIO(file_of([*segments[:-2], "GE*9*7", "IEA*9*000000101"]))) == (True, "")


def test_a_set_without_its_trailer_does_not_make_a_file_incomplete() -> None:
    """Nothing more would come by waiting; the other sets are worked on."""
    segments = interchange(one_set(number="1")[:-1], one_set(number="2"))
    assert looks_complete(io.BytesIO(file_of(segments))) == (True, "")


def test_an_empty_file_is_not_whole_and_text_may_be() -> None:
    assert looks_complete(io.BytesIO(b"")) == (False, "it is empty")
    assert looks_complete(io.BytesIO(b"\xef\xbb\xbf\n ")) == (False, "it is empty")
    assert looks_complete(io.BytesIO(b"report of the day")) == (True, "")


def test_a_byte_order_mark_changes_nothing() -> None:
    data = b"\xef\xbb\xbf" + file_of(interchange())
    assert looks_complete(io.BytesIO(data)) == (True, "")
    assert not looks_complete(io.BytesIO(data[:-1]))[0]


# --- tokens --------------------------------------------------------------------------------------------


def test_tokens_are_the_segments_and_what_stands_between() -> None:
    segments = interchange()
    data = b"\xef\xbb\xbf" + file_of(segments, "~\r\n") + b"END"
    found = list(tokens(io.BytesIO(data)))
    assert [token.raw for token in found[:-1]] == segments
    assert found[0] == Token("\xef\xbb\xbf", isa(), "~")
    assert found[1] == Token("\r\n", gs(), "~")
    assert found[-1] == Token("\r\n", "END", "")


def test_tokens_follow_the_separators_of_each_interchange() -> None:
    found = [token for token in tokens(io.BytesIO(file_of(interchange()) + OTHER)) if token.raw]
    assert [token.terminator for token in found] == ["~"] * (len(found) // 2) + ["'"] * (len(found) // 2)


def test_an_interchange_put_behind_one_that_was_cut_off_is_a_token_of_its_own() -> None:
    data = file_of(interchange())[:-30] + file_of(interchange(number="000000102"))
    assert [token.raw[:3] for token in tokens(io.BytesIO(data))].count("ISA") == 2
    assert b"".join(copy(io.BytesIO(data))) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" " * (2 * LONGEST),
        b"X" * (3 * LONGEST),
        file_of(interchange())[:110] + b"Y" * (2 * LONGEST) + b"~",
        b"ISA*" * 9999,
    ],
)
def test_what_is_no_x12_passes_through_in_bounded_tokens(data: bytes) -> None:
    assert b"".join(copy(io.BytesIO(data))) == data
    assert all(len(token.gap + token.raw) <= 3 * LONGEST for token in tokens(io.BytesIO(data)))
