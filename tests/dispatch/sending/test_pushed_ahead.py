"""How much of a campaign is ahead of what its sender may send: in the queue, and claimed."""

import pytest

from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign
from dispatch.channels.routes import Stop, set_route
from dispatch.outbox import push_due_batches
from dispatch.queues import SEND
from dispatch.sending.time_box import Others
from models.database import rows, scalar
from models.messages.pushing import MIN_PUSHED
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.factories import an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, deliver, started
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
    assert jobs(redis) == 1
    with courier(ScriptedProvider()) as worker:
        while found := redis.lpop(f"rq:queue:{SEND}"):
            _, campaign_id, number, *_ = found.decode().split("-")
            worker.deliver(int(campaign_id), int(number), others=Others(lambda: True))
            assert jobs(redis) <= MIN_PUSHED
    assert states(campaign) == {"sent": 1, "pending": 999}
    assert ahead(campaign) == 0
    assert rows("SELECT FROM batch WHERE touched_at IS NOT NULL AND pending > 0") == []


def test_without_a_rate_a_campaign_has_the_same_jobs(configure, redis):
    configure(BATCH_SIZE=20)
    started(recipients=2000)
    assert jobs(redis) == MIN_PUSHED


#: Of batches of 100 messages: how many have a job at this rate, with so many segments in each message.
@pytest.mark.parametrize(
    ("rate", "template", "expected"),
    [
        (1 / 60, "hi", 1),  # a batch that is larger than a minute's worth
        (1, "hi", 1),
        (3.3, "hi", 1),
        (3.4, "hi", 2),
        (5, "hi", 3),
        (5, "x" * 400, 1),
        (10.1, "x" * 400, 2),
        (1000, "hi", MIN_PUSHED),
    ],
)
def test_at_most_a_minute_of_the_rate_has_jobs_but_always_a_batch(configure, redis, rate, template, expected):
    configure(SENDER_RATE=rate, BATCH_SIZE=100)
    campaign = started(recipients=1000, template=template)
    assert jobs(redis) == expected
    assert scalar("SELECT count(*) FROM batch WHERE pushed_at IS NOT NULL") == expected
    # Asked again, there is no more room.
    assert not push_due_batches(campaign)


@pytest.mark.parametrize(
    ("rates", "weights", "expected"),
    [
        ([4], [None], 2),
        ([None], [None], 1),  # that of the installation
        ([4, 1000], [None, None], 2),
        ([1000, 1], [None, None], MIN_PUSHED),
        ([4, 2], [1, 1], 3),
        ([4, None], [1, 1], 3),
    ],
)
def test_the_rate_is_that_of_the_route(configure, redis, rates, weights, expected):
    configure(SENDER_RATE=2, BATCH_SIZE=100)
    account = an_account(credits=10_000)
    for n, rate in enumerate(rates):
        a_provider(account, f"p{n}", **({"rate": rate} if rate else {}))
    set_route(asking(account.id), "sms", [Stop(f"p{n}", weight) for n, weight in enumerate(weights)])
    started(account, recipients=1000)
    assert jobs(redis) == expected


def test_a_sender_without_a_rate_of_its_own_has_that_of_its_tier(configure, redis):
    configure(BATCH_SIZE=2000)
    account = an_account(credits=100_000)
    secrets = {"access_token": "EAAG", "app_secret": "s3cret"}
    a_provider(account, "meta", "whatsapp_cloud", phone_number_id="10987654321", daily=100_000, **secrets)
    a_route(account, "meta", channel="whatsapp")
    started(account, recipients=8000, channel="whatsapp")
    assert jobs(redis) == 2  # 80 a second


def test_of_each_campaign_of_the_sender_a_batch_has_a_job(configure, redis):
    configure(SENDER_RATE=1, BATCH_SIZE=100)
    account = an_account(credits=10_000)
    first, second = started(account, recipients=500), started(account, recipients=500)
    assert [ahead(first), ahead(second)] == [100, 100]


def test_another_channel_of_the_account_is_not_held_up(configure, redis):
    configure(BATCH_SIZE=100)
    account = an_account(credits=10_000)
    a_provider(account, rate=1)
    a_route(account, "main")
    slow, quick = started(account, recipients=500), started(account, recipients=300, channel="whatsapp")
    assert [ahead(slow), ahead(quick)] == [100, 300]


def test_everyone_is_sent_to_a_batch_after_the_other(configure, redis):
    configure(SENDER_RATE=400, BATCH_SIZE=100, SEND_WINDOW=64)
    campaign = started(recipients=300)
    with courier(ScriptedProvider()) as worker:
        while found := redis.lpop(f"rq:queue:{SEND}"):
            _, campaign_id, number, *_ = found.decode().split("-")
            worker.deliver(int(campaign_id), int(number))
    assert states(campaign) == {"sent": 300}


@pytest.mark.parametrize("ends", [pause_campaign, cancel_campaign])
def test_of_a_batch_larger_than_a_minute_no_more_is_claimed_than_the_rate_allows_before_it_looks(configure, ends):
    """Half a second of the rate is claimed at most, and then the campaign's state is looked at again."""
    configure(SENDER_RATE=5, BATCH_SIZE=500, SEND_WINDOW=64)
    campaign = started(recipients=1000)
    provider = ScriptedProvider()
    calls_then = []

    def end(message):
        if len(provider.calls) == 4:
            calls_then.append(len(provider.calls))
            ends(asking(), campaign)

    provider.on_call(end)
    deliver(provider, campaign)
    assert calls_then == [4]
    assert len(provider.calls) <= 4 + 3
