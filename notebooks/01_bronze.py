# Databricks notebook source
# MAGIC %md
# MAGIC # 1. Bronze: every message, byte for byte
# MAGIC
# MAGIC Bronze answers one question for ever: *what exactly did we receive, and when?* So nothing is parsed here,
# MAGIC nothing repaired and nothing dropped. A message is known by its **position** (source, partition, offset),
# MAGIC which no other message repeats: a Kafka offset, or the byte of the file at which its line starts.
# MAGIC
# MAGIC Structured Streaming finds what is new (`availableNow`: it takes all that is there and ends). Files are
# MAGIC taken whole, through the same splitter as on a laptop, up to 128 MB each.

# COMMAND ----------

dbutils.widgets.text("lake", "", "Lake: CATALOG.SCHEMA, or a folder")
dbutils.widgets.text("source", "", "Folder of NDJSON files, or kafka://BROKERS/TOPIC")
dbutils.widgets.text("batch_rows", "200000", "About so many messages a batch")
dbutils.widgets.text("run_id", "", "Name of the run (empty: a new one)")
dbutils.widgets.text("checkpoint", "", "Folder for the stream's checkpoint (empty: in the lake)")
dbutils.widgets.text("stream_options", "{}", "JSON: options of the source, as Spark names them")
dbutils.widgets.text("secret_scope", "", "Scope with the secret kafka-jaas, the broker's login")

# COMMAND ----------

import json

from vitalake.engines.spark.lake import SparkLake
from vitalake.sources.messages import Nothing
from vitalake.stages.run import Run
from vitalake.stages.streaming import Asked, stream_to_bronze

lake = SparkLake.at(dbutils.widgets.get("lake"), spark)
named = {"run_id": dbutils.widgets.get("run_id")} if dbutils.widgets.get("run_id") else {}
run = Run(lake, dbutils.widgets.get("lake"), **named)
asked = Asked.of(*map(dbutils.widgets.get, ("source", "batch_rows", "stream_options")))

# COMMAND ----------

# MAGIC %md
# MAGIC Passwords come from a secret scope, never from a parameter: parameters are shown in the job's history.

# COMMAND ----------

scope = dbutils.widgets.get("secret_scope")
secret = {"kafka.sasl.jaas.config": dbutils.secrets.get(scope, "kafka-jaas")} if scope else {}

# COMMAND ----------

# MAGIC %md
# MAGIC ## One batch, two commits
# MAGIC 1. the messages go to `bronze_events` under the lake's next batch number;
# MAGIC 2. `lake_batches` gets a row that says how far each source was read.
# MAGIC
# MAGIC The second is **the truth of progress**. A crash between the two costs nothing: the row is made again from
# MAGIC Bronze. A lost checkpoint costs reading again: positions that are known are left out.

# COMMAND ----------

run.ingest(
    Nothing(),
    asked.max_rows,
    ahead=lambda run_id, _: stream_to_bronze(
        lake, asked, run_id=run_id, checkpoint=dbutils.widgets.get("checkpoint"), secret=secret
    ),
)

# COMMAND ----------

# MAGIC %md
# MAGIC What came: a batch a row. `at_end` tells that every end was reached which the source showed; only then may
# MAGIC the lake's time move on.

# COMMAND ----------

from vitalake.silver.tables import LAKE_BATCHES
from vitalake.stages.history import tries_of
from vitalake.stages.lake import read_info

lake.open(LAKE_BATCHES)
mine = spark.table("lake_batches").where(f"stage = 'ingest' and {tries_of(run.run_id)}")
display(mine.select("batch", "rows_in", "at_end", "offsets", "ended_at").orderBy("batch"))

# COMMAND ----------

messages = mine.selectExpr("count(*) as batches", "coalesce(sum(rows_in), 0) as messages").first().asDict()
dbutils.notebook.exit(json.dumps({"lake_id": read_info(lake).lake_id, **messages}))
