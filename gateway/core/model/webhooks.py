"""What other systems are told as it happens: the events, and the signature by which they know that we said it.

The headers and the signature are those of standardwebhooks.com, so that libraries for them are there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

EVENTS = {
    "file.received": "a file came in: file_id, origin, party",
    "claim.held": "a hold was put on a claim: claim_id, hold_id, type, rule, team",
    "claim.rejected": "a claim was rejected, or not taken in: claim_id, item_id, rule, partner",
    "remittance.posted": "a remittance was posted, whole or in part: remittance_id, file_id, state",
    "denial.opened": "a payer denied a line or claim: denial_id, claim_id, category, team",
    "work.opened": "something waits for a person: item_id, kind, team, claim_id",
}
"""Each event, and what its `data` has. Numbers of ours alone: whoever wants to know more asks the API, where the look
is in the access log."""
PING = "ping"
"""What is sent to try a webhook out."""
PREFIX = "whsec_"
SHORTEST_SECRET = 24
ID, TIMESTAMP, SIGNATURE = "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"


def key_of(secret: str) -> bytes:
    """The bytes with which is signed: what stands behind `whsec_` in base64, else the secret as it is."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header Webhook-Signature."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
