"""What Gold's SQL takes from the configuration and the dictionary: small tables registered beside the lake's."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from vitalake.domain.policy import Policy
from vitalake.domain.rules import AGES, Rules
from vitalake.gold.bands import alert_vitals, normal_bands
from vitalake.gold.limits import alarm_limits

_AGES_SCHEMA: Final = pa.schema([("name", pa.string()), *((f"{how}_age_us", pa.int64()) for how in AGES)])


def inputs(rules: Rules, policy: Policy) -> dict[str, pa.Table]:
    """Yield every table that Gold's SQL reads besides the lake's, by name."""
    return {
        "maximum_ages": maximum_ages(rules),
        "alarm_limits": alarm_limits(policy),
        "normal_bands": normal_bands(),
        "alert_vitals": alert_vitals(),
    }


def maximum_ages(rules: Rules) -> pa.Table:
    """Yield ``maximum_ages``: one row a thing that is carried, its maximum age by how it was taken, in µs."""
    rows = [
        {"name": name} | {f"{how}_age_us": rules.age_us(name, charted=how == "charted") for how in AGES}
        for name in rules.maximum_age_s
    ]
    return pa.Table.from_pylist(rows, schema=_AGES_SCHEMA)
