"""The places of an account for answers that stay open: event streams and downloads."""

from collections.abc import Callable
from functools import partial

from api.http.auth import holder
from api.http.errors import StreamsBusy
from api.server.crowd import Crowd


def take_place(crowd: Crowd, *, most: int) -> Callable[[], None]:
    """Takes a place for the account of the request, and returns what leaves it again.

    StreamsBusy when the account has `most` of them.
    """
    who = holder().account_id or holder().key_id
    if not crowd.enter(who, most=most):
        raise StreamsBusy
    return partial(crowd.leave, who)
