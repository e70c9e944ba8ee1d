"""The kinds of faults that the random mode draws from; each begins, lasts and ends."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from random import Random
from threading import Event
from typing import TypeAlias

import psycopg

from config.settings import settings
from dispatch.queues import HOUSE, PREPARE, SEND
from embedded.servers import EmbeddedServers
from tests.faults.deployment import Deployment
from tests.faults.freezing import freeze_between_transactions, thaw
from tests.faults.outages import end_connections, idle_backends_frozen, read_only_server
from tests.processes import end_by_force

Fault: TypeAlias = Callable[[Deployment, EmbeddedServers, Random], None]

KINDS: dict[str, Fault] = {}


def kind(fault: Fault) -> Fault:
    """Adds a fault to the kinds."""
    KINDS[fault.__name__] = fault
    return fault


def last(seconds: float) -> None:
    """Lets a fault last: its length is what is tried, and nothing is waited for."""
    Event().wait(seconds)


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
    import redis

    assert servers.redis
    with redis.Redis.from_url(servers.redis.url) as client:
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
