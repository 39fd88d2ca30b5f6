"""A practice clearinghouse and a generator of realistic claims: see `server.Sandbox`, `generate.generate_claims`."""
