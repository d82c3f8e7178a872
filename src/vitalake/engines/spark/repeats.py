"""Finds repeats of events: of a key, the first in bronze order stays."""

from __future__ import annotations

from typing import Final

from vitalake.bronze.tables import POSITION
from vitalake.domain.tables import Column
from vitalake.engines.spark.folding import EVENT, RECEIVED
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.read import names
from vitalake.silver.tables import EVENT_KEY, NORMALISED, PROVENANCE, SILVER_OBSERVATIONS

_KEY: Final = names(EVENT_KEY)
_CONTENT: Final = tuple(c for c in NORMALISED if c not in EVENT_KEY and c.name != "alert_type")
_SAME: Final = " and ".join(f"event.`{column.name}` <=> first.`{column.name}`" for column in _CONTENT)
_HERE: Final = " and ".join(f"event.`{column.name}` = first.`{column.name}`" for column in POSITION)
_FIRST: Final = ", ".join(f"first.`{column.name}` as first_{column.name}" for column in POSITION)

REPEATED: Final = (
    *EVENT,
    RECEIVED,
    Column("payload", "binary", "The message"),
    *(Column(f"first_{column.name}", column.type, column.doc) for column in POSITION),
    Column("repeats", "string", "new, same or conflicting"),
)
"""An event with what it repeats."""

QUARANTINED: Final = f"""
    select {names(PROVENANCE)}, payload, reason, detail from parsed where reason is not null
    union all
    select {names(PROVENANCE)}, payload, 'conflicting_duplicate',
      'another event has the same patient, time and event_id'
    from events where repeats = 'conflicting'
"""
"""A batch's rows of silver_quarantine."""

DUPLICATES: Final = f"""
    select {names(PROVENANCE)}, {", ".join(f"first_{column.name}" for column in POSITION)}
    from events where repeats = 'same'
"""
"""A batch's rows of silver_duplicates."""


def sort_out_repeats(lake: SparkLake, batch: int) -> None:
    """Materialise ``events``: those of ``parsed`` with ``repeats`` (new, same, conflicting) and what they repeat.

    Looks at what earlier batches left, so that a repetition of this one finds the same.
    """
    lake.open(SILVER_OBSERVATIONS, f"batch < {batch}")
    lake.materialise(
        "events",
        f"""
        with arrived as (
          select *, row_number() over (partition by {_KEY} order by {names(POSITION)}) as place
          from parsed where reason is null
        ),
        stored as (
          select {names((*NORMALISED, *POSITION))} from silver_observations
          where event_date in (select cast(event_time as date) from arrived)
            and ({_KEY}) in (select {_KEY} from arrived)
        ),
        firsts as (
          select * from stored
          union all
          select {names((*NORMALISED, *POSITION))} from arrived left anti join stored using ({_KEY}) where place = 1
        )
        select {names(EVENT, "event")}, event.received, event.payload, {_FIRST},
          case when {_HERE} then 'new' when {_SAME} then 'same' else 'conflicting' end as repeats
        from arrived as event join firsts as first using ({_KEY})
        """,
    )
