"""Receivables: the follow-up of what payers owe, and statements for what patients owe (back office: A/R management;
hme-billing-rules 7.5, 10, 11.7).

Each morning what was billed, neither refused nor denied, and is unpaid after its payer's time (table `follow_up`) comes
into the follow-up queue, and patients to whom a statement is due into the queue of patient balances. Items close when
the payer has decided.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.plugins import Command, Desk, Report, RowTable, Schedule, Tables, Worklist, hookimpl

from . import queue, statements
from .due import faults
from .printing import print_statements
from .settings import ReceivablesDesk

gateway_api = 1
gateway_tables = ("follow_up",)


@hookimpl
def desk_settings() -> type[ReceivablesDesk]:
    return ReceivablesDesk


@hookimpl
def check_settings(tables: Tables) -> Iterator[str]:
    """Each row of the table has whole days, and from when they count."""
    return faults(tables)


@hookimpl
def plugin_tables() -> list[RowTable]:
    return [statements.STATED]


def each_morning(desk: Desk[ReceivablesDesk]) -> None:
    """Both queues."""
    queue.work_out(desk)
    statements.work_out(desk)


@hookimpl
def plugin_schedules(settings: ReceivablesDesk) -> Iterator[Schedule]:
    yield Schedule(name="queues", run=each_morning, daily=settings.daily, timeout=600)
    yield Schedule(name="closing", run=queue.close_only, every=settings.closing, timeout=300)


@hookimpl
def plugin_worklists() -> Iterator[Worklist]:
    yield Worklist(
        name="follow-up",
        title="Claims that their payer has not decided in time",
        kinds=(queue.KIND,),
        columns=("id", "refile_by", "dollars", "payer", "claim", "work_by", "follow_up", "assignee", "reason"),
        order=("refile_by", "-dollars", "id"),
        empty="Every payer has decided in time.",
        schedule="queues",
    )
    yield Worklist(
        name="patients",
        title="Patients to whom a statement is due",
        kinds=(statements.KIND,),
        columns=("id", "dollars", "work_by", "follow_up", "assignee", "reason"),
        order=("-dollars", "id"),
        empty="No statement is due.",
        schedule="queues",
    )


@hookimpl
def plugin_reports() -> Iterator[Report]:
    yield Report(
        name="follow-ups",
        title="What is to be followed up, by payer",
        run=queue.by_payer,
        parameters=queue.Asked,
        timeout=600,
    )


@hookimpl
def plugin_commands() -> Iterator[Command]:
    yield Command(name="follow-up", help="Work the follow-up queue out now.", run=queue.run_now, timeout=600)
    yield Command(
        name="statements",
        help="Statements that are due, a row for each claim; what was stated is kept.",
        run=statements.export,
        options=statements.Which,
        timeout=600,
    )
    yield Command(
        name="print",
        help="Statements that are due, as pages to print (HTML); what was stated is kept.",
        run=print_statements,
        options=statements.Which,
        timeout=600,
    )
