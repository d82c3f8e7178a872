"""The embedded engine: DuckDB and delta-rs in one process."""
