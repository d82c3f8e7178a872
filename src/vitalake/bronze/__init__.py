"""Bronze: every byte of every message."""
