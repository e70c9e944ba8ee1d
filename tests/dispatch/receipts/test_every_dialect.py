"""A campaign through each kind of provider, from its start to STOP, against the simulator in the kind's dialect."""

import asyncio
from collections import Counter

import pytest

from config.settings import settings
from config.simulated_phones import Phones
from dispatch.audit import audit
from dispatch.campaigns.reading import read_campaign
from dispatch.channels.providers import try_provider
from dispatch.providers.link import hooks_of
from dispatch.providers.simulator.dialects import SECRET
from dispatch.providers.simulator.phones import FAILURES, Behaviour
from dispatch.receipts.replies import list_replies
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.called_back import ends_with, public_web, sending
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.factories import a_campaign, a_list, an_account, asking
from tests.simulator import lines, simulator_beside
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

SID = "AC" + "0" * 32
#: What a provider of each kind is told, and the channel that it is tried on.
SETUPS = {
    "twilio": ("twilio", "sms", {"account_sid": SID, "auth_token": SECRET, "sender": "+15005550006"}),
    "twilio by messaging service": (
        *("twilio", "sms"),
        {"account_sid": SID, "auth_token": SECRET, "messaging_service_sid": "MG" + "0" * 32},
    ),
    "twilio on whatsapp": ("twilio", "whatsapp", {"account_sid": SID, "auth_token": SECRET, "sender": "+15005550006"}),
    "vonage": ("vonage", "sms", {"api_key": "abcd1234", "api_secret": SECRET, "sender": "Acme"}),
    "vonage with signatures": (
        *("vonage", "sms"),
        {"api_key": "abcd1234", "api_secret": SECRET, "sender": "Acme", "signature_secret": SECRET},
    ),
    "kannel": ("kannel", "sms", {"username": "acme", "password": SECRET, "sender": "Acme"}),
    "whatsapp_cloud": (
        *("whatsapp_cloud", "whatsapp"),
        {"phone_number_id": "10987654321", "access_token": SECRET, "app_secret": SECRET},
    ),
    "messaging_service": ("messaging_service", "sms", {"client_id": "acme", "client_secret": SECRET}),
    "webhook": ("webhook", "sms", {"secret": SECRET}),
}


#: Why +15005550011 was not reached is by chance; a provider that has no code of its own for it says less.
REASONS = {
    "twilio": set(FAILURES),
    "vonage": set(FAILURES),
    "kannel": {"not_delivered"},
    "messaging_service": {"not_delivered"},
    "webhook": {"not_delivered"},
    "whatsapp_cloud": {"not_on_whatsapp", "left_out_by_meta", "not_delivered"},
}


@pytest.fixture
def account(db):
    return an_account(credits=1000)


@pytest.fixture
def callbacks():
    """What an operator enters at the provider, once the provider has been added here."""
    return {}


@pytest.fixture
def web(configure):
    with public_web(configure) as running:
        yield running


@pytest.fixture
def simulator(tmp_path, callbacks):
    behaviour = Behaviour(Phones(delay_ms=0), seed=1)
    with simulator_beside(tmp_path / "accepted.jsonl", behaviour=behaviour, callbacks=callbacks) as url:
        yield url


def provider_at(url, account, setup, callbacks):
    kind, channel, given = SETUPS[setup]
    base_url = f"{url}/webhook" if kind == "webhook" else url
    if kind == "messaging_service":
        given = given | {"token_url": f"{url}/token"}
    made = a_provider(account, "main", kind, base_url=base_url, **given)
    a_route(account, "main", channel=channel)
    hooks = hooks_of(settings(), kind, made.id, account.id)
    # Requests name no address to these.
    if kind in ("whatsapp_cloud", "messaging_service"):
        callbacks[kind] = f"{hooks.url}/status?key={hooks.keys[0]}"
    return made


@pytest.mark.parametrize("setup", SETUPS)
def test_a_campaign_is_accepted_delivered_or_not_and_answered(setup, account, web, simulator, callbacks, tmp_path):
    provider = provider_at(simulator, account, setup, callbacks)
    channel = SETUPS[setup][1]
    # Delivered, undelivered, no receipt, STOP, a reply, unknown but delivered, delivered (and read) in a wrong order.
    campaign = a_campaign(account, channel=channel, list_id=a_list(account, 7, first_phone="+15005550010"))
    enqueue_campaign(asking(), campaign.id)
    read = {"read": 1, "delivered": 4} if channel == "whatsapp" else {"delivered": 5}
    with sending(campaign.id):
        ends_with(campaign.id, undelivered=1, sent=1, **read)
        wait_until(lambda: list_replies(asking(account.id)).total == 2, "both replies are stored")
    stopped = rows("SELECT phone, source FROM suppression")
    assert stopped == [{"phone": "+15005550013", "source": "reply"}]
    stats = read_campaign(asking(), campaign.id).stats
    assert (stats.total, stats.undelivered, stats.unknown) == (7, 1, 0)
    (missed,) = rows("SELECT reason, provider FROM message WHERE state = 'undelivered'")
    assert missed["reason"] in REASONS[SETUPS[setup][0]]
    assert missed["provider"] == f"{provider.kind}:{provider.id}"
    assert Counter(line["to"] for line in lines(tmp_path / "accepted.jsonl")).most_common(1)[0][1] == 1
    assert rows("SELECT FROM refused_callback") == []
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize("setup", SETUPS)
def test_every_refusal_means_what_the_simulation_decided(setup, account, web, simulator, callbacks):
    provider_at(simulator, account, setup, callbacks)
    campaign = a_campaign(account, channel=SETUPS[setup][1], list_id=a_list(account, 1, first_phone="+15005550001"))
    enqueue_campaign(asking(), campaign.id)
    with sending(campaign.id):
        ends_with(campaign.id, failed=1)


#: Who says of a person that they have opted out: when the message is sent, and in a receipt.
SAYS_SO = {
    "twilio": (True, True),
    "vonage": (False, True),
    "kannel": (False, False),
    "whatsapp_cloud": (True, True),
    "messaging_service": (True, True),
    "webhook": (True, True),
}


@pytest.mark.parametrize("setup", SETUPS)
def test_who_has_opted_out_at_the_provider_is_suppressed_here(setup, account, web, simulator, callbacks):
    provider = provider_at(simulator, account, setup, callbacks)
    channel = SETUPS[setup][1]
    refused, told = "+15005550009", "+15005550017"
    expected = [phone for phone, says in zip((refused, told), SAYS_SO[provider.kind], strict=True) if says]
    for phone in (refused, told):
        campaign = a_campaign(account, channel=channel, list_id=a_list(account, 1, first_phone=phone))
        enqueue_campaign(asking(), campaign.id)
        with sending(campaign.id):
            ends_with(campaign.id, **({"failed": 1} if phone == refused else {"undelivered": 1}))
    found = rows("SELECT phone, reason, source FROM suppression ORDER BY phone")
    label = f"{provider.kind}:{provider.id}"
    assert found == [{"phone": phone, "reason": "opted_out", "source": label} for phone in expected]
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize("setup", SETUPS)
def test_a_wrong_credential_is_found_by_trying_the_provider(setup, account, web, simulator, callbacks):
    kind, _, given = SETUPS[setup]
    wrong = {name: "another-credential" if value == SECRET else value for name, value in given.items()}
    if kind == "messaging_service":
        wrong |= {"token_url": f"{simulator}/token"}
    made = a_provider(
        account, "wrong", kind, base_url=f"{simulator}/webhook" if kind == "webhook" else simulator, **wrong
    )
    assert not try_provider(asking(), made.id, run=asyncio.run).ok
    right = provider_at(simulator, account, setup, callbacks)
    assert try_provider(asking(), right.id, run=asyncio.run).ok
