"""vitalake: bedside vitals and alarms into tables that can be trusted."""
