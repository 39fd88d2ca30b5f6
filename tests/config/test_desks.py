"""What plugins do beside the chains: named under `desk`, checked when a configuration is read, known by its hash."""

from __future__ import annotations

import pytest

from gateway.config import Config, load, restore

from .conftest import ENV, Folder

BESIDE = """
from gateway.plugins import Metric, PluginSettings, Report, Route, Rows, Schedule, Secret, Worklist, hookimpl

gateway_api = 1
gateway_tables = ("fees",)

class Settings(PluginSettings):
    hour: str = "06:30"
    teams: frozenset[str] = frozenset()
    key: Secret | None = None

@hookimpl
def desk_settings():
    return Settings

@hookimpl
def plugin_schedules(settings):
    return [Schedule(name="morning", run=print, daily=settings.hour)]

@hookimpl
def plugin_reports():
    return [Report(name="fees", title="Fees", run=lambda desk, asked: Rows((), []))]

@hookimpl
def plugin_metrics():
    return [Metric(name="b_fees", help="Fees.", read=lambda desk: 1)]
"""
OTHER = """
from gateway.plugins import Metric, PluginSettings, hookimpl

gateway_api = 1

class Settings(PluginSettings):
    team: str

@hookimpl
def desk_settings():
    return Settings

@hookimpl
def plugin_metrics():
    return [Metric(name="fees", help="Fees.", read=lambda desk: 1)]

@hookimpl
def scrub_claim(claim):
    return None
"""


@pytest.fixture
def beside(folder: Folder) -> Folder:
    folder.write("plugins/side.py", BESIDE)
    folder.write("plugins/side_b.py", OTHER)
    folder.edit("gateway.yaml", "environment: test", "environment: test\ndesk:\n  side: {hour: '07:15', teams: [b, a]}")
    return folder


def config(folder: Folder) -> Config:
    found = load(folder.root, ENV)
    assert isinstance(found, Config), "\n".join(map(str, found))
    return found


def test_a_plugin_is_in_use_by_its_name_under_desk_alone(beside: Folder) -> None:
    found = config(beside)
    assert [one.words for one in found.declared["side"].schedules] == ["daily at 07:15"]
    again = restore(found.text, beside.root, ENV)
    assert again.hash == found.hash, "what a child reads is the same configuration"
    assert again.declared["side"].settings == found.declared["side"].settings
    beside.edit("gateway.yaml", "'07:15'", "'07:16'")
    assert config(beside).hash != found.hash


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("side: {hour", "sied: {hour", "gateway.yaml:8:3: There is no plugin 'sied'. Did you mean 'side'?"),
        ("side: {hour", "rules: {hour", "gateway.yaml:8:3: plugin 'rules' does nothing beside the chains; expected a"),
        ("hour:", "huor:", "gateway.yaml:8:10: unknown key 'huor'; expected one of hour, key, teams; did you mean"),
        ("'07:15'", "noon", "gateway.yaml:8:3: Plugin 'side': its plugin_schedules fails: ValueError at side.py:18 in "
         "plugin_schedules: schedule 'morning': daily is a time of day such as 06:30, not 'noon'"),
        ("side: {hour: '07:15', teams: [b, a]}", "side: soon",
         "gateway.yaml:8:9: settings: 'soon' cannot be used; expected a mapping"),
        ("hour: '07:15'", "key: env:NO_SUCH_KEY",
         "gateway.yaml:8:15: key: the environment variable NO_SUCH_KEY is not set"),
        ("  side:", "  side_b: {}\n  side:", "gateway.yaml:8:11: 'team' is missing"),
        ("  side:", "  side_b: {team: edi}\n  side:", "plugin 'side': its metric 'b_fees' would be called "
         "plugin_side_b_fees, as one of plugin 'side_b' is; expected another name"),
    ],
)  # fmt: skip
def test_what_is_wrong_under_desk_is_told_at_its_place(beside: Folder, old: str, new: str, told: str) -> None:
    beside.edit("gateway.yaml", old, new)
    faults = [str(fault) for fault in beside.faults()]
    assert [fault for fault in faults if told in fault], faults


def test_a_table_that_it_cannot_do_without_is_missed_there(beside: Folder) -> None:
    (beside.root / "tables/fees.yaml").unlink()
    told = [str(fault) for fault in beside.faults()]
    assert any("gateway.yaml:8:3: plugin 'side' needs the table 'fees', and there is none" in one for one in told), told


def test_one_that_a_chain_names_and_that_wants_settings_says_so_there(beside: Folder) -> None:
    beside.edit("chains/default.yaml", "    - plugin: rules", "    - side_b\n    - plugin: rules")
    told = [str(fault) for fault in beside.faults()]
    (one,) = [fault for fault in told if "wants settings of its own (team)" in fault]
    assert "chains/default.yaml:3:7: plugin 'side_b'" in one
    assert "expected desk: {side_b: ...} in gateway.yaml" in one


TAKES = """
from gateway.plugins import Drop, PluginSettings, hookimpl

gateway_api = 1

class Row(PluginSettings):
    serial: str

@hookimpl
def plugin_drops():
    return [Drop("visits", "Visits.", Row, len), Drop("tickets", "Tickets.", Row, len)]
"""


@pytest.fixture
def taking(folder: Folder) -> Folder:
    folder.write("plugins/takes.py", TAKES)
    folder.edit(
        "gateway.yaml",
        "sources:\n",
        "sources:\n  - {name: vans, drop: takes/visits, patients_of: billing}\n",
    )
    return folder


def test_a_source_that_hands_documents_to_a_plugin_has_it_loaded(taking: Folder) -> None:
    found = config(taking)
    assert [drop.name for drop in found.declared["takes"].drops] == ["visits", "tickets"]
    source = found.source("vans")
    assert source is not None
    assert (source.drop, source.patients_of) == ("takes/visits", "billing")
    again = restore(found.text, taking.root, ENV)
    assert again.hash == found.hash


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("takes/visits", "takes/vists", "drop: no plugin takes documents as 'takes/vists'; expected one of "
         "takes/tickets, takes/visits; did you mean 'takes/visits'?"),
        ("takes/visits", "tekes/visits", "There is no plugin 'tekes'. Did you mean 'takes'?"),
        ("takes/visits", "takes", "drop: 'takes' cannot be used; expected plugin/name"),
        ("patients_of: billing", "patients_of: biling", "patients_of: no source is called 'biling'; expected one of "),
        ("drop: takes/visits, ", "", "patients_of goes with drop"),
        ("drop: takes/visits,", "drop: takes/visits, format: json,", "format: a source with drop sends no claims"),
        ("drop: takes/visits,", "drop: takes/visits, our_claim_numbers: true,", "our_claim_numbers: a source with"),
        ("drop: takes/visits,", "drop: takes/visits, check: {codes: report},", "check: a source with drop sends no"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_source_of_documents_is_told_at_its_place(
    taking: Folder, old: str, new: str, told: str
) -> None:
    taking.edit("gateway.yaml", old, new)
    faults = [str(fault) for fault in taking.faults()]
    (line,) = [number for number, text in enumerate((taking.root / "gateway.yaml").read_text().splitlines(), 1)
               if "name: vans" in text]  # fmt: skip
    assert [fault for fault in faults if f"gateway.yaml:{line}:" in fault and told in fault], faults
