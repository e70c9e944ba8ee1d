"""The booking of the sweep survives whatever happens to Redis or to a scheduler."""

import threading
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.stopping import stopping
from dispatch.process.listed_job import ListedJob
from dispatch.queues import HOUSE, SWEEP_JOB
from sweeper.scheduler import LOCK_TTL_SEC, Booking, SweepScheduler, sweep_booking
from tests.waiting import wait_until

BOOKED = SweepScheduler.scheduled_jobs_key
LOCK = SweepScheduler.scheduler_lock_key
MINUTELY = sweep_booking(60_000)


def a_scheduler(redis: Redis, booking: Booking = MINUTELY) -> SweepScheduler:
    return SweepScheduler(redis, [booking])


def queued(redis: Redis) -> list[str]:
    return Queue(HOUSE, connection=redis, serializer=JSONSerializer).job_ids


def make_due(redis: Redis) -> None:
    """Makes the sweep due, as if the interval had passed and a worker had done the last run."""
    redis.delete(f"rq:queue:{HOUSE}", *redis.keys("rq:job:sweep-*"))
    redis.zadd(BOOKED, {"sweep": redis.zscore(BOOKED, "sweep") - MINUTELY.seconds})


def seconds_until_next(redis: Redis) -> float | None:
    booked = redis.zscore(BOOKED, "sweep")
    return None if booked is None else booked - redis.time()[0]


def test_the_first_poll_queues_a_sweep_and_books_the_next(redis):
    a_scheduler(redis).poll()
    [job_id] = queued(redis)
    job = Queue(HOUSE, connection=redis, serializer=JSONSerializer).fetch_job(job_id)
    assert job
    assert (job.func_name, job.args) == (SWEEP_JOB, [])
    assert 0 <= seconds_until_next(redis) <= MINUTELY.seconds


def test_nothing_is_queued_before_its_time(redis):
    scheduler = a_scheduler(redis)
    scheduler.poll()
    redis.delete(f"rq:queue:{HOUSE}", *redis.keys("rq:job:sweep-*"))
    redis.zadd(BOOKED, {"sweep": redis.time()[0] + 30})
    scheduler.poll()
    assert queued(redis) == []


def test_the_booking_survives_the_loss_of_all_of_redis(redis):
    scheduler = a_scheduler(redis)
    scheduler.poll()
    redis.flushall()
    scheduler.poll()
    assert len(queued(redis)) == 1
    assert seconds_until_next(redis) is not None


def test_many_schedulers_queue_one_sweep(redis, servers):
    schedulers = [a_scheduler(Redis.from_url(servers.redis_url)) for _ in range(4)]
    schedulers[0].poll()
    for _ in range(10):
        make_due(redis)
        threads = [threading.Thread(target=scheduler.poll) for scheduler in schedulers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(queued(redis)) == 1


def test_a_run_still_in_the_queue_is_not_queued_again(redis):
    scheduler = a_scheduler(redis)
    scheduler.poll()
    waiting = queued(redis)
    redis.zadd(BOOKED, {"sweep": 1})
    scheduler.poll()
    assert queued(redis) == waiting
    assert seconds_until_next(redis) > 0


def test_a_shorter_interval_takes_effect_at_once(redis):
    a_scheduler(redis, sweep_booking(86_400_000)).poll()
    redis.zadd(BOOKED, {"sweep": redis.time()[0] + 80_000})
    a_scheduler(redis).poll()
    assert seconds_until_next(redis) <= MINUTELY.seconds


def test_entries_that_others_put_into_redis_are_neither_run_nor_in_the_way(redis):
    a_scheduler(redis).poll()
    make_due(redis)
    redis.zadd(BOOKED, {b"\xff\xfe not an id": 1, "no-such-job": 1, "poison": 1})
    redis.hset("rq:job:poison", mapping={"data": b"\x80\x04cos\nsystem\n.", "timeout": "never"})
    redis.hset("rq:job:sweep", mapping={"data": b"\x80\x04rubbish", "timeout": "never", "meta": b"\x80"})
    a_scheduler(redis).poll()
    [job_id] = queued(redis)
    assert job_id.startswith("sweep-")


def test_a_scheduler_that_dies_with_the_lock_delays_the_others_only_briefly(redis):
    a_scheduler(redis).acquire_lock()
    survivor = a_scheduler(redis)
    survivor.poll()
    assert queued(redis) == []
    assert redis.pttl(LOCK) <= LOCK_TTL_SEC * 1000
    redis.delete(LOCK)  # its time is up
    survivor.poll()
    assert len(queued(redis)) == 1


class Killed(BaseException):
    """Stands for kill -9."""


class MortalRedis(Redis):
    """A client whose process is killed before its n-th command, so that this and all later ones never happen."""

    commands_left = 1_000_000

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self._live()
        return super().execute_command(*args, **options)

    def pipeline(self, *args: Any, **options: Any) -> Any:
        self._live()
        return super().pipeline(*args, **options)

    def _live(self) -> None:
        if self.commands_left == 0:
            raise Killed
        self.commands_left -= 1


def test_a_kill_between_any_two_commands_costs_at_most_one_run(redis, servers):
    for commands in range(100):
        a_scheduler(redis).poll()
        make_due(redis)
        mortal = MortalRedis.from_url(servers.redis_url)
        mortal.commands_left = commands
        try:
            a_scheduler(mortal).poll()
        except Killed:
            redis.delete(LOCK)  # its time is up
            a_scheduler(redis).poll()
            assert 0 < seconds_until_next(redis) + 1 <= MINUTELY.seconds + 1, f"killed after {commands} commands"
            assert len(queued(redis)) <= 1
        else:
            assert commands > 5, "the poll uses a handful of commands, and was killed before each"
            return
    pytest.fail("the poll never got through")


@pytest.fixture
def running_scheduler(own_redis):
    """Runs a scheduler's loop in a thread, connected to a Valkey of its own."""
    thread = threading.Thread(target=a_scheduler(Redis.from_url(own_redis.url, retry=None)).run)
    stopping.cache_clear()
    stopping()
    thread.start()
    yield thread
    stopping().ask()
    thread.join(60)
    stopping.cache_clear()


def test_the_loop_survives_redis_being_stopped_and_started(own_redis, running_scheduler):
    with Redis.from_url(own_redis.url) as redis:
        wait_until(lambda: queued(redis), "the first sweep is queued")
        own_redis.stop()
        own_redis.start()
        wait_until(lambda: queued(redis), "a sweep is queued again")
    assert running_scheduler.is_alive()


@pytest.mark.parametrize("planted", ["job", "string", "list"])
def test_a_run_that_another_program_put_there_does_not_pass_for_ours(redis, planted):
    scheduler = a_scheduler(redis)
    scheduler.poll()
    make_due(redis)
    due = int(redis.zscore(BOOKED, "sweep") * 1000)
    name = f"rq:job:sweep-{due}"
    {
        "job": lambda: redis.hset(name, "data", "x"),
        "string": lambda: redis.set(name, "x"),
        "list": lambda: redis.rpush(name, "x"),
    }[planted]()
    scheduler.poll()
    [job_id] = queued(redis)
    assert ListedJob.fetch(job_id, connection=redis).func_name == SWEEP_JOB


def test_something_else_under_the_name_of_the_bookings_is_removed(redis):
    redis.set(BOOKED, "x")
    a_scheduler(redis).poll()
    assert len(queued(redis)) == 1


def test_a_lock_without_an_end_does_not_keep_schedulers_from_booking(redis):
    redis.set(LOCK, "x")
    a_scheduler(redis).poll()
    assert len(queued(redis)) == 1
