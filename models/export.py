"""Every row that an account has in a table, read for a file."""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar
from uuid import UUID

from models.database import db

# Of one statement: enough that its cost does not matter, few enough for flat memory, however large the rows are.
ROWS_PER_PAGE = 1_000
BYTES_PER_PAGE = 4_000_000

# Named tuples, like everything of which there is one per line: making a frozen dataclass takes three times as long.
Line = TypeVar("Line", bound=NamedTuple)


def export_lines(table: str, account_id: UUID, *, into: type[Line]) -> Iterator[Line]:
    """Yields the rows in the order of ids; `into` has the names of the columns.

    Each page is a separate statement, because a reader that is slow, or gone, must not keep a transaction open.
    """
    columns = ", ".join(into._fields)
    # Of what one page could have, only as many as fit travel here, and one in any case.
    sql = f"""SELECT id, {columns} FROM (
                SELECT *, sum(octet_length(page::text)) OVER (ORDER BY id) - octet_length(page::text) AS bytes_before
                FROM (SELECT id, {columns} FROM {table} WHERE account_id = %s AND id > %s
                      ORDER BY id LIMIT {ROWS_PER_PAGE}) AS page) AS sized
              WHERE bytes_before < {BYTES_PER_PAGE} ORDER BY id"""
    last_id = 0
    while found := db.connection().execute(sql, [account_id, last_id]).fetchall():
        yield from (into._make(columns) for _, *columns in found)
        last_id = found[-1][0]
