"""An old claim status (5.4) is told first, whatever else keeps a payment from posting; its twin with a status of today
tells the other reason alone."""

from __future__ import annotations

import pytest

from .conftest import Desk, Line
from .made import Clp, Era, Svc

ALIKE = Svc("K0001", "50", "50")
OLD = "Claim status 5 (CLP02) is not one that posts by itself, unless a setting (status_as) says"


def waits(desk: Desk, number: str, *services: Svc, status: str, paid: str = "") -> str:
    charge = str(50 * len(services))
    total = paid or charge
    desk.post(Era([Clp(number, services, status=status, charge=charge, paid=total)], total=total))
    (item,) = desk.items("posting_exception")
    return str(item.reason)


@pytest.mark.parametrize(
    ("number", "paid", "other"),
    [
        ("SW1", "", "may be line 1 or 2, and nothing tells for certain"),
        ("NOBODY", "", "No claim has the numbers in CLP01 and CLP07"),
        ("SW1", "99", "apart"),
    ],
)
@pytest.mark.parametrize("status", ["5", "1"])
def test_an_old_status_is_told_before_what_else_is_wrong(
    desk: Desk, status: str, number: str, paid: str, other: str
) -> None:
    desk.claim("SW1", Line("K0001", "50", "L1"), Line("K0001", "50", "L2"))
    said = waits(desk, number, ALIKE, ALIKE, status=status, paid=paid)
    assert other in said
    assert (OLD in said) is (status == "5")


def test_an_old_status_alone_is_told_once(desk: Desk) -> None:
    desk.claim("SW1", Line("K0001", "50", "L1"))
    said = waits(desk, "SW1", ALIKE, status="5")
    assert said.count("is not one that posts by itself") == 1
    assert "Besides" not in said


def test_what_a_setting_says_it_means_posts(desk: Desk) -> None:
    desk.post_steps = "[{plugin: autoposting, settings: {status_as: {'5': '1'}}}]"
    desk.claim("SW1", Line("K0001", "50", "L1"))
    desk.post(Era([Clp("SW1", [ALIKE], status="5", charge="50", paid="50")], total="50"))
    assert [row.state for row in desk.payments()] == ["posted"]
