"""One page of a long list, and how many rows there are in all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from models.database import count, rows

T = TypeVar("T")
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of the page, and the number of rows on all pages."""

    rows: list[T]
    total: int

    def map(self, view: Callable[[T], Seen]) -> "Page[Seen]":
        """Returns the same page with `view` applied to each row."""
        return Page([view(row) for row in self.rows], self.total)


def read_page(sql: str, params: Mapping[str, Any], *, order: str, page: int, page_size: int, into: type[T]) -> Page[T]:
    """Runs a SELECT without an order for one page, counted from 1, and for the total."""
    limits = {"page_limit": page_size, "page_offset": (page - 1) * page_size}
    found = rows(f"{sql} ORDER BY {order} LIMIT %(page_limit)s OFFSET %(page_offset)s", {**params, **limits}, into=into)
    return Page(found, count(f"SELECT count(*) FROM ({sql}) AS every_row", params))
