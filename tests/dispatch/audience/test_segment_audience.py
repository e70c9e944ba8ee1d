"""A segment as a campaign's audience: who it reaches, and that one start uses one filter."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from dispatch.audience import members
from dispatch.audience.filter import read_filter
from dispatch.audience.members import Audience
from dispatch.audience.segments import delete_segment, edit_segment
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import AudienceView
from dispatch.campaigns.writing import create_campaign, duplicate_campaign
from dispatch.errors import InsufficientCredits, InvalidRequest, InvalidStatus, NotFound
from dispatch.start import preparation
from dispatch.start.enqueue import enqueue_campaign
from dispatch.texts.stored import create_template
from models.campaigns.campaign import Campaign
from models.database import db as database
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, customers
from tests.sending import start_claim
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

NO_ONE = {"logic": "and", "conditions": [{"field": "first_name", "operator": "eq", "value": "nobody"}]}
EVERYONE = {"logic": "and", "conditions": [{"field": "first_name", "operator": "is_not_null"}]}


def start(campaign):
    return enqueue_campaign(asking(), campaign.id)


def messaged(campaign) -> list[int]:
    found = rows("SELECT customer_id FROM message WHERE campaign_id = %s ORDER BY n", [campaign.id])
    return [message["customer_id"] for message in found]


@pytest.fixture
def account():
    return an_account()


@pytest.fixture
def people(account):
    """Ten customers, First0 to First9; and another account's First1."""
    customers(an_account(), 2)
    return customers(account, 10)


def test_a_campaign_reaches_the_subscribed_customers_of_its_segment(account, people):
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [people[2]])
    campaign = a_campaign(account, segment_id=a_segment(account, "first_name", "in", ["First1", "First2", "First3"]))
    assert campaign.audience == AudienceView(kind="segment", segment_id=1)
    assert start(campaign).queued == 2
    assert messaged(campaign) == [people[1], people[3]]


def test_a_suppressed_customer_of_the_segment_is_skipped_with_the_reason(account, people):
    rows(
        "INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE id = %s", [people[1]]
    )
    campaign = a_campaign(account, segment_id=a_segment(account, "first_name", "in", ["First1", "First2"]))
    start(campaign)
    states = rows("SELECT state, reason FROM message ORDER BY n")
    assert [(each["state"], each["reason"]) for each in states] == [("skipped", "opted_out"), ("pending", None)]


def test_every_chunk_of_a_preparation_uses_the_filter_of_its_start(account, people, monkeypatch):
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 4)
    segment = a_segment(account, "first_name", "is_not_null")
    campaign = a_campaign(account, segment_id=segment)
    start_claim(campaign.id, batch_size=4, recipients=10)
    for _ in range(2):
        written = len(messaged(campaign))
        chunks = iter([False, True])
        preparation.prepare(Campaign.find(campaign.id, ALL_ACCOUNTS), until=lambda chunks=chunks: next(chunks))
        assert len(messaged(campaign)) == written + 4
        edit_segment(asking(), segment, filter=read_filter(NO_ONE))
    preparation.prepare(Campaign.find(campaign.id, ALL_ACCOUNTS))
    assert messaged(campaign) == people


def test_a_start_uses_the_filter_of_that_moment(account, people):
    segment = a_segment(account, "first_name", "eq", "nobody")
    campaign = a_campaign(account, segment_id=segment)
    edit_segment(asking(), segment, filter=read_filter(EVERYONE))
    assert start(campaign).queued == 10


def test_a_start_after_being_put_back_reads_the_segment_again(people, account):
    segment = a_segment(account, "first_name", "is_not_null")
    campaign = a_campaign(account, segment_id=segment, template="x" * 500)  # ten recipients, four credits each
    rows("UPDATE account SET credits_available = 20 WHERE id = %s", [account.id])
    with pytest.raises(InsufficientCredits):
        start(campaign)
    assert row("SELECT status, segment_filter FROM campaign") == {"status": "draft", "segment_filter": None}
    edit_segment(asking(), segment, filter=read_filter(NO_ONE))
    assert members.size_of(Audience.of(Campaign.find(campaign.id, ALL_ACCOUNTS))).total == 0


def test_a_segment_can_be_deleted_once_no_campaign_will_start_with_it(account, people):
    segment = a_segment(account, "first_name", "eq", "First1")
    draft, started, cancelled = (a_campaign(account, segment_id=segment) for _ in range(3))
    start(started)
    cancel_campaign(asking(), cancelled.id)
    with pytest.raises(InvalidStatus):
        delete_segment(asking(), segment)
    edit_campaign(asking(), draft.id, {"everyone": True})
    delete_segment(asking(), segment)
    assert rows("SELECT id FROM segment") == []
    assert read_campaign(asking(), started.id).audience == AudienceView(kind="segment", segment_id=None)


def test_a_copy_of_a_campaign_whose_segment_is_gone_keeps_its_filter(account, people):
    segment = a_segment(account, "first_name", "eq", "First1")
    campaign = a_campaign(account, segment_id=segment)
    start(campaign)
    delete_segment(asking(), segment)
    copy = duplicate_campaign(asking(), campaign.id)
    start(copy)
    assert messaged(copy) == [people[1]]


def test_a_copy_of_a_started_campaign_reads_its_segment_again(account, people):
    segment = a_segment(account, "first_name", "eq", "First1")
    campaign = a_campaign(account, segment_id=segment)
    start(campaign)
    edit_segment(asking(), segment, filter=read_filter(EVERYONE))
    copy = duplicate_campaign(asking(), campaign.id)
    start(copy)
    assert messaged(copy) == people


def test_a_campaign_has_one_audience_and_only_a_segment_of_its_account(account):
    theirs = a_segment(an_account(), "first_name", "is_null")
    with pytest.raises(InvalidRequest, match="one audience"):
        create_campaign(asking(account.id), CampaignDraft(name="x", template="Hi", segment_id=theirs, everyone=True))
    for unknown in (theirs, 987, 2**70):
        with pytest.raises(NotFound):
            create_campaign(asking(account.id), CampaignDraft(name="x", template="Hi", segment_id=unknown))
    assert rows("SELECT id FROM campaign") == []


_WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.mark.parametrize("deleted", ["segment", "template", "customer_list"])
def test_creating_a_campaign_for_an_audience_being_deleted_waits_and_is_refused(account, servers, deleted):
    given = {
        "segment": {"segment_id": a_segment(account, "first_name", "is_null")},
        "template": {"template_id": create_template(asking(account.id), name="hi", body="Hi").id},
        "customer_list": {"list_id": a_list(account, 1)},
    }[deleted]

    def write():
        with database.connection_context():
            return create_campaign(asking(account.id), CampaignDraft(name="x", **given))

    with psycopg.connect(servers.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute(f"DELETE FROM {deleted}")
        writing = pool.submit(write)
        wait_until(lambda: rows(_WAITING), "the campaign waits for the deletion")
        other.commit()
        with pytest.raises(NotFound):
            writing.result()
    assert rows("SELECT id FROM campaign") == []
