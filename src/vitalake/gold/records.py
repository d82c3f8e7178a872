"""The two Gold tables that are histories of what was done: written row by row, computed by no SQL."""

from __future__ import annotations

from typing import Final

from vitalake.domain.tables import Column, Table

GOLD_QUALITY_CHECKS: Final = Table(
    "gold_quality_checks",
    "run and expectation",
    (
        Column("run_id", "string", "The run", required=True),
        Column("expectation", "string", "The expectation's name", required=True),
        Column("description", "string", "What it demands", required=True),
        Column("value", "double", "What was found; 0 where nothing is wrong"),
        Column("limit", "double", "The limit that decided the verdict", required=True),
        Column("verdict", "string", "pass, warn or fail", required=True),
        Column("forced", "boolean", "Whether Gold was merged in spite of a failure", required=True),
        Column("batch", "bigint", "The batch up to which Gold was judged", required=True),
        Column("checked_at", "timestamp", "When", required=True),
    ),
    key=("run_id", "expectation"),
)

GOLD_PIPELINE_RUNS: Final = Table(
    "gold_pipeline_runs",
    "run and stage",
    (
        Column("run_id", "string", "The run: an invocation; in follow mode a minute's work", required=True),
        Column("stage", "string", "ingest, refine, curate, or run: the whole of it", required=True),
        Column("engine", "string", "embedded or spark", required=True),
        Column("started_at", "timestamp", "Start", required=True),
        Column("ended_at", "timestamp", "End", required=True),
        Column("rows_in", "bigint", "Rows read", required=True),
        Column("rows_out", "bigint", "Rows written", required=True),
        Column("first_batch", "bigint", "The first batch it took; null if none"),
        Column("last_batch", "bigint", "The last batch it took; null if none"),
        Column("versions_read", "string", "JSON: the table versions read", required=True),
        Column("versions_written", "string", "JSON: the table versions written", required=True),
        Column("status", "string", "completed or failed", required=True),
        Column("error", "string", "Why it failed, one line"),
    ),
    key=("run_id", "stage"),
)

RECORDS: Final = (GOLD_QUALITY_CHECKS, GOLD_PIPELINE_RUNS)
