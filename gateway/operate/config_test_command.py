"""`gateway config test`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ..config.commands import NotAsked, require
from ..config.faults import ConfigFault


@click.command()
@click.argument("names", nargs=-1)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def test(path: Path, names: Sequence[str], form: str) -> None:
    """Decide the files of config/tests with this configuration, and compare with what they expect: chains, holds,
    findings, postings. NAMES: only these tests. The real database is neither read nor written.

    Exit code 0: all came as expected. 1: something did not. 2: it could not be tried.
    """
    from ..config.expectations import FOLDER, read_tests
    from ..core.clock import SystemClock
    from .config_tests import run_tests

    config = require(path, secrets=False)
    tests, faults = read_tests(config.root)
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise NotAsked(f"The tests cannot be read:\n{lines}")
    known = [one.name for one in tests]
    for name in names:
        if name not in known:
            raise NotAsked(f"There is no test {name!r}. {config.root / FOLDER} has: {', '.join(known) or 'none'}.")
    if not tests:
        raise NotAsked(f"There are no tests in {config.root / FOLDER}. docs/configuration.md says how to write one.")
    failed: list[ConfigFault] = []
    count = 0
    for tried in run_tests(config, [one for one in tests if not names or one.name in names], SystemClock().now()):
        failed += tried.faults
        count += 1
        if form == "text":
            what = tried.test.spec.description or tried.test.spec.file.name
            click.echo(f"{'BAD' if tried.faults else 'ok '} {tried.test.name}: {what} ({tried.compared} compared)")
            for fault in tried.faults:
                click.echo(f"    {fault}")
    if form == "json":
        report = {"ok": not failed, "tests": count, "faults": [fault._asdict() for fault in failed]}
        click.echo(json.dumps(report, indent=2))
    elif failed:
        click.echo(f"{len(failed)} expectation(s) of {count} test(s) did not come.")
    sys.exit(1 if failed else 0)
