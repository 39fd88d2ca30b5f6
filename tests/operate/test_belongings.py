"""`gateway deliveries` and `gateway equipment`."""

from __future__ import annotations

import csv
import io

from gateway.core.store.tables import access_log, deliveries, equipment, files

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
