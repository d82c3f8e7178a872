"""Expectations on the data, and the gate that judges them before Gold is merged."""
