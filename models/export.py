"""Every row that an account has in a table, read for a file."""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar
from uuid import UUID

from models.database import db

# Enough that the cost of a statement does not matter, few enough for flat memory.
ROWS_PER_PAGE = 5_000

# Named tuples, like everything of which there is one per line: making a frozen dataclass takes three times as long.
Line = TypeVar("Line", bound=NamedTuple)


def export_lines(table: str, account_id: UUID, *, into: type[Line]) -> Iterator[Line]:
    """Yields the rows in the order of ids; `into` has the names of the columns.

    Each page is a separate statement, because a reader that is slow, or gone, must not keep a transaction open.
    """
    sql = f"""SELECT id, {", ".join(into._fields)} FROM {table}
              WHERE account_id = %s AND id > %s ORDER BY id LIMIT {ROWS_PER_PAGE}"""
    last_id = 0
    while found := db.connection().execute(sql, [account_id, last_id]).fetchall():
        yield from (into._make(columns) for _, *columns in found)
        last_id = found[-1][0]
