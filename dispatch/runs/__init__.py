"""Runs of the due campaigns from cron or CI (`run-due`): through jobs, or in one process until each has ended."""
