"""The places of an account: its share of the connections, and those for answers that stay open, such as streams."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import Flask, g

from api.http.auth import holder
from api.http.connection import count_for
from api.http.errors import StreamsBusy
from api.server.crowd import Crowd


def take_place(crowd: Crowd, *, most: int) -> Callable[[], None]:
    """Takes a place for the account of the request, and returns what leaves it again.

    StreamsBusy when the account has `most` of them.
    """
    who = _account()
    if not crowd.enter(who, most=most):
        raise StreamsBusy
    return partial(crowd.leave, who)


def install(app: Flask) -> None:
    """Counts the connection of each request as its account's; install it after what refuses and receives requests."""

    @app.before_request
    def count_connection() -> None:
        if "holder" in g:
            count_for(_account())


def _account() -> UUID:
    """Returns the account of the key, or the key of an operator."""
    return holder().account_id or holder().key_id
