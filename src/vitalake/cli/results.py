"""How the commands that work on a lake tell what the work came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from vitalake.cli.output import field, print_facts, print_json, print_rows
from vitalake.cli.progress import Work
from vitalake.quality.gate import Check
from vitalake.stages.curate import CurateResult

_COUNTED: Final = {
    "ingest": ("batches", "messages"),
    "refine": ("batches", "messages", "observations", "quarantined", "duplicates"),
}


def report(stage: str, work: Work, gold: CurateResult | None = None, *, as_json: bool) -> None:
    """Print what a stage counted and what Gold came to, and raise what was wrong with the latter."""
    tell({name: work.counts[name] for name in _COUNTED.get(stage, ())}, gold, as_json=as_json)
    if gold is not None:
        gold.refuse()


def tell(facts: Mapping[str, Any], gold: CurateResult | None, *, as_json: bool) -> None:
    """Print facts and, where Gold was curated, what it came to and what its checks found."""
    if as_json:
        print_json({**facts, **(_gold_facts(gold) if gold else {})})
    else:
        print_facts({**facts, **(_gold_summary(gold) if gold else {})})
        _print_warnings(gold.checks if gold else ())


def _gold_facts(gold: CurateResult) -> dict[str, Any]:
    return {
        "gold_rows": gold.rows,
        "gold_written": gold.merged,
        "unsettled_batches": gold.unsettled,
        "checks": [_check(check) for check in gold.checks],
    }


def _gold_summary(gold: CurateResult) -> dict[str, Any]:
    verdicts = Counter(check.verdict for check in gold.checks)
    told = ", ".join(f"{verdicts[name]} {name}" for name in ("pass", "warn", "fail") if verdicts[name])
    written = f"{sum(gold.rows.values()):,} rows" if gold.rows else "nothing new"
    facts = {"gold": written if gold.merged else "as it was", "quality": told or "nothing new to judge"}
    if gold.unsettled:
        settle = "vitalake refine --lake DIR (run --follow does so every minute)"
        facts["batches waiting"] = f"{gold.unsettled:,} of silver to be settled: {settle}"
    return facts


def _check(check: Check) -> dict[str, Any]:
    return {
        "expectation": check.expectation.name,
        "description": check.expectation.description,
        "value": check.value,
        "limit": check.limit,
        "verdict": check.verdict,
    }


def _print_warnings(checks: tuple[Check, ...]) -> None:
    told = [_check(check) for check in checks if check.verdict != "pass"]
    if told:
        names = ("verdict", "expectation", "value", "limit", "description")
        print_rows(told, [field(name) for name in names])
