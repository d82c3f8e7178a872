"""The further scores as data: qSOFA, MEWS and the shock index.

Sources:

* qSOFA: Singer M et al. The Third International Consensus Definitions for Sepsis and Septic Shock (Sepsis-3).
  JAMA 2016;315(8):801-810.
* MEWS: Subbe CP, Kruger M, Rutherford P, Gemmel L. Validation of a modified Early Warning Score in medical
  admissions. QJM 2001;94(10):521-526.  As printed it gives a heart rate below 40 two points and 41-50 one;
  40 itself, which the print leaves open, is taken into the graver band.  C (new confusion), which AVPU does
  not know, counts as V.
* Shock index, heart rate / systolic pressure: Allgoewer M, Burri C. Schockindex. Dtsch Med Wochenschr
  1967;92(43):1947-1950.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from vitalake.domain.bands import REST, Bands, Points, stack
from vitalake.domain.vitals import CONSCIOUSNESS

Inputs = dict[str, "Bands | dict[str, int]"]

QSOFA: Final[Inputs] = {
    "resp_rate": Bands("resp_rate", ((21, 0), (REST, 1))),
    "systolic_bp": Bands("systolic_bp", ((100, 1), (REST, 0))),
    "consciousness": {"A": 0, "C": 1, "V": 1, "P": 1, "U": 1},
}

MEWS: Final[Inputs] = {
    "systolic_bp": Bands("systolic_bp", ((70, 3), (80, 2), (100, 1), (199, 0), (REST, 2))),
    "heart_rate": Bands("heart_rate", ((40, 2), (50, 1), (100, 0), (110, 1), (129, 2), (REST, 3))),
    "resp_rate": Bands("resp_rate", ((8, 2), (14, 0), (20, 1), (29, 2), (REST, 3))),
    "temperature": Bands("temperature", ((34.9, 2), (38.4, 0), (REST, 2))),
    "consciousness": {"A": 0, "C": 1, "V": 1, "P": 2, "U": 3},
}


def lookup(score: Inputs) -> npt.NDArray[np.int8]:
    """Yield points[input in the score's order, charted step, or index in ACVPU]."""
    return stack([_table(points) for points in score.values()])


def _table(points: Bands | dict[str, int]) -> Points:
    if isinstance(points, Bands):
        return points.by_step()
    return np.array([points[code] for code in CONSCIOUSNESS], np.int8)
