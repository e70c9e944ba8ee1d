"""Where a provider is to call, for those who have to enter it at the provider: the address at which it is believed."""

import pytest

from dispatch.accounts.keys import issue_key
from dispatch.channels.callbacks import callbacks_of
from dispatch.errors import Forbidden, NotFound
from dispatch.providers import Callback
from dispatch.receipts.callers import verified
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.providers.dialects import KANNEL, TWILIO
from tests.factories import an_account, asking

PUBLIC = "https://campaigns.example.com"


@pytest.fixture
def account(db):
    return an_account()


def kannel(account):
    return a_provider(account, "carrier", "kannel", "http://kannel.example:13013", **KANNEL)


def test_kannels_has_the_key_by_which_it_is_known(account, configure):
    configure(PUBLIC_URL=PUBLIC)
    made = kannel(account)
    found = callbacks_of(asking(account.id), made.id)
    assert found.inbound_url.startswith(f"{PUBLIC}/hooks/kannel/{made.id}/inbound?key=")
    assert found.secret
    for url in (found.status_url, found.inbound_url):
        assert verified("kannel", str(made.id), Callback(url, {}, b"")).provider.id == made.id
        with pytest.raises(Forbidden):
            verified("kannel", str(made.id), Callback(url[:-1], {}, b""))


def test_that_of_a_provider_that_signs_has_none(account, configure):
    configure(PUBLIC_URL=PUBLIC)
    made = a_provider(account, "twilio", "twilio", None, **TWILIO)
    found = callbacks_of(asking(account.id), made.id)
    assert found.inbound_url == f"{PUBLIC}/hooks/twilio/{made.id}/inbound"
    assert not found.secret


def test_without_a_public_url_there_is_no_address(account, configure):
    configure(PUBLIC_URL="")
    assert callbacks_of(asking(account.id), kannel(account).id).inbound_url is None


def test_another_accounts_is_not_found_and_an_operators_is_theirs(account):
    made = kannel(account)
    with pytest.raises(NotFound):
        callbacks_of(asking(an_account().id), made.id)
    shared = a_provider(None, "everyones", "kannel", "http://kannel.example:13013", **KANNEL)
    with pytest.raises(Forbidden):
        callbacks_of(asking(account.id, actor=f"key:{issue_key(asking(account.id)).id}"), shared.id)
