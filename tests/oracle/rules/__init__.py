"""The page's sections as questions about one ask: each function yields what it trips."""
