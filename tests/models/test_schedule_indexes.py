"""Lists of an account's schedules, and the search for old runs, read what they find, however much there is."""

import pytest

from models.database import row, rows
from models.schedules.run import ScheduleRun
from models.schedules.schedule import Schedule
from tests.factories import an_account

MANY = 100_000
# Every ten thousandth of these is paused, and every thousandth is of the type "rare".
_INSERT = """
    INSERT INTO schedule (account_id, job_type, job_payload, cron_expression, timezone, misfire, grace_sec, metadata,
                          status, next_run_at, created_by, created_at)
    SELECT %s, CASE WHEN n %% 1000 = 0 THEN 'rare' ELSE 'common' END, '{}', '0 9 * * *', 'UTC', 'run_once', 300, '{}',
           status, CASE WHEN status = 'active' THEN now() + interval '1 day' END, 'test', now() - n * interval '1 s'
    FROM generate_series(1, %s) AS n,
         LATERAL (SELECT CASE WHEN n %% 10000 = 0 THEN 'paused' ELSE 'active' END AS status) AS chosen
"""


@pytest.fixture
def account(db):
    found = an_account().id
    rows(_INSERT, [found, MANY])
    rows("ANALYZE schedule")
    return found


def scans(table):
    """Returns how often the table was read through, and how often each of its indexes was used."""
    rows("SELECT pg_stat_force_next_flush()")
    whole = row("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = %s", [table])
    indexes = rows("SELECT indexrelname AS name, idx_scan FROM pg_stat_user_indexes WHERE relname = %s", [table])
    return whole["seq_scan"], {index["name"]: index["idx_scan"] for index in indexes}


@pytest.mark.parametrize(
    ("filtered", "total", "index"),
    [
        ({"status": "paused"}, 10, "schedule_account_id_status"),
        ({"job_type": "rare"}, 100, "schedule_account_id_job_type"),
        ({"status": "paused", "job_type": "rare"}, 10, "schedule_account_id_status"),
    ],
)
def test_a_list_of_few_among_many_reads_only_those(account, filtered, total, index):
    read_through, used = scans("schedule")
    found = Schedule.page(account, **{"status": None, "job_type": None, **filtered}, page=1, page_size=20)
    assert (found.total, len(found.rows)) == (total, min(total, 20))
    now_read_through, now_used = scans("schedule")
    assert now_read_through == read_through
    assert now_used[index] - used[index] == 2  # the page and the total


def test_old_runs_are_found_among_many_without_reading_the_others(account):
    rows(
        """INSERT INTO schedule_run (schedule_id, run_at, status, ended_at)
           SELECT id, time, 'succeeded', time
           FROM (SELECT id FROM schedule LIMIT 1) AS one, generate_series(0, 50000) AS n,
                LATERAL (SELECT now() - interval '90 days 270 seconds' + n * interval '1 minute' AS time) AS of_it"""
    )
    rows("ANALYZE schedule_run")
    read_through, used = scans("schedule_run")
    assert ScheduleRun.forget_old(keep_days=90, limit=1000) == 5
    now_read_through, now_used = scans("schedule_run")
    assert now_read_through == read_through
    assert now_used["schedule_run_ended_at"] > used["schedule_run_ended_at"]
