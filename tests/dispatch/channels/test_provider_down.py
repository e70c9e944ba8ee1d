"""Real workers, and a provider that is down: how often all of them together call it."""

from contextlib import ExitStack

import pytest

from dispatch.channels.shared_circuits import ERRORS
from dispatch.queues import SEND
from models.database import rows
from tests.dispatch.channels.arranging import a_route
from tests.dispatch.channels.serving import a_provider_at, serving
from tests.dispatch.providers.dialects import DIALECTS
from tests.dispatch.providers.misbehaving import answers
from tests.factories import an_account
from tests.processes import running
from tests.sending import started
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _left_closed(redis):
    """The next test's providers have the same ids."""
    yield
    redis.flushdb()


@pytest.mark.processes
def test_several_workers_call_a_provider_that_is_down_about_fifty_times_together(db, redis, configure, tmp_path):
    configure(BATCH_SIZE=50, SEND_WINDOW=4)
    twilio = DIALECTS["twilio"]
    with serving(answers("500 Internal Server Error", b"{}")) as down, ExitStack() as processes:
        a_provider_at(down.url, None, twilio, "down")
        accounts = [an_account(credits=10_000) for _ in range(6)]
        for account in accounts:
            a_route(account, "down")
        for number in range(3):
            processes.enter_context(running("jobs.worker", SEND, log=tmp_path / f"{number}.log"))
        campaigns = [started(account, recipients=100) for account in accounts]
        wait_until(lambda: _all_tried_or_kept_back(campaigns), "every message was called or waits for the circuit")
        assert ERRORS <= down.requests <= ERRORS + 3 * 2 * 2 * 4


def _all_tried_or_kept_back(campaigns):
    open_ = rows(
        """SELECT 1 FROM message WHERE campaign_id = ANY(%s) AND state <> 'unknown'
             AND (state <> 'pending' OR error_code IS DISTINCT FROM 'circuit_open') LIMIT 1""",
        [campaigns],
    )
    return not open_
