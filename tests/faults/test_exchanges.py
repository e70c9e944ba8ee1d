"""A send worker is killed at each statement of its exchange, or never learns that it was committed."""

from collections.abc import Iterator
from itertools import repeat

import pytest

from config.settings import settings
from dispatch.queues import SEND
from tests.faults.campaigns import a_started_campaign, judge, row_of, wait_until_sent
from tests.faults.deployment import MOST_IN_FLIGHT, SEND_WINDOW
from tests.faults.proxy import proxied
from tests.processes import end_by_force
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

# The statements of an exchange, by how only they begin.
RECORD, CLAIM, COMMIT = b"WITH held AS MATERIALIZED", b"WITH c AS MATERIALIZED", b"COMMIT"
KILLED_BEFORE = {"its answers are recorded": RECORD, "its claim": CLAIM, "its commit": COMMIT}


def runs(link, message, statement: bytes) -> bool:
    return link.statement_of(message).strip().startswith(statement)


class Kill:
    """Kills a worker when it runs this statement for the `time`th time, before or, a commit, after it has run."""

    def __init__(self, statement: bytes, time: int, *, after: bool = False) -> None:
        self.statement, self.left, self.after = statement, time, after
        self.done = False

    def __call__(self, link, message) -> bool:
        if self.done or not runs(link, message, self.statement):
            return True
        self.left -= 1
        if self.left:
            return True
        self.done = True
        if self.after:
            link.lose_answer(then=link.kill_owner)
        else:
            link.kill_owner()
        return self.after


class LoseCommits:
    """Loses the answers to those COMMITs for which `which` says so."""

    def __init__(self, which: Iterator[bool]) -> None:
        self.which = which
        self.lost = 0

    def __call__(self, link, message) -> bool:
        if runs(link, message, COMMIT) and next(self.which, False):
            self.lost += 1
            link.lose_answer()
        return True


@pytest.fixture
def through(deployment, configure):
    """Starts the deployment behind a proxy that calls the function before it passes a message: through(before)."""
    open_proxies = []

    def start(before):
        proxy = proxied(settings().database_url.get_secret_value(), before)
        configure(DATABASE_URL=proxy.__enter__())
        open_proxies.append(proxy)
        deployment.start()

    yield start
    for proxy in open_proxies:
        proxy.__exit__(None, None, None)


@pytest.mark.parametrize("time", [1, 5])
@pytest.mark.parametrize("statement", KILLED_BEFORE.values(), ids=KILLED_BEFORE)
def test_a_worker_killed_before(deployment, through, statement, time):
    campaign = a_started_campaign(300)
    kill = Kill(statement, time)
    through(kill)
    wait_until(lambda: kill.done, "a worker is killed")
    judge(deployment, campaign, unknown_at_most=SEND_WINDOW)


@pytest.mark.parametrize("time", [1, 5])
def test_a_worker_killed_when_it_has_committed_and_called_no_one_yet(deployment, through, time):
    campaign = a_started_campaign(300)
    kill = Kill(COMMIT, time, after=True)
    through(kill)
    wait_until(lambda: kill.done, "a worker is killed")
    judge(deployment, campaign, unknown_at_most=SEND_WINDOW)


@pytest.mark.parametrize(
    "which",
    [repeat(True, 50), (number % 2 == 0 for number in range(100)), (number % 5 == 0 for number in range(250))],
    ids=["fifty in a row", "every second", "every fifth"],
)
def test_commits_whose_answers_are_lost_leave_nothing_unknown_and_reach_no_one_twice(deployment, through, which):
    campaign = a_started_campaign(600)
    lose = LoseCommits(iter(which))
    through(lose)
    # After each loss in a row a worker waits twice as long, up to two seconds.
    wait_until(lambda: row_of(campaign).status == "completed", "the campaign completes", seconds=240)
    judge(deployment, campaign, unknown_at_most=0)
    assert lose.lost > 5


def test_workers_killed_while_answers_to_commits_are_lost_reach_no_one_twice(deployment, through):
    campaign = a_started_campaign(600)
    through(LoseCommits(number % 3 == 0 for number in range(60)))
    wait_until_sent(campaign, 200)
    for pid in deployment.workers(SEND):
        end_by_force(pid)
    judge(deployment, campaign, unknown_at_most=MOST_IN_FLIGHT)
