"""Gold: one SQL file a table, and what reads their headers."""
