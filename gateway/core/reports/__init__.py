"""The figures of the back office (hme-billing-rules 10): each with its formula, its numbers and the claims behind it.

`measure` is what every figure has, `money` has those that the ledger tells, `billing` those of claims and their
lines, `answers` those of remittances and acknowledgments, `waiting` those of work that waits, `catalogue` all by name.
All of it is sums made by the database: what is loaded is a row for each group, never a row for each claim.
"""
