"""Adds indexes for lists of an account's schedules of one status or type, and for finding old runs."""

UP = """
CREATE INDEX schedule_account_id_status ON schedule (account_id, status, created_at);
CREATE INDEX schedule_account_id_job_type ON schedule (account_id, job_type, created_at);
CREATE INDEX schedule_run_ended_at ON schedule_run (ended_at) WHERE ended_at IS NOT NULL;
"""

DOWN = """
DROP INDEX schedule_account_id_status, schedule_account_id_job_type, schedule_run_ended_at;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
