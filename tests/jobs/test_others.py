"""Whether another campaign waits for a worker, which ends a job early: by the queue, or by the rows without Redis."""

import pytest

from dispatch import queues
from jobs.send import another_waits
from models.database import rows
from tests.own_redis import hanging
from tests.sending import started
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db")


def test_a_campaign_that_starts_beside_it_waits_with_and_without_redis(own_queue):
    ours = started(recipients=1)
    assert not another_waits(ours)
    other = started(recipients=1)
    assert another_waits(ours)
    with hanging(own_queue):
        assert another_waits(ours)
        rows("UPDATE batch SET touched_at = now() WHERE campaign_id = %s", [other])
        assert not another_waits(ours), "a worker has it"
    wait_until(queues.ready, "Redis answers")
    assert another_waits(ours), "its job is still in the queue"
    own_queue.stop()
    assert not another_waits(ours)
    rows("UPDATE batch SET touched_at = NULL WHERE campaign_id = %s", [other])
    assert another_waits(ours)
