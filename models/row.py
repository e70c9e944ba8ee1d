"""A whole row of a table, as a frozen dataclass whose fields are its columns."""

from typing import Any, TypeAlias

# An open JSON object: its author chooses the keys, so no class can list them.
JsonObject: TypeAlias = dict[str, Any]


class Row:
    """A row of the table that has the class's name in snake_case.

    The fields are the table's columns; `tests/house/test_schema.py` compares them with the migrated schema. Reading
    ignores columns that the class does not have, so that processes of the previous release survive a migration.
    """

    __slots__ = ()
