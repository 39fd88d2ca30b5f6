"""Every rule that the shipped plugins keep, and the tests that show it: read from the code and the tests themselves."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gateway.plugins import Rule
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.own_imports import PACKAGE

ROOT = Path(__file__).parents[2]
LEFT_OUT = Path(__file__).with_name("left_out.toml")
DOMAIN = ROOT.parent / "shared" / "domain" / "hme-billing-rules.md"
_ID = re.compile(r"\b(?:R1\.\d\d|O-[CMR]\d|RUL-\d|RS-\d)\b")


class Kept(NamedTuple):
    """A rule, the plugin that keeps it, and the tests that show it (`file::test`)."""

    plugin: str
    rule: Rule
    tests: tuple[str, ...]


def shown() -> dict[tuple[str, str], list[str]]:
    """Tests by the plugin in whose folder they stand and the rule in their marker; the folder is empty where a test
    stands in none."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests" / "plugins").rglob("test_*.py")):
        folder = path.parent.name if path.parent.name != "plugins" else ""
        for test, rules in _marked(ast.parse(path.read_text())):
            for rule in rules:
                found[folder, rule].append(f"{path.relative_to(ROOT)}::{test}")
    return found


def _marked(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    everywhere = [
        rule
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(at, ast.Name) and at.id == "pytestmark" for at in node.targets)
        for rule in _rules(node.value)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            own = [rule for decorator in node.decorator_list for rule in _rules(decorator)]
            yield node.name, own + everywhere


def _rules(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "rule":
            yield from (str(arg.value) for arg in one.args if isinstance(arg, ast.Constant))


def kept() -> list[Kept]:
    """What the bundled plugins keep, by plugin and in the order of their books."""
    tests = shown()
    found = []
    finder, host = Finder(), PluginHost()
    for name in finder.names:
        if finder.candidate(name).origin != "bundled":
            continue
        if not (Path(finder.candidate(name).where) / "rules.py").is_file():
            continue
        finder.load(name, host)
        book: dict[str, Rule] = importlib.import_module(f"{PACKAGE}.{name}.rules").RULES
        for rule in book.values():
            mine = tests.get((name, rule.id), []) or tests.get(("", rule.id), [])
            found.append(Kept(name, rule, tuple(mine)))
    return found


def left_out() -> dict[str, str]:
    """Rules of the domain page that no plugin keeps, each with the reason."""
    return {str(rule): str(why) for rule, why in tomllib.loads(LEFT_OUT.read_text()).items()}


def asked_for() -> list[str]:
    """The ids that the domain page names; empty where the page is not here."""
    return sorted(set(_ID.findall(DOMAIN.read_text()))) if DOMAIN.is_file() else []
