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


@dataclass(frozen=True, slots=True)
class UncountedPage(Generic[T]):
    """The rows of the page, and whether there are more after it; to count them all takes a moment."""

    rows: list[T]
    has_more: bool

    @classmethod
    def of(cls, found: list[T], page_size: int) -> "UncountedPage[T]":
        """Returns the page for which one row more was asked than it may have."""
        return cls(found[:page_size], len(found) > page_size)

    def map(self, view: Callable[[T], Seen]) -> "UncountedPage[Seen]":
        """Returns the same page with `view` applied to each row."""
        return UncountedPage([view(row) for row in self.rows], self.has_more)


def read_page(sql: str, params: Mapping[str, Any], *, order: str, page: int, page_size: int, into: type[T]) -> Page[T]:
    """Runs a SELECT without an order for one page, counted from 1, and for the total."""
    limits = {"page_limit": page_size, "page_offset": (page - 1) * page_size}
    found = rows(f"{sql} ORDER BY {order} LIMIT %(page_limit)s OFFSET %(page_offset)s", {**params, **limits}, into=into)
    return Page(found, count(f"SELECT count(*) FROM ({sql}) AS every_row", params))


def read_uncounted_page(
    sql: str, params: Mapping[str, Any], *, order: str, page: int, page_size: int, into: type[T]
) -> UncountedPage[T]:
    """Runs a SELECT without an order for one page, counted from 1."""
    limits = {"page_limit": page_size + 1, "page_offset": (page - 1) * page_size}
    found = rows(f"{sql} ORDER BY {order} LIMIT %(page_limit)s OFFSET %(page_offset)s", {**params, **limits}, into=into)
    return UncountedPage.of(found, page_size)
