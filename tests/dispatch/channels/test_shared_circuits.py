"""A provider that is down costs all workers together fifty errors, and one message at a time tries it."""

import asyncio

import pytest
from structlog.testing import capture_logs

from config.settings import settings
from dispatch.channels.circuit import Circuit
from dispatch.channels.shared_circuits import ERRORS, PAUSE_SEC, TRIAL_SEC, WITHIN_SEC, News, SharedCircuits
from dispatch.metrics.servers import ask_redis
from dispatch.providers import Answer
from tests.dispatch.doctor.looking import redis_away
from tests.racing import race

NAME, KEY = "twilio:1", "circuit:twilio:1"
FAILED, ACCEPTED = Answer("unknown", error_code="http_500"), Answer("accepted", provider_id="a")


@pytest.fixture(autouse=True)
def _left_closed(redis):
    """The next test's providers have the same ids."""
    yield
    redis.flushdb()


@pytest.fixture
def workers(redis):
    return [SharedCircuits(settings()) for _ in range(3)]


def passes(redis, seconds):
    """Makes the circuit as it will be after so many seconds."""
    for name, value in redis.hgetall(KEY).items():
        if name in (b"try_at", b"trial_until"):
            redis.hset(KEY, name, float(value) - seconds)
        elif name.startswith(b"e"):
            redis.hdel(KEY, name)
            redis.hset(KEY, f"e{int(name[1:]) - int(seconds)}", value)


def opened(workers, redis, *, due=False):
    assert workers[0].tell(NAME, News(errors=ERRORS)).changed == "opened"
    if due:
        passes(redis, PAUSE_SEC)


def test_errors_of_all_workers_count_together_and_all_of_them_stop(workers):
    assert [each.tell(NAME, News(errors=16)).is_open for each in workers] == [False] * 3
    last = workers[1].tell(NAME, News(errors=2))
    assert (last.is_open, last.changed) == (True, "opened")
    for each in workers:
        found = each.tell(NAME, News())
        assert (found.is_open, found.tries, found.changed) == (True, False, "")
        assert PAUSE_SEC - 1 < found.left_sec <= PAUSE_SEC


def test_errors_of_more_than_a_minute_open_nothing_and_another_provider_is_another_matter(workers, redis):
    workers[0].tell(NAME, News(errors=ERRORS - 1))
    passes(redis, WITHIN_SEC + 1)
    assert not workers[1].tell(NAME, News(errors=ERRORS - 1)).is_open
    assert not workers[1].tell("twilio:2", News(errors=1)).is_open
    assert workers[1].tell(NAME, News(errors=1)).is_open


@pytest.mark.parametrize("attempt", range(3))
def test_of_workers_that_ask_at_the_same_moment_one_tries(workers, redis, attempt, db):
    opened(workers, redis)
    assert not workers[0].tell(NAME, News(wants_trial=True)).tries
    passes(redis, PAUSE_SEC)
    found = race(*[lambda each=each: each.tell(NAME, News(wants_trial=True)) for each in workers])
    assert sum(each.tries for each in found) == 1
    assert [each.left_sec >= 1 for each in found if not each.tries] == [True, True]


def test_a_try_that_fails_is_followed_by_a_pause_and_one_that_is_answered_closes_for_all(workers, redis):
    opened(workers, redis, due=True)
    assert workers[0].tell(NAME, News(wants_trial=True)).tries
    assert workers[0].tell(NAME, News(errors=1)).left_sec > PAUSE_SEC - 1
    assert not workers[1].tell(NAME, News(wants_trial=True)).tries
    passes(redis, PAUSE_SEC)
    assert workers[1].tell(NAME, News(wants_trial=True)).tries
    assert workers[1].tell(NAME, News(said="answered")).changed == "closed"
    assert [each.tell(NAME, News()).is_open for each in workers] == [False] * 3
    assert not workers[2].tell(NAME, News(errors=ERRORS - 1)).is_open


@pytest.mark.parametrize("left", ["let_go", "died"])
def test_a_try_that_was_not_made_is_another_workers(workers, redis, left):
    opened(workers, redis, due=True)
    assert workers[0].tell(NAME, News(wants_trial=True)).tries
    if left == "let_go":
        workers[0].tell(NAME, News(said="let_go"))
    else:
        passes(redis, TRIAL_SEC)
    assert workers[1].tell(NAME, News(wants_trial=True)).tries


def test_what_another_worker_says_of_its_try_ends_no_one_elses(workers, redis):
    opened(workers, redis, due=True)
    assert workers[0].tell(NAME, News(wants_trial=True)).tries
    workers[1].tell(NAME, News(said="let_go"))
    assert not workers[2].tell(NAME, News(wants_trial=True)).tries


def test_an_answer_of_a_worker_that_did_not_know_of_it_closes_nothing_that_is_closed(workers, redis):
    assert workers[0].tell(NAME, News(errors=3, said="answered")) == (False, 0.0, False, "")
    assert redis.exists(KEY)


@pytest.mark.parametrize("field", ["try_at", "trial_until"])
def test_a_time_that_someone_planted_keeps_a_provider_back_for_no_longer(workers, redis, field):
    opened(workers, redis, due=True)
    redis.hset(KEY, mapping={field: "99999999999", "trial": "someone"})
    workers[0].tell(NAME, News())
    passes(redis, TRIAL_SEC + PAUSE_SEC)
    assert workers[0].tell(NAME, News(wants_trial=True)).tries


def test_a_circuit_that_is_something_else_is_judged_by_each_worker(workers, redis):
    redis.set(KEY, "x")
    with capture_logs() as logs:
        assert [workers[0].tell(NAME, News(errors=1)) for _ in range(2)] == [None, None]
    assert [each["event"] for each in logs] == ["circuits.not_shared"]


def test_the_keys_end_by_themselves(workers, redis):
    workers[0].tell(NAME, News(errors=1))
    assert 0 < redis.ttl(KEY) <= WITHIN_SEC
    opened(workers, redis)
    assert 0 < redis.ttl(KEY) <= 3600


def test_metrics_count_the_circuits_that_are_open_by_the_kind_of_their_provider(workers, redis):
    for name in (NAME, "twilio:2", "vonage:3"):
        workers[0].tell(name, News(errors=ERRORS))
    redis.hset("circuits:open", mapping={"circuit:kannel:4": 5, "circuit:kannel:5": "x"})
    assert ask_redis().circuits == {"twilio": 2, "vonage": 1}
    workers[1].tell(NAME, News(said="answered"))
    assert ask_redis().circuits == {"twilio": 1, "vonage": 1}


class OneWorker:
    """A worker's own circuit, whose loop runs while something is asked of it."""

    def __init__(self, shared, clock):
        self.circuit = Circuit(NAME, shared=shared, clock=clock)

    def fails(self, times=1):
        for _ in range(times):
            self.circuit.note(FAILED, counts_refusals=False)
        return self

    def agrees(self):
        asyncio.run(self.circuit.agree())
        return self.circuit

    def leaves(self):
        asyncio.run(self.circuit.leave())


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_a_worker_stops_for_the_errors_of_others_and_goes_on_with_them(workers, redis, clock):
    first, second = (OneWorker(each, clock) for each in workers[:2])
    first.fails(30).agrees()
    assert not second.fails(19).agrees().is_open()
    clock.now += 1
    first.fails(1).agrees()
    clock.now += 1
    assert (first.circuit.may_call(), second.agrees().may_call()) == (False, False)
    passes(redis, PAUSE_SEC)
    clock.now += PAUSE_SEC + 1
    assert [first.agrees().may_call(), second.agrees().may_call(), first.agrees().may_call()] == [True, False, False]
    first.circuit.note(ACCEPTED, counts_refusals=False)
    first.agrees()
    clock.now += 1
    assert second.agrees().may_call()


def test_a_worker_asks_now_and_then_and_at_once_when_it_has_news(workers, clock):
    worker = OneWorker(workers[0], clock)
    told = []
    tell = workers[0].tell
    workers[0].tell = lambda name, news: told.append(news) or tell(name, news)
    for _ in range(5):
        worker.agrees()
    assert told == [News()]
    worker.fails(2).agrees()
    assert told[1:] == [News(errors=2)]
    clock.now += 1
    worker.agrees()
    assert told[2:] == [News()]


def test_who_has_no_message_for_a_try_leaves_it_to_another(workers, redis, clock):
    first, second = (OneWorker(each, clock) for each in workers[:2])
    first.fails(ERRORS).agrees()
    second.agrees()
    passes(redis, PAUSE_SEC)
    clock.now += PAUSE_SEC + 1
    first.agrees()
    first.leaves()
    assert second.agrees().may_call()
    assert not first.circuit.may_call()


def test_while_redis_is_away_each_worker_judges_by_itself(redis, configure, clock):
    with redis_away(configure):
        first, second = (OneWorker(SharedCircuits(settings()), clock) for _ in range(2))
        assert first.fails(ERRORS).agrees().is_open()
        assert not second.fails(ERRORS - 1).agrees().is_open()
        clock.now += PAUSE_SEC
        assert [first.agrees().may_call() for _ in range(2)] == [True, False]


def test_a_circuit_that_opened_without_redis_is_everyones_when_redis_is_back(workers, redis, clock):
    first, second = (OneWorker(each, clock) for each in workers[:2])
    first.fails(ERRORS)
    assert not first.circuit.may_call()
    first.agrees()
    assert not second.agrees().may_call()
