"""The words and rules of the ward: pure."""
