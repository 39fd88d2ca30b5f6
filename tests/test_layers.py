"""Who may import whom: held by import-linter for the package, by reading the source for the plugins."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLUGIN_FILES = sorted([*(ROOT / "plugins").rglob("*.py"), *(ROOT / "examples").glob("*/src/**/*.py")])
ALLOWED = ("gateway.plugins", "gateway.core.model", "gateway.core.x12")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Absolute imports of a file: line and module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.lineno, node.module
            # `from gateway.core import store` imports a module as well.
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def below(module: str, *roots: str) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def test_every_room_imports_only_what_stands_right_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlinter import cli

    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), is_debug_mode=False, no_cache=True) == 0


@pytest.mark.parametrize("path", PLUGIN_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_plugin_imports_only_the_doors_the_model_and_the_wire(path: Path) -> None:
    strayed = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for line, module in imports(path)
        if below(module, "gateway") and not below(module, *ALLOWED) and module not in ("gateway", "gateway.core")
    ]
    assert not strayed


def test_there_are_plugins_to_look_at() -> None:
    assert len(PLUGIN_FILES) > 3


def test_nobody_imports_the_folder_of_plugins() -> None:
    strayed = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("gateway", "plugins", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        # Environments of the benchmarks' peers are not ours.
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        for line, module in imports(path)
        if (below(module, "plugins", "gateway_plugins") and folder != "tests") or below(module, "plugins")
    ]
    assert not strayed


def test_the_wire_touches_no_file_clock_database_or_loop() -> None:
    # `io` is allowed: bytes in memory are no file.
    outside = ("os", "pathlib", "time", "asyncio", "socket", "sqlite3", "sqlalchemy", "random", "threading")
    strayed = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in (ROOT / "gateway/core/x12").rglob("*.py")
        for line, module in imports(path)
        if below(module, *outside) or (below(module, "gateway") and not below(module, "gateway.core.x12"))
    ]
    assert not strayed


def test_the_checker_of_patients_lives_imports_nothing_of_the_gateway_and_nothing_installed() -> None:
    strayed = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in (ROOT / "tests/oracle").rglob("*.py")
        for line, module in imports(path)
        if module.partition(".")[0] not in sys.stdlib_module_names and not below(module, "tests.oracle")
    ]
    # `from ..posting import x` would leave the room without a name that stands in the list above.
    strayed += [
        f"{path.relative_to(ROOT)}:{node.lineno} leaves tests/oracle"
        for path in (ROOT / "tests/oracle").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level > len(path.relative_to(ROOT / "tests/oracle").parts)
    ]
    assert not strayed
