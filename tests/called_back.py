"""Web on a real socket in this process, for providers that call back while a test sends through them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api import create_app
from config.settings import settings
from dispatch.providers import Provider
from dispatch.providers.choice import provider_for
from dispatch.receipts.applying import apply_receipts
from dispatch.sending.courier import Courier
from models.database import rows
from tests.doubles.serving import Double, serving
from tests.stored import campaign_row, states
from tests.waiting import wait_until


@contextmanager
def public_web(configure: Callable[..., None]) -> Iterator[Double]:
    """Runs web, at which PUBLIC_URL points, until the end of the block; what it was asked is in `requests`."""
    with serving(Double(create_app())) as web:
        configure(PUBLIC_URL=web.url)
        yield web


@contextmanager
def sending(campaign_id: int, provider: Provider | None = None) -> Iterator[None]:
    """Sends a whole campaign as workers do, and keeps the worker until the end of the block, so that receipts come."""
    worker = Courier(provider or provider_for(settings()), settings())

    def is_sent() -> bool:
        worker.deliver(campaign_id, 0)
        return bool(campaign_row(campaign_id)["status"] == "completed")

    try:
        # On a busy machine messages are handed back, and sent by the next job.
        wait_until(is_sent, "everything is sent")
        yield
    finally:
        worker.close()


def ends_with(campaign_id: int, **expected: int) -> None:
    """Waits until the campaign's messages are in these states, and so many in each."""

    def reached() -> bool:
        rows("UPDATE receipt SET due_at = now() WHERE due_at IS NOT NULL")
        apply_receipts()
        return states(campaign_id) == expected

    try:
        wait_until(reached, f"messages are {expected}", seconds=60)
    except AssertionError:
        assert states(campaign_id) == expected
        raise
