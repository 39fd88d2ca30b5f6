"""Examples of what billers, posters and managers go to beside the queue: money, denials, follow-up, figures."""

from __future__ import annotations

from .example import MANAGE, POST, WORK, Example, file, form, page

FUTURE = "2031-01-02"
"""A day that nobody closes."""

EXAMPLES: dict[str, Example] = {
    # Payments that did not post.
    "GET /console/exceptions": page("/console/exceptions"),
    "GET /console/exceptions.csv": file("/console/exceptions.csv"),
    "GET /console/exceptions/{id}": page("/console/exceptions/{payment}", "/console/exceptions/{payment}?id={left}"),
    "GET /console/exceptions/remittances/{id}": file("/console/exceptions/remittances/{remittance}", there=False),
    "POST /console/exceptions/again": form("/console/exceptions/again", right=POST, teams=True, ids="{payment}"),
    "POST /console/exceptions/{id}/assign": form("/console/exceptions/{payment}/assign", right=POST, teams=True),
    "POST /console/exceptions/{id}/{verb}": form(
        "/console/exceptions/{payment}/claim", "/console/exceptions/{payment}/release", right=POST, teams=True
    ),
    "POST /console/exceptions/{id}/again": form("/console/exceptions/{payment}/again", right=POST, teams=True),
    "POST /console/exceptions/{id}/set-aside": form("/console/exceptions/{payment}/set-aside", right=POST, teams=True),
    "POST /console/exceptions/{id}/take-back": form("/console/exceptions/{payment}/take-back", right=POST, teams=True),
    "POST /console/exceptions/remittances/{id}/accept": form(
        "/console/exceptions/remittances/{remittance}/accept", right=POST
    ),
    "POST /console/exceptions/remittances/{id}/dismiss": form(
        "/console/exceptions/remittances/{remittance}/dismiss", right=POST
    ),
    "GET /console/takebacks": page("/console/takebacks"),
    "GET /console/takebacks.csv": file("/console/takebacks.csv"),
    "GET /console/takebacks/entries": file(
        "/console/takebacks/entries?payer=1960000022&use=recovery&reference=NONE", there=False
    ),
    # Deposits.
    "GET /console/deposits": page("/console/deposits"),
    "GET /console/deposits.csv": file("/console/deposits.csv"),
    "GET /console/deposits/itemised": page("/console/deposits/itemised"),
    "GET /console/deposits/itemised.csv": file("/console/deposits/itemised.csv"),
    "GET /console/deposits/{id}": page("/console/deposits/{deposit}"),
    "GET /console/deposits/papers/{id}": file("/console/deposits/papers/{deposit}", there=False),
    "GET /console/deposits/eob": page("/console/deposits/eob", right=POST),
    "POST /console/deposits/eob": form("/console/deposits/eob", right=POST, teams=True),
    "POST /console/deposits/match": form("/console/deposits/match", right=POST, teams=True),
    "POST /console/deposits/keyed": form("/console/deposits/keyed", right=POST, teams=True),
    "POST /console/deposits/bank-file": form("/console/deposits/bank-file", right=POST, teams=True, file=True),
    "POST /console/deposits/{id}/match": form("/console/deposits/{deposit}/match", right=POST, teams=True),
    "POST /console/deposits/{id}/unmatch": form("/console/deposits/{deposit}/unmatch", right=POST, teams=True),
    "POST /console/deposits/{id}/explain": form("/console/deposits/{deposit}/explain", right=POST, teams=True),
    "POST /console/deposits/{id}/patient": form("/console/deposits/{deposit}/patient", right=POST, teams=True),
    "POST /console/deposits/{id}/take": form("/console/deposits/{deposit}/take", right=POST, teams=True),
    "POST /console/deposits/{id}/papers": form("/console/deposits/{deposit}/papers", right=POST, teams=True, file=True),
    # The day's close.
    "GET /console/days": page("/console/days"),
    "GET /console/days.csv": file("/console/days.csv"),
    "GET /console/days/go": file("/console/days/go?date={day}"),
    "GET /console/days/proof": file("/console/days/proof"),
    "GET /console/days/{date}": page("/console/days/{day}"),
    "POST /console/days/proof": form("/console/days/proof", right=POST),
    "POST /console/days/{date}/close": form(f"/console/days/{FUTURE}/close", right=POST, teams=True),
    "POST /console/days/{date}/reopen": form(f"/console/days/{FUTURE}/reopen", right=MANAGE),
    # Denials.
    "GET /console/denials": page("/console/denials"),
    "GET /console/denials.csv": file("/console/denials.csv"),
    "GET /console/denials/{id}": page("/console/denials/{denial}"),
    "GET /console/denials/{id}/correct": page("/console/denials/{denial}/correct", right=WORK),
    "GET /console/denials/{id}/letters/{act}": file("/console/denials/{denial}/letters/999999", there=False),
    "POST /console/denials/{id}/document": form(
        "/console/denials/{denial}/document", teams=True, file=True, kind="?"
    ),
    **{
        f"POST /console/denials/{{id}}/{verb}": form(f"/console/denials/{{denial}}/{verb}", teams=True)
        for verb in (
            *("correct", "preview", "resubmit", "approve", "refuse", "to-patient", "undo-write-off", "letter"),
            *("sent", "decided", "write-off", "close"),
        )
    },
    # Follow-up.
    "GET /console/follow-up": page("/console/follow-up"),
    "GET /console/follow-up.csv": file("/console/follow-up.csv"),
    "POST /console/follow-up/ask": form("/console/follow-up/ask"),
    # Figures, charts, productivity.
    "GET /console/analysis": page("/console/analysis"),
    "GET /console/analysis.csv": file("/console/analysis.csv"),
    "GET /console/analysis/rejections": page("/console/analysis/rejections"),
    "GET /console/analysis/rejections.csv": file("/console/analysis/rejections.csv"),
    "GET /console/reports": page("/console/reports"),
    "GET /console/reports.csv": file("/console/reports.csv"),
    "GET /console/reports/{name}": page("/console/reports/dso", "/console/reports/denial-rate"),
    "GET /console/reports/{name}.csv": file("/console/reports/dso.csv"),
    "GET /console/reports/{name}/headline": file("/console/reports/dso/headline"),
    "GET /console/reports/{name}/claims": page("/console/reports/dso/claims"),
    "GET /console/reports/{name}/claims.csv": file("/console/reports/dso/claims.csv"),
    "GET /console/productivity": page("/console/productivity"),
    "GET /console/productivity.csv": file("/console/productivity.csv"),
    "GET /console/productivity/worked": page("/console/productivity/worked"),
    "GET /console/productivity/worked.csv": file("/console/productivity/worked.csv"),
}  # fmt: skip
