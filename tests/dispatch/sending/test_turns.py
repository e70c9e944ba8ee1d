"""Accounts take turns in the send queue, and an account's campaigns among themselves."""

import pytest

from dispatch.outbox import push_due_batches
from dispatch.queues import SEND, queue
from dispatch.recovery import recover
from models.database import rows
from models.messages.pushing import MIN_PUSHED, PUSHED_PER_WORKER
from tests.factories import an_account
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, started
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture(autouse=True)
def _small_batches(configure):
    configure(BATCH_SIZE=2, SEND_WINDOW=4)


def waiting() -> list[int]:
    """The campaigns whose jobs wait, in the order of the queue."""
    return [int(job_id.split("-")[1]) for job_id in queue(SEND).job_ids]


def take(redis) -> int:
    """Takes the first job from the queue, as a worker does; returns its campaign."""
    return int(redis.lpop(f"rq:queue:{SEND}").decode().split("-")[1])


def workers(count: int) -> None:
    for number in range(count):
        rows(
            "INSERT INTO heartbeat (name, kind, queue, host, pid) VALUES (%s, 'worker', %s, 'h', %s)",
            [f"worker-{number}", SEND, number],
        )


def test_a_campaign_of_many_batches_has_a_few_jobs_in_the_queue(redis):
    large = started(recipients=200)
    assert waiting() == [large] * MIN_PUSHED
    assert not push_due_batches(large)


def test_the_room_of_an_account_grows_with_the_workers_and_not_with_its_campaigns(redis):
    workers(5)
    account = an_account()
    for _ in range(30):
        started(account, recipients=4)
    recover()
    assert len(waiting()) == 5 * PUSHED_PER_WORKER


def test_twenty_campaigns_of_one_account_stand_before_another_accounts_as_one_large_one_does(redis):
    account = an_account()
    many = [started(account, recipients=4) for _ in range(20)]
    one = started(recipients=3)
    assert waiting().index(one) == MIN_PUSHED
    assert set(waiting()[:MIN_PUSHED]) <= set(many)


def test_campaigns_of_one_account_take_turns_and_none_is_forgotten(redis):
    account = an_account()
    campaigns = [started(account, recipients=20) for _ in range(6)]
    provider, turns = ScriptedProvider(), []
    with courier(provider) as worker:
        while redis.llen(f"rq:queue:{SEND}"):
            turns.append(take(redis))
            worker.deliver(turns[-1], 0)
    assert set(turns) == set(campaigns)
    assert all(states(campaign_id) == {"sent": 20} for campaign_id in campaigns)


def test_a_small_campaign_of_an_account_has_a_turn_before_the_large_one_has_a_second(redis):
    account = an_account()
    large = started(account, recipients=200)
    small = started(account, recipients=2)
    assert waiting() == [large] * MIN_PUSHED
    # A worker takes a batch of the large one to its end.
    rows("UPDATE batch SET pending = 0, sent = size WHERE (campaign_id, number) = (%s, 0)", [large])
    assert push_due_batches(large) == {small: 1}
    assert waiting() == [*[large] * MIN_PUSHED, small]


def test_a_worker_that_was_killed_frees_its_room_long_before_its_batch_counts_as_lost(redis):
    large = started(recipients=200)
    for _ in range(MIN_PUSHED):
        take(redis)
    rows(
        "UPDATE batch SET touched_at = now() - interval '6 seconds', pushed_at = now() - interval '7 seconds'"
        " WHERE campaign_id = %s AND pushed_at IS NOT NULL",
        [large],
    )
    recover()
    assert waiting() == [large] * MIN_PUSHED
    assert rows("SELECT 1 FROM batch WHERE pushed_at IS NOT NULL AND number < %s", [MIN_PUSHED])


def test_jobs_lost_with_all_of_redis_are_pushed_again_for_every_account(redis):
    campaigns = [started(recipients=20) for _ in range(3)]
    redis.flushall()
    rows("UPDATE batch SET pushed_at = pushed_at - interval '1 minute'")
    recover()
    assert sorted(waiting()) == sorted(campaigns * MIN_PUSHED)


def test_batches_that_wait_for_their_time_take_no_room(redis):
    account = an_account()
    later = started(account, recipients=20)
    redis.flushall()
    rows("UPDATE batch SET pushed_at = NULL, touched_at = now(), next_due_at = now() + interval '1 hour'")
    now = started(account, recipients=20)
    assert waiting() == [now] * MIN_PUSHED
    assert later not in waiting()
