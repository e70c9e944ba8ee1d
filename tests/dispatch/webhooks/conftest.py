"""A receiver on this machine, which an operator allows here, and the account that it belongs to."""

from collections.abc import Callable, Iterator

import pytest

from dispatch.accounts.accounts import AccountView
from dispatch.webhooks.webhooks import AddedWebhookView
from tests.dispatch.webhooks.telling import a_webhook
from tests.doubles.receiver import Receiver, receiving
from tests.factories import an_account


@pytest.fixture(autouse=True)
def allowed(configure: Callable[..., None], db: object, redis: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Private addresses of this machine may be called, and a busy machine may take its time to answer."""
    configure(PRIVATE_NETWORKS="127.0.0.0/8")
    monkeypatch.setattr("dispatch.providers.sessions.MAX_CONNECT_SEC", 60.0)
    monkeypatch.setattr("dispatch.webhooks.sending.TIMEOUT_SEC", 120.0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes whatever is signed with its secret."""
    with receiving() as found:
        yield found


@pytest.fixture
def account(db: object) -> AccountView:
    """An account with credits."""
    return an_account(credits=100_000)


@pytest.fixture
def webhook(account: AccountView, receiver: Receiver) -> AddedWebhookView:
    """The account's webhook for the receiver, told of everything."""
    return a_webhook(account, receiver)
