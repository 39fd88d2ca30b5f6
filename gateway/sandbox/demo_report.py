"""What the demo shows at its end: the table, one claim's way from drop to payment, and where to look next."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from ..core.ledger.proof import Proof
from ..core.model.money import to_dollars
from ..core.store import timeline
from ..core.store.tables import claim_payments, claims, holds
from ..operate.overview import Overview, Tally
from .counting import Process

WIDTH = 78

_STATES = {
    "faulty": "cannot be read, with the billing team",
    "held": "held for a person",
    "ready": "ready for the next batch",
    "batched": "in a batch that has not left",
    "sent": "sent, no answer yet",
    "acknowledged": "received by the clearinghouse",
    "accepted": "accepted by the payer, not paid yet",
    "rejected": "rejected at the front end",
    "paid": "paid, or passed to the patient or next payer",
    "denied": "denied, nothing paid",
    "closed": "closed, nothing left",
    "cancelled": "cancelled",
}


def money(cents: int) -> str:
    """Dollars as billers write them; negative in parentheses."""
    text = f"{to_dollars(abs(cents)):,.2f}"
    return f"({text})" if cents < 0 else text


def _line(name: str, count: object = "", cents: int | None = None) -> str:
    number = f"{count:,}" if isinstance(count, int) else str(count)
    return f"  {name:<48.48}{number:>9}{money(cents) if cents is not None else '':>19}".rstrip()


def _head(title: str) -> str:
    return f"\n{title}\n{'-' * WIDTH}"


def _tallies(title: str, rows: list[Tally], words: Mapping[str, str] | None = None, most: int = 8) -> Iterator[str]:
    if not rows:
        return
    yield _head(title)
    for row in rows[:most]:
        yield _line((words or {}).get(row.name, row.name), row.number, row.cents)
    rest = rows[most:]
    if rest:
        yield _line(f"{len(rest)} more kinds", sum(row.number for row in rest), sum(row.cents for row in rest))


def report(seen: Overview, proof: Proof, received: Mapping[str, Any], remitted: int) -> Iterator[str]:
    """The table at the end, in a biller's words. `received` and `remitted` are what the clearinghouse says."""
    yield "=" * WIDTH
    yield f"  {'Where the claims stand':<48}{'claims':>9}{'dollars':>19}"
    yield "=" * WIDTH
    for row in seen.claims:
        yield _line(_STATES.get(row.name, row.name), row.number, row.cents)
    yield _line("all claims", sum(row.number for row in seen.claims), sum(row.cents for row in seen.claims))
    yield from _tallies("Held, and why (rule)", seen.holds)
    yield _head("Sent")
    for row in seen.batches:
        yield _line(f"batches {row.name}", row.number, row.cents)
    once = sum(1 for one in received.values() if one.times == 1)
    yield _line("interchanges the clearinghouse received once", once)
    yield _line("interchanges it received more than once", len(received) - once)
    yield from _tallies("Rejected at the front end, and why (status code)", seen.rejections)
    yield from _tallies("Denied lines by category", seen.denials)
    yield from _money(seen, remitted)
    yield from _tallies("Waiting for a person", seen.waiting, _KINDS, most=12)
    yield _head("Proof of the ledger")
    yield f"  {proof}"


_KINDS = {
    "hold": "holds",
    "rejection": "front-end rejections to correct",
    "file_rejection": "interchanges or sets refused",
    "posting_exception": "payments that did not post by themselves",
    "remittance_exception": "remittances that need a look",
    "denial": "denials to work",
    "overdue_ack": "overdue answers",
    "file_problem": "files that need a look",
    "faulty_claim": "claims that cannot be read",
    "duplicate_claim": "claim numbers used twice",
    "patient_merge": "patients who may be one",
    "payment_review": "payments posted that need a next step",
    "underpayment": "lines allowed less than they should be",
    "takeback": "take-backs that were never announced",
    "plugin_failure": "plugin failures",
    "partner_stopped": "partners that are stopped",
    "order_problem": "reasons for which delivered orders wait",
}


def _money(seen: Overview, remitted: int) -> Iterator[str]:
    yield _head("The money")
    yield _line("charged", "", seen.charged)
    for name, cents in seen.balances.items():
        yield _line(name, "", cents)
    yield _head("Remitted = posted, to the cent")
    yield _line("the clearinghouse says it remitted", "", remitted)
    yield _line("remitted, as the gateway read it", "", seen.remitted)
    yield _line("posted to claims", "", seen.posted)
    yield _line("waiting as exceptions", "", seen.exceptions)
    yield _line("at provider level (takebacks, interest)", "", seen.provider_level)
    difference = seen.remitted - seen.posted - seen.exceptions - seen.provider_level
    yield _line("difference", "", difference)


def example(connection: Connection) -> list[str]:
    """The timeline of one paid claim, with its interchange and its payment; nothing that names the patient."""
    row = connection.execute(
        select(claims.c.id, claims.c.claim_number, claims.c.charge_cents, claims.c.state)
        .join(claim_payments, claim_payments.c.claim_id == claims.c.id)
        .where(claims.c.state == "paid", claim_payments.c.paid_cents > 0)
        .order_by(func.length(claims.c.claim_number), claims.c.id)
        .limit(1)
    ).first()
    if row is None:
        return []
    lines = [_head(f"One claim, from drop to payment: {row.claim_number}, ${money(row.charge_cents)}")]
    for event in timeline.of(connection, "claim", row.id):
        at: dt.datetime = event["at"]
        lines.append(f"  {at.astimezone():%H:%M:%S}  {event['station']:<12} {event['what']}")
    return lines


def back_office(several: Sequence[Process], root: Path) -> Iterator[str]:
    """The processes of the back office: counts, dollars, an example, and the command that shows more."""
    yield f"\n{'=' * WIDTH}"
    yield f"  {'The back office, process by process':<48}{'items':>9}{'dollars':>19}"
    yield "=" * WIDTH
    for one in several:
        yield f"\n{one.name}"
        for count in one.counts:
            yield _line(count.words, count.number if count.number is not None else "", count.cents)
        if one.example:
            yield from _wrapped("e.g. ", one.example)
        yield from _wrapped("more: ", f"gateway {one.more}")
    empty = [one.name for one in several if not any(count.number or count.cents for count in one.counts)]
    yield _head(f"{len(several) - len(empty)} of {len(several)} processes have something to show")
    if empty:
        yield from _wrapped("", f"Nothing today: {', '.join(empty)}.")
    yield from _wrapped("", f"`gateway` stands for .venv/bin/gateway -c {_shown(root)}/config")


def _wrapped(lead: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"    {lead}",
        subsequent_indent="    ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _shown(root: Path) -> Path:
    """A folder as one would type it."""
    return root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root


def cleared(connection: Connection) -> int:
    """How many holds have released themselves because what they waited for has come."""
    by_itself = (holds.c.released_by == "gateway") & holds.c.release_reason.startswith("its cause has cleared")
    return int(connection.execute(select(func.count()).select_from(holds).where(by_itself)).scalar_one())


def where_next(root: Path, *, serves: bool = False) -> Iterator[str]:
    """What to look at now. `serves`: whether the console stays open."""
    shown = _shown(root)
    yield _head("Where to look next")
    yield f"  {shown}/data/out/billing       answers for the billing system: 999, 277CA, 835, postings as CSV"
    yield f"  {shown}/clearinghouse/home     the clearinghouse's side of the line"
    yield f"  {shown}/config                 partners, chains and tables of this run, to read and to change"
    yield f"  .venv/bin/gateway -c {shown}/config doctor      is everything there, does it add up"
    if not serves:
        yield "  make demo DEMO_ARGS=--open   the same again, and then the console with this day's work in your browser"
    yield "  docs/configuration.md        connect your own clearinghouse;  docs/plugins.md  write a plugin"
