"""A statement as a page to print: plain HTML of its own, without a script, a font or a picture from elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from html import escape
from itertools import islice

from gateway.plugins import Desk

from .settings import ReceivablesDesk
from .statements import AGES, KINDS, OLDEST, Account, Which, addressee, chosen, mark

MOST_PAGES = 2_000
TITLES = {"deductible": "Deductible", "coinsurance": "Coinsurance", "copay": "Copay", "other": "Not covered"}

_STYLE = """
body { font: 11pt/1.4 Georgia, serif; color: #111; margin: 0; }
.statement { page-break-after: always; padding: 18mm; }
.head { display: flex; justify-content: space-between; }
.to { margin: 14mm 0 10mm; }
h1 { font-size: 16pt; margin: 0; }
table { border-collapse: collapse; width: 100%; margin: 6mm 0; }
th, td { text-align: left; padding: 1.5mm 2mm; border-bottom: 1px solid #999; font-size: 10pt; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.sum td { font-weight: bold; border-top: 2px solid #111; }
.ages td, .ages th { text-align: right; }
.pay { border: 2px solid #111; padding: 4mm; display: inline-block; font-size: 13pt; }
.note { margin-top: 10mm; font-size: 10pt; }
"""


def print_statements(desk: Desk[ReceivablesDesk], which: Which) -> str:
    """Statements as one HTML document, a page (or more) for each patient."""
    stated = list(islice(chosen(desk, which), MOST_PAGES))
    if not stated:
        return "No statement is due."
    pages = ["".join(_statement(desk, account)) for account in stated]
    if which.mark:
        mark(desk, stated)
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>Statements of "
        f"{desk.today:%m/%d/%Y}</title><style>{_STYLE}</style></head><body>\n" + "\n".join(pages) + "\n</body></html>"
    )


def _statement(desk: Desk[ReceivablesDesk], account: Account) -> Iterator[str]:
    today, settings = desk.today, desk.settings
    until = today + dt.timedelta(days=settings.pay_within)
    yield "<section class='statement'><div class='head'><div>"
    yield from _letterhead(desk, account)
    yield f"</div><div><h1>Statement</h1>{today:%m/%d/%Y}<br>Account {account.patient_id}</div></div>"
    person = addressee(desk, account.claims[0].balance.claim_id)
    place = " ".join(part for part in (f"{person.city}," if person.city else "", person.state, person.zip) if part)
    lines = (f"{person.first} {person.last}".strip(), person.street, place)
    yield f"<div class='to'>{'<br>'.join(escape(line) for line in lines if line)}</div>"
    yield "<p>Your insurance has decided on these claims. What it left to you:</p>"
    yield from _claims(account)
    yield from _ages(account, today)
    yield f"<p class='pay'>Please pay <b>${account.total:,.2f}</b> by {until:%m/%d/%Y}</p>"
    yield f"<p class='note'>{escape(settings.statement_note)}</p></section>"


def _letterhead(desk: Desk[ReceivablesDesk], account: Account) -> Iterator[str]:
    claim = desk.claim(account.claims[0].balance.claim_id)
    if claim is None:
        return
    biller = claim.billing_provider
    address = (claim.pay_to if claim.pay_to else biller).address
    place = " ".join(part for part in (f"{address.city}," if address.city else "", address.state, address.zip) if part)
    name = " ".join(part for part in (biller.first, biller.last) if part)
    yield "<br>".join(escape(line) for line in (name, address.line1, address.line2, place) if line)


def _claims(account: Account) -> Iterator[str]:
    shown = [kind for kind in KINDS if account.of_kind(kind)]
    yield "<table><tr><th>Date</th><th>Claim</th><th>Insurance</th><th class='n'>Charged</th>"
    yield "".join(f"<th class='n'>{TITLES[kind]}</th>" for kind in shown) + "<th class='n'>You owe</th></tr>"
    for one in account.claims:
        balance = one.balance
        day = f"{balance.from_date:%m/%d/%Y}" if balance.from_date is not None else ""
        names = (day, balance.number, balance.payer_name or balance.payer_id)
        yield "<tr>" + "".join(f"<td>{escape(name)}</td>" for name in names) + _amount(balance.charge)
        yield "".join(_amount(balance.patient.get(kind, Decimal(0))) for kind in shown)
        yield _amount(balance.patient_owes) + "</tr>"
    yield f"<tr class='sum'><td colspan='{4 + len(shown)}'>Together</td>{_amount(account.total)}</tr></table>"


def _amount(amount: Decimal) -> str:
    return f"<td class='n'>{f'{amount:,.2f}' if amount else ''}</td>"


def _ages(account: Account, today: dt.date) -> Iterator[str]:
    words = [*(word for _, word in AGES), OLDEST]
    sums = dict.fromkeys(words, Decimal(0))
    for one in account.claims:
        sums[one.age(today)] += one.balance.patient_owes
    yield "<table class='ages'><tr>" + "".join(f"<th>{word} days</th>" for word in words) + "</tr><tr>"
    yield "".join(_amount(sums[word]) for word in words) + "</tr></table>"
