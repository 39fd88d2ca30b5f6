"""`gateway deliveries`, `equipment`, `orders` and `authorizations`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from gateway.core.store.tables import access_log, blobs, deliveries, equipment, files, orders, patients

from .conftest import Place

HEAD = "patient_id,last_name,order_number,code,delivered_on,serial\n"


def test_a_file_with_a_fault_leaves_nothing(lived: Place) -> None:
    file = lived.folder / "d.csv"
    file.write_text(f"{HEAD}P-1,QUILL,SO-1,E0443,2026-11-02,T-1\nP-2,QUILL,SO-2,E0443,yesterday,T-2\n")
    assert "Say which source it comes from: --source." in lived.run("deliveries", "import", str(file)).output
    refused = lived.run("deliveries", "import", str(file), "--source", "billing")
    assert refused.exit_code == 1
    assert "nothing was taken in" in refused.output
    assert "line 3, delivered_on: It must be a date like 2026-03-31." in refused.output
    assert "QUILL" not in refused.output
    assert not lived.rows(deliveries)


def test_import_is_one_command_for_all_of_them_and_may_only_be_tried(lived: Place) -> None:
    file = lived.folder / "d.csv"
    file.write_text(f"{HEAD}P-1,QUILL,SO-1,E0443,2026-11-02,T-1\n")
    shown = lived.run("import", "--help").output
    assert all(kind in shown for kind in ("deliveries", "equipment", "orders", "authorizations"))
    tried = lived.run("import", "deliveries", str(file), "--source", "billing", "--dry-run")
    assert tried.exit_code == 0, tried.output
    assert not lived.rows(deliveries)
    assert lived.run("import", "deliveries", str(file), "--source", "billing").exit_code == 0
    assert len(lived.rows(deliveries)) == 1


def test_a_source_that_is_not_there_is_told_which_there_are(lived: Place) -> None:
    file = lived.folder / "d.csv"
    file.write_text(HEAD + "P-1,QUILL,SO-1,E0443,2026-11-02,T-1\n")
    refused = lived.run("deliveries", "import", str(file), "--source", "elsewhere")
    assert refused.exit_code == 1
    assert "No source is called 'elsewhere'. The configuration has:" in refused.output


def test_deliveries_are_taken_in_once_and_listed(lived: Place) -> None:
    file = lived.folder / "d.csv"
    file.write_text(f"{HEAD}P-1,QUILL,SO-1,E0443,2026-11-02,T-1\nP-1,QUILL,SO-2,A7030,2026-11-09,\n")
    source = lived.config.gateway.sources[0].name
    first = lived.run("deliveries", "import", str(file), "--source", source)
    assert first.exit_code == 0, first.output
    assert "2 new, 0 changed, 0 known before." in first.output
    assert (
        "0 new, 0 changed, 2 known before." in lived.run("deliveries", "import", str(file), "--source", source).output
    )
    (row, _) = lived.rows(files, files.c.kind == "DELIVERIES")
    assert lived.archive.read(row.sha256) == file.read_bytes(), "what came is kept as it came"
    listed = lived.run("deliveries", "list", "--code", "a7030", "--csv").output
    (only,) = csv.DictReader(io.StringIO(listed))
    assert (only["order_number"], only["delivered_on"], only["source"]) == ("SO-2", "2026-11-09", source)
    assert "QUILL" not in listed
    assert "And 1 more" in lived.run("deliveries", "list", "--limit", "1").output
    assert "There is none like that." in lived.run("deliveries", "list", "--since", "2027-01-01").output
    assert "deliveries list" in {row.what for row in lived.rows(access_log)}


def test_equipment_is_taken_in_and_listed(lived: Place) -> None:
    file = lived.folder / "e.json"
    file.write_text('[{"patient_id": "P-1", "code": "E1390", "serial": "S9", "started_on": "2022-01-05"}]')
    source = lived.config.gateway.sources[0].name
    assert "1 new" in lived.run("equipment", "import", str(file), "--source", source).output
    assert len(lived.rows(equipment)) == 1
    assert "S9" in lived.run("equipment", "list", "--serial", "S9").output


def test_a_dry_run_says_what_would_come_and_leaves_nothing(lived: Place) -> None:
    source = lived.config.gateway.sources[0].name
    file = lived.folder / "o.csv"
    head = "patient_id,order_number,codes,ordered_on,signed_on\n"
    file.write_text(f"{head}P-9,RX-1,E1390 E0431,2026-11-02,\nP-9,RX-2,A7030,2026-11-02,2026-11-03\n")
    people, kept = lived.count(patients), lived.count(blobs)
    told = lived.run("orders", "import", str(file), "--source", source, "--dry-run").output
    assert "o.csv would bring: 2 new, 0 changed, 0 known before." in told
    assert "New patients: 1; nobody had their ids." in told
    assert (lived.count(orders), lived.count(patients), lived.count(blobs)) == (0, people, kept)
    assert lived.count(files, files.c.kind == "ORDERS") == 0
    assert lived.run("orders", "import", str(file), "--source", source).exit_code == 0
    file.write_text(f"{head}P-9,RX-1,E1390 E0431,2026-11-02,2026-11-05\nP-9,RX-2,A7030,2026-11-02,2026-11-03\n")
    told = lived.run("orders", "import", str(file), "--source", source, "--dry-run").output
    assert "0 new, 1 changed, 1 known before." in told
    assert "Changed: order RX-1, E0431 E1390: signed_on nothing -> 2026-11-05" in told
    assert "New patients" not in told
    assert lived.count(orders, orders.c.signed_on.is_(None)) == 1


def test_orders_are_listed_by_what_they_cover(lived: Place) -> None:
    source = lived.config.gateway.sources[0].name
    file = lived.folder / "o.json"
    file.write_text(
        '[{"patient_id": "P-9", "order_number": "RX-1", "codes": "E1390 E0431", "ordered_on": "2026-11-02"},'
        '{"patient_id": "P-9", "order_number": "RX-2", "codes": "E13", "ordered_on": "2026-11-03",'
        ' "signed_on": "2026-11-04"}]'
    )
    lived.run("orders", "import", str(file), "--source", source)

    def listed(*words: str) -> list[str]:
        found = csv.DictReader(io.StringIO(lived.run("orders", "list", *words, "--csv").output))
        return [row["order_number"] for row in found]

    assert listed() == ["RX-2", "RX-1"]
    assert listed("--code", "e1390") == ["RX-1"]
    assert listed("--code", "E13") == ["RX-2"], "a code is looked for as a whole"
    assert listed("--unsigned") == ["RX-1"]
    (patient,) = {row.patient_id for row in lived.rows(orders)}
    assert listed("--patient", str(patient), "--since", "2026-11-03") == ["RX-2"]
    assert listed("--patient", str(patient + 1)) == []


def test_the_sample_of_the_manual_is_an_order_that_can_be_taken_in(lived: Place) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    (sample,) = (block for block in manual.split("```") if block.strip().startswith("order_number,codes"))
    file = lived.folder / "o.csv"
    file.write_text(sample.strip() + "\n")
    source = lived.config.gateway.sources[0].name
    assert "1 new" in lived.run("orders", "import", str(file), "--source", source).output


def test_authorizations_are_taken_in_and_listed(lived: Place) -> None:
    source = lived.config.gateway.sources[0].name
    file = lived.folder / "a.csv"
    file.write_text(
        "patient_id,payer_id,number,codes,modifiers,decided,decided_on\n"
        "P-9,90101,U1,K0823,,affirmed,2026-10-02\nP-9,90101,,K0856,LT,pending,\n"
    )
    assert "2 new" in lived.run("authorizations", "import", str(file), "--source", source).output
    rows = list(csv.DictReader(io.StringIO(lived.run("authorizations", "list", "--csv").output)))
    assert [(row["decided"], row["number"], row["codes"]) for row in rows] == [
        ("pending", "", "K0856"),
        ("affirmed", "U1", "K0823"),
    ]
    assert "U1" not in lived.run("authorizations", "list", "--decided", "pending").output
    assert "authorizations list" in {row.what for row in lived.rows(access_log)}
