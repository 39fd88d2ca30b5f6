"""The gateway's own tables: what a biller mistypes in them is told at its place, and they are there without a file."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.config import Config, load
from gateway.config.shipped import shipped_config
from gateway.config.work_tables import work_table
from gateway.core.model.work_tables import WORK_TABLES
from gateway.plugins.tables import Tables

from .conftest import Folder

ACTIONS = """\
key: [code]
source: house
rows:
  - {code: called_payer, name: "Called the payer", follow_up: by kind, closes: N}
"""
FILING = """\
key: payer
source: house
rows:
  - {payer: medicare, within: 1 year}
"""
DUE = """\
key: [type]
source: house
rows:
  - {type: RX, team: documentation, business_days: 5}
"""
KINDS = """\
key: [kind]
source: house
rows:
  - {kind: denial, name: "Denial", follow_up: Y}
"""
TYPES = """\
key: [code]
source: house
rows:
  - {code: "142", name: "ACH credit", method: eft, use: deposit}
"""
LIMITS = """\
key: [payer, level]
source: house
rows:
  - {payer: medicare, level: "1", name: redetermination, within: 120 days, mail: "5", decides: "60", least: ""}
"""
APPROVERS = """\
key: [who]
source: house
rows:
  - {who: maria, most: "250.00"}
"""
RULES = """\
key: [rule]
source: house
rows:
  - {rule: small-balance, most: "5.00", categories: "", reasons: "", way: ""}
"""
ANSWERS = """\
key: [category]
source: house
rows:
  - {category: P1, words: "pending", days: 14}
"""
SOUND = {
    "actions": ACTIONS,
    "timely_filing": FILING,
    "hold_due": DUE,
    "work_kinds": KINDS,
    "bank_types": TYPES,
    "appeal_limits": LIMITS,
    "write_off_approvers": APPROVERS,
    "write_off_rules": RULES,
    "status_answers": ANSWERS,
}


@pytest.mark.parametrize(
    ("table", "old", "new", "fault"),
    [
        ("actions", "by kind", "sometimes", "4:63: follow_up: 'sometimes' cannot be used; expected one of always, by"),
        ("actions", "closes: N", "closes: no", "4:80: closes: 'no' cannot be used; expected one of Y, N"),
        ("actions", ", closes: N", "", "4:5: row 1 has no 'closes'; expected 'closes' in each row"),
        ("actions", "closes: N", "close: N",
         "4:72: row 1: 'close' is no column of this table; did you mean 'closes'?"),
        ("appeal_limits", "within:", "withing:",
         "4:58: row 1: 'withing' is no column of this table; did you mean 'within'?"),
        ("timely_filing", "{payer:", "{payr:", "4:6: row 1: 'payr' is no column of this table; did you mean 'payer'?"),
        ("actions", "called_payer", "called_the_payer_about_it",
         "4:12: code: 'called_the_payer_about_it' cannot be used; expected a word of at most 24 characters"),
        ("actions", "[code]", "[name]", "1:6: key: the gateway looks this table up by code; expected [code]"),
        ("timely_filing", "1 year", "a year", "4:31: within: 'a year' cannot be used; expected a span such as 1 year"),
        ("timely_filing", "1 year", "99 years", "4:31: within: '99 years' cannot be used; expected a span of at least"),
        ("hold_due", "RX", "CMN", "4:12: type: 'CMN' cannot be used; expected one of RX, PAR, SYS, MAN"),
        ("hold_due", "business_days: 5", "business_days: five", "4:52: business_days: 'five' cannot be used"),
        ("bank_types", "method: eft", "method: ach", "4:47: method: 'ach' cannot be used; expected one of eft, wire"),
        ("bank_types", "use: deposit", "use: yes", "4:57: use: 'yes' cannot be used; expected one of deposit, review"),
        ("appeal_limits", "\"1\"", "first", "4:30: level: 'first' cannot be used; expected reopening, or"),
        ("write_off_approvers", "250.00", "a lot", "4:24: most: 'a lot' cannot be used; expected dollars such as"),
        ("write_off_rules", "\"5.00\"", "\"\"", "4:33: most: '' cannot be used; expected dollars such as 25.00"),
        ("status_answers", "days: 14", "days: soon", "4:44: days: 'soon' cannot be used; expected a whole"),
        ("work_kinds", "follow_up: Y", "follow_up: yes", "4:47: follow_up: 'yes' cannot be used; expected one of Y, N"),
    ],
)  # fmt: skip
def test_what_is_mistyped_is_told_at_its_place(folder: Folder, table: str, old: str, new: str, fault: str) -> None:
    folder.write(f"tables/{table}.yaml", SOUND[table])
    assert folder.texts() == []
    folder.edit(f"tables/{table}.yaml", old, new)
    assert [text[: len(table) + 13 + len(fault)] for text in folder.texts()] == [f"tables/{table}.yaml:{fault}"]


@pytest.mark.parametrize("table", sorted(WORK_TABLES.keys() - SOUND.keys()))
def test_of_no_payer_is_anything_said_before_somebody_says_it(folder: Folder, table: str) -> None:
    assert work_table(folder.config().tables, table).rows == ()


@pytest.mark.parametrize("table", SOUND)
def test_a_configuration_without_the_table_has_the_shipped_one(folder: Folder, table: str) -> None:
    shipped = work_table(folder.config().tables, table)
    assert bool(shipped.rows) is not table.startswith("write_off")  # who may give money up, each house says itself
    folder.write(f"tables/{table}.yaml", SOUND[table])
    assert len(work_table(folder.config().tables, table).rows) == 1


def test_the_shipped_tables_are_sound_and_every_row_has_its_source(folder: Folder) -> None:
    for table in WORK_TABLES:
        folder.write(f"tables/{table}.yaml", (shipped_config() / "tables" / f"{table}.yaml").read_text())
    config = folder.config()
    assert all(row.source for table in WORK_TABLES for row in config.tables[table].rows)


def test_a_table_that_is_none_of_the_gateways_is_an_error() -> None:
    with pytest.raises(KeyError):
        work_table(Tables(), "fees")


def test_an_action_that_was_ended_is_no_longer_offered_but_stays_in_the_table(folder: Folder) -> None:
    from gateway.core.work.actions import Actions

    folder.write("tables/actions.yaml", ACTIONS.replace("closes: N", "closes: N, valid_to: 2026-06-30"))
    tables = folder.config().tables
    assert Actions.of(tables, dt.date(2026, 6, 30)).find("called_payer") is not None
    assert Actions.of(tables, dt.date(2026, 7, 1)).find("called_payer") is None


@pytest.mark.parametrize(("hold", "cause"), [("PAR", "no-authorization"), ("RX", "no-order")])
def test_a_root_cause_is_mended_by_the_team_that_has_its_holds(hold: str, cause: str) -> None:
    day = dt.date(2026, 3, 2)
    config = load(shipped_config(), secrets=False)
    assert isinstance(config, Config)
    held, mended = config.tables["hold_due"].find(day, hold), config.tables["root_causes"].find(day, cause)
    assert held is not None
    assert mended is not None
    assert mended.values["team"] == held.values["team"]
