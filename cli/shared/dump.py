"""Backs up the database with a `pg_dump` that can read it, which need not be the one on PATH."""

import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from cli.shared.csv_file import WrittenFile
from dispatch.formats.private_file import open_private
from embedded.binaries import pg_dump_program
from embedded.refusal import Refused
from embedded.servers import child_environment

# What it writes replaces the tables of the database that it is restored to, whoever owns that one.
_AS_SCRIPT = ("--clean", "--if-exists", "--no-owner")


def dump_database(url: str, file: Path, *, major: int) -> WrittenFile:
    """Writes the database to a script for psql that only its owner reads; Refused if it cannot be written whole."""
    program = pg_dump_program(major)
    if program is None:
        raise Refused(
            f"No pg_dump of PostgreSQL {major} or newer is on this machine, and an older one cannot read this server; "
            f"install the client programs of that version (postgresql-client-{major}).",
            code="NO_PG_DUMP",
        )
    # An older backup of this name stays until the new one is complete.
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with open_private(unfinished) as out:
            done = subprocess.run(
                [program, *_AS_SCRIPT],
                env=child_environment(**for_libpq(url)),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        if done.returncode == 0:
            unfinished.replace(file)
            return WrittenFile(str(file), file.stat().st_size)
    except OSError as problem:
        raise Refused(f"{file}: {problem.strerror}; choose another file") from None
    finally:
        unfinished.unlink(missing_ok=True)
    said = done.stderr.strip().splitlines()
    raise Refused(f"The database was not backed up: {said[0] if said else program.name}", code="NOT_DUMPED")


def for_libpq(url: str) -> dict[str, str]:
    """Returns the parts of the URL as the variables that libpq reads: PGHOST, PGPORT, PGSSLMODE and so on.

    In a program's arguments, anyone on the machine could read the password.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    parts["database"] = parts.pop("dbname", "")
    return {f"PG{name.upper()}": value for name, value in parts.items()}
