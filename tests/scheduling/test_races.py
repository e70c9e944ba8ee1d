"""Many ticks at once, and one that is killed: each run happens once."""

from collections import Counter

import pytest

from models.database import rows
from scheduling.lifecycle import cancel_schedule, pause_schedule
from scheduling.tick import tick
from tests.processes import running
from tests.racing import race
from tests.scheduling.schedules import a_schedule, runs_of, schedule_row
from tests.waiting import wait_until


def due(account, count):
    made = [a_schedule(account).id for _ in range(count)]
    rows("UPDATE schedule SET next_run_at = date_trunc('minute', now())")
    return made


def test_eight_ticks_run_each_of_five_hundred_schedules_once(account, jobs):
    made = due(account, 500)
    outcomes = race(*[tick] * 8)
    assert sum(outcome.get("succeeded", 0) for outcome in outcomes) == 500
    assert Counter(job.schedule_id for job in jobs) == Counter(made)
    counted = rows("SELECT status, attempt, count(*)::int AS n FROM schedule_run GROUP BY status, attempt")
    assert counted == [{"status": "succeeded", "attempt": 1, "n": 500}]
    [moved] = rows("SELECT count(*)::int AS n FROM schedule WHERE run_count = 1 AND next_run_at > now()")
    assert moved["n"] == 500


@pytest.mark.parametrize("stop", [pause_schedule, cancel_schedule])
def test_what_is_stopped_while_ticks_look_runs_once_or_not_at_all(account, jobs, stop):
    made = due(account, 40)
    race(*[tick] * 3, *[lambda one=one: stop(account, one) for one in made[::8]])
    assert max(Counter(job.schedule_id for job in jobs).values()) == 1
    for schedule_id in made:
        ended = [run["status"] for run in runs_of(schedule_id)]
        ran = sum(job.schedule_id == schedule_id for job in jobs)
        if schedule_id not in made[::8]:
            assert (ended, ran) == (["succeeded"], 1)
        else:
            assert schedule_row(schedule_id)["next_run_at"] is None


@pytest.mark.processes
@pytest.mark.parametrize(("when", "attempt"), [("recorded", 1), ("begun", 2)])
def test_a_run_whose_process_is_killed_before_its_effect_happens_once(account, jobs, tmp_path, when, attempt):
    [made] = due(account, 1)
    with running("tests.scheduling.dying", when, log=tmp_path / "log") as process:
        assert process.wait() == -9
    [run] = runs_of(made)
    assert run["status"] == ("pending" if when == "recorded" else "running")
    if when == "begun":
        assert tick() == {}, "its lease has not ended"
        rows("UPDATE schedule_run SET due_at = now()")
    assert sum(outcome.get("succeeded", 0) for outcome in race(*[tick] * 4)) == 1
    [job] = jobs
    assert (job.run_at, job.attempt) == (run["run_at"], attempt)
    assert schedule_row(made)["run_count"] == 1


@pytest.mark.processes
def test_the_sweeper_ticks(account, jobs, redis, tmp_path):
    due(account, 1)
    log = tmp_path / "log"
    with running("sweeper", log=log, SCHEDULE_TICK_INTERVAL_MS="100") as sweeper:
        wait_until(lambda: "tick.without_handler" in sweeper.log, "the sweeper looks at schedules")
        assert '"job_types": ["note"]' in sweeper.log
        assert sweeper.stop() == 0
