"""The bucket of a sender: what it holds, what one worker leaves to others, 429s, and the part of it without Redis."""

import pytest

from config.settings import settings
from dispatch.channels.routing import Sender
from dispatch.sending.rates import Ask, Grant, Limit, Rates, limit_of
from tests.dispatch.doctor.looking import redis_away

# Slow enough that nothing comes in while a test runs.
SLOW = Limit("twilio:1:+15005550006", 0.001)
FAST = Limit("twilio:1:+15005550006", 1000)
KEY = f"rate:{FAST.sender}"


@pytest.fixture
def rates(redis):
    return Rates(settings())


def passes(redis, seconds):
    """Makes the bucket as it will be after so many seconds."""
    redis.hincrbyfloat(KEY, "at", -seconds)
    redis.hincrbyfloat(KEY, "halved_at", -seconds)


def share(redis):
    return float(redis.hget(KEY, "share"))


def test_a_new_senders_bucket_has_one_segment_and_says_when_the_next_one_comes(rates):
    assert rates.take(SLOW, Ask(64), workers=1) == Grant(1)
    waits = rates.take(SLOW, Ask(64), workers=1)
    assert waits.segments == 0
    assert waits.wait_sec == pytest.approx(1000, rel=0.01)


def test_after_a_pause_there_is_half_a_second_of_the_rate_and_not_more(rates, redis):
    rates.take(FAST, Ask(1), workers=1)
    passes(redis, 3600)
    assert rates.take(FAST, Ask(5000), workers=1) == Grant(500)


def test_all_workers_share_one_bucket_and_what_one_returns_another_takes(rates):
    other = Rates(settings())
    assert rates.take(SLOW, Ask(5), workers=1) == Grant(1)
    assert other.take(SLOW, Ask(5), workers=1).segments == 0
    rates.take(SLOW, Ask(0, back=1), workers=1)
    assert other.take(SLOW, Ask(5), workers=1) == Grant(1)


def test_senders_do_not_share(rates):
    assert rates.take(SLOW, Ask(1), workers=1) == Grant(1)
    assert rates.take(Limit("twilio:1:+15005550007", 0.001), Ask(1), workers=1) == Grant(1)


def test_a_message_of_more_segments_than_the_bucket_holds_gets_them_together_in_the_end(rates, redis):
    assert rates.take(SLOW, Ask(64, least=3), workers=1).wait_sec == pytest.approx(2000, rel=0.01)
    passes(redis, 2001)
    assert rates.take(SLOW, Ask(64, least=3), workers=1) == Grant(3)


def test_a_storm_of_429s_halves_the_rate_once_a_second_and_never_to_nothing(rates, redis):
    for _ in range(20):
        rates.take(FAST, Ask(64, halved=True), workers=1)
    assert share(redis) == pytest.approx(0.5, abs=0.1)
    for _ in range(20):
        passes(redis, 1)
        assert rates.take(FAST, Ask(64, halved=True), workers=1).segments == 0
    assert 0 < share(redis) < 0.1
    passes(redis, 1)
    assert 0 < rates.take(FAST, Ask(5000), workers=1).segments < 200


def test_the_rate_recovers_by_itself(rates, redis):
    rates.take(FAST, Ask(64, halved=True), workers=1)
    shares = []
    for _ in range(12):
        passes(redis, 1)
        rates.take(FAST, Ask(1), workers=1)
        shares.append(share(redis))
    assert shares == sorted(shares)
    assert shares[0] < 0.7
    assert shares[-1] == 1


def test_a_bucket_is_forgotten_once_it_says_nothing_any_more(rates, redis):
    rates.take(FAST, Ask(1, halved=True), workers=1)
    assert 0 < redis.ttl(KEY) <= 60


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_without_redis_each_worker_has_a_part_of_the_rate_and_nothing_to_begin_with(configure, workers):
    now = [100.0]
    with redis_away(configure):
        alone = Rates(settings(), clock=lambda: now[0])
        assert alone.take(FAST, Ask(5000), workers=workers).segments == 0
        taken = 0
        for _ in range(100):
            now[0] += 0.1
            taken += alone.take(FAST, Ask(5000), workers=workers).segments
    assert taken == pytest.approx(10_000 / max(1, workers), abs=1)


def test_without_redis_a_429_lowers_the_rate_too(configure):
    now = [100.0]
    with redis_away(configure):
        alone = Rates(settings(), clock=lambda: now[0])
        alone.take(FAST, Ask(5, halved=True), workers=1)
        now[0] += 0.1
        assert alone.take(FAST, Ask(5000), workers=1).segments == 50
        now[0] += 60
        alone.take(FAST, Ask(0), workers=1)
        now[0] += 0.1
        assert alone.take(FAST, Ask(5000), workers=1).segments == 500


def test_a_key_of_someone_elses_in_its_place_is_like_no_redis(rates, redis):
    redis.set(KEY, "theirs")
    assert rates.take(FAST, Ask(5), workers=2).segments == 0


def hours_pass(redis, hours):
    """Makes the day's counts as they will be after so many hours."""
    counts = redis.hgetall(f"{KEY}:day")
    redis.delete(f"{KEY}:day")
    for hour, count in counts.items():
        redis.hset(f"{KEY}:day", int(hour) - hours, count)
    passes(redis, hours * 3600)


def test_a_tier_is_never_exceeded_in_24_hours_and_comes_back_after_them(rates, redis):
    tier = Limit(FAST.sender, 1000, daily=100)
    rates.take(tier, Ask(1), workers=1)
    passes(redis, 10)
    assert rates.take(tier, Ask(5000), workers=1) == Grant(99)
    for _ in range(24):
        full = rates.take(tier, Ask(1), workers=1)
        assert full.segments == 0
        assert 0 < full.wait_sec <= 3600
        hours_pass(redis, 1)
    hours_pass(redis, 1)
    assert rates.take(tier, Ask(5000), workers=1) == Grant(100)


def test_what_was_taken_of_a_tier_and_not_used_counts_for_no_one(rates, redis):
    tier = Limit(FAST.sender, 1000, daily=10)
    rates.take(tier, Ask(1), workers=1)
    passes(redis, 10)
    assert rates.take(tier, Ask(64), workers=1) == Grant(9)
    rates.take(tier, Ask(0, back=4), workers=1)
    passes(redis, 10)
    assert rates.take(tier, Ask(64), workers=1) == Grant(4)
    assert rates.take(tier, Ask(64, back=2), workers=1) == Grant(2)


def test_the_last_messages_of_a_tier_are_sent_although_they_are_few(rates, redis):
    tier = Limit(FAST.sender, 1000, daily=3)
    rates.take(tier, Ask(1), workers=1)
    passes(redis, 10)
    assert rates.take(tier, Ask(64, least=20), workers=1) == Grant(2)


def test_without_redis_a_tier_is_spread_over_the_day_and_the_workers(configure):
    now = [100.0]
    tier = Limit(FAST.sender, 1000, daily=2400)
    with redis_away(configure):
        alone = Rates(settings(), clock=lambda: now[0])
        taken = alone.take(tier, Ask(64), workers=2).segments
        for _ in range(2400):
            now[0] += 36
            taken += alone.take(tier, Ask(64), workers=2).segments
    assert 1190 <= taken <= 1200


def test_a_number_with_a_tier_and_no_rate_sends_at_what_meta_allows():
    number = Sender("whatsapp_cloud:1", "106540352242922", None, 1000)
    assert limit_of(number, settings()) == Limit("whatsapp_cloud:1:106540352242922", 80, 1000)
    assert limit_of(number._replace(rate=20), settings()).rate == 20
    assert limit_of(number._replace(daily=None), settings()) is None
