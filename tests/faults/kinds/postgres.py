"""PostgreSQL is away, hangs, takes no writes, or loses connections."""

from random import Random

from config.settings import settings
from embedded.servers import EmbeddedServers
from tests.faults.deployment import Deployment
from tests.faults.kinds.registry import kind, last
from tests.faults.outages import end_connections, idle_backends_frozen, read_only_server, table_locked


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
    with table_locked("heartbeat", mode="ACCESS EXCLUSIVE"):
        # Longer than a statement may wait.
        last(settings().database_timeout_sec + chance.uniform(1, 8))
