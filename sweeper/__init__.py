"""Schedules the sweep, runs it, and recovers lost work."""
