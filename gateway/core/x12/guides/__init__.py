"""Implementation guides: what a transaction set may hold, as data, and the fast checker made of it."""
