"""Schedules as people see and change them; `scheduling` runs them."""
