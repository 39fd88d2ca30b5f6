"""What an operator sees of the rows that plugins keep: explain, doctor, purge, backup, and a start that is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from gateway.core.store import plugin_rows
from gateway.core.store.plugin_rows import Kept
from gateway.core.store.tables import work_items
from gateway.plugins.rows import DeclaredTable

from ..flow.out.made import Made, make_837
from .conftest import Place
from .still import nothing_changes
from .test_backup import place_for
from .test_doctor import NOW

PLUGIN = """
from gateway.core.model.posting import WorkItemDraft
from gateway.plugins import RowTable, hookimpl

gateway_api = 1

@hookimpl
def plugin_tables():
    return [RowTable("seen", {"code": str, COLUMNS}, key=("code",))]

@hookimpl
def scrub_claim(claim, context):
    context.note(f"Seen {len(context.rows('seen'))} before.")
    context.keep("seen", {"code": claim.lines[0].code})
    context.open_item(WorkItemDraft(rule="SEEN", team="billing", reason="Look at this item."))

@hookimpl
async def hold_claim(claim, context):
    await context.http.get("https://payer.example/v1")
"""


def use(place: Place, columns: str = '"count": int', hold: str = "[]") -> None:
    """The plugin stands in the chain that takes everything."""
    folder = place.folder / "own"
    folder.mkdir(exist_ok=True)
    # Code of the same size written in the same second would be taken for what is compiled already.
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    (folder / "remembers.py").write_text(PLUGIN.replace("COLUMNS", columns))
    main = place.config_dir / "gateway.yaml"
    if "plugins_dir" not in main.read_text():
        main.write_text(main.read_text() + f"plugins_dir: {folder}\n")
    for chain in (place.config_dir / "chains").glob("*.yaml"):
        chain.unlink()
    (place.config_dir / "chains/default.yaml").write_text(
        f"stations:\n  scrub: [remembers]\n  hold: {hold}\n  post: [autoposting]\n"
    )


def stop_using(place: Place) -> None:
    (place.config_dir / "chains/default.yaml").write_text("stations:\n  post: [autoposting]\n")


def keep(place: Place) -> DeclaredTable:
    """As the gateway does when it starts, and commits a claim."""
    (declared,) = place.config.plugin_tables()
    with place.sql.begin() as connection:
        plugin_rows.prepare(connection, [declared], NOW)
        plugin_rows.write(connection, [Kept(declared, 1, ("E1390", 3))], NOW)
    return declared


def line(said: str, name: str) -> str:
    (found,) = [one for one in said.splitlines() if f" {name}" in one]
    return found


def test_a_table_that_no_longer_fits_is_refused_at_the_start_and_by_the_doctor(lived: Place) -> None:
    use(lived)
    keep(lived)
    lived.let_go()
    use(lived, '"count": str')
    # In processes of their own: here the plugin's code is loaded already.
    for words in (("doctor", "--quick"), ("serve",)):
        command = [sys.executable, "-m", "gateway.cli", "-c", str(lived.config_dir), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        assert done.returncode == 1
        told = "Plugin remembers: the table seen holds rows already and has int in the column count, not text."
        assert told in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_what_nobody_uses_any_more_is_named_and_removed_when_asked(lived: Place) -> None:
    use(lived)
    assert "more are made when the gateway starts" in lived.run("doctor", "--quick").output
    keep(lived)
    in_use = lived.run("purge", "--plugin-rows", "remembers")
    assert in_use.exit_code == 1
    assert "take it out of the chains first" in in_use.output
    stop_using(lived)
    assert "gateway purge --plugin-rows NAME" in lived.run("doctor", "--quick").output
    dry = lived.run("purge", "--plugin-rows", "remembers", "--dry-run").output
    assert dry == "Would remove plugin_remembers__seen (1 rows).\n"
    assert lived.run("purge", "--plugin-rows", "remembers").output == "Removed plugin_remembers__seen (1 rows).\n"
    gone = lived.run("purge", "--plugin-rows", "remembers")
    assert gone.exit_code == 1
    assert "No plugin remembers keeps rows here." in gone.output


def test_a_backup_has_them(lived: Place, tmp_path: Path) -> None:
    use(lived)
    declared = keep(lived)
    assert lived.run("backup", str(tmp_path / "night")).exit_code == 0
    there = place_for(lived, tmp_path / "there")
    assert there.run("restore", str(tmp_path / "night")).exit_code == 0
    with there.sql.connect() as connection:
        assert plugin_rows.rows_by_owner(connection, declared, {1: 1}) == {1: [{"code": "E1390", "count": 3}]}
    there.let_go()


def test_explain_shows_what_would_be_kept_and_opened_and_does_neither(lived: Place) -> None:
    use(lived, hold='[{plugin: remembers, http: ["https://payer.example/v1"]}]')
    declared = keep(lived)
    items = len(lived.rows(work_items))
    file = lived.folder / "a.837"
    file.write_bytes(make_837([Made("C-1")]))
    with nothing_changes(lived):
        done = lived.run("explain", str(file), "--source", "billing")
    said = done.output
    assert "notes: Seen 0 before." in said
    assert "[SEEN] by remembers: Look at this item." in said
    assert "remembers in its table seen: (shown with --patient)" in said
    assert "it calls out, and explain does not" in said
    assert "code E1390" in lived.run("explain", str(file), "--source", "billing", "--patient").output
    assert len(lived.rows(work_items)) == items
    with lived.sql.connect() as connection:
        assert plugin_rows.rows_by_owner(connection, declared, {1: 1}) == {1: [{"code": "E1390", "count": 3}]}
