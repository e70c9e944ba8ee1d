"""Embedded Valkey (or Redis): reached over loopback with a password, on disk unless a test asks otherwise."""

import secrets
from pathlib import Path

import psutil
import redis

from embedded.binaries import valkey_program
from embedded.home import make_private, reachable_program, write_private
from embedded.server import EmbeddedServer

PID_FILE = "valkey.pid"


class EmbeddedValkey(EmbeddedServer):
    """Valkey in a directory; its data outlives restarts."""

    name = "redis"

    def __init__(self, home: Path, *, log: Path, durable: bool = True) -> None:
        super().__init__(home, log=log, durable=durable)
        self.password_file = home / "redis.password"

    @property
    def url(self) -> str:
        return f"redis://:{self.password_file.read_text()}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        make_private(self.directory)
        if not self.password_file.exists():
            write_private(self.password_file, secrets.token_hex(24))
        self._clear_leftovers()

    def command(self) -> list[str]:
        # In a file: anyone on the machine can read a command line.
        configuration = self.directory / "valkey.conf"
        write_private(configuration, self._configuration())
        return [str(reachable_program(valkey_program())), str(configuration)]

    def answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _configuration(self) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password_file.read_text()}",
            f"pidfile {PID_FILE}",
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
            # A queue that drops jobs when memory is short looks healthy; refused writes are noticed.
            "maxmemory-policy noeviction",
        ]
        return "\n".join(lines) + "\n"

    def _clear_leftovers(self) -> None:
        """Ends a Valkey that still writes to our files, which two at once would corrupt."""
        pid_file = self.directory / PID_FILE
        try:
            process = psutil.Process(int(pid_file.read_text()))
            # By now another process may have the number, even another Valkey.
            if process.name().startswith(("valkey", "redis")) and process.cwd() == str(self.directory.resolve()):
                process.terminate()
                process.wait(30)
        except (FileNotFoundError, ValueError, psutil.Error):
            pass
        pid_file.unlink(missing_ok=True)
