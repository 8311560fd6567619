"""Scans before the send: `schedules.yaml` into schedules, schedules into the instants at which a scan is due."""
