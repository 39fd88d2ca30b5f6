"""`gateway explain` where plugins do what they should not, and where there is something to hide."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.store.tables import access_log, claims

from ..bad_plugins.bad import CLAIMS, stations
from ..flow.out.made import Made, make_837
from ..web import running
from .conftest import Place
from .still import nothing_changes

HARMFUL = tuple(
    bad for bad in CLAIMS if bad.name in ("raises", "hangs", "sleeps", "exits", "ends_the_process", "forks")
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A gateway that was never started, with bad plugins in its chain."""
    config = running.write_config(tmp_path, more="plugins_dir: plugins")
    (config / "plugins").mkdir()
    for bad in HARMFUL:
        (config / "plugins" / f"{bad.name}.py").write_text(bad.code([f"C-{bad.name}"[:20]], ""))
    (config / "chains/medicare-dme.yaml").unlink()
    (config / "chains/default.yaml").write_text("stations:\n" + stations(HARMFUL))
    return Place(tmp_path)


def test_each_harms_its_claim_and_the_others_are_told(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "new.837"
    path.write_bytes(make_837([Made(number=f"C-{bad.name}"[:20]) for bad in HARMFUL] + [Made(number="C-well")]))
    done = place.run("explain", str(path))
    assert done.exit_code == 1
    for bad in HARMFUL:
        waits = f"SYS hold [plugin:{bad.name}] by {bad.name} for edi: Plugin {bad.name} failed in {bad.station}: "
        assert (waits in done.output) is bool(bad.says), bad.name
        assert bad.says in done.output
    assert "2 would go, 5 would wait. Nothing was written." in done.output
    assert "Traceback" not in done.output


def test_free_text_is_shown_only_where_it_is_asked_for(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "new.837"
    note = "NTE*ADD*MRS QUILL CALLED FROM 6145550199"
    path.write_bytes(make_837([Made(extra=["K3*JANE QUILL", note])]))
    hidden = place.run("explain", str(path)).output
    assert "QUILL" not in hidden
    assert "NTE*ADD*...~" in hidden
    assert "K3*...~" in hidden
    assert note in place.run("explain", str(path), "--patient").output


def test_what_a_plugin_writes_into_free_text_is_hidden_too(place: Place, tmp_path: Path) -> None:
    code = (
        "from gateway.plugins import hookimpl\ngateway_api = 1\n@hookimpl\ndef scrub_claim(claim):\n"
        "    claim.set('NTE[ADD]02', 'JANE QUILL')\n    claim.set('REF[EA]02', 'CHART QUILL')\n"
    )
    (place.config_dir / "plugins/writes.py").write_text(code)
    (place.config_dir / "chains/default.yaml").write_text("stations: {scrub: [writes]}\n")
    path = tmp_path / "new.837"
    path.write_bytes(make_837([Made()]))
    for form in ("text", "json"):
        output = place.run("explain", str(path), "--format", form).output
        assert "writes" in output
        assert "QUILL" not in output


def test_who_was_shown_a_patient_stands_in_the_access_log(lived: Place, tmp_path: Path) -> None:
    claim = lived.rows(claims, claims.c.state == "paid")[0]
    path = tmp_path / "new.837"
    path.write_bytes(make_837([Made()]))
    with nothing_changes(lived, tmp_path / "none"):
        lived.run("trace", claim.claim_number)
        lived.run("explain", str(path))
    before = lived.count(access_log)
    lived.run("trace", claim.claim_number, "--patient")
    lived.run("explain", str(path), "--patient")
    rows = lived.rows(access_log)[before:]
    assert [row.what for row in rows] == [f"trace claim {claim.id} --patient", "explain a file on disk --patient"]
    assert {row.source for row in rows} == {"command line"}
