"""The tables of Silver, column by column: the public interface of the lake."""

from __future__ import annotations

from typing import Final

from vitalake.bronze.tables import POSITION
from vitalake.domain.tables import Column, Table
from vitalake.domain.vitals import CARRIED, NEWS2_INPUTS, VITALS

EVENT_KEY: Final = (
    Column("patient_id", "string", "The patient", required=True),
    Column("event_time", "timestamp", "When it was measured", required=True),
    Column("event_id", "string", "The message's own id", required=True),
)

CONTEXT: Final = (
    Column("encounter_id", "string", "The encounter, as sent"),
    Column("device_id", "string", "The device, as sent"),
    Column("ward", "string", "The ward, as sent"),
    Column("bed", "string", "The bed, as sent"),
    Column("method", "string", "How the vitals were taken, as applied: monitor, spot, manual", required=True),
)

_VITAL = {
    vital.name: Column(vital.name, "double", f"{vital.title}, as measured", vital.unit) for vital in VITALS
}

MEASURED: Final = (
    *(_VITAL[name] for name in ("heart_rate", "pulse_rate", "resp_rate", "spo2")),
    *(_VITAL[name] for name in ("systolic_bp", "diastolic_bp", "mean_bp")),
    Column("bp_method", "string", "How the pressures were taken, as applied: cuff, arterial"),
    _VITAL["temperature"],
    Column("consciousness", "string", "ACVPU: A alert, C confused, V voice, P pain, U unresponsive"),
    Column("on_oxygen", "boolean", "Whether on oxygen therapy, as sent or judged from fio2 and flow"),
    Column("fio2", "double", "Inspired oxygen fraction", "1"),
    Column("oxygen_flow", "double", "Oxygen flow", "L/min"),
    Column("spo2_scale", "int", "NEWS2 SpO2 scale, as sent: 1, or 2 where 88-92 % was prescribed"),
    Column("alert_code", "string", "A device alarm's code, as sent"),
    Column("alert_type", "string", "The device alarm in the one vocabulary"),
    Column("alert_priority", "string", "A device alarm's priority, as sent: low, medium, high"),
    Column(
        "alert_state", "string", "A device alarm's state, as applied: start, continue, update, end, point"
    ),
    Column("alert_text", "string", "A device alarm's text, as sent"),
    Column(
        "issues",
        "strings",
        "What was wrong with single fields: field:reason, in the contract's order",
        required=True,
    ),
)

NORMALISED: Final = (*EVENT_KEY, *CONTEXT, *MEASURED)
"""What `parse` yields of a payload; two events with the same of these are the same."""

PROVENANCE: Final = (
    *POSITION,
    Column("ingest_time", "timestamp", "When vitalake got the message", required=True),
    Column("batch", "bigint", "The lake's batch that brought it", required=True),
)

_CARRIED_TYPE = {"consciousness": "string", "on_oxygen": "boolean", "spo2_scale": "int"}


def _carried(name: str) -> tuple[Column, Column]:
    unit = _VITAL[name].unit if name in _VITAL else None
    kind = _CARRIED_TYPE.get(name, "double")
    return (
        Column(f"{name}_carried", kind, f"The latest {name} within its maximum age", unit),  # type: ignore[arg-type]
        Column(f"{name}_age_s", "double", f"Age of the carried {name} at event_time", "s"),
    )


SCORED: Final = (
    *(column for name in CARRIED for column in _carried(name)),
    Column("ward_carried", "string", "The latest known ward, forgotten after 30 days"),
    *(
        Column(f"news2_{n.removeprefix('on_')}", "int", f"NEWS2 component of {n}; null if unknown")
        for n in NEWS2_INPUTS
    ),
    Column("news2_score", "int", "NEWS2: the sum of the known components (RCP 2017)"),
    Column("news2_missing", "int", "How many of the seven components are unknown"),
    Column("news2_max_component", "int", "The greatest known component"),
    Column("news2_upper", "int", "The greatest NEWS2 over all completions of what is missing"),
    Column("severity", "string", "Band of news2_score: unknown, low, low_medium, medium, high"),
    Column("severity_upper", "string", "The highest band over all completions of what is missing"),
    Column("risk_group", "string", "CRITICAL, MODERATE, STABLE or UNKNOWN, from severity"),
    Column("assumed", "strings", "Inputs that the configuration assumed, e.g. consciousness"),
    Column("shock_index", "double", "heart_rate / systolic_bp", "1"),
    Column("qsofa", "int", "qSOFA points of what is known (Singer 2016)"),
    Column("qsofa_missing", "int", "How many of its three inputs are unknown"),
    Column("mews", "int", "MEWS (Subbe 2001); null where an input is unknown"),
)
"""What the fold adds to an observation. All null while the row waits for a repair."""

SILVER_OBSERVATIONS: Final = Table(
    "silver_observations",
    "event",
    (
        *NORMALISED,
        *SCORED,
        *PROVENANCE,
        Column(
            "updated_batch", "bigint", "The batch that last changed the row; null while it waits for a repair"
        ),
        Column("event_date", "date", "UTC date of event_time", required=True),
    ),
    key=("patient_id", "event_time", "event_id"),
    partition_by=("event_date",),
)

SILVER_QUARANTINE: Final = Table(
    "silver_quarantine",
    "message that could not become an observation",
    (
        *PROVENANCE,
        Column("payload", "binary", "The bytes of the message, untouched"),
        Column("reason", "string", "Why, one code", required=True),
        Column("detail", "string", "More on it, without patient data"),
    ),
    key=("source", "partition", "offset"),
)

SILVER_DUPLICATES: Final = Table(
    "silver_duplicates",
    "repeat that was dropped",
    (
        *PROVENANCE,
        *(
            Column(f"first_{c.name}", c.type, f"{c.doc}, of the event it repeats", required=True)
            for c in POSITION
        ),
    ),
    key=("source", "partition", "offset"),
)

SILVER_PATIENT_STATES: Final = Table(
    "silver_patient_states",
    "patient and hour with events",
    (
        Column("patient_id", "string", "The patient", required=True),
        Column("hour", "timestamp", "Start of the UTC hour", required=True),
        Column("last_event_time", "timestamp", "The hour's last event", required=True),
        Column("last_event_id", "string", "Its id", required=True),
        Column("due_at", "timestamp", "The next instant at which time alone changes something"),
        Column("state", "binary", "What the fold carries, packed", required=True),
        Column("names", "strings", "The texts that the packed state points to", required=True),
        Column("devices", "binary", "The device alarms that are open, packed", required=True),
        Column("device_names", "strings", "The texts that they point to", required=True),
        Column("updated_batch", "bigint", "The batch that last changed the row", required=True),
        Column("event_date", "date", "UTC date of the hour", required=True),
    ),
    key=("patient_id", "hour"),
    partition_by=("event_date",),
)

SILVER_VITAL_WINDOWS: Final = Table(
    "silver_vital_windows",
    "patient, vital and window with a valid value",
    (
        Column("patient_id", "string", "The patient", required=True),
        Column("vital", "string", "The vital sign's name", required=True),
        Column("window_start", "timestamp", "Start of the window, aligned to the clock", required=True),
        Column("n", "bigint", "How many values", required=True),
        Column("sum", "bigint", "Their sum in hundredths, exact", required=True),
        Column("sum_sq", "bigint", "The sum of their squares in hundredths squared, exact", required=True),
        Column("mean", "double", "Their mean", required=True),
        Column("sd", "double", "Their standard deviation (n - 1); null below 2"),
        Column("min", "double", "The least", required=True),
        Column("max", "double", "The greatest", required=True),
        Column("slope_per_h", "double", "Least-squares slope; null below 2 distinct times", "/h"),
        Column("baseline_n", "bigint", "Values in the hour before the window", required=True),
        Column("baseline_mean", "double", "Their mean"),
        Column("baseline_sd", "double", "Their standard deviation"),
        Column(
            "z", "double", "mean less baseline_mean in baseline_sd; null below 5 values or without spread"
        ),
        Column("updated_batch", "bigint", "The batch that last changed the row", required=True),
        Column("event_date", "date", "UTC date of window_start", required=True),
    ),
    key=("patient_id", "vital", "window_start"),
    partition_by=("event_date",),
)

_WARD: Final = Column("ward", "string", "The latest known ward; (unknown) before one is known", required=True)
_THERAPY: Final = Column(
    "therapy", "string", "SpO2: scale 1, scale 2, scale 2 on oxygen; else empty", required=True
)

SILVER_HELD_TIME: Final = Table(
    "silver_held_time",
    "patient, hour, ward, vital, therapy and charted value in hold",
    (
        Column("patient_id", "string", "The patient", required=True),
        Column("hour", "timestamp", "Start of the UTC hour", required=True),
        _WARD,
        Column("vital", "string", "The vital sign's name", required=True),
        _THERAPY,
        Column("value", "double", "The charted value", required=True),
        Column(
            "held_us", "bigint", "How long it was in hold while the patient was present", "us", required=True
        ),
        Column("updated_batch", "bigint", "The batch that last changed the row", required=True),
        Column("event_date", "date", "UTC date of the hour", required=True),
    ),
    key=("patient_id", "hour", "ward", "vital", "therapy", "value"),
    partition_by=("event_date",),
)

SILVER_PRESENCE: Final = Table(
    "silver_presence",
    "patient, hour, ward and severity with events or time",
    (
        Column("patient_id", "string", "The patient", required=True),
        Column("hour", "timestamp", "Start of the UTC hour", required=True),
        _WARD,
        Column("severity", "string", "Band of NEWS2 at the event from which time counts", required=True),
        Column("present_us", "bigint", "Time from an event to the next, 12 h at most", "us", required=True),
        Column("observations", "bigint", "Observations of the hour", required=True),
        Column("updated_batch", "bigint", "The batch that last changed the row", required=True),
        Column("event_date", "date", "UTC date of the hour", required=True),
    ),
    key=("patient_id", "hour", "ward", "severity"),
    partition_by=("event_date",),
)

SILVER_READINGS: Final = Table(
    "silver_readings",
    "patient, hour and vital with a valid value",
    (
        Column("patient_id", "string", "The patient", required=True),
        Column("hour", "timestamp", "Start of the UTC hour", required=True),
        Column("vital", "string", "The vital sign's name", required=True),
        Column("event_time", "timestamp", "When the reading was measured", required=True),
        Column("event_id", "string", "Its event", required=True),
        Column(
            "value",
            "double",
            "The median (lower of two) of monitored values, else the last one",
            required=True,
        ),
        Column("monitored", "boolean", "Whether it is a median", required=True),
        _WARD,
        _THERAPY,
        Column(
            "other_score",
            "int",
            "news2_score of its event without the vital's own component; null where another vital's is unknown",
        ),
        Column("updated_batch", "bigint", "The batch that last changed the row", required=True),
        Column("event_date", "date", "UTC date of the hour", required=True),
    ),
    key=("patient_id", "hour", "vital"),
    partition_by=("event_date",),
)

_EPISODE: Final = (
    Column("alert_id", "string", "UUIDv5 of patient, origin, type, subject and started_at", required=True),
    Column("patient_id", "string", "The patient", required=True),
    Column("origin", "string", "device, physiological or technical", required=True),
    Column("alert_type", "string", "What it is, in the one vocabulary", required=True),
    Column(
        "subject",
        "string",
        "The vital of a technical alarm; the device (and code of an `other`) of a device's",
    ),
    Column("state", "string", "active or cleared", required=True),
    Column("priority", "string", "The peak: low, medium, high (IEC 60601-1-8)", required=True),
    Column("started_at", "timestamp", "From when the condition held", required=True),
    Column("raised_at", "timestamp", "When it was first reached", required=True),
    Column("escalated_at", "timestamp", "When a higher priority was last reached"),
    Column("cleared_at", "timestamp", "When it ended"),
    Column("cleared_by", "string", "recovery, expiry, device_end or timeout"),
    Column("extreme_value", "double", "The charted value farthest beyond the limit"),
    Column(
        "limit_value",
        "double",
        "The peak priority's limit when it was reached; values beyond it alarm, not at it",
    ),
    Column("margin", "double", "Distance of extreme_value beyond limit_value"),
    Column("raising_event_id", "string", "The event whose value was in force at the raise"),
    Column("clearing_event_id", "string", "The event in force at a recovery; the word of a device_end"),
    Column("duration_s", "double", "From start to clear by recovery or device_end", "s"),
    Column("ward", "string", "The ward known at the raise"),
    Column("bed", "string", "The bed known at the raise"),
    Column("device_id", "string", "The device of the alarm, or the latest known at the raise"),
    Column("alert_code", "string", "A device alarm's code"),
    Column("alert_text", "string", "A device alarm's text"),
    Column("policy_version", "string", "The hash of the policy that judged it", required=True),
)
EPISODE: Final = _EPISODE

SILVER_ALERT_CHANGES: Final = Table(
    "silver_alert_changes",
    "change of an alert",
    (
        Column("seq", "bigint", "Position in the lake's change log, without gaps", required=True),
        Column("revision", "int", "1, 2, ... of its alert", required=True),
        Column("change", "string", "raised, escalated, cleared, revised or retracted", required=True),
        Column("batch", "bigint", "The batch that told it", required=True),
        *EPISODE,
    ),
    key=("seq",),
)

SILVER_ALERTS: Final = Table(
    "silver_alerts",
    "alert episode that holds true now",
    (
        *EPISODE,
        Column("revision", "int", "Its latest revision", required=True),
        Column("updated_batch", "bigint", "The batch that last changed it", required=True),
        Column("event_date", "date", "UTC date of raised_at", required=True),
    ),
    key=("alert_id",),
    partition_by=("event_date",),
)

LAKE_BATCHES: Final = Table(
    "lake_batches",
    "stage and batch that were done",
    (
        Column("stage", "string", "ingest, refine, settle or curate", required=True),
        Column("batch", "bigint", "The batch up to which it is done", required=True),
        Column("offsets", "string", "JSON: the next offset a source and partition", required=True),
        Column("at_end", "boolean", "Whether every source was read to the end it showed", required=True),
        Column(
            "newest_event",
            "timestamp",
            "The lake's greatest event time, none counting for later than its receipt",
        ),
        Column(
            "watermark", "timestamp", "newest_event as it was when the ends of the sources were last reached"
        ),
        Column("rows_in", "bigint", "Rows read", required=True),
        Column("observations", "bigint", "Rows added to silver_observations", required=True),
        Column("quarantined", "bigint", "Rows quarantined", required=True),
        Column("duplicates", "bigint", "Repeats dropped", required=True),
        Column("changes", "bigint", "Alert changes told", required=True),
        Column("versions", "string", "JSON: the table versions written", required=True),
        Column("run_id", "string", "The run that did it", required=True),
        Column("started_at", "timestamp", "Start", required=True),
        Column("ended_at", "timestamp", "End", required=True),
    ),
    key=("stage", "batch"),
)

SILVER_TABLES: Final = (
    SILVER_OBSERVATIONS,
    SILVER_QUARANTINE,
    SILVER_DUPLICATES,
    SILVER_PATIENT_STATES,
    SILVER_VITAL_WINDOWS,
    SILVER_PRESENCE,
    SILVER_HELD_TIME,
    SILVER_READINGS,
    SILVER_ALERT_CHANGES,
    SILVER_ALERTS,
)
