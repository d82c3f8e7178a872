"""Measures speed: ``python -m benchmarks`` (or ``make bench``); docs/benchmarks.md has the figures."""
