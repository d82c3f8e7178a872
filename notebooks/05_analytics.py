# Databricks notebook source
# MAGIC %md
# MAGIC # 5. Analytics: nine questions asked of Gold
# MAGIC
# MAGIC Gold holds what people ask: risk, alerts, thresholds, quality. Each question here is plain SQL that reads it
# MAGIC (`vitalake.analytics.questions`, one file a part of an answer), a sentence made from the rows, and a picture.
# MAGIC
# MAGIC **No answer is true by construction.** A vital is part of NEWS2, so of course it goes with NEWS2. Questions 1
# MAGIC and 2 therefore take the severity *without the vital's own points*, one reading a patient-hour, and leave out
# MAGIC alerts whose type looks at the vital. Physiological, device and technical alerts are never added up unsaid.

# COMMAND ----------

dbutils.widgets.text("lake", "", "Lake: CATALOG.SCHEMA, or a folder")
dbutils.widgets.text("report", "", "Where to write the HTML report, if anywhere")

# COMMAND ----------

import json
from html import escape
from pathlib import Path

from vitalake import clock
from vitalake.analytics.ask import answer
from vitalake.analytics.catalogue import question, questions
from vitalake.analytics.chart import READS, read_chart
from vitalake.analytics.figures.chart import CHART
from vitalake.analytics.figures.gallery import PICTURES
from vitalake.analytics.report import render_report, riskiest, show
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.write import literal
from vitalake.stages.lake import require_gold, require_lake

lake = SparkLake.at(dbutils.widgets.get("lake"), spark)
require_lake(lake, dbutils.widgets.get("lake"))
require_gold(lake)
for table in {table for each in questions() for table in each.reads}:
    lake.open(table)

# COMMAND ----------

# MAGIC %md
# MAGIC An answer is a sentence, its tables and its pictures; each picture tells in words what it shows.

# COMMAND ----------

answers = {}


def draw(picture, tables):
    shown = show(picture, tables)
    alternative, caption = escape(shown.alternative), escape(shown.caption)
    displayHTML(
        f"<h4>{escape(shown.title)}</h4><img src='{shown.image}' alt='{alternative}' width='840'><p>{caption}</p>"
    )


def tell(number):
    found = answers[number] = answer(lake.rows, question(number))
    print(f"{number}. {found.question.asks}\n{found.sentence}")
    for part, rows in found.shown:
        print(f"\n{part.caption}")
        display(rows.to_pandas())
    for picture in PICTURES[number]:
        draw(picture, found.rows)


# COMMAND ----------

# MAGIC %md
# MAGIC ## What goes with severity?
# MAGIC What is dangerous both high and low shows in the *distance* outside its normal band rather than in the value.

# COMMAND ----------

tell(1)

# COMMAND ----------

tell(2)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who is at risk?
# MAGIC Now is the newest event of the lake: what is older than its maximum age then is missing. UNKNOWN ranks before
# MAGIC STABLE: too little is known to say low.

# COMMAND ----------

tell(3)

# COMMAND ----------

# MAGIC %md
# MAGIC The chart of the patient at highest risk: what was measured, over the bands in which it scores.

# COMMAND ----------

patient = riskiest([answers[3]])
for table in READS:
    lake.open(table, f"patient_id = {literal(patient)}")
chart = read_chart(lake.rows)
for table in READS:
    lake.open(table)
draw(CHART, chart)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which alerts, and whose?

# COMMAND ----------

tell(4)

# COMMAND ----------

tell(5)

# COMMAND ----------

# MAGIC %md
# MAGIC An episode that went no farther than the first step beyond its limit would not have been raised by a limit one
# MAGIC step farther out: where many are, a limit is worth discussing.

# COMMAND ----------

tell(6)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How far can the data be trusted?
# MAGIC A null is no fault by itself: a monitor sends what it has. So the patient-hours without any value are told too.

# COMMAND ----------

tell(7)

# COMMAND ----------

tell(8)

# COMMAND ----------

tell(9)

# COMMAND ----------

# MAGIC %md
# MAGIC ## One page of all
# MAGIC The report needs nothing but itself: no server, no network, no script.

# COMMAND ----------

if dbutils.widgets.get("report"):
    told = [answers[number] for number in sorted(answers)]
    page = render_report(told, chart, lake=Path(str(lake.place)).name, made_at=clock.now())
    Path(dbutils.widgets.get("report")).write_text(page, encoding="utf-8")

# COMMAND ----------

dbutils.notebook.exit(json.dumps({number: found.sentence for number, found in answers.items()}))
