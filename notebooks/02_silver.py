# Databricks notebook source
# MAGIC %md
# MAGIC # 2. Silver: one function of the set of events
# MAGIC
# MAGIC Silver turns bytes into facts: validated, deduplicated, scored (NEWS2, qSOFA, MEWS), with alerts and
# MAGIC statistics.
# MAGIC
# MAGIC Its law: **the result depends on the set of events alone**, not on their order of arrival, how late they
# MAGIC came, how they were batched, or which engine computed. The pure steps (`parse`, `fold`, the summaries) are
# MAGIC the same Python on a laptop and here, where Spark hands them patients through Arrow.

# COMMAND ----------

dbutils.widgets.text("lake", "", "Lake: CATALOG.SCHEMA, or a folder")
dbutils.widgets.text("run_id", "", "Name of the run (empty: a new one)")

# COMMAND ----------

import json

from vitalake.engines.spark.lake import SparkLake
from vitalake.stages.run import Run

lake = SparkLake.at(dbutils.widgets.get("lake"), spark)
named = {"run_id": dbutils.widgets.get("run_id")} if dbutils.widgets.get("run_id") else {}
run = Run(lake, dbutils.widgets.get("lake"), **named)

# COMMAND ----------

# MAGIC %md
# MAGIC ## A bronze batch at a time, in order
# MAGIC Of each patient with new events the newest state *before the hour of the first new one* is taken up, and
# MAGIC everything after it is folded again. So an event in order costs its own hour, and one that is days late what
# MAGIC follows it. There is no lateness limit and no second way for late data.
# MAGIC
# MAGIC A batch that is repeated after a crash changes nothing: each write is marked with the batch, merges by key,
# MAGIC or tells only what the change log does not say yet.

# COMMAND ----------

run.refine()

# COMMAND ----------

from vitalake.silver.tables import LAKE_BATCHES, SILVER_ALERTS, SILVER_OBSERVATIONS, SILVER_QUARANTINE
from vitalake.stages.history import tries_of
from vitalake.stages.lake import read_info

for table in (LAKE_BATCHES, SILVER_ALERTS, SILVER_OBSERVATIONS, SILVER_QUARANTINE):
    lake.open(table)
mine = spark.table("lake_batches").where(f"stage = 'refine' and {tries_of(run.run_id)}")
display(
    mine.select("batch", "rows_in", "observations", "quarantined", "duplicates", "changes").orderBy("batch")
)

# COMMAND ----------

# MAGIC %md
# MAGIC Nothing is lost on the way: `bronze = observations + quarantined + duplicates`. What could not become an
# MAGIC observation stands in quarantine, whole, with one reason.

# COMMAND ----------

# MAGIC %sql
# MAGIC select reason, count(*) as messages from silver_quarantine group by reason order by messages desc

# COMMAND ----------

# MAGIC %md
# MAGIC Unknown is never taken for normal: a patient of whom too little is known is `unknown`, not `low`.

# COMMAND ----------

# MAGIC %sql
# MAGIC select severity, count(*) as observations, round(avg(news2_missing), 2) as missing_components
# MAGIC from silver_observations group by severity order by observations desc

# COMMAND ----------

# MAGIC %sql
# MAGIC select origin, alert_type, state, count(*) as episodes
# MAGIC from silver_alerts group by origin, alert_type, state order by episodes desc

# COMMAND ----------

sums = (f"coalesce(sum({name}), 0) as {name}" for name in ("observations", "quarantined", "duplicates"))
counts = mine.selectExpr("count(*) as batches", *sums).first().asDict()
dbutils.notebook.exit(json.dumps({"lake_id": read_info(lake).lake_id, **counts}))
