"""Short descriptions of claim status codes, in our own words (hme-billing-rules 7.3). Those of the TA1 and the 999 are
in gateway.core.x12.guides.answer_codes.

Numbers that are not here are shown as numbers: nothing is made up for them.
"""

from __future__ import annotations

CATEGORIES = {
    "A0": "sent on to the next party",
    "A1": "received",
    "A2": "accepted for processing",
    "A3": "returned, cannot be processed",
    "A4": "not found",
    "A5": "split into several claims",
    "A6": "rejected, something is missing",
    "A7": "rejected, something is not valid",
    "A8": "rejected, two things do not fit together",
}

# Claim status codes that front ends of DME payers use most.
STATUSES = {
    "0": "no further word is given",
    "1": "see the other codes",
    "3": "the claim has been adjudicated and waits for payment",
    "16": "the claim was sent on",
    "17": "the claim was sent on electronically",
    "19": "the claim was received",
    "20": "the claim was accepted",
    "21": "information is missing or not valid",
    "23": "returned to the sender",
    "24": "the entity is not approved for electronic claims",
    "25": "the entity is not approved",
    "26": "the entity is not found",
    "33": "the subscriber is not found under this member number",
    "54": "a duplicate of a claim that was processed before",
    "78": "a duplicate of a claim that is being processed",
    "84": "the service is not authorized",
    "85": "the entity is not primary",
    "88": "the entity has no cover on the date of service",
    "97": "the patient is not found with this payer",
    "109": "the entity is not eligible",
    "116": "the claim went to the wrong payer",
    "125": "the name of the entity",
    "126": "the address of the entity",
    "128": "the tax id of the entity",
    "145": "the taxonomy of the entity",
    "153": "the id number of the entity",
    "156": "the relationship of the patient to the subscriber",
    "157": "the sex of the patient",
    "158": "the birth date of the patient",
    "164": "the member number of the entity",
    "178": "the total charge",
    "187": "the date of service",
    "188": "the statement dates",
    "189": "the admission date",
    "218": "the NDC number",
    "247": "the line's information: see the status of the line",
    "249": "the place of service",
    "252": "the authorization number",
    "254": "the principal diagnosis",
    "255": "a diagnosis code",
    "400": "the claim does not balance",
    "402": "the amount must be greater than zero",
    "453": "a modifier of the service",
    "454": "the procedure code of the service",
    "455": "a revenue code",
    "464": "the payer's claim number",
    "475": "the procedure code does not fit the patient's age",
    "476": "the units of service are missing or not valid",
    "477": "the diagnosis pointer is missing or not valid",
    "496": "the submitter is not approved to send claims for this entity",
    "500": "the postal or ZIP code of the entity",
    "507": "the HCPCS code, or the modifier that it needs",
    "535": "the claim frequency code",
    "562": "the NPI of the entity",
    "732": "information does not fit the payer's billing rules",
    "746": "a duplicate submission",
}

ENTITIES = {
    "1P": "provider",
    "40": "receiver",
    "41": "submitter",
    "77": "service facility",
    "82": "rendering provider",
    "85": "billing provider",
    "87": "pay-to provider",
    "DK": "ordering provider",
    "DN": "referring provider",
    "DQ": "supervising provider",
    "IL": "subscriber",
    "PR": "payer",
    "QC": "patient",
}

CLAIM_STATUSES = {
    "1": "decided as primary",
    "2": "decided as secondary",
    "3": "decided as tertiary",
    "4": "denied",
    "19": "decided as primary, sent on to another payer",
    "20": "decided as secondary, sent on to another payer",
    "21": "decided as tertiary, sent on to another payer",
    "22": "an earlier payment is taken back",
    "23": "not this payer's claim, sent on to another payer",
    "25": "an estimate before service; no payment",
}
"""CLP02 of an 835."""
