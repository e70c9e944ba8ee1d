"""Campaigns of senders with a rate: what waits, where it waits, and who does not."""

import time
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest

from config.settings import settings
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign
from dispatch.outbox import push_due_batches
from dispatch.providers import Answer
from dispatch.queues import SEND
from dispatch.sending.exchange import Exchange
from dispatch.sending.time_box import Others
from models.campaigns.sending import to_send
from models.database import db as database
from models.database import rows
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.dispatch.doctor.looking import diagnosis
from tests.factories import an_account, asking
from tests.pacing import most_in_a_second
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, deliver, started
from tests.stored import campaign_row, phones_of, states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

THREE_SEGMENTS = "x" * 400


@pytest.fixture(autouse=True)
def _small(configure):
    configure(BATCH_SIZE=20, SEND_WINDOW=8, RETRY_BASE_SEC=0.01)


def jobs(redis):
    return redis.llen(f"rq:queue:{SEND}")


def work(worker, redis, campaigns):
    """Does what a worker does until the campaigns have completed."""

    def job():
        found = redis.lpop(f"rq:queue:{SEND}")
        if found:
            _, campaign_id, number, *_ = found.decode().split("-")
            worker.deliver(int(campaign_id), int(number), others=Others(lambda: jobs(redis) > 0))
        return all(campaign_row(each)["status"] == "completed" for each in campaigns)

    with database.connection_context():
        wait_until(job, "the campaigns complete", seconds=60)


def test_two_workers_together_keep_the_rate_of_a_sender(configure, redis):
    configure(SENDER_RATE=60)
    account = an_account(credits=1000)
    campaigns = [started(account, recipients=100), started(account, recipients=60)]
    provider, times = ScriptedProvider(), []
    provider.on_call(lambda message: times.append(time.monotonic()))
    with courier(provider) as one, courier(provider) as other, ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, worker, redis, campaigns) for worker in (one, other)]:
            done.result()
    assert len(times) == 160
    assert set(provider.calls_per_phone().values()) == {1}
    assert most_in_a_second(times) <= 60 + 60
    assert max(times) - min(times) >= (160 - 31) / 60


def test_a_limited_campaign_lets_the_worker_go_at_once_and_its_batch_waits_in_its_row(configure, redis):
    configure(SENDER_RATE=0.05)
    campaign = started(recipients=100)
    redis.flushdb()
    provider = ScriptedProvider()
    assert deliver(provider, campaign) == 1
    assert states(campaign) == {"sent": 1, "pending": 99}
    (first, *_) = rows("SELECT pushed_at, touched_at, next_due_at > now() AS waits FROM batch ORDER BY number")
    assert first == {"pushed_at": None, "touched_at": None, "waits": True}
    assert jobs(redis) == 0
    # A job that finds the bucket empty leaves its batch in the same way.
    assert deliver(provider, campaign, 1) == 0
    assert rows("SELECT next_due_at > now() AS waits FROM batch WHERE number = 1") == [{"waits": True}]


def test_a_batch_whose_job_claimed_nothing_is_pushed_again_although_the_sender_may_send_by_now(redis):
    campaign = started(recipients=20)
    redis.flushdb()
    with database.connection_context():
        exchange = Exchange(to_send(campaign), 0, provider="scripted", settings=settings(), caps=None)
        exchange.leave()
        assert push_due_batches(campaign) == {campaign: 1}


def test_a_limited_campaign_is_pushed_again_when_its_sender_may_send(configure, redis):
    configure(SENDER_RATE=2)
    campaign = started(recipients=20)
    redis.flushdb()
    with courier(ScriptedProvider()) as worker:
        worker.deliver(campaign, 0, others=Others(lambda: True))
        assert states(campaign)["pending"]
        wait_until(lambda: jobs(redis) == 1, "its job is pushed")


def test_it_is_pushed_again_also_when_leaving_its_batch_takes_until_the_sender_may_send(configure, redis, monkeypatch):
    leave = Exchange.leave

    def leave_slowly(exchange, due_in_sec=None):
        asked_at = monotonic()
        wait_until(lambda: monotonic() - asked_at >= (due_in_sec or 0), "the sender may send again")
        leave(exchange, due_in_sec)

    monkeypatch.setattr(Exchange, "leave", leave_slowly)
    configure(SENDER_RATE=2)
    campaign = started(recipients=20)
    redis.flushdb()
    with courier(ScriptedProvider()) as worker:
        worker.deliver(campaign, 0, others=Others(lambda: True))
        wait_until(lambda: jobs(redis) == 1, "its job is pushed once its batch is due", seconds=30)


def test_one_accounts_rate_does_not_delay_another_account(redis):
    slow, quick = an_account(credits=1000), an_account(credits=1000)
    a_provider(slow, rate=0.05)
    a_route(slow, "main")
    large, small = started(slow, recipients=300), started(quick, recipients=100)
    provider = ScriptedProvider()
    with courier(provider) as worker:
        worker.deliver(large, 0, others=Others(lambda: True))
        worker.deliver(small, 0)
    assert states(small) == {"sent": 100}
    assert states(large) == {"sent": 1, "pending": 299}


def test_the_rate_of_a_provider_comes_before_that_of_the_installation(configure):
    configure(SENDER_RATE=0.05)
    account = an_account(credits=1000)
    a_provider(account, rate=100_000)
    a_route(account, "main")
    campaign = started(account, recipients=50)
    deliver(ScriptedProvider(), campaign)
    assert states(campaign) == {"sent": 50}


def test_without_a_rate_no_bucket_is_asked(redis):
    redis.config_resetstat()
    deliver(ScriptedProvider(), started(recipients=100))
    assert not {"cmdstat_evalsha", "cmdstat_eval"} & redis.info("commandstats").keys()
    assert not list(redis.scan_iter("rate:*"))


def test_a_bucket_is_asked_once_an_exchange_and_not_once_a_message(configure, redis):
    configure(SENDER_RATE=100_000, SEND_WINDOW=50, BATCH_SIZE=500)
    redis.config_resetstat()
    deliver(ScriptedProvider(), started(recipients=500))
    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] < 100


def test_a_429_lowers_the_rate_of_the_sender_and_everyone_is_still_sent_to(configure, redis):
    configure(SENDER_RATE=5000)
    account = an_account(credits=1000)
    campaign = started(account, recipients=40)
    answer = Answer("deferred", error_code="http_429", retry_after=0.01)
    deliver(ScriptedProvider({phone: [answer] for phone in phones_of(account)}), campaign)
    assert states(campaign) == {"sent": 40}
    (key,) = redis.scan_iter("rate:*")
    assert float(redis.hget(key, "share")) < 1


def test_a_provider_that_is_not_reached_says_nothing_of_the_rate(configure, redis):
    configure(SENDER_RATE=5000)
    account = an_account(credits=1000)
    campaign = started(account, recipients=10)
    answer = Answer("deferred", error_code="connect_failed")
    deliver(ScriptedProvider({phone: [answer] for phone in phones_of(account)}), campaign)
    (key,) = redis.scan_iter("rate:*")
    assert float(redis.hget(key, "share")) == 1


def test_messages_of_three_segments_go_at_a_third_of_the_rate_and_none_is_split(configure):
    configure(SENDER_RATE=30)
    campaign = started(recipients=20, template=THREE_SEGMENTS)
    provider, times = ScriptedProvider(), []
    provider.on_call(lambda message: times.append(time.monotonic()))
    deliver(provider, campaign)
    assert states(campaign) == {"sent": 20}
    assert 3 * most_in_a_second(times) <= 30 + 30


@pytest.mark.parametrize("ends", [pause_campaign, cancel_campaign])
def test_a_pause_or_a_cancellation_acts_at_once_however_much_is_pushed(configure, ends):
    configure(SENDER_RATE=50)
    campaign = started(recipients=100)
    assert rows("SELECT FROM batch WHERE pushed_at IS NOT NULL")
    provider = ScriptedProvider()
    # A new bucket has one segment, so nothing else is claimed yet.
    provider.on_call(lambda message: ends(asking(), campaign))
    deliver(provider, campaign)
    assert len(provider.calls) == 1
    assert states(campaign)["sent"] == 1


def test_an_opt_out_counts_for_everyone_who_still_waits_for_the_rate(configure):
    configure(SENDER_RATE=50)
    account = an_account(credits=1000)
    campaign = started(account, recipients=10)
    first, *others = phones_of(account)
    provider = ScriptedProvider()

    def opt_out(message):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(suppressed, account, others).result()

    provider.on_call(opt_out)
    deliver(provider, campaign)
    assert provider.calls_per_phone() == {first: 1}
    assert states(campaign) == {"sent": 1, "skipped": 9}


def suppressed(account, phones):
    with database.connection_context():
        rows(
            "INSERT INTO suppression (account_id, phone, reason) SELECT %s, unnest(%s::text[]), 'stop'",
            [account.id, list(phones)],
        )


def test_doctor_says_that_a_campaign_goes_at_its_senders_rate(configure):
    configure(SENDER_RATE=0.05)
    campaign = started(recipients=20)
    deliver(ScriptedProvider(), campaign)
    (found,) = [each for each in diagnosis().campaigns if each.id == campaign]
    assert "rate of its sender" in {reason.code: reason.text for reason in found.reasons}["rate"]
