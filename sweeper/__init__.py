"""Schedules the sweep, runs it, and recovers lost work."""

import config  # noqa: F401 - first, since it makes the imports that follow cheaper
