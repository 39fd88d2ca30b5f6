"""docs/orders-and-resupply.md: its samples are taken as they stand there, and become what it says."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import yaml

from gateway.plugins import PluginSettings
from gateway.plugins.testing import (
    DeskContext,
    make_claim,
    make_claim_view,
    make_history,
    make_line,
    make_patient_view,
    plugin_desk,
)

from ..order_confirmation.shipped import CONFIRMATION
from .shipped import RESUPPLY, TABLES

PAGE = (Path(__file__).parents[3] / "docs/orders-and-resupply.md").read_text()
FILES: dict[str, str] = dict(re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", PAGE, flags=re.M | re.S))
IN_GATEWAY, IN_CHAIN = (
    # Every scalar as the text that stands there, as a configuration is read.
    yaml.load(text, Loader=yaml.BaseLoader)
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
)
DELIVERED = dt.date(2026, 6, 8)


def resupply_on(day: dt.date) -> DeskContext:
    mask = make_claim(make_line("A7030", "NU", "KX", charge="150", from_date=DELIVERED), claim_number="SO-100")
    patient = make_patient_view(
        1,
        history=[make_history("A7030", "NU", "KX", from_date=DELIVERED, claim_number="SO-100")],
        source_ids={"billing": "P-9"},
    )
    view = make_claim_view("A7030", "NU", "KX", number="SO-100", from_date=DELIVERED)
    return plugin_desk(RESUPPLY, today=day, patients=[patient], claims=[view], whole={1: mask}, tables=TABLES)


def test_the_order_becomes_the_claim_that_the_page_says() -> None:
    kit = plugin_desk(CONFIRMATION, IN_GATEWAY["desk"]["order_confirmation"], today=dt.date(2026, 6, 10), tables=TABLES)
    said = kit.drop("orders", FILES["orders.json"].encode())
    assert [tuple(row.values()) for row in said] == [("SO-100", "billed", "SO-100")]
    assert [(line.code, line.modifiers) for line in kit.made[0].claim.lines] == [
        ("E0601", ("RR", "KH", "KX")),
        ("A7030", ("NU", "KX")),
    ]


def test_the_refill_request_is_kept() -> None:
    kit = resupply_on(dt.date(2026, 8, 12))
    assert [row["said"] for row in kit.drop("refills", FILES["refills.csv"].encode())] == ["kept"]


def test_the_shipment_becomes_a_claim() -> None:
    kit = resupply_on(dt.date(2026, 8, 28))
    (row,) = kit.drop("shipments", FILES["shipments.csv"].encode())
    assert row["said"].startswith("billed as")


def test_the_settings_of_a_payer_are_taken() -> None:
    model = RESUPPLY.plugin_settings()
    assert issubclass(model, PluginSettings)
    step = IN_CHAIN["stations"]["hold"][1]
    assert model.model_validate(step["settings"]).payer_classes == ("regence", "medicare")
    for payer_class in step["settings"]["payer_classes"]:
        assert any(row.values["payer_class"] == payer_class for row in TABLES["refill_rules"].rows)


def test_the_table_of_reasons_is_the_one_that_is_shipped() -> None:
    told = re.findall(r"^\| ([A-Z-]+) \| (OC-\d) \| (\w+) \|", PAGE, flags=re.M)
    rows = [tuple(row.values[name] for name in ("code", "rule", "team")) for row in TABLES["order_reasons"].rows]
    assert told == rows
