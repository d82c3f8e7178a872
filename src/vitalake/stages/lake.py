"""A lake: one folder or schema of tables, the engine that made it and the configuration that shapes its results."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, fields
from typing import Final

from vitalake.domain.rules import Rules
from vitalake.engines.engine import Engine
from vitalake.errors import LakeError, UserError
from vitalake.gold.definitions import gold_table
from vitalake.silver.tables import LAKE_BATCHES

LAYOUT: Final = 1
"""The version of the tables and of the packed states; a lake of an older one is rebuilt."""
PROPERTY: Final = "vitalake.lake"
"""The Delta property of lake_batches in which a lake describes itself."""
_DONE: Final = """
  select
    coalesce(sum(case when stage = 'ingest' then rows_in end), 0) as messages,
    coalesce(sum(case when stage = 'refine' then observations end), 0) as observations,
    coalesce(max(case when stage = 'ingest' then batch end), 0) as ingested,
    coalesce(max(case when stage = 'refine' then batch end), 0) as refined,
    coalesce(max(case when stage = 'settle' then batch end), 0) as settled
  from lake_batches
"""


@dataclass(frozen=True)
class LakeInfo:
    """What a lake says of itself."""

    lake_id: str
    layout: int
    engine: str
    rules: str
    """The canonical JSON of :class:`~vitalake.domain.rules.Rules`."""

    @property
    def parsed_rules(self) -> Rules:
        """The configuration that shaped its results."""
        return Rules.from_json(self.rules)


def read_info(engine: Engine, where: str = "The lake") -> LakeInfo | None:
    """Yield what the lake says of itself, None where there is no lake; an error where a newer vitalake made it."""
    text = engine.properties(LAKE_BATCHES).get(PROPERTY)
    if text is None:
        return None
    try:
        told = json.loads(text)
        if told["layout"] > LAYOUT:
            raise UserError(
                f"{where} has layout {told['layout']}, and this version knows layouts up to {LAYOUT}",
                "A newer vitalake made it: upgrade this one",
            )
        return LakeInfo(**{each.name: told[each.name] for each in fields(LakeInfo)})
    except (ValueError, TypeError, KeyError):
        raise LakeError(
            f"{where} does not say what it is: the property {PROPERTY} of {LAKE_BATCHES.name} is damaged",
            "Bring the lake back from a copy",
        ) from None


def require_lake(engine: Engine, where: str) -> LakeInfo:
    """Yield what the lake says of itself; an error where there is none."""
    info = read_info(engine, where)
    if info is None:
        raise UserError(f"{where} is no lake", "Make one with: vitalake run SOURCE --lake DIR")
    return info


def require_gold(engine: Engine) -> None:
    """Raise a UserError where Gold is empty, which says what fills it: the stage that is due."""
    snapshot = gold_table("gold_patient_risk_snapshot").table
    for table in (snapshot, LAKE_BATCHES):
        engine.open(table)
    if engine.rows(f"select patient_id from {snapshot.name} limit 1").num_rows:
        return
    (done,) = engine.rows(_DONE).to_pylist()
    if not done["messages"]:
        hint = "Fill the lake with: vitalake run SOURCE --lake DIR"
    elif done["ingested"] > done["refined"]:
        hint = "Bronze waits: vitalake refine --lake DIR, then vitalake curate --lake DIR"
    elif done["refined"] > done["settled"]:
        hint = (
            "Silver is not settled: vitalake refine --lake DIR, then vitalake curate --lake DIR "
            "(run --follow does so every minute)"
        )
    elif not done["observations"]:
        hint = "No message was usable; what is wrong with them says: vitalake check --lake DIR"
    else:
        hint = "Bring it up to silver with: vitalake curate --lake DIR"
    raise UserError("Gold is empty: there is nothing to ask yet", hint)


def open_for_writing(engine: Engine, rules: Rules | None, where: str, *, new: bool = True) -> LakeInfo:
    """Yield the lake's description; refuse other rules or another engine.

    Where there is no lake it is made, unless only a lake that is there will do (not ``new``).
    """
    info = read_info(engine, where) if new else require_lake(engine, where)
    if info is None:
        engine.require_room()
        info = LakeInfo(str(uuid.uuid4()), LAYOUT, engine.name, (rules or Rules()).to_json())
        engine.create(LAKE_BATCHES, {PROPERTY: json.dumps(asdict(info))})
        return info
    if info.engine != engine.name:
        raise UserError(
            f"{where} was made by the {info.engine} engine",
            f"Use --engine {info.engine}, or copy bronze_events and lake_batches to a new folder and rebuild there",
        )
    if info.layout != LAYOUT:
        raise LakeError(
            f"{where} has layout {info.layout}, this version writes {LAYOUT}", "Run: vitalake rebuild"
        )
    if rules is not None and rules.to_json() != info.rules:
        raise UserError(
            f"{where} was made with other rules (version {info.parsed_rules.version}, asked for {rules.version})",
            "Leave the rules out, or apply them to everything with: vitalake rebuild",
        )
    return info
