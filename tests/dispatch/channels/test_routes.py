"""Routes: which provider has a campaign's messages, and what cannot be put on one."""

from functools import partial

import pytest

from dispatch.channels.providers import remove_provider
from dispatch.channels.routes import Stop, read_routes, set_route
from dispatch.errors import InvalidRequest, NotFound
from models.database import row, rows
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.dispatch.providers.dialects import TWILIO
from tests.factories import an_account, asking
from tests.racing import race
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import campaign_row


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


def who_has(campaign_id):
    found = rows("SELECT provider, count(*) AS n FROM message WHERE campaign_id = %s GROUP BY 1", [campaign_id])
    return {each["provider"]: each["n"] for each in found}


def test_without_a_route_messages_go_through_the_installations_provider(account):
    a_provider(account)
    campaign = started(account, recipients=3)
    deliver(provider := ScriptedProvider(), campaign)
    assert len(provider.calls) == 3
    assert who_has(campaign) == {"scripted": 3}


def test_a_campaign_goes_through_the_route_of_its_account_and_channel(account):
    mine = a_provider(account)
    a_route(account, "main")
    campaigns = [started(account, recipients=3), started(account, recipients=2, channel="whatsapp")]
    others = started(an_account(credits=100), recipients=2)
    provider = ScriptedProvider()
    for campaign in (*campaigns, others):
        deliver(provider, campaign)
    assert [who_has(campaign) for campaign in campaigns] == [{f"simulated:{mine.id}": 3}, {"scripted": 2}]
    assert who_has(others) == {"scripted": 2}


def test_a_route_that_is_cleared_leads_to_the_installations_provider_again(account):
    a_provider(account)
    a_route(account, "main")
    a_route(account)
    campaign = started(account, recipients=1)
    deliver(ScriptedProvider(), campaign)
    assert who_has(campaign) == {"scripted": 1}
    assert all(route.providers == [] for route in read_routes(asking(account.id)).routes)


def test_an_operators_provider_may_be_on_any_route_and_another_accounts_on_none(account):
    everyones = a_provider(None, "shared")
    a_provider(an_account(), "theirs")
    assert [stop.provider_id for stop in a_route(account, "shared").providers] == [everyones.id]
    with pytest.raises(NotFound):
        a_route(account, "theirs")
    theirs = row("SELECT id FROM provider WHERE name = 'theirs'")["id"]
    with pytest.raises(NotFound):
        set_route(asking(account.id), "sms", [Stop(theirs)])
    assert [stop.name for stop in read_routes(asking(account.id)).routes[0].providers] == ["shared"]


@pytest.mark.parametrize(
    ("stops", "says"),
    [
        ([Stop("a"), Stop("A")], "named twice"),
        ([Stop("a", 1), Stop("b")], "each provider a weight, or none"),
        ([Stop("a", 0)], "whole number from 1 to 1000"),
        ([Stop("a", 1001)], "whole number from 1 to 1000"),
        ([Stop("a")] * 11, "at most 10"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused_and_the_old_one_stays(account, stops, says):
    a_provider(account, "a")
    a_provider(account, "b")
    a_route(account, "b")
    with pytest.raises(InvalidRequest, match=says):
        set_route(asking(account.id), "sms", stops)
    with pytest.raises(InvalidRequest, match="channel"):
        set_route(asking(account.id), "fax", [Stop("a")])
    assert [stop.name for stop in read_routes(asking(account.id)).routes[0].providers] == ["b"]


def test_a_name_as_twilios_sender_is_taken_for_sms_and_refused_for_whatsapp(account):
    a_provider(account, "named", "twilio", **TWILIO | {"from": "Acme"})
    a_provider(account, "numbered", "twilio", **TWILIO)
    assert [stop.name for stop in a_route(account, "named").providers] == ["named"]
    with pytest.raises(InvalidRequest, match="sends from Acme, and on WhatsApp only from a number"):
        a_route(account, "numbered", "named", channel="whatsapp")
    assert [stop.name for stop in a_route(account, "numbered", channel="whatsapp").providers] == ["numbered"]


def test_order_and_weights_are_kept(account):
    a_provider(account, "a")
    a_provider(account, "b")
    shown = set_route(asking(account.id), "sms", [Stop("b", 70), Stop("a", 30)])
    assert [(stop.name, stop.weight) for stop in shown.providers] == [("b", 70), ("a", 30)]
    assert read_routes(asking(account.id)).routes[0] == shown
    [event] = rows("SELECT details FROM audit_event WHERE action = 'route.set'")
    assert event["details"] == {"providers": ["b", "a"]}


def test_a_provider_removed_at_the_same_moment_is_never_on_a_route(account):
    for number in range(20):
        made = a_provider(account, f"p{number}")
        caller = asking(account.id)
        answers = race(
            partial(remove_provider, caller, made.id),
            partial(set_route, caller, "sms", [Stop(made.id)]),
        )
        assert sum(answer in ("INVALID_STATUS", "RESOURCE_NOT_FOUND") for answer in answers) == 1, answers
        on_route = rows("SELECT FROM route r JOIN provider p ON p.id = r.provider_id WHERE p.removed_at IS NOT NULL")
        assert on_route == []
        set_route(caller, "sms", [])


def test_a_provider_whose_credentials_cannot_be_opened_sends_nothing_and_pauses_the_campaign(account, configure):
    given = {"token_url": "https://id.example.com/token", "client_id": "house", "client_secret": "s3cret"}
    configure(PROVIDER_KEY="old" * 11)
    a_provider(account, kind="messaging_service", base_url="http://127.0.0.1:9", **given)
    a_route(account, "main")
    configure(PROVIDER_KEY="new" * 11)
    campaign = started(account, recipients=3)
    deliver(provider := ScriptedProvider(), campaign)
    assert provider.calls == []
    assert campaign_row(campaign)["status"] == "paused"
    assert "provider_not_configured" in campaign_row(campaign)["reason"]
    states = rows("SELECT state, attempts FROM message WHERE campaign_id = %s", [campaign])
    assert {(each["state"], each["attempts"]) for each in states} == {("pending", 0)}


def test_messages_of_a_row_reach_the_service_that_an_operator_named(account, remote):
    environment = remote.environment()
    made = a_provider(
        account,
        kind="messaging_service",
        base_url=environment["MESSAGING_SERVICE_URL"],
        token_url=environment["KEYCLOAK_TOKEN_URL"],
        client_id=environment["KEYCLOAK_CLIENT_ID"],
        client_secret=environment["KEYCLOAK_CLIENT_SECRET"],
        sender="Acme",
    )
    a_route(account, "main")
    campaign = started(account, recipients=3)
    deliver(ScriptedProvider(), campaign)
    assert {taken["from"] for taken in remote.messaging.taken} == {"Acme"}
    assert who_has(campaign) == {f"messaging_service:{made.id}": 3}
