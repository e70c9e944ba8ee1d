"""Every row that an account has in a table, read for a file."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from models.database import db

# Of one statement: enough that its cost does not matter, few enough for flat memory, however large the rows are.
ROWS_PER_PAGE = 1_000
BYTES_PER_PAGE = 4_000_000

# Named tuples, like everything of which there is one per line: making a frozen dataclass takes three times as long.
Line = TypeVar("Line", bound=NamedTuple)


def export_lines(table: str, account_id: UUID, *, into: type[Line]) -> Iterator[Line]:
    """Yields the rows in the order of ids; `into` has the names of the columns.

    In pages, because a reader that is slow, or gone, must not keep a transaction open.
    """
    columns = ", ".join(into._fields)
    page = f"SELECT id, {columns} FROM {table} WHERE account_id = %s AND id > %s"
    yield from (into._make(columns) for _, *columns in read_in_pages(page, [account_id], by="id"))


def read_in_pages(sql: str, params: Sequence[Any], *, by: str) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of a query in the order of its first column, `by`, which is more than its last parameter.

    Each page is a statement of its own, with as many rows as fit into a bounded number of bytes, and one in any case.
    """
    bounded = f"""SELECT * FROM (
                    SELECT *, sum(octet_length(page::text)) OVER (ORDER BY {by}) - octet_length(page::text) AS before
                    FROM ({sql} ORDER BY {by} LIMIT {ROWS_PER_PAGE}) AS page) AS sized
                  WHERE before < {BYTES_PER_PAGE} ORDER BY {by}"""
    last = 0
    while found := db.connection().execute(bounded, [*params, last]).fetchall():
        yield from (tuple(columns) for *columns, _ in found)
        last = found[-1][0]
