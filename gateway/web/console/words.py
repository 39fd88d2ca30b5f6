"""What the console calls things: kinds of work, teams, states."""

from __future__ import annotations

NAV = (
    ("/console/", "Home", "look"),
    ("/console/queue", "Queue", "look"),
    ("/console/holds", "Holds", "look"),
    ("/console/rejections", "Rejections", "look"),
    ("/console/claims", "Claims", "look"),
    ("/console/files", "Files", "look"),
    ("/console/batches", "Batches", "look"),
    ("/console/reports", "Reports", "look"),
    ("/console/productivity", "Productivity", "look"),
    ("/console/admin", "Administration", "administer"),
)
"""Address, name, and the right that it takes."""

BUCKETS = {
    "overdue": "Past its date",
    "7": "Within 7 days",
    "14": "Within 14 days",
    "30": "Within 30 days",
    "later": "Later",
}

_KINDS = {
    "hold": "Hold",
    "rejection": "Rejection",
    "file_rejection": "File refused",
    "posting_exception": "Payment not posted",
    "remittance_exception": "Remittance not posted",
    "denial": "Denial",
    "overdue_ack": "No answer",
    "file_problem": "File problem",
    "partner_stopped": "Line stopped",
    "duplicate_claim": "Duplicate claim",
    "faulty_claim": "Claim with a fault",
    "plugin_failure": "Plugin failed",
    "patient_merge": "Same patient?",
    "payment_review": "Payment to review",
    "provider_level": "Provider-level money",
    "claim_not_made": "Claim not made",
    "claim_review": "Claim to review",
    "follow_up": "Follow-up",
    "patient_balance": "Statement due",
    "resupply_due": "Refill to ask for",
    "resupply_ship": "Refill to ship",
    "refill_unknown": "Refill not known",
    "shipment_unbilled": "Shipment not billed",
    "maintenance_due": "Maintenance visit",
    "rul_ending": "Lifetime ends",
}
_TONES = {
    "faulty": "bad",
    "held": "wait",
    "ready": "good",
    "batched": "good",
    "sent": "good",
    "acknowledged": "good",
    "accepted": "good",
    "rejected": "bad",
    "paid": "done",
    "denied": "bad",
    "closed": "done",
    "cancelled": "quiet",
    "overdue": "bad",
    "7": "wait",
    "14": "quiet",
    "30": "quiet",
    "later": "quiet",
    "quarantined": "bad",
    "failed": "bad",
    "read": "done",
    "reading": "wait",
    "received": "wait",
    "duplicate": "quiet",
    "delivered": "done",
    "written": "wait",
    "waiting": "bad",
    "refused": "bad",
    "unknown": "bad",
    "withdrawn": "quiet",
    "allocated": "wait",
    "sending": "wait",
    "empty": "quiet",
}


def kind(name: str) -> str:
    """A kind of work item, as people say it."""
    return _KINDS.get(name) or name.replace("_", " ").capitalize()


def team(name: str) -> str:
    """A team, as people say it."""
    return {"edi": "EDI", "followup": "Follow-up"}.get(name) or name.replace("_", " ").capitalize() or "Nobody yet"


def state(name: str) -> str:
    """A state, as people say it."""
    return name.replace("_", " ").capitalize()


def verb(name: str) -> str:
    """What somebody did with an item, as people say it."""
    said = {"claim": "Took it", "release": "Gave it back", "assign": "Gave it on", "touch": "Worked it"}
    return said.get(name) or {"snooze": "Snoozed", "close": "Closed", "reopen": "Opened again"}.get(name) or state(name)


def tone(name: str) -> str:
    """Of which colour a state is: bad, wait, good, done, quiet."""
    return _TONES.get(name, "quiet")
