"""Campaigns end to end with receipts and replies from the simulator, in process and as a server, over real HTTP."""

import pytest

from dispatch.audit import audit
from dispatch.campaigns.reading import read_campaign
from dispatch.channels.providers import list_providers
from dispatch.errors import Forbidden, NotFound
from dispatch.providers import Callback
from dispatch.receipts.hooks import take_callback
from dispatch.receipts.replies import list_replies
from dispatch.recovery import recover
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.called_back import ends_with, public_web, sending
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.factories import a_campaign, a_list, an_account, asking
from tests.simulator import simulator_process
from tests.stored import money
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account(credits=1000)


@pytest.fixture
def web(configure):
    configure(SIMULATOR_PHONES="delay_ms=0")
    with public_web(configure) as running:
        yield running


def started(account):
    """From +15005550010: delivered, undelivered, no receipt, STOP, a reply, unknown but delivered, doubled."""
    campaign = a_campaign(account, list_id=a_list(account, 7, first_phone="+15005550010"))
    enqueue_campaign(asking(), campaign.id)
    return campaign.id


def replied(account, texts):
    wait_until(lambda: list_replies(asking(account.id)).total == texts, f"{texts} replies are stored")


def opted_out(account):
    found = rows("SELECT phone, source FROM suppression WHERE account_id = %s", [account.id])
    return [(each["phone"], each["source"]) for each in found]


def test_the_installations_own_simulator_reports_to_us_without_being_added(account, web):
    campaign_id = started(account)
    with sending(campaign_id):
        ends_with(campaign_id, delivered=5, undelivered=1, sent=1)
        replied(account, 2)
    assert opted_out(account) == [("+15005550013", "reply")]
    assert {reply.campaign_id for reply in list_replies(asking(account.id)).rows} == {campaign_id}
    stats = read_campaign(asking(), campaign_id).stats
    assert (stats.delivered, stats.undelivered, stats.sent, stats.unknown) == (5, 1, 1, 0)
    recover()
    assert money(campaign_id) == (7, 7, 0)
    assert audit(ALL_ACCOUNTS) == []
    # It is called by a row that no one sees or can put on a route.
    assert list_providers(asking()).total == 0


def test_an_accounts_own_simulator_has_phones_of_its_own(account, web):
    a_provider(account, "main", "simulated", phones="delivered=1,read=1,delay_ms=0")
    a_route(account, "main", channel="whatsapp")
    campaign = a_campaign(account, channel="whatsapp", recipients=3)
    enqueue_campaign(asking(), campaign.id)
    with sending(campaign.id):
        ends_with(campaign.id, read=3)


@pytest.mark.processes
def test_a_simulator_process_calls_the_address_that_each_message_names(account, web, configure, tmp_path):
    with simulator_process(tmp_path / "accepted.jsonl", "--phones", "delay_ms=0,delivered=1") as simulator:
        configure(SIMULATOR_URL=simulator.url)
        campaign_id = started(account)
        with sending(campaign_id):
            ends_with(campaign_id, delivered=5, undelivered=1, sent=1)
            replied(account, 2)
        assert opted_out(account) == [("+15005550013", "reply")]
        other = a_campaign(account, recipients=5)
        enqueue_campaign(asking(), other.id)
        with sending(other.id):
            ends_with(other.id, delivered=5)
        assert simulator.stop() == 0


def test_without_a_public_url_nothing_is_posted(account, configure):
    configure(SIMULATOR_PHONES="delivered=1,delay_ms=0")
    campaign_id = started(account)
    with sending(campaign_id):
        ends_with(campaign_id, sent=6, unknown=1)
    assert rows("SELECT FROM receipt") == []


@pytest.mark.parametrize("key", ["", "?key=", "?key=" + "0" * 32])
def test_who_does_not_know_the_key_cannot_speak_for_the_installations_simulator(account, web, key):
    body = b'{"id": "1", "reference": "1-0", "state": "delivered"}'
    with pytest.raises(Forbidden):
        take_callback("simulated", "0", Callback(f"{web.url}/hooks/simulated/0/status{key}", {}, body))
    assert rows("SELECT FROM receipt") == []
    assert rows("SELECT times FROM refused_callback") == [{"times": 1}]


@pytest.mark.parametrize(
    ("kind", "name"), [("twilio", "0"), ("simulated", "x"), ("simulated", ""), ("simulated", "-1")]
)
def test_no_other_address_is_the_installations_simulator(web, kind, name):
    take = Callback(f"{web.url}/hooks/{kind}/{name}/status", {}, b"{}")
    with pytest.raises(Forbidden):
        take_callback("simulated", "0", take)  # it has its row now
    with pytest.raises(NotFound):
        take_callback(kind, name, take)


def test_the_row_of_the_installations_simulator_cannot_be_used_as_a_provider(account, web):
    with pytest.raises(Forbidden):
        take_callback("simulated", "0", Callback(f"{web.url}/hooks/simulated/0/status", {}, b"{}"))
    with pytest.raises(NotFound):
        a_route(account, "the simulator of the installation")
