"""The slow reference: the rules of vitalake again, in plain Python and event by event, clear before fast.

It shares no rule with ``src``: what both must agree on is written in docs/contract.md and
docs/clinical-rules.md.
Instants are whole microseconds since 1970, values whole hundredths, None where something is missing.
"""
