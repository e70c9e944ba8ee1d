"""Routes of providers with rates: each is called as often as its own sender may, whichever was asked before."""

import time

import pytest

from dispatch.channels import routes
from dispatch.channels.routes import set_route
from models.database import rows
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.dispatch.channels.serving import a_provider_at, serving
from tests.dispatch.providers.dialects import DIALECTS
from tests.dispatch.providers.misbehaving import answers
from tests.factories import an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import states

TWILIO, VONAGE = DIALECTS["twilio"], DIALECTS["vonage"]
BUSY = answers("429 Too Many Requests", b"{}", "Retry-After: 1")
THREE_SEGMENTS = "x" * 400

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


@pytest.fixture(autouse=True)
def _small(configure):
    configure(BATCH_SIZE=20, SEND_WINDOW=8, RETRY_BASE_SEC=0.01)


def who_has(campaign_id):
    """Returns how many of the accepted messages each provider has."""
    found = rows(
        "SELECT provider, count(*) AS n FROM message WHERE campaign_id = %s AND state = 'sent' GROUP BY 1",
        [campaign_id],
    )
    return {each["provider"]: each["n"] for each in found}


def buckets(redis):
    """Returns the part of the rate that each provider has, by the name of its kind."""
    found = {key.decode().split(":")[1]: redis.hget(key, "share") for key in redis.scan_iter("rate:*")}
    return {kind: float(share) for kind, share in found.items()}


def test_what_fails_over_is_spent_from_the_bucket_of_the_provider_that_is_called(account):
    """The first may send much and refuses us; the second may send one message now, and no more for a long time."""
    with serving(answers("401 Unauthorized", b"{}")) as one, serving(VONAGE.accepts) as two:
        a_provider_at(one.url, account, TWILIO, "first", rate=100_000)
        second = a_provider_at(two.url, account, VONAGE, "second", rate=0.02)
        a_route(account, "first", "second")
        campaign = started(account, recipients=20)
        deliver(ScriptedProvider(), campaign)
        assert two.requests == 1
        assert one.requests > 1
    assert who_has(campaign) == {f"vonage:{second.id}": 1}
    assert states(campaign) == {"sent": 1, "pending": 19}


def test_a_backup_is_not_called_because_the_first_has_reached_its_rate(account):
    with serving(TWILIO.accepts) as one, serving(VONAGE.accepts) as two:
        first = a_provider_at(one.url, account, TWILIO, "first", rate=0.02)
        a_provider_at(two.url, account, VONAGE, "second", rate=100_000)
        a_route(account, "first", "second")
        campaign = started(account, recipients=20)
        deliver(ScriptedProvider(), campaign)
        assert (one.requests, two.requests) == (1, 0)
    assert who_has(campaign) == {f"twilio:{first.id}": 1}


def test_a_429_lowers_the_rate_of_the_provider_that_answered_it_also_when_another_takes_the_message(account, redis):
    with serving(BUSY) as one, serving(VONAGE.accepts) as two:
        a_provider_at(one.url, account, TWILIO, "first", rate=5000)
        a_provider_at(two.url, account, VONAGE, "second", rate=5000)
        a_route(account, "first", "second")
        campaign = started(account, recipients=20)
        deliver(ScriptedProvider(), campaign)
    assert states(campaign) == {"sent": 20}
    found = buckets(redis)
    assert found["twilio"] < 1
    assert found["vonage"] == 1


def test_with_shares_all_of_the_providers_together_send_as_much_as_they_may(account):
    with serving(TWILIO.accepts) as one, serving(VONAGE.accepts) as two:
        a_provider_at(one.url, account, TWILIO, "first", rate=0.02)
        second = a_provider_at(two.url, account, VONAGE, "second", rate=100_000)
        set_route(asking(account.id), "sms", [routes.Stop("first", 50), routes.Stop("second", 50)])
        campaign = started(account, recipients=60)
        deliver(ScriptedProvider(), campaign)
        # The first may send one message; what it may not send goes to the second.
        assert one.requests <= 1
    assert states(campaign) == {"sent": 60}
    assert who_has(campaign)[f"vonage:{second.id}"] >= 59


@pytest.mark.parametrize("weights", [None, (1, 1)])
def test_a_route_whose_every_sender_has_reached_its_rate_waits_and_calls_no_one(account, weights):
    with serving(TWILIO.accepts) as one, serving(VONAGE.accepts) as two:
        a_provider_at(one.url, account, TWILIO, "first", rate=0.02)
        a_provider_at(two.url, account, VONAGE, "second", rate=0.02)
        if weights:
            set_route(asking(account.id), "sms", [routes.Stop("first", 1), routes.Stop("second", 1)])
        else:
            a_route(account, "first", "second")
        campaign = started(account, recipients=30)
        deliver(ScriptedProvider(), campaign)
        assert one.requests <= 1
        assert two.requests <= 1
        assert one.requests + two.requests <= (2 if weights else 1)


def test_messages_of_three_segments_are_spent_whole_when_they_fail_over(account):
    with serving(answers("401 Unauthorized", b"{}")) as one, serving(VONAGE.accepts) as two:
        a_provider_at(one.url, account, TWILIO, "first", rate=100_000)
        a_provider_at(two.url, account, VONAGE, "second", rate=30)
        a_route(account, "first", "second")
        campaign = started(account, recipients=10, template=THREE_SEGMENTS)
        began = time.monotonic()
        deliver(ScriptedProvider(), campaign)
        took = time.monotonic() - began
        # A new bucket has one segment: the other 29 come at 30 a second.
        assert took >= 29 / 30
        assert two.requests == 10
    assert states(campaign) == {"sent": 10}


def test_a_route_without_a_rate_asks_for_none(account, redis):
    a_provider(account, "first")
    a_provider(account, "second")
    a_route(account, "first", "second")
    campaign = started(account, recipients=20)
    deliver(ScriptedProvider(), campaign)
    assert states(campaign) == {"sent": 20}
    assert buckets(redis) == {}


def test_a_backup_without_a_rate_takes_all_that_the_first_refuses(account):
    with serving(answers("401 Unauthorized", b"{}")) as one, serving(VONAGE.accepts) as two:
        a_provider_at(one.url, account, TWILIO, "first", rate=100_000)
        second = a_provider_at(two.url, account, VONAGE, "second")
        a_route(account, "first", "second")
        campaign = started(account, recipients=20)
        deliver(ScriptedProvider(), campaign)
    assert who_has(campaign) == {f"vonage:{second.id}": 20}
