"""`gateway takebacks`: what payers have carried forward, announced to take, or taken, until it comes to zero."""

from __future__ import annotations

from pathlib import Path

import click

from ..config.commands import require
from .commands import change
from .work_commands import amount, now_of, show

COLUMNS = ("payer", "name", "use", "reference", "dollars", "stands", "since", "days", "entries", "codes")


@click.group()
def takebacks() -> None:
    """Recoveries and balances carried forward, by payer and reference."""


@takebacks.command("list")
@click.option("--payer", default="", help="Only of this payer: its number in TRN03, as the ledger has it.")
@click.option("--older-than", type=click.IntRange(0), default=0, metavar="DAYS", help="Only what stands longer.")
@click.option("--all", "everything", is_flag=True, help="With those that have come to zero.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def takebacks_list(config_path: Path, payer: str, older_than: int, everything: bool, as_csv: bool) -> None:
    """What stands on each reference, the oldest first. "to come": the payer has announced it and will take it;
    "taken": it has taken what it never announced (a work item)."""
    from ..core.ledger import takebacks as ledger

    config = require(config_path, secrets=False)
    today = now_of(config)[1]
    found = change(config, lambda sql: ledger.standing(sql, payer=payer, everything=everything))
    rows = [
        (
            one.payer,
            one.payer_name,
            one.use,
            one.reference,
            amount(abs(one.cents)),
            one.stands,
            one.first_on,
            one.days(today),
            one.entries,
            " ".join(one.codes),
        )
        for one in found
        if one.days(today) >= older_than
    ]
    show(COLUMNS, rows, as_csv, "Nothing stands open.")
