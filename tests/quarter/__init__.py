"""A simulated quarter of the money: claims, four payers with their habits, the bank; posted by the gateway and judged by
the independent checker (tests/oracle/money), claim by claim."""
