"""Schedules that keep every promise, and how to break each promise about them, in SQL."""

LONG_AGO = "now() - interval '2 days'"
# One schedule in each of these situations, by the last digit of its id; what an UPDATE does is done to one of them.
WAITING, GOING_ON, PAUSED, COMPLETED, ON_ITS_LAST = (f"00000000-0000-0000-0000-{number:012}" for number in range(1, 6))

_SCHEDULE = """
INSERT INTO schedule (id, account_id, job_type, job_payload, cron_expression, timezone, misfire, grace_sec, metadata,
                      status, next_run_at, run_count, max_runs, created_by)
SELECT '{id}', id, 'note', '{{}}', '0 9 * * *', 'UTC', 'run_once', 300, '{{}}',
       '{status}', {next}, {run_count}, 9, 'test'
FROM account WHERE name = 'ours'
"""
_RUN = """
INSERT INTO schedule_run (schedule_id, run_at, status, token, ended_at)
VALUES ('{id}', now() - interval '{days} days', '{status}', {token}, {ended})
"""


def _schedule(id: str, status: str, *, run_count: int, next: str = "NULL") -> str:
    return _SCHEDULE.format(id=id, status=status, run_count=run_count, next=next)


def _run(id: str, status: str, *, days: int = 0) -> str:
    token = "gen_random_uuid()" if status == "running" else "NULL"
    ended = "NULL" if status in ("pending", "running") else "now()"
    return _RUN.format(id=id, status=status, days=days, token=token, ended=ended)


TOMORROW = "now() + interval '1 day'"
HEALTHY = [
    _schedule(WAITING, "active", run_count=2, next=TOMORROW),
    *(_run(WAITING, status, days=days) for days, status in enumerate(("failed", "succeeded", "skipped", "cancelled"))),
    _schedule(GOING_ON, "active", run_count=1, next=TOMORROW),
    _run(GOING_ON, "running"),
    _run(GOING_ON, "succeeded", days=1),
    _schedule(PAUSED, "paused", run_count=0),
    _run(PAUSED, "pending"),
    _schedule(COMPLETED, "completed", run_count=1),
    _run(COMPLETED, "succeeded"),
    _schedule(ON_ITS_LAST, "active", run_count=0),
    _run(ON_ITS_LAST, "pending"),
]

# The sentence that audit finds, the statements that make it true, and the id that audit names.
PLANTED = [
    ("Active schedules without", f"UPDATE schedule SET next_run_at = NULL WHERE id = '{WAITING}'", WAITING),
    ("Active schedules without", f"DELETE FROM schedule_run WHERE schedule_id = '{ON_ITS_LAST}'", ON_ITS_LAST),
    (
        "Schedules due",
        f"UPDATE schedule SET next_run_at = {LONG_AGO}, updated_at = {LONG_AGO} WHERE id = '{WAITING}'",
        WAITING,
    ),
    (
        "Schedules with a run that nobody",
        f"UPDATE schedule SET updated_at = {LONG_AGO}; UPDATE schedule_run SET due_at = {LONG_AGO}",
        GOING_ON,
    ),
    (
        "Schedules with a run that nobody",
        f"UPDATE schedule SET updated_at = {LONG_AGO}; UPDATE schedule_run SET due_at = {LONG_AGO}",
        ON_ITS_LAST,
    ),
    ("Schedules that are completed", _run(COMPLETED, "pending", days=1), COMPLETED),
    ("Schedules that counted", f"UPDATE schedule SET run_count = 3 WHERE id = '{WAITING}'", WAITING),
    ("Schedules that counted", f"UPDATE schedule SET run_count = 1, created_at = {LONG_AGO}", WAITING),
    (
        "Schedules with more than one run",
        "DROP INDEX schedule_run_one_at_a_time;" + _run(GOING_ON, "pending", days=2),
        GOING_ON,
    ),
    ("Schedules of no account", f"UPDATE schedule SET account_id = id WHERE id = '{PAUSED}'", PAUSED),
    ("Runs of no schedule", f"DELETE FROM schedule WHERE id = '{COMPLETED}'", COMPLETED),
]

# Not violations: nothing but time and deleted runs would make them so.
HARMLESS = [
    f"UPDATE schedule SET run_count = 3, created_at = {LONG_AGO} WHERE id = '{WAITING}'",
    f"UPDATE schedule SET updated_at = {LONG_AGO} WHERE id = '{PAUSED}';"
    f"UPDATE schedule_run SET due_at = {LONG_AGO} WHERE schedule_id = '{PAUSED}'",
    f"UPDATE schedule SET next_run_at = {LONG_AGO}, updated_at = {LONG_AGO} WHERE id = '{GOING_ON}'",
]
