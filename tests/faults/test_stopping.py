"""Clean stops: with calls that take long, asked for many times at once, or before everything has started."""

import os
import signal
from contextlib import suppress
from json import loads

import psutil
import pytest

from config.settings import settings
from models.heartbeat import Heartbeat
from tests.faults.campaigns import a_started_campaign, counts, judge, wait_until_sent
from tests.faults.deployment import SEND_WINDOW
from tests.faults.kinds import last
from tests.processes import is_alive
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

# An operator's script, a platform and an impatient person at once.
STORM = 25


def test_a_stop_waits_for_calls_that_take_longer_than_the_usual_grace(deployment, configure):
    configure(PROVIDER_TIMEOUT_SEC=20, LEASE_SEC=40)
    deployment.kill_simulator()
    deployment.latency_ms = 17_000
    deployment.start_simulator()
    campaign = a_started_campaign(10)
    deployment.start()
    wait_until(lambda: counts(campaign)["sending"] == 10, "all calls are in flight")
    deployment.stop()
    assert (counts(campaign)["sent"], counts(campaign)["unknown"]) == (10, 0)
    deployment.start()
    judge(deployment, campaign)


def test_a_storm_of_signals_is_one_request_to_stop(deployment):
    # Many, so that some are left however late this machine delivers the signals.
    campaign = a_started_campaign(10_000)
    deployment.start()
    wait_until_sent(campaign, 200)
    family = [deployment.supervisor.pid, *deployment.supervisor.children()]
    for _ in range(STORM):
        for pid in family:
            for each in (signal.SIGTERM, signal.SIGINT):
                with suppress(ProcessLookupError):
                    os.kill(pid, each)
    assert deployment.supervisor.wait() == 0, deployment.supervisor.log
    assert not [pid for pid in family if is_alive(pid)]
    assert "Traceback" not in deployment.supervisor.log
    stopped = counts(campaign)
    assert stopped["sending"] == stopped["unknown"] == 0, deployment.supervisor.log
    assert stopped["pending"] > 0, "it was stopped in the middle"
    assert Heartbeat.living() == [], f"not each process has signed off: {deployment.supervisor.log}"
    deployment.start()
    judge(deployment, campaign)


@pytest.fixture
def answers_without_postgres(deployment):
    """A campaign whose calls were all in flight when PostgreSQL crashed."""
    deployment.kill_simulator()
    deployment.latency_ms, deployment.failure_rate = 800, 0
    deployment.start_simulator()
    campaign = a_started_campaign(SEND_WINDOW)
    deployment.start()
    wait_until(lambda: counts(campaign)["sending"] == SEND_WINDOW, "all calls are in flight")
    deployment.crash_postgres()
    return campaign


def kept(deployment, event):
    """Returns how many answers the workers' log lines of this event count."""
    # A process that cannot even start says so in a sentence.
    events = [loads(line) for line in deployment.supervisor.log.splitlines() if line.startswith("{")]
    return sum(each.get("answers", 0) for each in events if each["event"] == event)


def test_answers_of_workers_that_stop_without_postgres_are_recorded_by_the_next(deployment, answers_without_postgres):
    deployment.stop()
    assert kept(deployment, "answers.kept") == SEND_WINDOW, deployment.supervisor.log
    last(settings().lease_sec)
    deployment.start_postgres()
    deployment.start()
    assert judge(deployment, answers_without_postgres) == {"sent": SEND_WINDOW}


def test_without_redis_too_the_log_says_how_many_answers_are_lost(deployment, answers_without_postgres):
    deployment.kill_redis()
    deployment.stop()
    assert kept(deployment, "answers.not_kept") == SEND_WINDOW, deployment.supervisor.log
    deployment.start_postgres()
    deployment.start_redis()
    deployment.start()
    judge(deployment, answers_without_postgres, unknown_at_most=SEND_WINDOW)


@pytest.mark.parametrize("started", [0, 1, 5])
def test_a_stop_while_starting_leaves_no_process_and_the_next_start_sends(deployment, started):
    campaign = a_started_campaign(100)
    deployment.start()
    parent = psutil.Process(deployment.supervisor.pid)
    wait_until(lambda: len(parent.children()) >= started, f"{started} children have been started")
    family = [parent, *parent.children()]
    status = deployment.supervisor.stop(seconds=30)
    # Without a handler yet, the signal itself ends the process.
    assert status in (0, -signal.SIGTERM), deployment.supervisor.log
    assert not [process for process in family if is_alive(process.pid)]
    deployment.start()
    judge(deployment, campaign)
