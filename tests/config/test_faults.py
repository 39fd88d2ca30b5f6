"""Every mistake is named at its line and column, with what was expected and what was probably meant; all at once."""

from __future__ import annotations

import pytest

from .conftest import Folder

FAULTS = [
    # file, what stands there, what a person made of it, the fault
    (
        "gateway.yaml",
        "environment: test",
        "enviroment: test",
        "gateway.yaml:6:1: unknown key 'enviroment'; expected one of ",
    ),
    ("gateway.yaml", "environment: test", "environment: prod", "gateway.yaml:6:14: environment: 'prod' cannot be used; "
     "expected one of test, production; did you mean 'production'?"),
    ("gateway.yaml", "[1999999000]", "[1999999001]", "gateway.yaml:3:18: '1999999001' cannot be used; expected an NPI"),
    ("gateway.yaml", "America/New_York", "America/Newyork", "gateway.yaml:5:14: time_zone: 'America/Newyork' cannot"),
    ("gateway.yaml", "format: 837", "format: 835", "gateway.yaml:10:13: format: '835' cannot be used; expected one of"),
    ("gateway.yaml", "name: billing", "name: Billing", "gateway.yaml:9:11: name: 'Billing' cannot be used"),
    ("gateway.yaml", "environment: test", "environment: test\nenvironment: production",
     "gateway.yaml:7:1: the key 'environment' stands here a second time (first in line 6)"),
    ("gateway.yaml", "plugins_dir: plugins", "plugins_dir: plug-ins", "gateway.yaml:7:14: plugins_dir: there is no"),
    ("gateway.yaml", "environment: test", "environment: test\nstable_for: 5",
     "gateway.yaml:7:13: stable_for: '5' cannot be used; expected a time with its unit"),
    ("gateway.yaml", "environment: test", "environment: test\nweb: {port: 99999}",
     "gateway.yaml:7:13: port: '99999' cannot be used; expected at most 65535"),
    ("gateway.yaml", "environment: test", "environment: test\nworkers: {heartbeat: 10s, takeover_after: 15s}",
     "gateway.yaml:7:10: workers: a mapping cannot be used; expected takeover_after is at least twice heartbeat"),
    ("gateway.yaml", "  - name: billing", "  - name: billing\n  - name: billing",
     "gateway.yaml:10:11: another source is called 'billing'"),
    ("gateway.yaml", "organisation:", "organisation: [", "gateway.yaml:3:15: did not find expected"),
    ("partners/practice.yaml", "plugin: carrier", "plugin: carier",
     "partners/practice.yaml:3:11: There is no plugin 'carier'. Did you mean 'carrier'?"),
    ("partners/practice.yaml", "plugin: carrier", "plugin: rules",
     "partners/practice.yaml:3:11: plugin 'rules' carries no files"),
    ("partners/practice.yaml", "host: 127.0.0.1", "hots: 127.0.0.1",
     "partners/practice.yaml:4:14: unknown key 'hots'; expected one of host, password; did you mean 'host'?"),
    ("partners/practice.yaml", "env:PRACTICE_PASSWORD", "hunter2",
     "partners/practice.yaml:4:41: password: what stands here cannot be used; expected a reference to a secret"),
    ("partners/practice.yaml", "env:PRACTICE_PASSWORD", "env:NO_SUCH_VARIABLE",
     "partners/practice.yaml:4:41: password: the environment variable NO_SUCH_VARIABLE is not set"),
    ("partners/practice.yaml", "env:PRACTICE_PASSWORD", "file:/no/such/file",
     "partners/practice.yaml:4:41: password: the secret file /no/such/file cannot be read: No such file"),
    ("partners/practice.yaml", '{name: EDI DESK, phone: "6145550100"}', "{name: EDI DESK}",
     "partners/practice.yaml:8:12: contact: a mapping cannot be used; expected a phone, an email or a fax"),
    ("partners/practice.yaml", "receiver: {name: PRACTICE CLEARINGHOUSE}\n", "",
     "partners/practice.yaml:1:1: 'receiver' is missing"),
    ("partners/practice.yaml", '"NO", "*"', '"NO", "*", 00123',
     "partners/practice.yaml:10:28: payer '00123' is already reached through partner 'practice'"),
    ("partners/practice.yaml", "environment: test", "environment: test\nanswers: {999: {alarm: soon}}",
     "partners/practice.yaml:2:24: alarm: 'soon' cannot be used; expected a time such as 4h, 21 days, 48"),
    ("partners/practice.yaml", "environment: test", 'environment: test\ndelimiters: {element: "~"}',
     "partners/practice.yaml:2:13: delimiters: a mapping cannot be used; expected four different characters"),
    ("chains/default.yaml", "plugin: rules", "plugin: rulez",
     "chains/default.yaml:3:15: There is no plugin 'rulez'. Did you mean 'rules'?"),
    ("chains/default.yaml", "days: 3", "days: three",
     "chains/default.yaml:4:24: days: 'three' cannot be used; expected a whole number"),
    ("chains/default.yaml", "days: 3", "dyas: 3",
     "chains/default.yaml:4:18: unknown key 'dyas'; expected one of days, skip, wait; did you mean 'days'?"),
    ("chains/default.yaml", "  scrub:", "  scrubb:", "chains/default.yaml:2:3: unknown key 'scrubb'; expected one of "
     "confirm, hold, post, route, scrub; did you mean 'scrub'?"),
    ("chains/default.yaml", "  scrub:", "  hold:",
     "chains/default.yaml:3:15: plugin 'rules' does nothing at hold (it has no hold_claim); expected a plugin that "
     "does, or this one at scrub"),
    ("chains/default.yaml", "stations:", "extends: defualt\nstations:",
     "chains/default.yaml:1:10: there is no chain 'defualt'"),
    ("chains/default.yaml", "stations:", "extends: default\nstations:",
     "chains/default.yaml:1:10: a chain extends itself: default extends default"),
    ("chains/default.yaml", "    - plugin: rules", "    - inherited\n    - plugin: rules",
     "chains/default.yaml:3:7: 'inherited' without extends"),
    ("chains/default.yaml", "stations:", "match: {filing_code: MB}\nstations:",
     "gateway.yaml:1:1: no chain takes what no other chain matches"),
    ("chains/default.yaml", "settings: {days: 3}", "on_error: ignore",
     "chains/default.yaml:4:17: on_error: 'ignore' cannot be used; expected one of hold, retry, skip, stop"),
    ("tables/fees.yaml", "2025-12-31", "2026-12-31",
     "tables/fees.yaml:5:5: row 2 is for the same key and overlapping dates as row 1 (line 4)"),
    ("tables/fees.yaml", "2025-12-31", "2025-13-31", "tables/fees.yaml:4:67: valid_to: '2025-13-31' is no date"),
    ("tables/fees.yaml", "2025-12-31", "2024-12-31", "tables/fees.yaml:4:67: row 1 ends on 2024-12-31, before it"),
    ("tables/fees.yaml", "{code: E1390, fee: \"98.40\"", "{cod: E1390, fee: \"98.40\"",
     "tables/fees.yaml:4:6: row 1: 'cod' is no column of this table; did you mean 'code'?"),
    ("tables/fees.yaml", "rows:", "row:", "tables/fees.yaml:3:1: unknown key 'row'"),
    ("tables/fees.yaml", "\nrows:", "\nrows: 3\nunused:", "tables/fees.yaml:3:7: rows: '3' cannot be used"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "fault"), FAULTS, ids=[fault[3][:60] for fault in FAULTS])
def test_a_mistake_is_named_at_its_place(folder: Folder, file: str, old: str, new: str, fault: str) -> None:
    folder.edit(file, old, new)
    texts = folder.texts()
    assert any(text.startswith(fault) for text in texts), "\n".join(texts)


def test_the_sound_configuration_has_no_fault(folder: Folder) -> None:
    assert folder.texts() == []


def test_mistakes_in_all_files_are_told_at_once_in_order(folder: Folder) -> None:
    folder.edit("gateway.yaml", "environment: test", "enviroment: test")
    folder.edit("partners/practice.yaml", "plugin: carrier", "plugin: carier")
    folder.edit("chains/default.yaml", "days: 3", "days: three")
    folder.edit("tables/fees.yaml", "2025-12-31", "2026-12-31")
    places = [text.split(" ")[0] for text in folder.texts()]
    assert places == [
        "chains/default.yaml:4:24:",
        "gateway.yaml:6:1:",
        "partners/practice.yaml:3:11:",
        "tables/fees.yaml:5:5:",
    ]


def test_a_password_in_the_file_is_never_shown(folder: Folder) -> None:
    folder.edit("partners/practice.yaml", "env:PRACTICE_PASSWORD", "hunter2")
    folder.edit(
        "gateway.yaml", "environment: test", "environment: test\ndatabase: {url: 'postgresql://u:hunter2@db/x'}"
    )
    texts = "\n".join(folder.texts())
    assert "password" in texts
    assert "a URL without a password" in texts
    assert "hunter2" not in texts


def test_two_chains_for_everything_are_one_too_many(folder: Folder) -> None:
    folder.write("chains/other.yaml", "stations: {}")
    assert any("chain 'other' can never match: 'default' already takes everything" in text for text in folder.texts())


def test_two_files_of_one_name_are_refused(folder: Folder) -> None:
    folder.write("chains/other.yaml", "name: default\nmatch: {payer: X}")
    assert any("another chain is called 'default'" in text for text in folder.texts())


def test_two_partners_for_one_payer_are_refused(folder: Folder) -> None:
    text = (folder.root / "partners/practice.yaml").read_text()
    folder.write("partners/second.yaml", text.replace('00123, "NO", "*"', "00123"))
    assert any(
        t.startswith("partners/second.yaml:10:10: payer '00123' is already reached through partner 'practice'")
        for t in folder.texts()
    )


def test_a_broken_plugin_is_explained_where_it_is_used(folder: Folder) -> None:
    folder.write("plugins/rules.py", "gateway_api = 1\nimport no_such_library\n")
    (text,) = folder.texts()
    assert text.startswith("chains/default.yaml:3:15: Plugin 'rules' (folder, ")
    assert "ModuleNotFoundError at rules.py:2: No module named 'no_such_library'" in text


def test_plugins_can_be_pinned_by_the_environment(folder: Folder) -> None:
    assert folder.texts(GATEWAY_LOAD_PLUGINS="carrier, rules") == []
    (text,) = folder.texts(GATEWAY_LOAD_PLUGINS="carrier")
    assert "Plugin 'rules' is there, but" in text


def test_settings_for_a_plugin_that_takes_none_are_refused(folder: Folder) -> None:
    folder.write(
        "plugins/rules.py",
        "from gateway.plugins import hookimpl\ngateway_api = 1\n@hookimpl\ndef scrub_claim(claim): ...\n",
    )
    assert folder.texts() == ["chains/default.yaml:4:17: plugin 'rules' takes no settings"]


def test_a_file_that_is_no_yaml_brings_no_other_faults_with_it(folder: Folder) -> None:
    folder.edit("chains/default.yaml", "stations:", "stations: [")
    assert [text.split(" ")[0] for text in folder.texts()] == ["chains/default.yaml:3:5:"]


def test_a_fault_in_gateway_yaml_does_not_hide_its_plugins(folder: Folder) -> None:
    folder.edit("gateway.yaml", "environment: test", "environment: prod")
    assert len(folder.texts()) == 1


def test_a_forgotten_comma_in_the_tables_of_a_plugin_is_told(folder: Folder) -> None:
    folder.edit("plugins/rules.py", "gateway_api = 1", 'gateway_api = 1\ngateway_tables = ("fees")')
    (found,) = folder.texts()
    assert 'gateway_tables = ("fees",) with the comma' in found


def test_a_table_that_a_plugin_needs_is_missed_where_the_step_stands(folder: Folder) -> None:
    folder.edit("plugins/rules.py", "gateway_api = 1", 'gateway_api = 1\ngateway_tables = ("fee",)')
    (found,) = folder.texts()
    assert found == (
        "chains/default.yaml:3:15: plugin 'rules' needs the table 'fee' here, and there is none; "
        "expected tables/fee.yaml, or the same in the plugin's own folder tables; did you mean 'fees'?"
    )


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ("fees", "tables/fees.yaml:4:19: plugin 'rules' reads the column 'fees' of this table, and no row has it; "
         "'fee' stands here; expected 'fees' in each row"),
        ("zone", "tables/fees.yaml:4:5: plugin 'rules' reads the column 'zone' of this table, and no row has it; "
         "expected 'zone' in each row"),
    ],
)  # fmt: skip
def test_a_column_that_a_plugin_reads_is_missed_in_the_table(folder: Folder, column: str, fault: str) -> None:
    folder.edit(
        "plugins/rules.py", "gateway_api = 1", f'gateway_api = 1\ngateway_tables = {{"fees": ("code", "{column}")}}'
    )
    assert folder.texts() == [fault]


def test_a_single_row_without_a_column_that_a_plugin_reads_is_told(folder: Folder) -> None:
    folder.edit("plugins/rules.py", "gateway_api = 1", 'gateway_api = 1\ngateway_tables = {"fees": ("fee",)}')
    assert not folder.texts()
    folder.edit("tables/fees.yaml", 'code: E1390, fee: "98.40"', 'code: E1390, fe: "98.40"')
    assert folder.texts() == ["tables/fees.yaml:4:19: row 1: 'fe' is no column of this table; did you mean 'fee'?"]


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ('{"fees": ("fee")}', 'such as gateway_tables = {"limits": ("code", "units")}; for one column with the comma'),
        ('{"fees": ("valid_to",)}', "every row has it as row.valid_to. Take it out."),
    ],
)
def test_columns_that_cannot_be_asked_for_are_told(folder: Folder, stated: str, words: str) -> None:
    folder.edit("plugins/rules.py", "gateway_api = 1", f"gateway_api = 1\ngateway_tables = {stated}")
    (found,) = folder.texts()
    assert words in found


def test_codes_of_a_column_that_is_not_there_are_told(folder: Folder) -> None:
    folder.edit("tables/fees.yaml", "rows:", "codes: {cod: hcpcs}\nrows:")
    assert folder.texts() == [
        "tables/fees.yaml:3:9: codes: no row has a column 'cod'; expected one of code, fee; did you mean 'code'?"
    ]


CHECKED = """\
from gateway.plugins import PluginSettings, hookimpl

gateway_api = 1

class Settings(PluginSettings):
    days: int = 10

@hookimpl
def plugin_settings():
    return Settings

@hookimpl
def check_settings(settings, tables):
    {body}

@hookimpl
def scrub_claim(claim):
    return None
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return None", ""),
        ("return [f'days is {settings.days}, more than the {len(tables[\"fees\"].rows)} that the fees allow']",
         "chains/default.yaml:4:17: plugin 'rules': days is 3, more than the 2 that the fees allow"),
        ("raise KeyError('carc')", "chains/default.yaml:3:15: Plugin 'rules': its check_settings fails: KeyError at "
         "rules.py:14 in check_settings: 'carc'."),
        ("return 'all is well'", "chains/default.yaml:3:15: Plugin 'rules': its check_settings must give a list of "
         "sentences."),
    ],
)  # fmt: skip
def test_a_plugin_may_refuse_settings_that_its_model_lets_pass(folder: Folder, body: str, told: str) -> None:
    folder.write("plugins/rules.py", CHECKED.replace("{body}", body))
    assert folder.texts() == ([told] if told else [])


def test_a_shipped_table_that_its_plugin_cannot_use_is_told(folder: Folder) -> None:
    folder.write("chains/default.yaml", "stations: {hold: [resupply, rul]}")
    folder.write("tables/supply_limits.yaml", "key: code\nrows:\n  - {code: A7030, units: 1, months: three}\n")
    for name, key in (("refill_rules", "payer_class"), ("refill_exempt", "code"), ("base_equipment", "code")):
        folder.write(f"tables/{name}.yaml", f"key: {key}\nrows: []\n")
    folder.write("tables/useful_lifetime.yaml", "key: code\nrows:\n  - {code: E1390, months: 60}\n")
    folder.write("tables/replacement_reasons.yaml", "key: word\nrows:\n  - {word: LOST, reason: loss}\n")
    folder.write("tables/replacement_needs.yaml", "key: group\nrows:\n  - {group: beds, order: yes}\n")
    assert folder.texts() == [
        "chains/default.yaml:1:19: plugin 'resupply': in the table supply_limits, months of A7030 is three; it must be "
        "a whole number",
        "chains/default.yaml:1:29: plugin 'rul': in the table useful_lifetime, E1390 needs a group and a whole number "
        "of months",
    ]
