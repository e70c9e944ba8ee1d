"""One file knows what the database raises: a family that is caught here and not there lets a process end there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONE_PLACE = ROOT / "models" / "failures.py"
PACKAGES = ("api", "benchmarks", "cli", "config", "dispatch", "embedded", "jobs", "models", "scheduling", "sweeper")
FAMILIES = {
    *("PeeweeException", "DatabaseError", "OperationalError", "InterfaceError", "InternalError"),
    *("MaxConnectionsExceeded", "ReadOnlySqlTransaction", "AdminShutdown", "psycopg.Error", "peewee.Error"),
}


def named_families(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=module, names=names):
                found = {name.name for name in names} | {f"{module}.{name.name}" for name in names}
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                found = {name, f"{owner}.{name}"}
            case ast.Attribute(attr=name) | ast.Name(id=name):
                found = {name}
            case _:
                continue
        yield from found & FAMILIES


def test_no_other_file_names_a_family_of_database_errors():
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path != ONE_PLACE]
    named = {str(path.relative_to(ROOT)): set(named_families(path.read_text())) for path in files}
    assert {path: names for path, names in named.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "from peewee import OperationalError as Gone",
        "from psycopg import Error",
        "import psycopg\ntry:\n    pass\nexcept psycopg.Error:\n    pass",
        "import psycopg\nGONE = psycopg.errors.AdminShutdown",
    ],
)
def test_it_sees_every_way_of_naming_one(source):
    assert list(named_families(source))


def test_a_particular_refusal_may_be_named_anywhere():
    assert not list(named_families("from psycopg.errors import UniqueViolation"))
