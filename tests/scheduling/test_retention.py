"""Runs that ended long ago are deleted in chunks, but never the last of a schedule, nor one that goes on."""

import pytest

from config.settings import BadSetting, settings
from models.database import rows
from scheduling import retention
from scheduling.retention import forget_old_runs
from tests.processes import running
from tests.racing import race
from tests.scheduling.schedules import a_schedule, runs_of
from tests.waiting import wait_until


def a_run(schedule_id, days_ago, status="succeeded"):
    """Adds a run of so many days ago, which ended at once unless it goes on."""
    rows(
        """INSERT INTO schedule_run (schedule_id, run_at, status, token, ended_at)
           SELECT %(id)s, time, %(status)s, CASE WHEN %(status)s = 'running' THEN gen_random_uuid() END,
                  CASE WHEN %(status)s NOT IN ('pending', 'running') THEN time END
           FROM (SELECT now() - %(days)s * interval '1 day') AS ago (time)""",
        {"id": schedule_id, "days": days_ago, "status": status},
    )


def days_kept(schedule_id):
    kept = rows(
        """SELECT round(extract(epoch FROM now() - run_at) / 86400)::int AS days FROM schedule_run
           WHERE schedule_id = %s ORDER BY run_at""",
        [schedule_id],
    )
    return [run["days"] for run in kept]


@pytest.fixture
def made(account, jobs):
    return a_schedule(account).id


def test_what_ended_longer_ago_than_is_kept_goes(made):
    for days, status in ((200, "succeeded"), (100, "failed"), (91, "skipped"), (89, "cancelled"), (1, "succeeded")):
        a_run(made, days, status)
    assert forget_old_runs() == 3
    assert days_kept(made) == [89, 1]
    assert forget_old_runs() == 0


def test_the_last_run_stays_however_old_it_is(account, made):
    ended = a_schedule(account).id
    for days in (400, 300):
        a_run(made, days)
        a_run(ended, days)
    a_run(made, 0)
    assert forget_old_runs() == 3
    assert (days_kept(made), days_kept(ended)) == ([0], [300])


@pytest.mark.parametrize("status", ["pending", "running"])
def test_a_run_that_has_not_ended_stays(made, status):
    a_run(made, 300, status)
    a_run(made, 200)
    a_run(made, 100)
    assert forget_old_runs() == 1
    assert days_kept(made) == [300, 100]


def test_the_setting_says_for_how_many_days(made, configure):
    for days in (10, 5, 1):
        a_run(made, days)
    configure(SCHEDULE_RUN_KEEP_DAYS=7)
    assert forget_old_runs() == 1
    assert days_kept(made) == [5, 1]
    configure(SCHEDULE_RUN_KEEP_DAYS=0)
    with pytest.raises(BadSetting, match="SCHEDULE_RUN_KEEP_DAYS"):
        settings()


def test_many_go_in_chunks_though_several_processes_forget_at_once(made, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 7)
    for days in range(100, 150):
        a_run(made, days)
    assert sum(race(*[forget_old_runs] * 4)) + forget_old_runs() == 49
    assert days_kept(made) == [100]


@pytest.mark.processes
def test_the_sweeper_forgets(made, redis, tmp_path):
    for days in (200, 100):
        a_run(made, days)
    with running("sweeper", log=tmp_path / "log") as sweeper:
        wait_until(lambda: len(runs_of(made)) == 1, "the old run is deleted")
        assert sweeper.stop() == 0, sweeper.log
