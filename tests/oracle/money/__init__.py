"""A second opinion on the money, written from section 5 of the rules page alone.

It reads the claims' 837 and the payers' 835 with a split of its own, one file after the other in the order in which
they came, and says for every claim where each cent is. Like the rest of tests/oracle it imports nothing of the
gateway; READINGS.md (section 5) says how the page was read where it leaves room.
"""

from .bank import Bank as Bank
from .books import Books as Books
