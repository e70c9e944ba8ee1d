"""An account with a provider that posts in our format; a file whose tests need credits has an account of its own."""

import pytest

from tests.dispatch.receipts.saying import a_webhook_provider
from tests.factories import an_account


@pytest.fixture
def account(db):
    return an_account()


@pytest.fixture
def provider(account):
    return a_webhook_provider(account)
