"""A Redis that hangs is waited for once; afterwards everyone is told at once, until it answers."""

import threading
from time import monotonic

import pytest
import redis

from config.outage import Outage
from config.redis import counting, enqueueing, problem_with, working
from config.settings import settings
from tests.own_redis import an_own_redis, hanging
from tests.waiting import wait_until

# A bound and no measurement: each of the questions would otherwise take a second or two.
QUESTIONS, WITHIN_SEC = 100, 30


@pytest.fixture
def server(configure):
    with an_own_redis() as server:
        configure(REDIS_URL=server.url)
        yield server


def test_only_the_first_question_waits_and_every_kind_of_client_knows(server):
    clients = [enqueueing(settings()), counting(settings()), working(settings())]
    assert [problem_with(client) for client in clients] == [None, None, None]
    with hanging(server):
        assert problem_with(clients[0])
        began = monotonic()
        for client in clients * (QUESTIONS // 3):
            with pytest.raises(redis.TimeoutError), client.pipeline() as pipeline:
                pipeline.set("key", 1).execute()
        assert monotonic() - began < WITHIN_SEC
    wait_until(lambda: [problem_with(client) for client in clients] == [None, None, None], "it answers again")
    assert not clients[0].exists("key"), "what was refused has not been done"


def test_a_redis_that_hangs_and_is_then_killed_is_not_said_to_hang(server):
    client = enqueueing(settings())
    with hanging(server):
        assert problem_with(client)
        server.process.kill()
        server.process.wait()
    server.start()
    wait_until(lambda: problem_with(client) is None, "the new one answers")


def test_a_redis_that_is_gone_and_comes_back_is_used_at_once(server):
    client = enqueueing(settings())
    server.stop()
    assert problem_with(client) == "Redis does not answer."
    server.start()
    assert problem_with(client) is None


def test_many_who_notice_it_at_once_let_one_thread_ask():
    asked, go_on = threading.Semaphore(0), threading.Event()

    def probe() -> None:
        asked.release()
        go_on.wait(10)

    outage = Outage(probe)
    for _ in range(10):
        outage.begin()
    assert asked.acquire(timeout=10)
    assert outage.hangs
    assert not asked.acquire(blocking=False)
    go_on.set()
    wait_until(lambda: not outage.hangs, "the answer came")


def test_it_asks_until_there_is_an_answer():
    answers = iter([redis.TimeoutError(), TimeoutError(), None, redis.TimeoutError()])

    def probe() -> None:
        if (answer := next(answers)) is not None:
            raise answer

    outage = Outage(probe)
    outage.begin()
    with pytest.raises(redis.TimeoutError):
        outage.check()
    wait_until(lambda: not outage.hangs, "the third answer came")
    outage.check()
    assert isinstance(next(answers), redis.TimeoutError), "it asked no more"
