"""Plugins are found in folders and packages; what cannot be loaded is explained, not thrown at the reader."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gateway.plugins.discovery import Finder, bundled_folder
from gateway.plugins.host import PluginHost, PluginRefused

GOOD = """
from gateway.plugins import hookimpl
from .rules import LIMIT

gateway_api = 1
__version__ = "2.3"

@hookimpl
def scrub_claim(claim):
    return None
"""


def write(folder: Path, name: str, text: str, **more: str) -> Path:
    plugin = folder / name
    plugin.mkdir(parents=True)
    (plugin / "__init__.py").write_text(textwrap.dedent(text))
    for file, content in more.items():
        (plugin / f"{file}.py").write_text(textwrap.dedent(content))
    return plugin


def refusal(folder: Path, name: str) -> str:
    with pytest.raises(PluginRefused) as caught:
        Finder(folder=folder).load(name, PluginHost())
    return str(caught.value)


def test_a_folder_plugin_is_imported_by_path_with_relative_imports(tmp_path: Path) -> None:
    write(tmp_path, "medicaid_ohio", GOOD, rules="LIMIT = 3")
    host = PluginHost()
    loaded = Finder(folder=tmp_path).load("medicaid_ohio", host)
    assert loaded.object.__name__ == "gateway_plugins.medicaid_ohio"  # type: ignore[attr-defined]
    assert (loaded.origin, loaded.version) == ("folder", "2.3")
    assert list(loaded.hooks) == ["scrub_claim"]


def test_a_plugin_may_be_one_file(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text("gateway_api = 1\n")
    assert Finder(folder=tmp_path).load("tiny", PluginHost()).name == "tiny"


def test_a_plugin_that_states_no_version_is_told_apart_by_its_code(tmp_path: Path) -> None:
    def version(folder: str, text: str, **more: str) -> str:
        write(tmp_path / folder, "unversioned", text, **more)
        return Finder(folder=tmp_path / folder).load("unversioned", PluginHost()).version

    first = version("a", "gateway_api = 1\n", rules="X = 1")
    assert re.fullmatch(r"0\+[0-9a-f]{10}", first)
    assert version("b", "gateway_api = 1\n", rules="X = 1") == first
    assert version("c", "gateway_api = 1\n", rules="X = 2") != first
    assert version("d", "gateway_api = 1\n__version__ = '1.4'\n", rules="X = 1") == "1.4"


def test_the_same_name_in_another_folder_is_another_plugin(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path / str(number), "house_rules", f"gateway_api = 1\n__version__ = '{number}'")
        loaded = Finder(folder=tmp_path / str(number)).load("house_rules", PluginHost())
        assert loaded.version == str(number)


def test_an_unknown_plugin_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, "medicaid_ohio", GOOD, rules="LIMIT = 3")
    text = refusal(tmp_path, "medicaid_oiho")
    assert "There is no plugin 'medicaid_oiho'. Did you mean 'medicaid_ohio'?" in text


def test_an_import_error_names_the_plugins_own_line(tmp_path: Path) -> None:
    write(tmp_path, "broken", "from . import rules", rules="X = 1\nimport no_such_library\n")
    text = refusal(tmp_path, "broken")
    assert "ModuleNotFoundError at broken/rules.py:2: No module named 'no_such_library'" in text
    assert "Install what it needs" in text
    assert "Traceback" not in text


def test_a_plugin_may_import_its_own_modules_by_its_own_name_and_gets_them_once(tmp_path: Path) -> None:
    # The folder of its project stands where Python looks, as it does for whoever works in the folder above it.
    (tmp_path / "northbridge_two").mkdir()
    write(
        tmp_path / "src",
        "northbridge_two",
        """
        import northbridge_two.rules
        from northbridge_two import desk
        from northbridge_two.rules import LIMIT
        from . import rules as again
        gateway_api = 1
        ONE = northbridge_two.rules is again is desk.rules
        """,
        rules="MADE = []\nMADE.append(1)\nLIMIT = 3",
        desk="from northbridge_two import rules\nfrom .rules import LIMIT",
    )
    script = (
        "import sys; from pathlib import Path\n"
        "from gateway.plugins.discovery import Finder\n"
        "from gateway.plugins.host import PluginHost\n"
        "plugin = Finder(folder=Path('src')).load('northbridge_two', PluginHost()).object\n"
        "print(plugin.ONE, plugin.again.MADE, plugin.__spec__.name, plugin.again.__spec__.name)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert ran.stderr == ""
    assert ran.stdout.split() == [
        "True",
        "[1]",
        "gateway_plugins.northbridge_two",
        "gateway_plugins.northbridge_two.rules",
    ]


def test_the_own_name_of_a_plugin_is_for_itself_alone(tmp_path: Path) -> None:
    write(tmp_path, "quiet_plugin", "gateway_api = 1")
    write(tmp_path, "loud_plugin", "import quiet_plugin\ngateway_api = 1")
    assert "quiet_plugin" in Finder(folder=tmp_path).load("quiet_plugin", PluginHost()).name
    assert importlib.util.find_spec("quiet_plugin") is None
    assert "No module named 'quiet_plugin'" in refusal(tmp_path, "loud_plugin")


def test_a_plugin_that_was_mended_is_imported_anew(tmp_path: Path) -> None:
    plugin = write(tmp_path, "mended_plugin", "from mended_plugin import rules\ngateway_api = 1", rules="1/0")
    assert "ZeroDivisionError at mended_plugin/rules.py:1" in refusal(tmp_path, "mended_plugin")
    assert not [name for name in sys.modules if "mended_plugin" in name]
    (plugin / "rules.py").write_text("LIMIT = 14")
    loaded = Finder(folder=tmp_path).load("mended_plugin", PluginHost())
    assert loaded.object.rules.LIMIT == 14  # type: ignore[attr-defined]


def test_an_installed_package_keeps_its_name_and_the_plugin_is_told_what_to_write(tmp_path: Path) -> None:
    write(tmp_path, "tomllib", "from tomllib import desk\ngateway_api = 1", desk="X = 1")
    text = refusal(tmp_path, "tomllib")
    assert "cannot import name 'desk' from 'tomllib'" in text
    assert "inside the plugin write `from . import ...` instead of `from tomllib import ...`" in text


def test_a_module_beside_is_told_how_to_import_it(tmp_path: Path) -> None:
    write(tmp_path, "in_folder", "import rules\ngateway_api = 1", rules="X = 1")
    assert "It is a module of the plugin's own: write `from . import rules`" in refusal(tmp_path, "in_folder")
    (tmp_path / "one_file.py").write_text("import shared_words\ngateway_api = 1")
    (tmp_path / "shared_words.py").write_text("X = 1")
    text = refusal(tmp_path, "one_file")
    assert "move one_file.py to one_file/__init__.py and shared_words.py to one_file/shared_words.py" in text


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    write(tmp_path, "unfinished", "gateway_api = 1\ndef scrub(:\n")
    assert "SyntaxError at unfinished/__init__.py:2" in refusal(tmp_path, "unfinished")


def test_a_plugin_that_exits_while_it_is_imported_takes_nobody_with_it(tmp_path: Path) -> None:
    write(tmp_path, "quitter", "import sys\nsys.exit(3)\n")
    assert "SystemExit at quitter/__init__.py:2" in refusal(tmp_path, "quitter")


def test_a_name_that_is_found_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "scrubber", "gateway_api = 1")
    assert "was found twice" in refusal(tmp_path, "scrubber")


def test_only_the_named_plugins_are_loaded(tmp_path: Path) -> None:
    write(tmp_path, "one", "gateway_api = 1")
    write(tmp_path, "two", "gateway_api = 1")
    finder = Finder(folder=tmp_path, only=["one"])
    assert finder.names == ["one"]
    with pytest.raises(PluginRefused, match=r"`plugins` in gateway\.yaml does not name it"):
        finder.load("two", PluginHost())


def test_one_broken_plugin_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path, "broken", "1/0")
    write(tmp_path, "sound", "gateway_api = 1")
    host = PluginHost()
    refused = Finder(folder=tmp_path, only=["broken", "sound"]).load_all(host)
    assert "sound" in host
    assert len(refused) == 1
    assert "ZeroDivisionError at broken/__init__.py:1" in refused[0]


def test_every_bundled_plugin_loads() -> None:
    assert bundled_folder().name in ("plugins", "bundled")
    host = PluginHost()
    finder = Finder()
    assert finder.load_all(host) == []
    assert {"clearinghouse_sftp", "scrubber"} <= {plugin.name for plugin in host}


def test_an_installed_package_is_found_by_its_entry_point(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "acme_rules-4.5.dist-info").mkdir(parents=True)
    (site / "acme_rules-4.5.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-rules\nVersion: 4.5\n"
    )
    (site / "acme_rules-4.5.dist-info" / "entry_points.txt").write_text("[gateway.plugins]\nacme = acme_rules\n")
    (site / "acme_rules.py").write_text("gateway_api = 1\n")
    script = (
        "from gateway.plugins.discovery import Finder\n"
        "from gateway.plugins.host import PluginHost\n"
        "plugin = Finder().load('acme', PluginHost())\n"
        "print(plugin.name, plugin.version, plugin.origin)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": f"{site}:{Path(__file__).parents[2]}"},
    )
    assert ran.stdout.strip() == "acme 4.5 package"
