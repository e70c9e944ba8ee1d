"""Which addresses a webhook may have, how many an account may have, and whose they are."""

import pytest

from dispatch.accounts.audit_trail import list_events
from dispatch.errors import Duplicate, Forbidden, InvalidRequest, NotFound, ProviderNotConfigured, QuotaExceeded
from dispatch.webhooks.resealing import reseal_webhooks
from dispatch.webhooks.webhooks import (
    MOST_OF_AN_ACCOUNT,
    add_webhook,
    list_deliveries,
    list_webhooks,
    remove_webhook,
    replay_deliveries,
    send_test_event,
)
from models.webhooks.webhook import Webhook
from tests.dispatch.webhooks.telling import a_webhook, deliveries, tell
from tests.factories import an_account, asking
from tests.racing import race
from tests.sending import answering, deliver, started
from tests.stored import stored_rows

URL = "https://shop.example.com/hooks?of=1"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "must be like"),
        ("shop.example.com/hooks", "must be like"),
        ("ftp://shop.example.com", "must be like"),
        ("javascript:alert(1)", "must be like"),
        ("https://", "must be like"),
        ("https://shop.example.com:99999/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("http://a..b/", "names no host"),
        ("http://.example.com/", "names no host"),
        (f"http://{'a' * 70}.com/", "names no host"),
        ("http://xn--a/", "names no host"),
        ("https://maria:secret@shop.example.com/", "no user and password"),
        ("https://shop.example.com/#top", "no fragment"),
        ("https://κατάστημα.gr/", "xn--"),
        ("https://shop.example.com/a b", "%20"),
        ("https://shop.example.com/a\r\nHost: other", "%20"),
        (f"https://shop.example.com/{'x' * 2000}", "more than 2000"),
        ("http://127.0.0.1/", "private"),
        ("http://localhost:8000/", "private"),
        ("http://api.localhost/", "private"),
        ("http://10.0.0.1/", "private"),
        ("http://169.254.169.254/latest/meta-data/", "private"),
        ("http://2130706433/", "private"),
        ("http://0x7f.1/", "private"),
        ("http://0/", "private"),
        ("http://[::1]/", "private"),
        ("http://[::ffff:10.0.0.1]/", "private"),
        ("http://[fe80::1%25eth0]/", "private"),
    ],
)
def test_an_address_that_cannot_or_may_not_be_called_is_refused(account, configure, url, says):
    configure(PRIVATE_NETWORKS="")
    before = stored_rows()
    with pytest.raises(InvalidRequest) as refused:
        add_webhook(asking(account.id), url=url)
    assert says in refused.value.message
    assert refused.value.details["field"] == "url"
    assert stored_rows() == before


@pytest.mark.parametrize(
    "url", [URL, "http://shop.example.com", " https://xn--jxalpdlp.example:8443/a%20b ", "http://9.9.9.9/"]
)
def test_an_address_that_may_be_called_is_stored_as_it_is_written(account, url):
    assert add_webhook(asking(account.id), url=url).url == url.strip()


def test_an_account_has_an_address_once_and_ten_at_most_however_many_ask_at_once(account):
    add_webhook(asking(account.id), url=URL)
    with pytest.raises(Duplicate):
        add_webhook(asking(account.id), url=URL)
    race(*[lambda n=n: add_webhook(asking(account.id), url=f"{URL}&n={n}") for n in range(20)])
    assert list_webhooks(asking(account.id)).total == MOST_OF_AN_ACCOUNT
    with pytest.raises(QuotaExceeded):
        add_webhook(asking(account.id), url="https://other.example.com/")
    add_webhook(asking(an_account().id), url=URL)


@pytest.mark.parametrize("events", [[], ["campaign.exploded"], ["message"], ["campaign.*"]])
def test_a_type_that_there_is_not_is_refused(account, events):
    with pytest.raises(InvalidRequest) as refused:
        add_webhook(asking(account.id), url=URL, events=events)
    assert refused.value.details["field"] == "events"


def test_every_change_is_in_the_audit_trail_and_no_secret_is(account, webhook):
    send_test_event(asking(account.id), webhook.id)
    replay_deliveries(asking(account.id), webhook.id)
    remove_webhook(asking(account.id), webhook.id)
    trail = [each for each in list_events(asking(account.id)).rows if each.action.startswith("webhook.")]
    assert [each.action for each in trail] == ["webhook.removed", "webhook.replayed", "webhook.tested", "webhook.added"]
    assert webhook.secret not in str(trail)


def test_a_webhook_is_not_another_accounts(account, webhook):
    stranger = asking(an_account().id)
    for act in (send_test_event, remove_webhook, list_deliveries, replay_deliveries):
        with pytest.raises(NotFound):
            act(stranger, webhook.id)
    assert Webhook.find(webhook.id, account.id)


def test_a_replay_that_names_another_webhooks_delivery_replays_none(account, webhook, receiver):
    other = add_webhook(asking(account.id), url=URL, events=["message.failed"])
    deliver(answering(), started(account, recipients=1))
    tell()
    mine = deliveries()[0]["id"]
    theirs = send_test_event(asking(account.id), other.id).id
    before = stored_rows()
    for ids in ([mine, theirs], [mine, 10**9], [2**70]):
        with pytest.raises(NotFound):
            replay_deliveries(asking(account.id), webhook.id, delivery_ids=ids)
    with pytest.raises(InvalidRequest):
        replay_deliveries(asking(account.id), webhook.id, delivery_ids=[])
    assert stored_rows() == before


def test_secrets_are_resealed_with_a_new_key_and_still_sign(account, receiver, configure):
    first, lost_key, new = "f" * 32, "l" * 32, "n" * 32
    configure(PROVIDER_KEY=first)
    webhook = a_webhook(account, receiver)
    configure(PROVIDER_KEY=lost_key)
    lost = add_webhook(asking(account.id), url=URL)
    configure(PROVIDER_KEY=f"{new},{first}")
    answer = reseal_webhooks(asking())
    assert (answer.resealed, answer.unreadable) == (1, [lost.id])
    assert reseal_webhooks(asking()).resealed == 0
    configure(PROVIDER_KEY=new)
    send_test_event(asking(account.id), webhook.id)
    tell()
    assert len(receiver.told) == 1
    with pytest.raises(Forbidden):
        reseal_webhooks(asking(account.id))


def test_without_a_key_that_seals_nothing_is_stored_in_production(account, configure):
    configure(ENVIRONMENT="production", JOB_SIGNING_KEY="j" * 32)
    before = stored_rows()
    with pytest.raises(ProviderNotConfigured, match="PROVIDER_KEY"):
        add_webhook(asking(account.id), url=URL)
    assert stored_rows() == before
