# Databricks notebook source
# MAGIC %md
# MAGIC # 4. Quality: how far can Gold be trusted?
# MAGIC
# MAGIC Each expectation is a truth that Gold must show, in SQL, in one YAML file
# MAGIC (`vitalake/quality/expectations.yaml`). Its verdict is written whether it passes or not, so that trust has a
# MAGIC history.

# COMMAND ----------

dbutils.widgets.text("lake", "", "Lake: CATALOG.SCHEMA, or a folder")

# COMMAND ----------

import json

from vitalake.engines.spark.lake import SparkLake
from vitalake.gold.definitions import gold_table
from vitalake.gold.records import GOLD_QUALITY_CHECKS
from vitalake.stages.lake import require_lake

lake = SparkLake.at(dbutils.widgets.get("lake"), spark)
info = require_lake(lake, dbutils.widgets.get("lake"))
for table in (GOLD_QUALITY_CHECKS, gold_table("gold_data_quality").table):
    lake.open(table)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The newest verdicts, the worst first

# COMMAND ----------

newest = spark.sql("""
    select * from gold_quality_checks where run_id = (select max_by(run_id, checked_at) from gold_quality_checks)
""")
display(newest.select("verdict", "expectation", "value", "limit", "forced", "description").orderBy("verdict"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is missing
# MAGIC A null is no fault by itself: monitors send what they have. *Completeness* is the share of patient-hours
# MAGIC with a valid value among the patient-hours present; *reliability* the share in which all seven inputs of
# MAGIC NEWS2 were known.

# COMMAND ----------

# MAGIC %sql
# MAGIC select column_name, sum(row_count) as row_count, sum(null_count) as nulls,
# MAGIC   round(sum(valid_patient_hours) / sum(patient_hours), 3) as completeness
# MAGIC from gold_data_quality
# MAGIC where table_name = 'silver_observations' and column_name in ('heart_rate', 'resp_rate', 'spo2', 'systolic_bp',
# MAGIC   'temperature', 'consciousness')
# MAGIC group by column_name order by completeness

# COMMAND ----------

# MAGIC %sql
# MAGIC select hour, reliability, delay_p50_s, delay_p99_s from gold_data_quality
# MAGIC where table_name = 'silver_observations' and column_name = '*' order by hour desc limit 24

# COMMAND ----------

verdicts = {row["verdict"]: row["count"] for row in newest.groupBy("verdict").count().collect()}
dbutils.notebook.exit(json.dumps({"lake_id": info.lake_id, "quality": verdicts}))
