"""Open order days, and how long delivered orders take to their claim and to the payer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, Update, insert, update

from gateway.core.flow.desk_lookups import key_of
from gateway.core.reports.catalogue import NotAsked
from gateway.core.reports.orders import WAITING_KIND
from gateway.core.store.tables import claims, deliveries, orders, patients
from gateway.core.work.items import close_items

from ..plugins.order_confirmation.shipped import desk, order, reasons
from ..work.desk import NOW, put_item
from .books import at, billed, day, drilled, one, sent, worked_out

PATIENT = 1


def waits(sql: Connection, number: str, reason: str, cents: int, payer: str = "16013") -> None:
    """An order waits for a reason, as the plugin says it."""
    put_item(sql, key(number, reason), kind=WAITING_KIND, cents=cents, payer_id=payer)


def key(number: str, reason: str) -> str:
    return key_of("order_confirmation", f"shop {number} {reason} 1")


def delivered(sql: Connection, number: int, claim: int, ago: int, *, ordered: int | None = None) -> None:
    """Something was delivered for a claim so many days ago; it was ordered before."""
    if number == 1:
        sql.execute(insert(patients).values(id=PATIENT, last_name="FERNSBY", first_name="POSY", created_at=NOW))
    sql.execute(
        insert(deliveries).values(
            id=number, patient_id=PATIENT, file_id=1, source="shop", key=f"d{number}", order_number=f"O-{number}",
            code="E1390", delivered_on=day(ago), claim_number=f"C-{claim}", created_at=NOW,
        )
    )  # fmt: skip
    if ordered is not None:
        sql.execute(
            insert(orders).values(
                id=number, patient_id=PATIENT, file_id=1, source="shop", key=f"o{number}",
                order_number=f"O-{number}", ordered_on=day(ordered), created_at=NOW,
            )
        )  # fmt: skip


def test_the_items_are_as_order_confirmation_opens_them() -> None:
    kit = desk()
    found = reasons(kit, order(member_id=None, orderer_npi=None))
    assert len(found) == 2
    assert {one.kind for one in kit.opened} == {WAITING_KIND}
    assert {one.key.rsplit(" ", 2)[1] for one in kit.opened} == set(found)
    assert len({one.key.rsplit(" ", 2)[0] for one in kit.opened}) == 1


def test_open_orders_count_once_in_all_and_in_each_of_their_reasons(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 90_000, 20, state="paid")
        waits(sql, "O 1", "SERIAL", 3_000)
        waits(sql, "O 1", "PRICE", 3_000)
        waits(sql, "O 2", "PRICE", 500, payer="90101")
        waits(sql, "O 3", "PRICE", 9_900)
        close_items(sql, [key("O 3", "PRICE")], "mended", NOW)
        figure = one(sql, "open-order-days")
        # 90,000 over 90 days is 1,000 a day.
        assert (figure.numerator, figure.denominator, figure.value) == (3_500, 1_000, Decimal("3.50"))
        assert figure.words == "2 orders"
        assert one(sql, "open-order-days", "PRICE").numerator == 3_500
        assert one(sql, "open-order-days", "SERIAL").numerator == 3_000
        assert one(sql, "open-order-days", payer="90101").value == Decimal("0.50")
        assert drilled(sql, "open-order-days") == {}
        with pytest.raises(NotAsked):
            worked_out(sql, "open-order-days", source="shop")


def test_where_no_order_waits_there_are_no_open_order_days(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 90_000, 20, state="paid")
        assert [(one.group, one.numerator, one.words) for one in worked_out(sql, "open-order-days").figures] == [
            ("all", 0, "0 orders")
        ]


def test_the_lag_counts_from_the_first_delivery_and_from_the_order(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 10_000, 20, patient_id=None)
        billed(sql, 2, 7_000, 10, patient_id=None)
        billed(sql, 3, 5_000, 10, patient_id=None)
        delivered(sql, 1, 1, 24, ordered=30)
        delivered(sql, 2, 1, 22)
        delivered(sql, 3, 2, 10)
        for claim in (1, 2, 3):
            sql.execute(_of_the_patient(claim))
        sent(sql, 1, 1, 17)
        sent(sql, 2, 1, 3, resubmits=1)
        found = {one.group: one for one in worked_out(sql, "confirmation-lag").figures}
        told = {group: (one.numerator, one.denominator, one.words) for group, one in found.items()}
        assert told == {
            "delivery to confirmation": (4, 2, "50.00 % same or next day"),
            "order to confirmation": (10, 1, "0.00 % same or next day"),
            "delivery to first bill": (7, 1, "0.00 % same or next day"),
            "order to first bill": (13, 1, "0.00 % same or next day"),
        }
        assert found["delivery to confirmation"].value == Decimal("2.00")
        assert drilled(sql, "confirmation-lag", "delivery to confirmation") == {1: "100.00"}
        assert drilled(sql, "confirmation-lag", "order to first bill") == {1: "100.00"}
        assert one(sql, "confirmation-lag", "delivery to confirmation", payer="90101").denominator == 0


def test_a_delivery_that_was_told_too_late_counts_as_none(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 10_000, 20, patient_id=None)
        delivered(sql, 1, 1, 18)
        sql.execute(_of_the_patient(1))
        assert one(sql, "confirmation-lag", "delivery to confirmation").numerator == 0
        assert one(sql, "confirmation-lag", "delivery to first bill").value is None
        assert at(18) - at(20) == dt.timedelta(days=2)


def _of_the_patient(claim: int) -> Update:
    return update(claims).where(claims.c.id == claim).values(patient_id=PATIENT)
