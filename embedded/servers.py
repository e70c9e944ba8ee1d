"""The embedded servers of one directory: real PostgreSQL and real Valkey, for `up` and the tests."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embedded.home import home_for
from embedded.logs import log_path
from embedded.postgres import EmbeddedPostgres
from embedded.server import EmbeddedServer
from embedded.valkey import EmbeddedValkey


@dataclass(frozen=True)
class EmbeddedServers:
    """Both servers; one is None when a server from outside is used instead."""

    postgres: EmbeddedPostgres | None
    redis: EmbeddedValkey | None

    def __iter__(self) -> Iterator[EmbeddedServer]:
        return (server for server in (self.postgres, self.redis) if server)

    def start(self) -> None:
        """Starts both and returns when they answer; if one cannot start, neither is left running."""
        try:
            for server in self:
                server.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends both, PostgreSQL last."""
        for server in reversed(list(self)):
            server.stop()


def embedded_servers(
    directory: Path, *, durable: bool = True, postgres: bool = True, redis: bool = True
) -> EmbeddedServers:
    """Returns the servers of a data directory, not yet started; only tests may trade durability for speed."""
    home = home_for(directory)
    return EmbeddedServers(
        EmbeddedPostgres(home, log=log_path(directory, "postgres"), durable=durable) if postgres else None,
        EmbeddedValkey(home, log=log_path(directory, "redis"), durable=durable) if redis else None,
    )


def child_environment(**changes: str) -> dict[str, str]:
    """Returns the environment for a child process: ours, with these changes."""
    return {**os.environ, **changes}
