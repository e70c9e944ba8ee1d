"""A time limit of their own for statements whose cost a caller chooses."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import QueryCanceled

from models.database import db, scalar


class TookTooLong(Exception):
    """A statement was ended because it took longer than it may; its transaction is rolled back."""


@contextmanager
def limited_to(milliseconds: int) -> Iterator[None]:
    """Ends each statement inside that takes longer, with TookTooLong; the limit of those outside stays what it was."""
    try:
        with db.atomic():
            before = scalar("SELECT current_setting('statement_timeout')")
            scalar("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
            yield
            scalar("SELECT set_config('statement_timeout', %s, true)", [before])
    except QueryCanceled:
        raise TookTooLong from None
