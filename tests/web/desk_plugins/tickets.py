"""Takes delivery tickets, and makes claims from claims that are there."""

import time
from pathlib import Path

from gateway.core.model.belongings_file import Day
from gateway.plugins import Command, Drop, PluginSettings, Rows, RowTable, hookimpl

gateway_api = 1
ILL = Path(__file__).with_name("ill")


class Ticket(PluginSettings):
    patient: str
    serial: str
    signed_on: Day
    hours: int = 0


def take(rows, desk):
    unknown = []
    for row in rows:
        if row.serial == "HANGS" and ILL.exists():
            time.sleep(60)
        if row.serial == "RAISES" and ILL.exists():
            raise RuntimeError(row.patient)
        who = desk.patient(patient_id=row.patient)
        if who is None:
            unknown.append([row.serial])
            desk.open_item(kind="tickets_unknown", key=row.serial, reason="Whose is it?", team="intake")
        else:
            desk.keep("tickets", {"serial": row.serial, "signed_on": row.signed_on}, patient_id=who)
    return Rows(["unknown"], unknown) if unknown else f"{len(rows)} tickets of {desk.source}."


class Options(PluginSettings):
    start: str
    preview: bool = False
    payer: str = ""


def again(desk, options):
    """A second claim for each claim, a month later."""
    made = 0
    for view in desk.claims():
        claim = desk.claim(view.id)
        if view.source.startswith("plugin:") or claim is None:
            continue
        claim.set("CLM01", f"{options.start}{view.id}")
        if options.payer:
            claim.set("2010BB NM109", options.payer)
        for line in claim.lines:
            line.set("DTP[472]02", "D8")
            line.set("DTP[472]03", "20261101")
        made += desk.make_claim(f"{options.start}:{view.id}", claim, why="The next month began.")
    return desk.preview() if options.preview else f"{made} claims."


@hookimpl
def plugin_tables():
    return [RowTable("tickets", {"serial": str, "signed_on": Day.__origin__}, ("serial",))]


@hookimpl
def plugin_drops():
    return [
        Drop("tickets", "Signed delivery tickets.", Ticket, take, team="intake", timeout=2.0),
    ]


@hookimpl
def plugin_commands():
    return [Command(name="again", help="Make a second claim for each.", run=again, options=Options)]
