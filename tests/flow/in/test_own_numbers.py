"""Claims that left under our numbers have their source's own again in what goes back."""

from __future__ import annotations

import io

import pytest

from gateway.core.flow.own_numbers import our_numbers_in, under_own_numbers

from ...posting.made import Clp, Era, Svc, make_835
from .files import envelope, status_277ca

SERVICE = [Svc("E1390", "150", "100")]


def given(data: bytes, **numbers: str) -> bytes:
    """What a source gets; keywords are our numbers without their hyphen, each with the source's own."""
    known = {ours.replace("_", "-"): own for ours, own in numbers.items()}
    return b"".join(under_own_numbers(io.BytesIO(data), known))


def test_our_numbers_are_found_whether_or_not_anything_was_posted() -> None:
    data = make_835(Era([Clp("GW1-1", SERVICE), Clp("OTHER", SERVICE)]), Era([Clp("GW2-A", SERVICE)]))
    assert our_numbers_in(io.BytesIO(data)) == {"GW1-1", "GW2-A"}
    assert our_numbers_in(io.BytesIO(data.replace(b"CLP*GW1-1*", b"CLP* GW1-1 *"))) == {"GW1-1", "GW2-A"}
    assert our_numbers_in(io.BytesIO(make_835(Era([Clp("C-1", SERVICE)])))) == set()


def test_only_what_names_the_claim_is_changed() -> None:
    data = envelope([status_277ca("BATCH1", [("GW1-1", "A2"), ("GW9-9", "A2")])])
    assert given(data, GW1_1="C-77") == data.replace(b"TRN*2*GW1-1~", b"TRN*2*C-77~")


def test_a_padded_number_is_known() -> None:
    data = make_835(Era([Clp("GW1-1", SERVICE)])).replace(b"CLP*GW1-1*", b"CLP*GW1-1  *")
    assert b"CLP*C-77*" in given(data, GW1_1="C-77")


@pytest.mark.parametrize("own", ["12*34", "12:34", "12~34", "12^34"])
def test_a_number_that_holds_a_separator_stays_ours(own: str) -> None:
    data = make_835(Era([Clp("GW1-1", SERVICE)]))
    assert b"^" in data[:106]
    assert given(data, GW1_1=own) == data
