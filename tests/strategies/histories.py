"""A generator of histories: patients' messages, at instants and with values where rules change their mind.

Everything is drawn from one `random.Random` (Hypothesis has one that shrinks); of each choice the plainest
comes first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Message = dict[str, Any]

START = datetime(2026, 3, 1, 7, 58, tzinfo=UTC)
PATIENTS = ("P1", "P2", "p-3 é")
S, M, H, D = 1.0, 60.0, 3600.0, 86400.0

PACES: dict[str, tuple[float, ...]] = {
    "monitor": (1 * S, 5 * S, 10 * S, 15 * S, 30 * S, 0.0),
    "minutes": (1 * M, 30 * S, 2 * M, 90 * S, 5 * M, 0.0),
    "rounds": (15 * M, 1 * H, 4 * H, 6 * H, 30 * M, 12 * H),
    "anything": (
        1 * M, 0.0, 1e-6, 10 * S, 30 * S, 1 * M - 1e-6, 1 * M + 1e-6, 2 * M, 5 * M, 10 * M, 15 * M - 1e-6,
        15 * M, 15 * M + 1e-6, 1 * H - 1e-6, 1 * H, 1 * H + 1e-6, 6 * H, 12 * H - 1e-6, 12 * H, 12 * H + 1e-6,
        1 * D, 30 * D - 1e-6, 30 * D, 30 * D + 1e-6, 31 * D,
    ),
    "mostly now": (0.0, 0.0, 1 * S, 10 * S, 1 * M),
}  # fmt: skip
"""Steps between events [s], by the pace of care: ties, ends of holds, ages and delays among them."""

VALUES: dict[str, tuple[float, ...]] = {
    "heart_rate": (75, 121, 131, 151, 120, 119.5, 117, 117.49, 118, 130, 150, 50, 49, 49.5, 45, 44, 41, 40,
                   53, 54, 90, 91, 110, 111, 160, 35, 10, 300),
    "pulse_rate": (75, 121, 131, 151, 118, 120, 49, 44, 40, 53, 117, 120.5),
    "resp_rate": (16, 25, 31, 36, 24, 22, 22.5, 21, 20, 12, 11, 10, 9, 8, 7, 6, 30, 35, 8.5, 2, 80),
    "spo2": (97, 91, 89, 84, 92, 93, 94, 95, 96, 90, 88, 87, 86, 85, 83, 92.5, 91.5, 100, 30),
    "systolic_bp": (120, 181, 201, 220, 180, 175, 176, 219, 90, 91, 80, 70, 96, 95, 101, 110, 111, 219.5, 71,
                    200),
    "diastolic_bp": (60, 70, 55, 40, 90),
    "mean_bp": (80, 64, 54, 65, 68, 67, 55, 60),
    "temperature": (37.0, 38.1, 39.1, 40.1, 38.0, 37.7, 37.8, 38.05, 36.1, 36.0, 35.0, 35.1, 33.9, 36.4,
                    36.3, 34.95),
}  # fmt: skip
"""Values at and around limits, bands and hystereses; the first is the usual one."""

IMPLAUSIBLE: dict[str, tuple[Any, ...]] = {
    "heart_rate": (0, 301, 9.99), "pulse_rate": (0, 400), "resp_rate": (0, 81), "spo2": (0, 101),
    "systolic_bp": (0, 301), "diastolic_bp": (0, 201), "mean_bp": (0, 251), "temperature": (-17.8, 46, 24.9),
}  # fmt: skip
UNUSABLE: tuple[Any, ...] = (
    "98",
    " 41.5\n",
    "abc",
    True,
    [],
    {},
    "",
    float("nan"),
    float("inf"),
    "1e400",
    -1,
    "0x10",
)
PRESSURES = ("systolic_bp", "diastolic_bp", "mean_bp")

ALERT_CODES: tuple[Any, ...] = (
    "ASYSTOLE",
    "** HR High *",
    "x_y",
    "X Y",
    "leads off",
    147842,
    196648,
    "never heard of",
)
ALERT_STATES = ("start", "end", "point", "continue", "update", None, "END ", "odd")
ALERT_PRIORITIES = (None, "low", "medium", "high", "**HIGH**", "severe")


def history(source: Random | int, patients: int = 3, events: int = 40) -> list[Message]:
    """Yield the messages of at most so many patients and events each, in event order of each patient.

    ``source`` is a seed, or what to draw from.
    """
    random = Random(source) if isinstance(source, int) else source
    messages: list[Message] = []
    for patient_id in PATIENTS[: random.randint(1, patients)]:
        messages += _patient(random, patient_id, random.randint(1, events))
    return messages


def as_payloads(messages: Sequence[Message]) -> list[bytes]:
    """Yield each message as the bytes that a Python producer would send (a bare NaN included)."""
    return [json.dumps(message, ensure_ascii=False).encode() for message in messages]


def _chance(random: Random, one_in: int) -> bool:
    """Tell whether something that happens once in so many times does; it shrinks to no."""
    return random.randrange(one_in) == one_in - 1


def _patient(random: Random, patient_id: str, events: int) -> list[Message]:
    now = START + timedelta(seconds=random.choice((0, 59, 110, 119.999999)))
    pace = PACES[random.choice(list(PACES))]
    style = _style(random)
    base: Message = {}
    messages = []
    for i in range(events):
        if i:
            now += timedelta(seconds=random.choice(pace))
        if _chance(random, 10):
            pace = PACES[random.choice(list(PACES))]
        if _chance(random, 8):
            style = _style(random)
        if _chance(random, 3):
            base = {name: random.choice(VALUES[name]) for name in style["vitals"]}
        event_id = f"{random.randrange(16):x}-{i}"
        message = {"event_id": event_id, "patient_id": patient_id, "event_time": _spell(random, now)}
        messages.append(message | _measured(random, style, base) | _context(random) | _alert(random, style))
    return messages


def _style(random: Random) -> dict[str, Any]:
    """Yield how a patient is watched for a while: which vitals come, how, how often with noise."""
    names = list(VALUES)
    vitals = random.choice(
        (names[:4], ["heart_rate"], ["spo2"], names, names[4:7], ["pulse_rate", "heart_rate"], names[2:8])
    )
    return {
        "vitals": vitals,
        "method": random.choice((None, "monitor", "spot", "manual", "Monitor", "mixed")),
        "arterial": random.choice(("never", "always", "sometimes")),
        "alerts": random.choice((0, 0, 2, 6)),
        "odd_one_in": random.choice((30, 12, 5)),
    }


def _measured(random: Random, style: dict[str, Any], base: Message) -> Message:
    message: Message = {}
    for name in style["vitals"]:
        odd = _chance(random, style["odd_one_in"])
        if odd:
            message[name] = random.choice((None, *IMPLAUSIBLE[name], *UNUSABLE))
        elif not _chance(random, 6):
            message[name] = (
                base[name] if name in base and random.randrange(4) else random.choice(VALUES[name])
            )
    method = (
        random.choice((None, "monitor", "spot", "manual")) if style["method"] == "mixed" else style["method"]
    )
    if method is not None:
        message["method"] = method
    has_pressure = any(name in message for name in PRESSURES)
    if has_pressure and (
        style["arterial"] == "always" or (style["arterial"] == "sometimes" and random.randrange(2))
    ):
        message["bp_method"] = (
            random.choice(("arterial", "ARTERIAL")) if not _chance(random, 15) else "radial"
        )
    if "temperature" in message and _chance(random, 10):
        message["temperature_unit"] = random.choice(("Cel", "degF", "DEGF", "K"))
        if isinstance(message["temperature"], float) and message["temperature_unit"].lower() == "degf":
            message["temperature"] = round(message["temperature"] * 9 / 5 + 32, 1)
    return message


def _context(random: Random) -> Message:
    """Yield, now and then, consciousness, oxygen, scale, encounter and place."""
    message: Message = {}
    choices: tuple[tuple[str, int, tuple[Any, ...]], ...] = (
        ("consciousness", 3, ("A", "V", "C", "P", "U", "a", "alert", None)),
        ("on_oxygen", 4, (False, True, None, "yes", 1)),
        ("fio2", 8, (0.21, 0.4, 21, 40, 0.2, 0.214, 0.215, 5, "28")),
        ("oxygen_flow", 8, (0, 2, 0.004, 81, "4")),
        ("spo2_scale", 5, (2, 1, "2", 3, None)),
        ("encounter_id", 5, ("E1", "E2", None, "")),
        ("device_id", 3, ("mon-1", "mon-2", None)),
        ("ward", 4, ("W1", "W2", "ICU", 7)),
        ("bed", 4, ("1", "2")),
    )
    for name, one_in, values in choices:
        if _chance(random, one_in):
            message[name] = random.choice(values)
    return message


def _alert(random: Random, style: dict[str, Any]) -> Message:
    if not style["alerts"] or not _chance(random, style["alerts"]):
        return {}
    if _chance(random, 20):
        return {
            "alert": random.choice(
                ("ALARM", {}, {"code": None}, {"code": 1.5}, {"code": ""}, {"code": True}, [])
            )
        }
    alert: Message = {"code": random.choice(ALERT_CODES)}
    optional: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("state", ALERT_STATES), ("priority", ALERT_PRIORITIES), ("text", (None, "HR 151 > 150", "", 5)),
    )  # fmt: skip
    for name, values in optional:
        if random.randrange(4):
            alert[name] = random.choice(values)
    return {"alert": alert}


def _spell(random: Random, instant: datetime) -> str:
    """Yield the instant as RFC 3339 in one of its spellings."""
    text = instant.isoformat()
    if _chance(random, 8):
        text = instant.astimezone(_BERLIN).isoformat() if random.randrange(2) else text.lower()
    return text.replace(
        "+00:00", random.choice(("Z", "+00:00", "-00:00", "z")) if _chance(random, 4) else "Z"
    )


_BERLIN = datetime.strptime("+0100", "%z").tzinfo
