"""Keeping a gateway in good health: doctor, backup and restore, retention, tokens."""
