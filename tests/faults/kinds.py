"""The kinds of faults that the random mode draws from; each begins, lasts and ends."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from random import Random
from threading import Event
from typing import NamedTuple, TypeAlias

import psycopg
import redis

from config.settings import settings
from dispatch.queues import HOUSE, PREPARE, SEND
from embedded.servers import EmbeddedServers
from models.database import rows
from sweeper.sweep import OVERLAP_KEY
from tests.factories import a_campaign, an_account
from tests.faults.deployment import Deployment
from tests.faults.freezing import freeze_between_transactions, thaw
from tests.faults.outages import end_connections, idle_backends_frozen, read_only_server, starts_stall
from tests.processes import end_by_force
from tests.waiting import wait_until

Fault: TypeAlias = Callable[[Deployment, EmbeddedServers, Random], None]

KINDS: dict[str, Fault] = {}


def kind(fault: Fault) -> Fault:
    """Adds a fault to the kinds."""
    KINDS[fault.__name__] = fault
    return fault


def last(seconds: float) -> None:
    """Lets a fault last: its length is what is tried, and nothing is waited for."""
    Event().wait(seconds)


class Progress(NamedTuple):
    """How far the campaigns are that are being sent."""

    sent: int
    to_send: int


def _progress() -> Progress:
    [found] = rows(
        """SELECT coalesce(sum(batch.sent), 0)::int AS sent,
                  coalesce(sum(batch.pending) FILTER (WHERE campaign.status = 'sending'), 0)::int AS to_send
           FROM batch JOIN campaign ON campaign.id = batch.campaign_id"""
    )
    return Progress(**found)


def _redis(servers: EmbeddedServers) -> redis.Redis:
    assert servers.redis
    return redis.Redis.from_url(servers.redis.url)


@kind
def kill_some_workers(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    for queue in (SEND, HOUSE, PREPARE):
        for pid in deployment.workers(queue):
            if chance.random() < 0.5:
                end_by_force(pid)


@kind
def kill_the_sweeper(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    for pid in deployment.sweepers():
        end_by_force(pid)


@kind
def kill_the_supervisor(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.kill_supervisor()
    deployment.start()


@kind
def lose_power(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.lose_power()
    deployment.start_redis()
    deployment.start()


@kind
def deploy(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.stop()
    deployment.start()


@kind
def deploy_impatiently(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    for pid in [deployment.supervisor.pid, *deployment.supervisor.children()] * 10:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deployment.supervisor.wait()
    deployment.start()


@kind
def freeze_a_worker(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    workers = deployment.workers(SEND)
    if workers:
        frozen = chance.choice(workers)
        freeze_between_transactions(frozen)
        last(chance.uniform(0.5, 8))
        thaw(frozen)


@kind
def flush_redis(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    with _redis(servers) as client:
        client.flushall()


@kind
def kill_redis(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.kill_redis()
    last(chance.uniform(0, 3))
    deployment.start_redis()


@kind
def freeze_redis(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.freeze_redis()
    last(chance.uniform(0.5, 8))
    deployment.thaw_redis()


@kind
def freeze_redis_through_several_jobs(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    before, wanted = _progress().sent, chance.randint(150, 400)
    deployment.freeze_redis()
    try:
        # What is being sent goes on; nothing else does until Redis is back.
        wait_until(lambda: _progress().sent >= before + wanted or not _progress().to_send, "sending without Redis")
    finally:
        deployment.thaw_redis()


@kind
def fill_redis(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    with _redis(servers) as client:
        client.config_set("maxmemory", 1)
        last(chance.uniform(1, 6))
        client.config_set("maxmemory", 0)


@kind
def kill_a_sweep(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    a_campaign(an_account(credits=20), recipients=20, due=True)
    with starts_stall(), _redis(servers) as client:
        wait_until(lambda: client.exists(OVERLAP_KEY), "a sweep has begun")
        for pid in deployment.workers(HOUSE):
            end_by_force(pid)


@kind
def stop_without_postgres(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.crash_postgres()
    last(chance.uniform(0, 3))
    deployment.stop()
    deployment.start_postgres()
    deployment.start()


@kind
def stop_while_starting(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.stop()
    deployment.start()
    last(chance.uniform(0, 3))
    # Without a handler yet, the signal itself ends the process.
    assert deployment.supervisor.stop() in (0, -signal.SIGTERM), deployment.supervisor.log
    deployment.start()


@kind
def lose_postgres_for_long(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.crash_postgres()
    last(settings().lease_sec + chance.uniform(1, 6))
    deployment.start_postgres()


@kind
def crash_postgres(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.crash_postgres()
    last(chance.uniform(0, 3))
    deployment.start_postgres()


@kind
def end_every_connection(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    for _ in range(chance.randint(1, 5)):
        end_connections()


@kind
def freeze_backends(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    with idle_backends_frozen():
        last(chance.uniform(1, 10))


@kind
def take_no_writes(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    with read_only_server():
        last(chance.uniform(0.5, 5))


@kind
def lock_the_heartbeats(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    url = settings().database_url
    assert url
    with psycopg.connect(url.get_secret_value()) as operator:
        operator.execute("LOCK TABLE heartbeat IN ACCESS EXCLUSIVE MODE")
        last(chance.uniform(1, 12))


@kind
def kill_the_provider(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.kill_simulator()
    last(chance.uniform(0, 2))
    deployment.start_simulator()
