"""What the files say is what is used: nothing is converted behind one's back, and it can be read again by its hash."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import restore
from gateway.config.partner import BatchRules, Partner, Window
from gateway.config.values import SpanOfTime, luhn_npi
from gateway.config.yaml_source import parse_yaml

from .conftest import ENV, Folder


def test_payer_00123_and_the_payer_no_stay_what_they_are(folder: Folder) -> None:
    config = folder.config()
    assert [route.id for route in config.partners[0].payers] == ["00123", "NO", "*"]


@pytest.mark.parametrize("text", ["00123", "NO", "on", "1e3", "12:30:45", "0x1F", "2026-01-31", "~", "null", "1_000"])
def test_every_scalar_is_text(text: str) -> None:
    document, faults = parse_yaml(f"payer: {text}", "x.yaml")
    assert document is not None
    assert not faults
    assert document.data == {"payer": text}


def test_an_empty_value_is_nothing_and_an_empty_text_is_text() -> None:
    document, _ = parse_yaml("a:\nb: ''", "x.yaml")
    assert document is not None
    assert document.data == {"a": None, "b": ""}


def test_anchors_and_merges_work_and_an_alias_of_itself_is_a_fault() -> None:
    document, faults = parse_yaml("base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}", "x.yaml")
    assert document is not None
    assert not faults
    assert document.data["more"] == {"y": "3", "x": "1"}
    _, faults = parse_yaml("a: &a [1, *a]", "x.yaml")
    assert [fault.what for fault in faults] == ["an alias of itself"]


def test_an_alias_bomb_is_a_fault_and_takes_no_time() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    _, faults = parse_yaml(bomb, "x.yaml")
    assert any("more than 2,000,000 values" in fault.what or "too deeply" in fault.what for fault in faults)


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    document, faults = parse_yaml(text, "x.yaml")
    assert document is not None or faults


def test_relative_paths_count_from_the_folder(folder: Folder) -> None:
    folder.edit("gateway.yaml", "    format: 837", "    format: 837\n    answers_folder: ../answers")
    config = folder.config()
    source = config.source("billing")
    assert source is not None
    assert config.gateway.data_dir == folder.root / "var"
    assert source.drop_folder == folder.root / "var/in/billing"
    assert source.answers_folder == folder.root / "../answers"
    assert config.gateway.archive_dir == folder.root / "var/archive"


def test_a_relative_secret_file_counts_from_the_folder(folder: Folder) -> None:
    folder.edit("partners/practice.yaml", "env:PRACTICE_PASSWORD", "file:secrets/practice")
    folder.write("secrets/practice", "hunter2\n")
    settings = folder.config().partners[0].transport.settings
    assert settings.password.reveal() == "hunter2"


def test_a_configuration_is_read_again_from_its_text(folder: Folder) -> None:
    config = folder.config()
    again = restore(config.text, folder.root, ENV)
    assert again.hash == config.hash
    assert again.gateway == config.gateway
    assert again.partners == config.partners
    assert again.chains.choose("x", "practice", "MB").steps("scrub")[0].settings.days == 3
    assert again.tables["fees"].rows == config.tables["fees"].rows


def test_no_secret_stands_in_the_stored_text(folder: Folder) -> None:
    text = folder.config().text.decode()
    assert "env:PRACTICE_PASSWORD" in text
    assert ENV["PRACTICE_PASSWORD"] not in text.replace('"practice"', "").replace("PRACTICE", "")


def test_the_hash_follows_what_the_files_say_not_how_they_are_written(folder: Folder) -> None:
    before = folder.config().hash
    folder.edit("gateway.yaml", "environment: test", "# a comment\nenvironment:   test")
    assert folder.config().hash == before
    folder.edit("chains/default.yaml", "days: 3", "days: 4")
    changed = folder.config().hash
    assert changed != before
    folder.edit("tables/fees.yaml", "100.10", "100.11")
    assert folder.config().hash not in (before, changed)


def test_the_hash_is_the_same_in_every_process(folder: Folder) -> None:
    folder.edit("chains/default.yaml", "{days: 3}", "{skip: [R1, R2, R3, R4, R5, R6, R7]}")
    script = f"from gateway.config import load; print(load({str(folder.root)!r}).hash)"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, **ENV, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert hashes == {folder.config().hash + "\n"}


def test_a_stored_configuration_whose_plugin_is_gone_says_so(folder: Folder) -> None:
    text = folder.config().text
    (folder.root / "plugins/rules.py").unlink()
    with pytest.raises(ValueError, match="There is no plugin 'rules'"):
        restore(text, folder.root, ENV)


def test_the_payers_partner_is_the_one_that_names_it_else_the_one_for_all(folder: Folder) -> None:
    text = (folder.root / "partners/practice.yaml").read_text()
    folder.write("partners/ohio.yaml", text.replace('00123, "NO", "*"', "{id: 00751, sent_id: OHMCD}"))
    config = folder.config()
    assert [getattr(config.partner_for(p), "name", "") for p in ("00751", "NO", "anything")] == [
        "ohio",
        "practice",
        "practice",
    ]
    assert config.sent_payer_id("00751") == "OHMCD"
    assert config.sent_payer_id("NO") == "NO"


def test_a_payer_that_nobody_reaches_has_no_partner(folder: Folder) -> None:
    folder.edit("partners/practice.yaml", ', "*"', "")
    assert folder.config().partner_for("99999") is None


def test_a_chain_inherits_the_steps_of_the_one_it_extends(folder: Folder) -> None:
    folder.write(
        "chains/medicare.yaml",
        """
        extends: default
        match: {filing_code: MB}
        stations:
          scrub: [{plugin: rules, settings: {days: 1}}, inherited, rules]
        """,
    )
    folder.write("chains/plain.yaml", "extends: medicare\nmatch: {payer: P}\n")
    chains = folder.config().chains
    medicare = chains.choose("1", "practice", "MB")
    assert [step.settings.days for step in medicare.steps("scrub")] == [1, 3, 10]
    assert chains["plain"].steps("scrub") == medicare.steps("scrub")
    assert [step.number for step in chains.steps] == list(range(3))
    assert chains.limits == [2.0, 2.0, 2.0]


def test_a_table_is_read_by_key_and_day(folder: Folder) -> None:
    fees = folder.config().tables["fees"]
    row = fees.find(dt.date(2025, 7, 1), "E1390")
    assert row is not None
    assert (row.values["fee"], row.source) == ("98.40", "invented")
    later = fees.find(dt.date(2026, 7, 1), "E1390")
    assert later is not None
    assert later.values["fee"] == "100.10"
    assert fees.find(dt.date(2024, 7, 1), "E1390") is None
    assert fees.find(dt.date(2026, 7, 1), "K0001") is None
    assert [row.values["fee"] for row in fees.on(dt.date(2026, 7, 1))] == ["100.10"]


def test_a_plugins_own_table_is_used_until_the_configuration_has_one_of_that_name(folder: Folder) -> None:
    rules = (folder.root / "plugins/rules.py").read_text()
    (folder.root / "plugins/rules.py").unlink()
    folder.write("plugins/rules/__init__.py", rules)
    folder.write("plugins/rules/tables/limits.yaml", "key: code\nrows: [{code: A7030, units: 1}]")
    row = folder.config().tables["limits"].find(dt.date(2026, 1, 1), "A7030")
    assert row is not None
    assert row.values["units"] == "1"
    folder.write("tables/limits.yaml", "key: code\nrows: [{code: A7030, units: 4}]")
    row = folder.config().tables["limits"].find(dt.date(2026, 1, 1), "A7030")
    assert row is not None
    assert row.values["units"] == "4"


def test_an_unknown_table_is_answered_with_those_there_are(folder: Folder) -> None:
    with pytest.raises(KeyError, match="tables: fees"):
        folder.config().tables["feez"]


def test_answers_have_the_fields_usual_times(folder: Folder) -> None:
    answers = folder.config().partners[0].answers
    assert answers.ack_999.warn == SpanOfTime(seconds=4 * 3600)
    assert answers.ack_999.alarm == SpanOfTime(seconds=24 * 3600)
    assert answers.payer_277ca.warn == SpanOfTime(business_hours=48)
    assert answers.payer_277ca.alarm == SpanOfTime(business_days=5)
    assert not answers.ta1.expected


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("2026-03-02 07:59", False),  # a Monday
        ("2026-03-02 08:00", True),
        ("2026-03-02 18:00", True),
        ("2026-03-02 18:01", False),
        ("2026-03-07 12:00", False),  # a Saturday
        ("2026-03-06 23:00", True),  # Friday night
        ("2026-03-07 01:59", True),  # and what is left of it
        ("2026-03-08 01:59", False),
    ],
)
def test_batches_leave_only_in_the_partners_windows(at: str, open_: bool) -> None:
    rules = BatchRules(
        windows=(
            Window.model_validate({"days": ["mon", "tue"], "from": "08:00", "until": "18:00"}),
            Window.model_validate({"days": ["fri"], "from": "22:00", "until": "02:00"}),
        )
    )
    assert rules.open_at(dt.datetime.fromisoformat(at)) is open_
    assert BatchRules().open_at(dt.datetime.fromisoformat(at))


@pytest.mark.parametrize(
    ("npi", "sound"), [("1999999000", True), ("1999999001", False), ("3999999000", False), ("199999900", False)]
)
def test_an_npi_has_its_check_digit(npi: str, sound: bool) -> None:
    assert luhn_npi(npi) is sound


def test_delimiters_may_be_named_or_given_in_hex(folder: Folder) -> None:
    folder.edit(
        "partners/practice.yaml",
        "environment: test",
        "environment: test\ndelimiters: {element: 0x1D, segment: newline, line_ending: none, fixed: true}",
    )
    delimiters = folder.config().partners[0].delimiters
    assert (delimiters.element, delimiters.segment, delimiters.line_ending) == ("\x1d", "\n", "")
    again = restore(folder.config().text, folder.root, ENV).partners[0]
    assert isinstance(again, Partner)
    assert again.delimiters == delimiters
