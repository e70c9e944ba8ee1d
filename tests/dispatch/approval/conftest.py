"""An account that asks for approvals, and three of its people."""

import pytest

from dispatch.accounts.accounts import AccountView
from dispatch.caller import Caller
from tests.factories import an_account, asking


@pytest.fixture
def account(db: None) -> AccountView:
    """Returns an account that requires an approval above 2 recipients."""
    return an_account(approval_above=2)


@pytest.fixture
def writer(account: AccountView) -> Caller:
    """Returns someone who writes campaigns."""
    return asking(account.id, actor="writer")


@pytest.fixture
def second(account: AccountView) -> Caller:
    """Returns a second person."""
    return asking(account.id, actor="second")


@pytest.fixture
def third(account: AccountView) -> Caller:
    """Returns a third person."""
    return asking(account.id, actor="third")
