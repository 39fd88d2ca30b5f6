"""All that happened to one claim: from the file it came in to its balance now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from ..core.ledger.accounts import RECEIVABLE, in_words
from ..core.ledger.balances import by_line
from ..core.store import timeline
from ..core.store.tables import (
    batches,
    claim_payments,
    claims,
    denials,
    files,
    holds,
    patients,
    remittances,
    submissions,
    transfers,
    work_items,
)
from . import trace_answers
from .looking import day, days, dollars
from .trace_payments import PAYMENT, REMITTANCE, Payments, moved, remittance_line, status_words
from .trace_report import Event, Report, in_order

_KEEPS_BACK = ("hold", "reject")


def trace_claim(connection: Connection, claim_id: int, *, patient: bool = False) -> Report:
    """The report of a claim. `patient`: with the patient's name, birth date and member id. Raises NoResultFound."""
    claim = connection.execute(select(claims).where(claims.c.id == claim_id)).one()
    file = connection.execute(select(files).where(files.c.id == claim.file_id)).one()
    events = list(_timeline(connection, claim, file))
    for submission in _submissions(connection, claim_id):
        events += trace_answers.of_submission(connection, submission)
    events += _unmatched(connection, claim)
    events += _work(connection, claim_id)
    balance, accounts = _balance(connection, claim_id)
    facts: dict[str, Any] = {
        "claim_id": claim.id,
        "claim_number": claim.claim_number,
        "source_claim_number": claim.source_claim_number,
        "source": claim.source,
        "state": claim.state,
        "charge_cents": claim.charge_cents,
        "balance_cents": balance,
        "balances": accounts,
    }
    about = list(_about(claim, file))
    if patient:
        about.append(_patient(connection, claim))
    return Report(
        "claim",
        f"Claim {claim.claim_number}: {claim.state}, {dollars(claim.charge_cents)}",
        about,
        in_order(events),
        [_balance_line(balance, accounts)],
        facts=facts,
    )


def _about(claim: Any, file: Any) -> Iterator[str]:
    payer = claim.payer_name or "no payer named"
    payer += f" ({claim.payer_id})" if claim.payer_id else ""
    yield f"to {payer}" + (f" by way of {claim.partner}" if claim.partner else ", no partner")
    served = days(claim.from_date, claim.thru_date)
    yield f"from {claim.source}" + (f", service {served}" if served else "") + f", claim {claim.id} in our books"
    if claim.source_claim_number and claim.source_claim_number != claim.claim_number:
        yield f"{claim.source} calls it {claim.source_claim_number}"
    if claim.payer_claim_number:
        yield f"the payer calls it {claim.payer_claim_number}"


def _patient(connection: Connection, claim: Any) -> str:
    row = None
    if claim.patient_id is not None:
        row = connection.execute(select(patients).where(patients.c.id == claim.patient_id)).one_or_none()
    if row is None:
        return "patient: not known"
    member = f", member {claim.member_id}" if claim.member_id else ""
    return f"patient: {row.last_name}, {row.first_name}, born {day(row.birth_date) or 'unknown'}{member}"


def _submissions(connection: Connection, claim_id: int) -> list[Any]:
    return list(
        connection.execute(
            select(submissions.c.id, submissions.c.batch_id, submissions.c.st02, claims.c.billing_npi)
            .join(claims, claims.c.id == submissions.c.claim_id)
            .where(submissions.c.claim_id == claim_id)
            .order_by(submissions.c.id)
        )
    )


# --- the timeline, with what the tables know -------------------------------------------------------


def _timeline(connection: Connection, claim: Any, file: Any) -> Iterator[Event]:
    kept = list(connection.execute(select(holds).where(holds.c.claim_id == claim.id).order_by(holds.c.id)))
    payments = Payments(connection, claim.id)
    told: set[int] = set()
    config = ""
    for row in timeline.of(connection, "claim", claim.id):
        station, steps, more, facts = row["station"], row["steps"], [], {}
        if station == "acknowledge":
            continue  # told from the acknowledgments themselves, with their files and codes
        if station == "intake":
            more.append(f"{file.name} ({file.kind or 'not told'}), received as file {file.id}")
            more += [f"posted: {line}" for line in _charges(connection, claim.id)]
        elif station == "post" and isinstance(steps, Mapping) and steps.get("payment") in payments.rows:
            payment_id = int(steps["payment"])
            more += payments.details(payment_id)
            more += [f"line: {line}" for line in steps.get("lines", ())]
            more += [f"note: {line}" for line in steps.get("notes", ())]
            more += _planned(steps)
            facts = payments.facts(payment_id)
        elif station == "route":
            more += _denials(connection, claim.id, row["at"])
            more += _steps(steps)
        elif station == "send":
            more += _batch(connection, claim.id, row["what"])
        else:
            if station == "hold":
                opened = [hold for hold in kept if hold.opened_at == row["at"] and hold.id not in told]
                if opened and not _ran(steps):
                    told |= {hold.id for hold in opened}
                    more += [_hold(hold) for hold in opened]
            more += _steps(steps)
        if row["config_hash"] and row["config_hash"] != config:
            config = row["config_hash"]
            more.append(f"configuration {config[:12]}")
        if row["who"]:
            more.append(f"by {row['who']}")
        if row["config_hash"]:
            facts = facts | {"config_hash": row["config_hash"]}
        yield Event(row["at"], station, row["what"], more, facts)
    for hold in kept:
        if hold.id not in told:
            yield Event(hold.opened_at, "hold", _hold(hold))


def _ran(steps: Any) -> bool:
    """Whether these are records of plugins that ran, and not the holds that were opened."""
    return isinstance(steps, list) and any("outcome" in step for step in steps)


def _steps(steps: Any) -> Iterator[str]:
    """What each plugin decided; those with nothing to say together. What keeps a claim back is told as its hold."""
    if not _ran(steps):
        return
    quiet: list[str] = []
    for step in steps:
        name = f"{step['plugin']} {step['version']}"
        words = [
            _finding(finding) for finding in step.get("findings", ()) if finding.get("severity") not in _KEEPS_BACK
        ]
        if step.get("note"):
            words.append(str(step["note"]))
        words += map(str, step.get("notes", ()))
        if step.get("edits"):
            words.append(f"{step['edits']} element(s) set")
        if not words and step["outcome"] in ("continue", "answer"):
            quiet.append(name)
            continue
        outcome = "keeps it back" if step["outcome"] == "hold" else step["outcome"]
        yield f"{name}: {outcome}" + (f"; {' '.join(words)}" if words else "")
    if quiet:
        yield f"{', '.join(quiet)}: nothing to object"


def _planned(steps: Mapping[str, Any]) -> Iterator[str]:
    """Which plugins of which chain planned a payment."""
    ran = steps.get("steps") or ()
    if ran:
        names = ", ".join(f"{step['plugin']} {step['version']}" for step in ran)
        yield f"planned by {names} (chain {steps.get('chain')})"
    for step in ran:
        for note in step.get("notes", ()):
            yield f"{step['plugin']} {step['version']} notes: {note}"


def _finding(finding: Mapping[str, Any]) -> str:
    message = str(finding.get("message", ""))
    line = f"line {finding['line']}: " if finding.get("line") and not message.startswith("Line ") else ""
    return f"[{finding.get('rule', '')}] {line}{message}"


def _hold(hold: Any) -> str:
    if hold.released_at is None:
        state = f"open, due {day(hold.due)}" if hold.due else "open"
    else:
        state = f"released by {hold.released_by}"
    by = f" by {hold.plugin}" if hold.plugin else ""
    return f"{hold.type} hold {hold.id} [{hold.rule}]{by} for {hold.team}, {state}: {hold.reason}"


def _charges(connection: Connection, claim_id: int) -> list[str]:
    rows = connection.execute(
        select(transfers.c.debit, transfers.c.credit, transfers.c.cents)
        .where(transfers.c.claim_id == claim_id, transfers.c.kind == "charge")
        .order_by(transfers.c.id)
    )
    return moved((row.debit, row.credit, row.cents) for row in rows)


def _batch(connection: Connection, claim_id: int, what: str) -> Iterator[str]:
    for row in connection.execute(
        select(batches)
        .join(submissions, submissions.c.batch_id == batches.c.id)
        .where(submissions.c.claim_id == claim_id)
        .order_by(batches.c.id)
    ):
        if row.isa13 in what:
            test = {"T": ", marked as test", "P": ", marked as production"}.get(row.usage, "")
            yield f"batch {row.id}: {row.claims:,} claims, {dollars(row.cents)}{test}; gateway trace {row.isa13}"


def _denials(connection: Connection, claim_id: int, at: Any) -> Iterator[str]:
    for row in connection.execute(
        select(denials).where(denials.c.claim_id == claim_id, denials.c.opened_at == at).order_by(denials.c.id)
    ):
        remark = f" with {row.remark_code}" if row.remark_code else ""
        yield (
            f"denial {row.id}: {dollars(row.cents)} {row.group_code}-{row.reason_code}{remark} ({row.category}), for "
            f"{row.team}, {row.state}"
        )


# --- what the timeline does not have ---------------------------------------------------------------


def _unmatched(connection: Connection, claim: Any) -> Iterator[Event]:
    """Claim payments under its number that were not matched to it, nor to another claim."""
    for row in connection.execute(
        select(*PAYMENT, *REMITTANCE, files.c.name, files.c.party)
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .join(files, files.c.id == remittances.c.file_id)
        .where(claim_payments.c.claim_number == claim.claim_number, claim_payments.c.claim_id.is_(None))
        .order_by(claim_payments.c.id)
    ):
        what = (
            f"A payment of {dollars(row.paid_cents)} under its number is not matched to it: {status_words(row.status)}."
        )
        yield Event(row.at, "post", what, [remittance_line(row), row.match, row.reason])


def _work(connection: Connection, claim_id: int) -> Iterator[Event]:
    """Work items, opened and closed; holds are told as holds."""
    for row in connection.execute(
        select(work_items)
        .where(work_items.c.claim_id == claim_id, ~work_items.c.key.startswith("hold:"))
        .order_by(work_items.c.id)
    ):
        yield from item_events(row)


def item_events(row: Any) -> Iterator[Event]:
    """A work item: when it was opened, and when it was closed."""
    more = [f"{row.kind} {row.id}, {row.state}"]
    dates = [
        f"work by {day(row.work_by)}" if row.work_by else "",
        f"deadline {day(row.deadline)}" if row.deadline else "",
    ]
    more[0] += "".join(f", {words}" for words in dates if words)
    facts = {"work_item_id": row.id, "kind": row.kind, "team": row.team, "state": row.state, "cents": row.cents}
    yield Event(row.opened_at, "work", f"For {row.team or 'nobody yet'}: {row.reason}", more, facts)
    if row.closed_at is not None:
        yield Event(row.closed_at, "work", f"Closed: {row.outcome or 'no word'}", [f"{row.kind} {row.id}"], facts)


def _balance(connection: Connection, claim_id: int) -> tuple[int, dict[str, int]]:
    accounts: dict[str, int] = {}
    for on_line in by_line(connection, [claim_id])[claim_id].values():
        for account, cents in on_line.items():
            if account.startswith(RECEIVABLE):
                accounts[in_words(account)] = accounts.get(in_words(account), 0) + cents
    left = {name: cents for name, cents in accounts.items() if cents}
    return sum(left.values()), left


def _balance_line(balance: int, accounts: Mapping[str, int]) -> str:
    if not accounts:
        return "Balance now $0.00: nothing is open."
    parts = "; ".join(f"{name} {dollars(cents)}" for name, cents in accounts.items())
    return f"Balance now {dollars(balance)}: {parts}."
