"""A simulated quarter of the money: claims, four payers with their habits, the bank.

The gateway posts it, the independent checker (tests/oracle/money) judges it, claim by claim.
"""
