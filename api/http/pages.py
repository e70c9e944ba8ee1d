"""One page of a longer list, in the shape every list has."""

from math import ceil
from typing import Any

from api.routes.schemas import Page


def page_of(found: tuple[list[dict[str, Any]], int], asked: Page) -> dict[str, Any]:
    """The rows of the page and where it stands among all of them."""
    data, total = found
    return {
        "data": data,
        "pagination": {
            "page": asked.page,
            "page_size": asked.page_size,
            "total_count": total,
            "total_pages": ceil(total / asked.page_size),
        },
    }
