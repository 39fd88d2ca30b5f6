"""A copy of the shipped configuration with more than twenty-five mistakes in it: one run names each at its place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
MARK = "¦"
"""Stands in a seed where its fault is to be reported."""


class Seed(NamedTuple):
    """A mistake: in `file`, `old` becomes `new`. The fault's text begins with `what`; `meant` is its suggestion."""

    file: str
    old: str
    new: str
    what: str
    meant: str = ""


SEEDS = [
    Seed("gateway.yaml", "environment: test", "environment: ¦tests", "environment: 'tests' cannot be used", "test"),
    Seed("gateway.yaml", "1999999018", "¦1999999019", "'1999999019' cannot be used"),
    Seed("gateway.yaml", "America/New_York", "¦America/NewYork", "time_zone: 'America/NewYork' cannot be used"),
    Seed("gateway.yaml", "    format: 837", "    ¦fromat: 837", "unknown key 'fromat'", "format"),
    Seed("gateway.yaml", "  - name: orders", "  - name: ¦billing", "another source is called 'billing'"),
    Seed("gateway.yaml", "answers: [277CA,", "answers: [¦277,", "'277' cannot be used", "277CA"),
    Seed("gateway.yaml", "data_dir: ../var", "data_dir: ../var\nstable_for: ¦5", "stable_for: '5' cannot be used"),
    Seed("gateway.yaml", "environment:", "web: {port: ¦84700}\nenvironment:", "port: '84700' cannot be used"),
    Seed("partners/practice.yaml", "plugin: clearinghouse_sftp", "plugin: ¦clearinghouse_stfp",
         "There is no plugin 'clearinghouse_stfp'"),
    Seed("partners/practice.yaml", "receiver_id: SANDBOX", "¦reciever_id: SANDBOX", "unknown key 'reciever_id'",
         "receiver_id"),
    Seed("partners/practice.yaml", "  max_wait: 30s", "  max_wait: ¦30", "max_wait: '30' cannot be used"),
    Seed("partners/practice.yaml", "alarm: 5 business days", "alarm: ¦5 bussiness days",
         "alarm: '5 bussiness days' cannot be used"),
    Seed("partners/practice.yaml", "environment: test", "environment: test\n¦environment: test",
         "the key 'environment' stands here a second time"),
    Seed("partners/second.yaml", "folders: {send: to,", "folders: {¦sned: to,", "unknown key 'sned'", "send"),
    Seed("partners/second.yaml", "password: env:PRACTICE_PASSWORD", "password: ¦env:SECOND_PASSWORD",
         "password: the environment variable SECOND_PASSWORD is not set"),
    Seed("partners/second.yaml", "after_fetch: delete", "after_fetch: ¦delet", "after_fetch: 'delet' cannot be used",
         "delete"),
    Seed("chains/default.yaml", "plugin: scrubber", "plugin: ¦scruber", "There is no plugin 'scruber'"),
    Seed("chains/default.yaml", "  post:", "  ¦psot:", "unknown key 'psot'", "post"),
    Seed("chains/medicare-dme.yaml", "extends: default", "extends: ¦defualt", "there is no chain 'defualt'", "default"),
    Seed("chains/medicare-dme.yaml", "  filing_code: [MA, MB]", "  filing_code: [MA, ¦MX]", "'MX' cannot be used"),
    Seed("chains/medicare-dme.yaml", "    - rul ", "    - {plugin: rul, on_error: ¦hodl} ",
         "on_error: 'hodl' cannot be used", "hold"),
    Seed("chains/ohio.yaml", "match: {payer: OH1}", "match: {payer: OH1, partner: ¦practise}",
         "partner 'practise' never comes", "practice"),
    Seed("chains/ohio.yaml", "    - rul", "    - {plugin: rul, settings: {¦skp: [RUL-1]}}",
         "unknown key 'skp'", "skip"),
    Seed("chains/oxygen.yaml", "hcpcs_group: oxygen", "hcpcs_group: ¦oxigen", "there is no HCPCS group 'oxigen'",
         "oxygen"),
    Seed("chains/zz-late.yaml", "match: {state: KY}", "¦match: {state: KY, charge: {at_least: 100}}",
         "chain 'zz-late' can never match: 'kentucky'"),
    Seed("tables/supply_limits.yaml", "code: A7027", "code: ¦A702", "row 2: code 'A702' does not exist"),
    Seed("tables/supply_limits.yaml", "  - {code: A7028",
         "  - {code: A7031, units: 1, months: 1, valid_from: ¦2026-02-30}\n  - {code: A7028",
         "valid_from: '2026-02-30' is no date"),
    Seed("tables/useful_lifetime.yaml", "  - {code: E1391, group",
         "  - ¦{code: E1390, months: 60}\n  - {code: E1391, group",
         "row 2 is for the same key and overlapping dates as row 1"),
    Seed("tables/carc.yaml", "key: [code]", "¦keys: [code]", "unknown key 'keys'", "key"),
]  # fmt: skip


def shipped_with_more(folder: Path) -> Path:
    """The shipped configuration, and what it has only one of: a second partner and further chains."""
    root = folder / "config"
    shutil.copytree(ROOT / "config", root)
    second = (root / "partners/practice.yaml").read_text().replace('- "*"', "- SECOND")
    (root / "partners/second.yaml").write_text(second)
    (root / "chains/kentucky.yaml").write_text("extends: default\nmatch: {state: KY}\n")
    (root / "chains/ohio.yaml").write_text("extends: default\nmatch: {payer: OH1}\nstations:\n  hold:\n    - rul\n")
    (root / "chains/oxygen.yaml").write_text("extends: default\nmatch: {hcpcs_group: oxygen, partner: second}\n")
    (root / "chains/zz-late.yaml").write_text("extends: default\nmatch: {state: KY}\n")
    return root


def check(root: Path) -> tuple[int, list[dict[str, Any]]]:
    """`gateway config check --format json` as a process of its own: its exit code and the faults."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "--config", str(root), "config", "check", "--format", "json"],
        capture_output=True,
        text=True,
        env={**os.environ, "PRACTICE_PASSWORD": "practice"},
        cwd=root.parent,
    )
    assert "Traceback" not in done.stderr
    faults: list[dict[str, Any]] = json.loads(done.stdout)["faults"]
    return done.returncode, faults


def test_every_seeded_mistake_is_named_at_its_place_in_one_run(tmp_path: Path) -> None:
    root = shipped_with_more(tmp_path)
    (root / "chains/zz-late.yaml").write_text("extends: default\nmatch: {state: TN}\n")
    assert check(root) == (0, []), "before anything is seeded"
    (root / "chains/zz-late.yaml").write_text("extends: default\nmatch: {state: KY}\n")
    for seed in SEEDS:
        path = root / seed.file
        text = path.read_text()
        assert text.count(seed.old) >= 1, seed
        path.write_text(text.replace(seed.old, seed.new.replace(MARK, f"{MARK}{SEEDS.index(seed):02d}"), 1))
    places: dict[int, tuple[str, int, int]] = {}
    for file in sorted({seed.file for seed in SEEDS}):
        path = root / file
        clean = []
        for number, line in enumerate(path.read_text().split("\n"), start=1):
            while MARK in line:
                at = line.index(MARK)
                places[int(line[at + 1 : at + 3])] = (f"config/{file}", number, at + 1)
                line = line[:at] + line[at + 3 :]
            clean.append(line)
        path.write_text("\n".join(clean))
    code, faults = check(root)
    assert code == 1
    told = {(fault["file"], fault["line"], fault["column"]): fault for fault in faults}
    missed = []
    for number, seed in enumerate(SEEDS):
        fault = told.get(places[number])
        if fault is None or not fault["what"].startswith(seed.what) or fault["meant"] != seed.meant:
            missed.append((seed.what, places[number], fault))
    assert not missed, "\n".join([*map(str, missed), "--- told:", *map(str, faults)])
    assert len(SEEDS) >= 25
    suggested = sum("id you mean" in fault["what"] or bool(fault["meant"]) for fault in faults)
    print(f"{len(SEEDS)} mistakes, {len(faults)} faults told, {suggested} with a suggestion")
