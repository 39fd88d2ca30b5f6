"""Seven years of invented patients, lived through the shipped plugins and held against the independent checker.

`tests.oracle` says what happens to a patient and, from the rules page alone, what must come of it; it knows nothing of
the gateway. Here the same events go through the shipped Medicare chain and the plugins' desks (`driver`), and every
claim that leaves, every claim that is kept back and every item of a due list is compared (`agree`). Where the two read
the page differently and both may, `readings.toml` says so, narrowly.
"""
