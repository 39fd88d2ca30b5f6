"""What the console calls things: kinds of work, teams, states."""

from __future__ import annotations

NAV = (
    ("/console/", "Home", "look"),
    ("/console/queue", "Queue", "look"),
    ("/console/holds", "Holds", "look"),
    ("/console/rejections", "Rejections", "look"),
    ("/console/denials", "Denials", "look"),
    ("/console/follow-up", "Follow-up", "look"),
    ("/console/analysis", "Analysis", "look"),
    ("/console/claims", "Claims", "look"),
    ("/console/exceptions", "Exceptions", "look"),
    ("/console/deposits", "Deposits", "look"),
    ("/console/days", "The day's close", "look"),
    ("/console/files", "Files", "look"),
    ("/console/batches", "Batches", "look"),
    ("/console/reports", "Reports", "look"),
    ("/console/productivity", "Productivity", "look"),
    ("/console/admin", "Administration", "administer"),
)
"""Address, name, and the right that it takes."""

ADMIN_NAV = (
    ("/console/admin", "Overview"),
    ("/console/admin/partners", "Partners"),
    ("/console/admin/plugins", "Plugins"),
    ("/console/admin/chains", "Chains"),
    ("/console/admin/explain", "Explain a file"),
    ("/console/admin/alarms", "Alarms"),
    ("/console/admin/webhooks", "Webhooks"),
    ("/console/admin/configuration", "Configuration"),
    ("/console/admin/users", "Users"),
    ("/console/admin/access", "Access log"),
)
"""Address and name of each page of the administration."""

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
    "deposit_match": "Deposit to match",
    "era_without_money": "Remittance without money",
    "money_without_era": "Money without remittance",
    "money_unidentified": "Money to identify",
    "bank_review": "Money that was taken back",
    "write_off_request": "Write-off to approve",
    "follow_up": "Open balance",
    "next_payer": "Next payer",
    "underpayment": "Underpayment",
    "patient_balance": "Statement due",
    "resupply_due": "Refill to ask for",
    "resupply_ship": "Refill to ship",
    "refill_unknown": "Refill not known",
    "shipment_unbilled": "Shipment not billed",
    "maintenance_due": "Maintenance visit",
    "rul_ending": "Lifetime ends",
}
_TONES = {
    "good": "good",
    "bad": "bad",
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
    "expected": "wait",
    "matched": "wait",
    "posted": "wait",
    "reconciled": "good",
    "unidentified": "bad",
    "noted": "quiet",
    "new": "bad",
    "in progress": "wait",
    "resubmitted": "wait",
    "reopening": "wait",
    "appealed": "wait",
    "written off": "quiet",
    "patient": "done",
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


def category(name: str) -> str:
    """A category of denials (`MEDICAL_NECESSITY`), as people say it."""
    return {"COB": "Other insurance", "ABN": "ABN", "AUTH": "Authorization"}.get(name) or name.replace(
        "_", " "
    ).capitalize()


def capitalize_first(text: str) -> str:
    """A phrase with a capital letter in front; the rest stays as it is."""
    return text[:1].upper() + text[1:]
