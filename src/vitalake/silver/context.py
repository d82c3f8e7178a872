"""What an alarm needs to know besides the vitals: scores, therapy, and where the patient is."""

from __future__ import annotations

from dataclasses import dataclass

from vitalake.silver.kernel import Int8s, Int64s


@dataclass(frozen=True)
class Context:
    """Arrays over the rows of a timeline: what is in force at each event, its own included.

    -1 is unknown for scores, codes and places.  ``consciousness`` is an index of ACVPU, ``on_oxygen`` 0 or 1.
    ``therapy_until_us[k]`` says until when oxygen (0) and scale (1) are in force if nothing comes, ``place[k]`` and
    ``place_until_us[k]`` the same of ward (0), bed (1) and device (2); any instant where a thing is unknown.
    """

    news2_score: Int8s
    news2_max_component: Int8s
    news2_known: Int8s
    consciousness: Int8s
    on_oxygen: Int8s
    spo2_scale: Int8s
    therapy_until_us: Int64s
    place: Int64s
    place_until_us: Int64s
