"""How many requests a key may send, and all keys of an account together, counted in Redis.

Keys cost nothing: counted by key alone, an account would send more with every key that it makes. People who open a
short link have no key and are counted by address. Without Redis nothing is counted: requests that only read or write
rows are answered, and those that spend are refused.
"""

import logging
from time import time

import structlog
from flask import Flask, Response, g, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit

from api.http.address import client_address
from api.http.auth import current_rules, holder
from api.http.errors import RateLimited, refused
from config.redis import counting
from config.settings import Settings
from dispatch.errors import QueueUnavailable

log = structlog.get_logger()

SPENDING = frozenset({"send", "approve"})
# The blueprint whose routes are counted by address, because people open them without a key.
LINKS = "links"


class _Counting(Limiter):
    """Does nothing for requests that are not counted: what it looks up first is a tenth of the work for a receipt."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if _is_counted():
            super()._check_request_limit(callable_name, in_middleware)


def install(app: Flask, settings: Settings) -> None:
    """Counts every request that came with a key, and openings of links; install it after what requires the key."""
    rates = {"read": settings.rate_limit_read, "send": settings.rate_limit_send, "approve": settings.rate_limit_send}

    def rate() -> str:
        if "holder" not in g:
            return settings.rate_limit_links
        return rates.get(current_rules().scope, settings.rate_limit_write)

    limiter = _Counting(
        lambda: f"{current_rules().scope}:{holder().key_id}" if "holder" in g else f"links:{client_address()}",
        app=app,
        application_limits=[
            rate,
            ApplicationLimit(
                lambda: _times(settings.rate_limit_account_factor, rate()),
                key_function=lambda: f"{current_rules().scope}:{holder().account_id}",
                scope="account",
                exempt_when=lambda: "holder" not in g or holder().operator,
                on_breach=lambda limit: _refuse(limit, "The keys of this account together send"),
            ),
        ],
        # Only the scheme of it is used: the connections are ours, with our certificates and time-outs.
        storage_uri="redis://",
        storage_options={"connection_pool": counting(settings).connection_pool},  # type: ignore[dict-item]
        strategy="fixed-window",
        swallow_errors=True,
        on_breach=lambda limit: _refuse(limit, "This key sends" if "holder" in g else "This address sends"),
    )
    limiter.request_filter(lambda: not _is_counted())
    # It would log each failure with its stack; `limits.unavailable` says it in one line.
    limiter.logger.setLevel(logging.CRITICAL)

    @app.before_request
    def do_not_spend_uncounted() -> None:
        if "holder" not in g or limiter.current_limits:
            return
        log.warning("limits.unavailable", scope=current_rules().scope)
        if current_rules().scope in SPENDING:
            raise QueueUnavailable


def _is_counted() -> bool:
    return "holder" in g or request.blueprint == LINKS


def _times(factor: int, rate: str) -> str:
    number, _, window = rate.partition("/")
    return f"{int(number) * factor}/{window}"


def _refuse(limit: RequestLimit, who: str) -> Response:
    seconds = max(1, int(limit.reset_at - time()) + 1)
    return refused(RateLimited(f"{who} too many requests; try again in {seconds} s.", retry_after_sec=seconds))
