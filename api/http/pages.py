"""One page of a longer list, in the shape every list has."""

from math import ceil
from typing import Generic, TypeVar

from pydantic import BaseModel

from api.http.inputs import Page
from models import page as rows_of

Seen = TypeVar("Seen")


class Pagination(BaseModel):
    page: int
    page_size: int
    total_count: int
    total_pages: int


class Paged(BaseModel, Generic[Seen]):
    """One page, newest first."""

    data: list[Seen]
    pagination: Pagination


def paged(found: rows_of.Page[Seen], asked: Page) -> Paged[Seen]:
    """Returns the views of the page, and where it stands among all of them."""
    pagination = Pagination(
        page=asked.page,
        page_size=asked.page_size,
        total_count=found.total,
        total_pages=ceil(found.total / asked.page_size),
    )
    return Paged(data=found.rows, pagination=pagination)
