"""Row classes and the migrated schema have the same columns."""

import importlib
import pkgutil
import sys
import types
from datetime import date, datetime, time
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest

import models
from models.database import rows
from models.row import Row

for module in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(module.name)


def _rows() -> list[type]:
    """Returns the row classes; a dataclass with slots replaces its class, and the first one is left out."""
    return [kind for kind in Row.__subclasses__() if vars(sys.modules[kind.__module__]).get(kind.__name__) is kind]


ROWS = {"".join(f"_{c.lower()}" if c.isupper() else c for c in row.__name__).strip("_"): row for row in _rows()}
# The annotation for each PostgreSQL type; of JSON only NULL is checked.
ANNOTATIONS: dict[str, Any] = {
    "bigint": int,
    "boolean": bool,
    "bytea": bytes,
    "date": date,
    "double precision": float,
    "integer": int,
    "integer[]": list[int],
    "smallint": int,
    "text": str,
    "text[]": list[str],
    "time without time zone": time,
    "timestamp with time zone": datetime,
    "uuid": UUID,
}


@pytest.mark.usefixtures("db")
def test_every_table_has_a_row(tables):
    assert {name.strip('"') for name in tables} == set(ROWS)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("table", sorted(ROWS))
def test_a_row_has_the_columns_of_its_table(table):
    columns = rows(
        """SELECT attname AS name, format_type(atttypid, NULL) AS type, NOT attnotnull AS nullable FROM pg_attribute
           WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped""",
        [table],
    )
    fields = get_type_hints(ROWS[table])
    assert set(fields) == {column["name"] for column in columns}
    for column in columns:
        kind, nullable = _without_none(fields[column["name"]])
        assert nullable == column["nullable"], f"{table}.{column['name']}: only what may be NULL is optional"
        if column["type"] != "jsonb":
            assert kind == ANNOTATIONS[column["type"]], f"{table}.{column['name']} is {column['type']}"


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Returns the annotation without None, a Literal as the type of its values, and whether None was part of it."""
    if get_origin(annotation) is Literal:
        [kind] = {type(value) for value in get_args(annotation)}
        return kind, False
    if not isinstance(annotation, types.UnionType) and get_origin(annotation) is not Union:
        return annotation, False
    rest = [part for part in get_args(annotation) if part is not type(None)]
    return (_without_none(rest[0])[0] if len(rest) == 1 else Any), len(rest) < len(get_args(annotation))


@pytest.mark.usefixtures("db")
def test_the_hot_table_has_only_indexes_whose_columns_never_change():
    """With one partial index on the state, no update of a send would be HOT."""
    found = rows("SELECT indexdef FROM pg_indexes WHERE tablename = 'message' ORDER BY indexname")
    assert [index["indexdef"].partition(" USING ")[2] for index in found] == [
        "btree (campaign_id, phone) WHERE (phone IS NOT NULL)",
        "btree (campaign_id, n)",
    ]
