"""How much of a campaign is ahead of what its sender may send: in the queue, and claimed."""

import pytest

from dispatch.queues import SEND
from models.database import rows, scalar
from models.messages.pushing import MIN_PUSHED
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, started
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")


def jobs(redis):
    return redis.llen(f"rq:queue:{SEND}")


def ahead(campaign_id):
    """Returns how many messages are claimed, or in a batch that has a job."""
    return scalar(
        """SELECT coalesce(sum(pending) FILTER (WHERE pushed_at IS NOT NULL), 0) + sum(cardinality(in_flight))
           FROM batch WHERE campaign_id = %s""",
        [campaign_id],
    )


def test_a_long_campaign_has_no_more_than_a_minute_of_its_rate_in_the_queue(configure, redis):
    configure(SENDER_RATE=5, BATCH_SIZE=20)
    campaign = started(recipients=2000)
    assert jobs(redis) == MIN_PUSHED
    assert ahead(campaign) <= 60 * 5


def test_jobs_that_find_the_bucket_empty_leave_the_queue_and_wait_in_their_rows(configure, redis):
    """So also with batches that take longer than a minute nothing stays ahead of the rate."""
    configure(SENDER_RATE=0.05, BATCH_SIZE=100)
    campaign = started(recipients=1000)
    with courier(ScriptedProvider()) as worker:
        while found := redis.lpop(f"rq:queue:{SEND}"):
            _, campaign_id, number, *_ = found.decode().split("-")
            worker.deliver(int(campaign_id), int(number), others_waiting=lambda: True)
            assert jobs(redis) <= MIN_PUSHED
    assert states(campaign) == {"sent": 1, "pending": 999}
    assert ahead(campaign) == 0
    assert rows("SELECT FROM batch WHERE touched_at IS NOT NULL AND pending > 0") == []


def test_without_a_rate_a_campaign_has_the_same_jobs(configure, redis):
    configure(BATCH_SIZE=20)
    started(recipients=2000)
    assert jobs(redis) == MIN_PUSHED
