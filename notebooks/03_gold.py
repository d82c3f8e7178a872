# Databricks notebook source
# MAGIC %md
# MAGIC # 3. Gold: the tables that people ask questions of
# MAGIC
# MAGIC Gold is SQL: one file a table (`vitalake/gold/*.sql`), one SELECT that DuckDB and Spark run unchanged,
# MAGIC computed only for the keys that the new batches touched.
# MAGIC
# MAGIC **Gold is judged before it is written.** All tables are computed, the quality gate judges what Gold would
# MAGIC become, then all of it is merged or none. Where a rule fails hard, Gold stays as it was and this notebook
# MAGIC fails.

# COMMAND ----------

dbutils.widgets.text("lake", "", "Lake: CATALOG.SCHEMA, or a folder")
dbutils.widgets.text("run_id", "", "Name of the run (empty: a new one)")
dbutils.widgets.dropdown("force", "false", ["false", "true"], "Write Gold in spite of the gate (recorded)")

# COMMAND ----------

import json
from collections import Counter

from vitalake import clock
from vitalake.engines.spark.lake import SparkLake
from vitalake.gold.definitions import gold_tables
from vitalake.gold.records import GOLD_PIPELINE_RUNS
from vitalake.stages.curate import table_versions
from vitalake.stages.history import tries_of
from vitalake.stages.lake import read_info
from vitalake.stages.run import Run

lake = SparkLake.at(dbutils.widgets.get("lake"), spark)
named = {"run_id": dbutils.widgets.get("run_id")} if dbutils.widgets.get("run_id") else {}
run = Run(lake, dbutils.widgets.get("lake"), **named)

# COMMAND ----------

result = run.curate(force=dbutils.widgets.get("force") == "true")
for check in result.failures:
    print(f"{check.expectation.name}: {check.value} ({check.expectation.description})")
result.refuse()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who is at risk now?
# MAGIC A patient's row speaks as of that patient's own last event, so it changes only when the patient's data does.

# COMMAND ----------

tables = [gold.table for gold in gold_tables()]
for table in tables:
    lake.open(table)

# COMMAND ----------

# MAGIC %sql
# MAGIC select patient_id, ward, as_of, news2_score, news2_upper, severity, risk_group, high_alerts_active
# MAGIC from gold_patient_risk_snapshot order by news2_score desc, news2_upper desc, as_of desc limit 20

# COMMAND ----------

# MAGIC %md
# MAGIC ## Where does the ward's time go?

# COMMAND ----------

# MAGIC %sql
# MAGIC select ward, severity, round(sum(patient_seconds) / 3600, 1) as patient_hours
# MAGIC from gold_severity_distribution group by ward, severity order by ward, patient_hours desc

# COMMAND ----------

lake.open(GOLD_PIPELINE_RUNS)
curated = spark.table("gold_pipeline_runs").where(f"stage = 'curate' and {tries_of(run.run_id)}")
written = curated.selectExpr("coalesce(sum(rows_out), 0) as rows").first()

# COMMAND ----------

told = {
    "lake_id": read_info(lake).lake_id,
    "gold_rows": written["rows"],
    "quality": dict(Counter(check.verdict for check in result.checks)),
    "versions": table_versions(lake, tables),
    "ended_at": clock.now().isoformat(),
}
dbutils.notebook.exit(json.dumps(told))
