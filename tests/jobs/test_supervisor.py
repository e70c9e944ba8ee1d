"""`python -m jobs`: dead processes come back, and none is left behind."""

import os
import signal
from collections import Counter

import pytest

from config.settings import Settings
from dispatch.queues import HOUSE, PREPARE, SEND
from jobs.supervisor import modules
from models.campaigns.campaign import Campaign
from models.heartbeat import Heartbeat
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account
from tests.processes import end_by_force, is_alive, running
from tests.waiting import wait_until


def test_every_queue_has_a_worker_and_there_is_one_sweeper():
    started = Counter(modules(Settings(send_workers=3)).values())
    assert started == {
        ("jobs.worker", HOUSE): 1,
        ("jobs.worker", PREPARE): 1,
        ("jobs.worker", SEND): 3,
        ("sweeper",): 1,
    }


def test_some_queues_can_be_chosen_without_a_sweeper():
    names = list(modules(Settings(send_workers=2), [SEND], sweeper=False))
    assert names == ["send-1", "send-2"]


@pytest.fixture
def supervisor(db, redis, tmp_path):
    """`python -m jobs` with all its processes running."""
    with running("jobs", log=tmp_path / "log", SCHEDULE_SWEEP_INTERVAL_MS="1000", SEND_WORKERS="1") as supervisor:
        wait_until(lambda: len(Heartbeat.living()) == 4, "three workers and a sweeper run")
        children = list(supervisor.children())
        yield supervisor
        for pid in children:
            end_by_force(pid)


@pytest.mark.processes
def test_a_due_campaign_is_swept_and_sent(supervisor):
    campaign = a_campaign(an_account(), recipients=20, due=True)
    wait_until(lambda: Campaign.find(campaign.id, ALL_ACCOUNTS).status == "completed", "the campaign completes")


@pytest.mark.processes
def test_a_killed_child_is_started_again(supervisor):
    victims = supervisor.children()
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    # A killed child is listed until it is reaped, and a new one shows its parent's command until it has its own.
    wait_until(lambda: _commands(supervisor.children(), besides=victims) == _commands(victims), "all of them are back")


def _commands(children, besides=()):
    return sorted(command[:4] for pid, command in children.items() if pid not in besides)


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_when_asked_to_stop_it_leaves_no_process_behind(supervisor, number):
    children = list(supervisor.children())
    assert supervisor.stop(number) == 0, supervisor.log
    assert not any(is_alive(pid) for pid in children)
    assert Heartbeat.living() == []


@pytest.mark.processes
def test_when_killed_it_leaves_no_process_behind(supervisor):
    children = list(supervisor.children())
    supervisor.kill()
    wait_until(lambda: not any(is_alive(pid) for pid in children), "its children notice and stop")
    assert Heartbeat.living() == [], "they removed their heartbeats"


@pytest.mark.processes
def test_a_missing_database_is_one_clear_line(redis, tmp_path):
    with running("jobs", log=tmp_path / "log", DATABASE_URL="") as supervisor:
        assert supervisor.wait() == 1
        [line] = supervisor.log.splitlines()
    assert line.startswith("campaign-dispatch: DATABASE_URL is not set")
