"""Lists of an account's schedules read what they show, however many schedules there are."""

import pytest

from models.database import row, rows
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


def scans():
    """Returns how often the table was read through, and how often each of its indexes was used."""
    rows("SELECT pg_stat_force_next_flush()")
    table = row("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'schedule'")
    indexes = rows("SELECT indexrelname AS name, idx_scan FROM pg_stat_user_indexes WHERE relname = 'schedule'")
    return table["seq_scan"], {index["name"]: index["idx_scan"] for index in indexes}


@pytest.mark.parametrize(
    ("filtered", "total", "index"),
    [
        ({"status": "paused"}, 10, "schedule_account_id_status"),
        ({"job_type": "rare"}, 100, "schedule_account_id_job_type"),
        ({"status": "paused", "job_type": "rare"}, 10, "schedule_account_id_status"),
    ],
)
def test_a_list_of_few_among_many_reads_only_those(account, filtered, total, index):
    read_through, used = scans()
    found = Schedule.page(account, **{"status": None, "job_type": None, **filtered}, page=1, page_size=20)
    assert (found.total, len(found.rows)) == (total, min(total, 20))
    now_read_through, now_used = scans()
    assert now_read_through == read_through
    assert now_used[index] - used[index] == 2  # the page and the total
