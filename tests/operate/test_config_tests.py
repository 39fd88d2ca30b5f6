"""`gateway config test`: the shipped configuration does what its own tests say, and what does not come is told."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import cli

ROOT = Path(__file__).parents[2]


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--config", str(config), "config", "test", *words])


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def test_the_shipped_configuration_does_what_its_tests_say() -> None:
    done = run(ROOT / "config")
    assert done.exit_code == 0, done.output
    assert done.output.count("ok  ") == len(list((ROOT / "config/tests").glob("*.yaml"))) == 5


def test_a_changed_configuration_is_told_what_does_not_come_any_more(shipped: Path) -> None:
    chain = shipped / "chains/default.yaml"
    chain.write_text(chain.read_text().replace("    - plugin: scrubber\n", "    []\n"))
    done = run(shipped, "chains")
    assert done.exit_code == 1
    assert "BAD chains: Medicare goes its own way" in done.output
    assert "config/tests/chains.yaml:9:" in done.output
    assert "claim SWZ7J2T0000012: state is ready; expected held" in done.output
    assert "claim SWZ7J2T0000012: no finding R1.11 (found: none); expected R1.11" in done.output
    assert "history" not in done.output, "only the one that was asked for"
    report = json.loads(run(shipped, "chains", "--format", "json").output)
    assert not report["ok"]
    assert {fault["line"] for fault in report["faults"]} == {9}


def test_payments_are_compared_to_the_cent(shipped: Path) -> None:
    test = shipped / "tests/posting.yaml"
    test.write_text(test.read_text().replace("$44.39", "$44.40").replace("denial for billing", "denial for appeals"))
    done = run(shipped, "posting")
    assert done.exit_code == 1
    assert "payment SWZ7J2T0000004: what moves is $44.39 from" in done.output
    assert "payment SWZ7J2T0000014: work is denial for billing, work by 11/25/2026" in done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("file: files/monday.837\n", "1:1: a mapping cannot be used; expected claims or payments"),
        ("file: files/tuesday.837\nclaims: [{number: X}]\n", "1:7: there is no file files/tuesday.837"),
        ("file: files/monday.837\nclaims: [{number: X, state: helt}]\n", "did you mean 'held'?"),
        ("file: files/monday.837\nclaim: [{number: X}]\n", "2:1: unknown key 'claim'"),
        (
            "orders: [files/none.csv]\nfile: files/monday.837\nclaims: [{number: X}]\n",
            "1:10: there is no file files/none.csv",
        ),
        (
            "documents: [{kind: ordr, patient_id: P-1}]\nfile: files/monday.837\nclaims: [{number: X}]\n",
            "expected one of order, proof_of_delivery",
        ),
        (
            "documents: [{kind: order}]\nfile: files/monday.837\nclaims: [{number: X}]\n",
            "patient_id or claim_number, to say whose it is",
        ),
    ],
)
def test_a_wrong_test_is_explained(shipped: Path, text: str, told: str) -> None:
    (shipped / "tests/mine.yaml").write_text(text)
    done = run(shipped)
    assert done.exit_code == 2
    assert "config/tests/mine.yaml:" in done.output
    assert told in done.output


def test_what_is_known_of_a_patient_is_given_and_decides(shipped: Path) -> None:
    tickets = shipped / "tests/files/deliveries.csv"
    assert run(shipped, "papers").exit_code == 0
    tickets.write_text(tickets.read_text().replace("signed", "none"))
    done = run(shipped, "papers")
    assert done.exit_code == 1
    assert "claim CT-14: state is held; expected ready" in done.output


def test_what_cannot_be_given_is_told_at_its_place(shipped: Path) -> None:
    (shipped / "tests/files/orders.csv").write_text("order_number,codes\nRX-1,E0443\n")
    (shipped / "tests/mine.yaml").write_text(
        "orders: [files/orders.csv]\ndocuments: [{kind: order, patient_id: NOBODY}]\n"
        "file: files/monday.837\nclaims: [{number: SWZ7J2T0000012}]\n"
    )
    done = run(shipped, "mine")
    assert done.exit_code == 1
    assert "mine.yaml:1:10: files/orders.csv cannot be taken in" in done.output
    assert "mine.yaml:2:13: it cannot be added" in done.output


def test_a_number_that_is_not_in_the_file_is_told_with_the_nearest(shipped: Path) -> None:
    (shipped / "tests/mine.yaml").write_text(
        "file: files/monday.837\nclaims: [{number: SWZ7J2T000012}, {number: SWZ7J2T0000004}]\n"
    )
    done = run(shipped, "mine")
    assert done.exit_code == 1
    assert (
        "mine.yaml:2:19: the file has no (further) claim SWZ7J2T000012; did you mean 'SWZ7J2T0000012'?" in done.output
    )
    assert run(shipped, "mien").exit_code == 2


def test_nothing_is_written_beside_the_configuration(shipped: Path) -> None:
    def seen() -> dict[str, str]:
        files = (path for path in shipped.parent.rglob("*") if path.is_file())
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = seen()
    assert run(shipped).exit_code == 0
    assert seen() == before
