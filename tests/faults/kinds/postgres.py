"""PostgreSQL is away, hangs, takes no writes, or loses connections."""

from random import Random

from config.settings import settings
from embedded.servers import EmbeddedServers
from tests.faults.deployment import Deployment
from tests.faults.kinds.registry import kind, last
from tests.faults.outages import end_connections, idle_backends_frozen, read_only_server, table_locked
from tests.faults.proxy import Link
from tests.waiting import wait_until


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


@kind
def lose_answers_to_commits(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    url, losses = settings().database_url, Losses(chance.randint(5, 40), every=chance.randint(1, 5))
    assert url
    deployment.restart_behind_proxy(url.get_secret_value(), losses)
    # Sweepers commit as well, also when nothing is sent any more.
    wait_until(lambda: losses.left <= 0, "answers are lost")


class Losses:
    """Lets so many answers to COMMITs of workers and sweepers be lost, of which it takes one in `every`."""

    def __init__(self, left: int, *, every: int) -> None:
        self.left = left
        self._every = every
        self._seen = 0

    def __call__(self, link: Link, message: bytes) -> bool:
        if link.statement_of(message).strip().startswith(b"COMMIT"):
            self._seen += 1
            if self.left > 0 and self._seen % self._every == 0:
                self.left -= 1
                link.lose_answer()
        return True
