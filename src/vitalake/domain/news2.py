"""The NEWS2 chart as data.

Source: Royal College of Physicians. National Early Warning Score (NEWS) 2: Standardising the assessment of
acute-illness severity in the NHS. Updated report of a working party. London: RCP, 2017 (chart 1, the scoring
system; chart 2, thresholds and triggers).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from vitalake.domain.bands import REST, Bands, stack
from vitalake.domain.vitals import CONSCIOUSNESS, NEWS2_INPUTS

RESP_RATE: Final = Bands("resp_rate", ((8, 3), (11, 1), (20, 0), (24, 2), (REST, 3)))
SPO2_SCALE_1: Final = Bands("spo2", ((91, 3), (93, 2), (95, 1), (REST, 0)))
SPO2_SCALE_2_ON_AIR: Final = Bands("spo2", ((83, 3), (85, 2), (87, 1), (REST, 0)))
SPO2_SCALE_2_ON_OXYGEN: Final = Bands(
    "spo2", ((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (REST, 3))
)
SYSTOLIC_BP: Final = Bands("systolic_bp", ((90, 3), (100, 2), (110, 1), (219, 0), (REST, 3)))
HEART_RATE: Final = Bands("heart_rate", ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (REST, 3)))
TEMPERATURE: Final = Bands("temperature", ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (REST, 2)))

CONSCIOUSNESS_POINTS: Final = {"A": 0, "C": 3, "V": 3, "P": 3, "U": 3}
OXYGEN_POINTS: Final = {False: 0, True: 2}

SCORES_AS: Final = {"pulse_rate": "heart_rate", "diastolic_bp": "systolic_bp", "mean_bp": "systolic_bp"}
"""Vitals that the chart scores only as another measurement of the same thing."""

HIGH_FROM: Final = 7
MEDIUM_FROM: Final = 5
RED_SCORE: Final = 3
"""Points of a single component that alone make it low_medium ("red score")."""

ROWS: Final = (*NEWS2_INPUTS, "spo2_scale_2_on_air", "spo2_scale_2_on_oxygen")
"""What each row of :func:`lookup` scores; row ``spo2`` is scale 1."""


def lookup() -> npt.NDArray[np.int8]:
    """Yield points[row of ROWS, charted step or code].

    A vital's step is its charted value / resolution; oxygen's code is 0 or 1, consciousness' is its index in
    ACVPU.
    """
    tables = {
        "resp_rate": RESP_RATE.by_step(),
        "spo2": SPO2_SCALE_1.by_step(),
        "on_oxygen": np.array([OXYGEN_POINTS[False], OXYGEN_POINTS[True]], np.int8),
        "systolic_bp": SYSTOLIC_BP.by_step(),
        "heart_rate": HEART_RATE.by_step(),
        "consciousness": np.array([CONSCIOUSNESS_POINTS[code] for code in CONSCIOUSNESS], np.int8),
        "temperature": TEMPERATURE.by_step(),
        "spo2_scale_2_on_air": SPO2_SCALE_2_ON_AIR.by_step(),
        "spo2_scale_2_on_oxygen": SPO2_SCALE_2_ON_OXYGEN.by_step(),
    }
    return stack([tables[row] for row in ROWS])
