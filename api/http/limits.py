"""How many requests a key may send, and all keys of an account together, counted in Redis.

Keys cost nothing: counted by key alone, an account would send more with every key that it makes. People who open a
short link have no key and are counted by address. Without Redis nothing is counted: requests that only read or write
rows are answered, and those that spend are refused.
"""

from collections.abc import Iterator
from time import time

import redis
import structlog
from flask import Flask, g, request
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from api.http.address import client_address
from api.http.auth import current_rules, holder
from api.http.errors import RateLimited
from config.redis import counting
from config.settings import Settings
from dispatch.errors import QueueUnavailable

log = structlog.get_logger()

SPENDING = frozenset({"send", "approve"})
# The blueprint whose routes are counted by address, because people open them without a key.
LINKS = "links"


def install(app: Flask, settings: Settings) -> None:
    """Counts every request that came with a key, and openings of links; install it after what requires the key."""
    rates = _Rates(settings)
    # Only the scheme of the address is used: the connections are ours, with our certificates and time-outs.
    counter = FixedWindowRateLimiter(RedisStorage("redis://", connection_pool=counting(settings).connection_pool))

    @app.before_request
    def count() -> None:
        if "holder" not in g and request.blueprint != LINKS:
            return
        try:
            for rate, by, who in rates.of_request():
                if not counter.hit(rate, *by):
                    raise _too_many(who, counter.get_window_stats(rate, *by).reset_time)
        except redis.RedisError:
            _do_not_spend_uncounted()


class _Rates:
    """How often each scope may be used."""

    def __init__(self, settings: Settings) -> None:
        spending, factor = settings.rate_limit_send, settings.rate_limit_account_factor
        texts = {"read": settings.rate_limit_read, "write": settings.rate_limit_write}
        texts |= dict.fromkeys(SPENDING, spending)
        self._of_key = {scope: parse(text) for scope, text in texts.items()}
        self._of_account = {
            scope: type(rate)(rate.amount * factor, rate.multiples) for scope, rate in self._of_key.items()
        }
        self._of_address = parse(settings.rate_limit_links)

    def of_request(self) -> Iterator[tuple[RateLimitItem, tuple[str, str], str]]:
        """Yields each rate that this request counts for, what it is counted by, and who then sends too many."""
        if "holder" not in g:
            yield self._of_address, (f"links:{client_address()}", "global"), "This address sends"
            return
        by, used = holder(), current_rules().scope
        scope = used if used in self._of_key else "write"
        yield self._of_key[scope], (f"{used}:{by.key_id}", "global"), "This key sends"
        if not by.operator:
            told = "The keys of this account together send"
            yield self._of_account[scope], (f"{used}:{by.account_id}", "account"), told


def _do_not_spend_uncounted() -> None:
    if "holder" not in g:
        return
    log.warning("limits.unavailable", scope=current_rules().scope)
    if current_rules().scope in SPENDING:
        raise QueueUnavailable


def _too_many(who: str, reset_time: float) -> RateLimited:
    seconds = max(1, int(int(reset_time + 1) - time()) + 1)
    return RateLimited(f"{who} too many requests; try again in {seconds} s.", retry_after_sec=seconds)
