"""What the address of a list asks for, checked as the API checks it."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import request

from api.http.inputs import Page
from models.page import UncountedPage

Asked = TypeVar("Asked", bound=Page)

# What an address may have besides: what was done before, and whether the page waits for its counts.
_OURS = ("done", "counted")


def asked_for(kind: type[Asked]) -> Asked:
    """Returns the parameters of the address; a ValidationError, shown as a refusal, when one cannot be."""
    return kind.model_validate({name: value for name, value in request.args.items() if name not in _OURS})


def asks_for_counts() -> bool:
    """Returns whether a page is to wait for what it counts; without JavaScript a link asks for that."""
    return "counted" in request.args


def total_of(found: UncountedPage[Any], asked: Page, count: Callable[[], int]) -> int | None:
    """Returns how many rows there are, if they are all on the page or are to be counted; None if it is not known."""
    if asked.page == 1 and not found.has_more:
        return len(found.rows)
    return count() if asks_for_counts() else None


def filters_of(asked: Page, *names: str) -> dict[str, Any]:
    """Returns what was asked for by these names, without what was left empty."""
    return {name: value for name in names if (value := getattr(asked, name))}
