"""A provider whose callbacks are refused is named, with what to compare; one that a stranger tried is forgotten."""

from zoneinfo import ZoneInfo

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.channels.providers import list_providers, read_provider, remove_provider
from dispatch.errors import Forbidden
from dispatch.receipts.hooks import take_callback
from models.database import rows
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.doctor.looking import diagnosis, missing
from tests.dispatch.receipts.saying import a_webhook_provider, callback, said
from tests.factories import an_account, asking

FORGED = "whsec_" + "REVG" * 10
RECEIPT = said("1-0", "delivered")
REPLY = {"id": "a", "from": "+306911111111", "text": "Hello"}


@pytest.fixture
def account(db):
    return an_account()


@pytest.fixture
def provider(account):
    return a_webhook_provider(account, "main")


def is_called(provider, *what, secret=FORGED):
    request = callback(provider, *what, secret=secret)
    with pytest.raises(Forbidden):
        take_callback(provider.kind, str(provider.id), request)


def test_a_provider_whose_callbacks_are_refused_is_named_with_what_to_compare(provider, configure):
    configure(PUBLIC_URL="https://campaigns.example.com")
    is_called(provider, RECEIPT)
    is_called(provider, RECEIPT)
    text = missing()["callbacks_refused"]
    assert f"main (webhook:{provider.id}), 2 in a row" in text
    assert "PUBLIC_URL (https://campaigns.example.com)" in text
    assert "made with secret" in text
    assert not diagnosis().ok


def test_the_last_refusal_is_told_by_the_clocks_of_the_providers_account(db):
    account = an_account()
    change_account(asking(account.id), {"zone": "Asia/Tokyo"})
    provider = a_webhook_provider(account, "main")
    is_called(provider, RECEIPT)
    rows("UPDATE refused_callback SET last_at = date_trunc('hour', now())")
    [refused] = rows("SELECT last_at FROM refused_callback")
    at = refused["last_at"].astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"the last at {at:%Y-%m-%d %H:%M} (Asia/Tokyo)" in missing()["callbacks_refused"]


@pytest.mark.parametrize("accepted", [RECEIPT, REPLY], ids=["receipt", "reply"])
def test_once_one_of_its_callbacks_is_accepted_nothing_needs_to_be_done(provider, accepted):
    is_called(provider, RECEIPT)
    take_callback(provider.kind, str(provider.id), callback(provider, accepted))
    assert "callbacks_refused" not in missing()
    is_called(provider, RECEIPT)
    assert "1 in a row" in missing()["callbacks_refused"]


def test_what_was_refused_yesterday_or_of_a_removed_provider_needs_nobody(account, provider):
    other = a_webhook_provider(account, "other")
    for each in (provider, other):
        is_called(each, RECEIPT)
    rows("UPDATE refused_callback SET last_at = now() - interval '25 hours' WHERE provider_id = %s", [provider.id])
    remove_provider(asking(account.id), other.id)
    assert "callbacks_refused" not in missing()


def test_of_many_providers_the_first_are_named_and_the_others_counted(account):
    for name in "abcdefg":
        is_called(a_webhook_provider(account, name), RECEIPT)
    text = missing()["callbacks_refused"]
    assert "a (webhook:" in text
    assert "; and 2 more." in text


def test_a_provider_shows_how_often_it_was_called_without_its_signature(account, provider):
    silent = a_provider(account, "silent")
    for _ in range(3):
        is_called(provider, RECEIPT)
    take_callback(provider.kind, str(provider.id), callback(provider, RECEIPT))
    shown = read_provider(asking(account.id), provider.id)
    assert shown.callbacks_refused == 3
    assert shown.callback_refused_at
    listed = {each.id: each for each in list_providers(asking(account.id)).rows}
    assert listed[provider.id] == shown
    assert (listed[silent.id].callbacks_refused, listed[silent.id].callback_refused_at) == (0, None)
