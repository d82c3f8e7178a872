/*---
view: value_holds
grain: value in force: patient, vital and instant
key: patient_id, vital, start_us
reads: held_hour
---*/
-- A value holds until the next one of its vital (a rejected one ends it too) or the end of its hold: a monitored one
-- three beats of its signal, a charted one its maximum age, here at most 12 h (pressures 6 h), all at most to the
-- patient's last event.  A cuff reading changes nothing while an arterial value of that pressure is in hold.
with sent as (
  select
    patient_id,
    unix_micros(event_time) as event_us,
    event_id,
    coalesce(ward_carried, '(unknown)') as ward,
    coalesce(spo2_scale_carried, 1) as spo2_scale,
    coalesce(on_oxygen_carried, false) as on_oxygen,
    method = 'monitor' as by_monitor,
    coalesce(bp_method = 'arterial', false) as artery,
    coalesce({vital}, case when array_contains(issues, '{vital}:implausible') then cast(-1 as double) end) as {vital},
    cast(null as double) as nothing,
    coalesce(event_time <> lag(event_time) over events, true)
    and coalesce(event_time <> lead(event_time) over events, true) as alone
  from silver_observations
  window events as (partition by patient_id order by event_time)
),
readings as (
  select
    listed.patient_id,
    listed.vital,
    listed.event_us,
    listed.event_id,
    listed.ward,
    listed.spo2_scale,
    listed.on_oxygen,
    listed.reading,
    listed.alone,
    vital in ('systolic_bp', 'diastolic_bp', 'mean_bp') as pressure,
    vital in ('systolic_bp', 'diastolic_bp', 'mean_bp') and artery as arterial,
    by_monitor and (artery or vital not in ('systolic_bp', 'diastolic_bp', 'mean_bp')) as monitored
  from sent
  unpivot (
    reading for vital in (
      {vital},
      nothing
    )
  ) as listed
),
-- one row an instant: the reading that counts is the last arterial one if valid, else the last
instants as (
  select
    patient_id,
    vital,
    event_us,
    pressure,
    max_by(ward, event_id) as ward,
    max_by(spo2_scale, event_id) as spo2_scale,
    max_by(on_oxygen, event_id) as on_oxygen,
    max_by(reading, event_id) as last_reading,
    max_by(monitored, event_id) as last_monitored,
    max_by(reading, case when arterial then event_id end) as arterial_reading,
    max_by(monitored, case when arterial then event_id end) as arterial_monitored,
    bool_or(monitored and reading >= 0) as beats
  from readings
  where not alone
  group by patient_id, vital, event_us, pressure
  union all
  select
    patient_id,
    vital,
    event_us,
    pressure,
    ward,
    spo2_scale,
    on_oxygen,
    reading,
    monitored,
    case when arterial then reading end,
    case when arterial then monitored end,
    monitored and reading >= 0
  from readings
  where alone
),
rhythms as (
  select
    instants.*,
    case when arterial_reading >= 0 then arterial_reading else last_reading end as reading,
    case when arterial_reading >= 0 then arterial_monitored else last_monitored end as monitored,
    event_us - lag(event_us) over beating as gap_1,
    lag(event_us) over beating - lag(event_us, 2) over beating as gap_2,
    lag(event_us, 2) over beating - lag(event_us, 3) over beating as gap_3
  from instants
  window beating as (partition by patient_id, vital, beats order by event_us)
),
-- the beat: the longest of the last three intervals, of which none is longer than 1 h
beats as (
  select
    rhythms.*,
    case
      when coalesce(gap_1, 3600000001) > 3600000000 then null
      when coalesce(gap_2, 3600000001) > 3600000000 then gap_1
      when coalesce(gap_3, 3600000001) > 3600000000 then greatest(gap_1, gap_2)
      else greatest(gap_1, gap_2, gap_3)
    end as beat_us
  from rhythms
),
held as (
  select
    beats.*,
    case
      when reading < 0 then 0
      when not monitored and pressure then least(charted_age_us, 21600000000)
      when not monitored then least(charted_age_us, 43200000000)
      when vital = 'temperature' then least(greatest(3 * coalesce(beat_us, 1200000000), 30000000), 3600000000)
      else least(greatest(3 * coalesce(beat_us, 40000000), 30000000), 900000000)
    end as hold_us
  from beats
  join maximum_ages on maximum_ages.name = beats.vital
),
spells as (
  select
    held.*,
    sum(case when arterial_reading is null then 0 else 1 end) over (partition by patient_id, vital order by event_us)
      as spell
  from held
  where pressure
),
guarded as (
  select
    spells.*,
    max(case when arterial_reading >= 0 then event_us + hold_us end) over (partition by patient_id, vital, spell)
      as arterial_until_us
  from spells
),
counted as (
  select
    patient_id, vital, event_us, ward, spo2_scale, on_oxygen, reading, hold_us
  from held
  where not pressure
  union all
  select
    patient_id, vital, event_us, ward, spo2_scale, on_oxygen, reading, hold_us
  from guarded
  where arterial_reading is not null or arterial_until_us is null or event_us >= arterial_until_us
),
followed as (
  select
    counted.*,
    lead(event_us) over (partition by patient_id, vital order by event_us) as next_us
  from counted
)
select
  followed.patient_id,
  followed.vital,
  followed.ward,
  followed.spo2_scale,
  followed.on_oxygen,
  followed.event_us as start_us,
  least(followed.event_us + followed.hold_us, coalesce(followed.next_us, patient_ends.as_of_us), patient_ends.as_of_us)
    as end_us,
  round(followed.reading * 100) as hundredths
from followed
join patient_ends on patient_ends.patient_id = followed.patient_id
where
  followed.reading >= 0
  and least(followed.event_us + followed.hold_us, coalesce(followed.next_us, patient_ends.as_of_us)) > followed.event_us
