"""The money: double entry, from the first posting, and only growing."""
