"""Real data sets as messages of the wire contract."""
