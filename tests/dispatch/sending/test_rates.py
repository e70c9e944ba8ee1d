"""The bucket of a sender: what it holds, what one worker leaves to others, 429s, and the part of it without Redis."""

import pytest

from config.settings import settings
from dispatch.sending.rates import Ask, Grant, Limit, Rates
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
