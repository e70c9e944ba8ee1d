"""Migrations are numbered without a hole, except for the one that docs/why.md explains."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MIGRATIONS = {path.name: path for path in sorted((ROOT / "migrations").glob("[0-9]*.py"))}
NEVER_WAS = 5


def test_numbers_follow_each_other_and_only_0005_is_missing():
    numbers = [int(name[:4]) for name in MIGRATIONS]
    assert numbers == [number for number in range(1, numbers[-1] + 1) if number != NEVER_WAS]


def test_the_next_migration_explains_the_missing_number():
    assert "no migration 0005" in (ROOT / "docs" / "why.md").read_text()
    next_one = [path for name, path in MIGRATIONS.items() if name.startswith("0007")]
    assert all("0005" in (ast.get_docstring(ast.parse(path.read_text())) or "") for path in next_one)


def test_every_migration_says_what_it_does():
    assert [name for name, path in MIGRATIONS.items() if not ast.get_docstring(ast.parse(path.read_text()))] == []
