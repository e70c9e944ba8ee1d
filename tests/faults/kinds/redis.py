"""Redis forgets, dies, hangs or is full."""

from random import Random
from typing import NamedTuple

import redis

from embedded.servers import EmbeddedServers
from models.database import rows
from tests.faults.deployment import Deployment
from tests.faults.kinds.registry import kind, last
from tests.waiting import wait_until


def connected(servers: EmbeddedServers) -> redis.Redis:
    """Returns a client of the deployment's Redis."""
    assert servers.redis
    return redis.Redis.from_url(servers.redis.url)


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


@kind
def flush_redis(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    with connected(servers) as client:
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
    with connected(servers) as client:
        client.config_set("maxmemory", 1)
        last(chance.uniform(1, 6))
        client.config_set("maxmemory", 0)
