"""Campaigns sent through each kind of provider, from the row to the HTTP request and back to the messages."""

import socket

import pytest

from models.database import rows
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.dispatch.channels.serving import a_provider_at, serving
from tests.dispatch.providers.dialects import DIALECTS, WEBHOOK
from tests.dispatch.providers.misbehaving import answers
from tests.factories import an_account
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import campaign_row, states


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


def routed(account, dialect, server):
    made = a_provider_at(server.url, account, dialect)
    a_route(account, "main", channel=dialect.channel)
    return made


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_message_of_a_campaign_is_asked_for_once_and_named_by_its_provider(account, dialect):
    with serving(dialect.accepts) as server:
        made = routed(account, dialect, server)
        campaign = started(account, recipients=20, channel=dialect.channel)
        deliver(ScriptedProvider(), campaign)
        assert server.requests == 20
    assert states(campaign) == {"sent": 20}
    found = rows("SELECT DISTINCT provider, provider_id FROM message WHERE campaign_id = %s", [campaign])
    assert found == [{"provider": f"{dialect.kind}:{made.id}", "provider_id": dialect.provider_id}]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_credentials_that_are_revoked_in_mid_campaign_pause_it_and_nothing_is_lost(account, dialect, configure):
    configure(SEND_WINDOW=4)
    with serving(dialect.accepts, dialect.accepts, answers("401 Unauthorized", b"{}")) as server:
        routed(account, dialect, server)
        campaign = started(account, recipients=20, channel=dialect.channel)
        deliver(ScriptedProvider(), campaign)
    assert states(campaign) == {"sent": 2, "pending": 18}
    assert campaign_row(campaign)["status"] == "paused"
    assert "http_401" in campaign_row(campaign)["reason"]


def test_a_whatsapp_number_sends_its_part_of_the_messaging_limit_and_the_rest_waits_for_another_day(account, redis):
    dialect = DIALECTS["whatsapp_cloud"]
    with serving(dialect.accepts) as server:
        a_provider(account, kind=dialect.kind, base_url=server.url, daily=5, **dialect.settings)
        a_route(account, "main", channel="whatsapp")
        first, second = (started(account, recipients=4, channel="whatsapp") for _ in range(2))
        deliver(ScriptedProvider(), first)
        deliver(ScriptedProvider(), second)
        assert server.requests == 5
    assert (states(first), states(second)) == ({"sent": 4}, {"sent": 1, "pending": 3})
    assert rows("SELECT next_due_at <= now() + interval '1 hour' AS soon FROM batch WHERE pending > 0") == [
        {"soon": True}
    ]


def test_a_webhook_whose_name_leads_to_a_private_address_is_not_called_and_pauses_the_campaign(account, monkeypatch):
    with serving(DIALECTS["webhook"].accepts) as server:
        port = server.url.rpartition(":")[2]
        monkeypatch.setattr("socket.getaddrinfo", leading_here())
        a_provider(account, kind="webhook", url=f"http://hooks.example.com:{port}/", **WEBHOOK)
        a_route(account, "main")
        campaign = started(account, recipients=3)
        deliver(ScriptedProvider(), campaign)
        assert server.requests == 0
    assert states(campaign) == {"pending": 3}
    assert "address_not_allowed" in campaign_row(campaign)["reason"]


def leading_here():
    real = socket.getaddrinfo

    def resolve(host, *arguments, **options):
        return real("127.0.0.1" if host == "hooks.example.com" else host, *arguments, **options)

    return resolve
