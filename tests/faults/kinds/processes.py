"""Workers, sweeper, supervisor and provider are killed, frozen, or stopped and started again."""

import os
import signal
from contextlib import suppress
from random import Random

from dispatch.queues import HOUSE, PREPARE, SEND
from embedded.servers import EmbeddedServers
from sweeper.sweep import OVERLAP_KEY
from tests.factories import a_campaign, an_account
from tests.faults.deployment import Deployment
from tests.faults.freezing import thaw
from tests.faults.kinds.redis import connected
from tests.faults.kinds.registry import kind, last
from tests.faults.outages import starts_stall
from tests.processes import end_by_force
from tests.waiting import wait_until


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
def stop_while_starting(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.stop()
    deployment.start()
    last(chance.uniform(0, 3))
    # Without a handler yet, the signal itself ends the process.
    assert deployment.supervisor.stop() in (0, -signal.SIGTERM), deployment.supervisor.log
    deployment.start()


@kind
def stop_without_postgres(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.crash_postgres()
    last(chance.uniform(0, 3))
    deployment.stop()
    deployment.start_postgres()
    deployment.start()


@kind
def freeze_a_worker(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    workers = deployment.workers(SEND)
    if workers:
        frozen = chance.choice(workers)
        deployment.freeze_between_transactions(frozen)
        last(chance.uniform(0.5, 8))
        thaw(frozen)


@kind
def kill_a_sweep(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    a_campaign(an_account(credits=20), recipients=20, due=True)
    with starts_stall(), connected(servers) as client:
        wait_until(lambda: client.exists(OVERLAP_KEY), "a sweep has begun")
        for pid in deployment.workers(HOUSE):
            end_by_force(pid)


@kind
def kill_the_provider(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    deployment.kill_simulator()
    last(chance.uniform(0, 2))
    deployment.start_simulator()
