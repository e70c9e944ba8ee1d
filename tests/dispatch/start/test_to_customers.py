"""`send`: adds customers, counted at once, even if the campaign is started at the same time."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.audit import audit
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign, resume_campaign, unschedule_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import AudienceView
from dispatch.errors import (
    AlreadySending,
    CampaignNotFound,
    CustomerNotFound,
    EmptyCustomerIds,
    InsufficientCredits,
    InvalidStatus,
    NoMessageText,
    QueueUnavailable,
)
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.to_customers import SentView, send_campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_list, a_segment, an_account, arrange_state, asking, combined, customers
from tests.racing import race
from tests.stored import phones_of, recipients_of, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def account(db):
    account = an_account()
    customers(account, 5)
    return account


def counts(campaign_id: int) -> dict[str, int]:
    return {state: n for state, n in asdict(read_campaign(asking(), campaign_id).stats).items() if n}


def start(campaign: dict) -> str:
    return enqueue_campaign(asking(ALL_ACCOUNTS, request_id="t"), campaign.id).status


def test_a_draft_without_an_audience_starts_at_once_for_exactly_these_customers(account):
    campaign = a_campaign(account)
    assert send_campaign(asking(), campaign.id, [1, 3, 3]) == SentView(
        campaign_id=campaign.id, messages_queued=2, status="sending"
    )
    phones = phones_of(account)
    assert recipients_of(campaign.id) == [phones[0], phones[2]]
    assert counts(campaign.id) == {"total": 2, "pending": 2}
    assert audit(ALL_ACCOUNTS) == []


def test_a_scheduled_campaign_only_queues_them_and_counts_them_at_once(account):
    campaign = a_campaign(account, scheduled_at=LATER)
    assert send_campaign(asking(), campaign.id, [1, 2, 3]) == SentView(
        campaign_id=campaign.id, messages_queued=3, status="scheduled"
    )
    shown = read_campaign(asking(), campaign.id)
    assert shown.audience == AudienceView(kind="customers", customers=3)
    assert counts(campaign.id) == {"total": 3, "pending": 3}
    assert rows("SELECT 1 FROM message") == []
    assert start(campaign) == "sending"
    assert recipients_of(campaign.id) == phones_of(account)[:3]
    assert counts(campaign.id) == {"total": 3, "pending": 3}


def test_a_second_send_before_the_start_adds_new_ones_and_counts_only_those(account):
    campaign = a_campaign(account, customer_ids=[5], scheduled_at=LATER)
    assert counts(campaign.id) == {}
    added = [send_campaign(asking(), campaign.id, ids) for ids in ([1, 2], [2, 3], [2, 3])]
    assert [(sent.messages_queued, sent.customers) for sent in added] == [(2, 3), (1, 4), (0, 4)]
    assert counts(campaign.id) == {"total": 4, "pending": 4}
    noted = rows("SELECT details FROM audit_event WHERE action = 'campaign.queued' ORDER BY id")
    assert [event["details"] for event in noted] == [
        {"customers": 2, "of": 3},
        {"customers": 1, "of": 4},
        {"customers": 0, "of": 4},
    ]


def test_a_draft_that_has_chosen_customers_goes_to_them_too(account):
    campaign = a_campaign(account, customer_ids=[5])
    assert send_campaign(asking(), campaign.id, [1]).messages_queued == 2
    assert recipients_of(campaign.id) == [phones_of(account)[0], phones_of(account)[4]]


@pytest.mark.parametrize("scheduled_at", [None, LATER])
@pytest.mark.parametrize(
    ("audience", "says"),
    [
        (lambda account: {"everyone": True}, "is everyone"),
        (lambda account: {"list_id": a_list(account, 2)}, r"is list \d+,"),
        (lambda account: {"segment_id": a_segment(account, "location", "eq", "Athens")}, r"is segment \d+,"),
        (lambda account: {"combined": combined(lists=[a_list(account, 2)])}, "several lists and segments"),
        (lambda account: {"remote": []}, "users of another service"),
    ],
)
def test_a_campaign_with_another_audience_is_refused_and_keeps_it(account, audience, says, scheduled_at):
    campaign = a_campaign(account, scheduled_at=scheduled_at, **audience(account))
    before = stored_rows()
    with pytest.raises(InvalidStatus, match=says) as refused:
        send_campaign(asking(), campaign.id, [1])
    assert refused.value.details == {"status": campaign.status, "audience": campaign.audience.kind}
    assert stored_rows() == before


def test_queued_customers_stay_queued_when_the_campaign_is_unscheduled_or_paused(account):
    campaign = a_campaign(account, scheduled_at=LATER)
    send_campaign(asking(), campaign.id, [1, 2])
    pause_campaign(asking(), campaign.id)
    assert counts(campaign.id) == {"total": 2, "pending": 2}
    resume_campaign(asking(), campaign.id)
    unschedule_campaign(asking(), campaign.id)
    assert counts(campaign.id) == {"total": 2, "pending": 2}
    assert send_campaign(asking(), campaign.id, [3]) == SentView(
        campaign_id=campaign.id, messages_queued=3, status="sending"
    )


def test_choosing_another_audience_drops_the_queued_customers(account):
    campaign = a_campaign(account, scheduled_at=LATER)
    send_campaign(asking(), campaign.id, [1, 2])
    edit_campaign(asking(), campaign.id, {"everyone": True})
    assert counts(campaign.id) == {}
    edit_campaign(asking(), campaign.id, {"customer_ids": [4]})
    assert send_campaign(asking(), campaign.id, [4]).messages_queued == 0
    assert read_campaign(asking(), campaign.id).audience == AudienceView(kind="customers", customers=1)


def test_a_large_send_counts_as_pending_while_its_rows_are_being_written(account, configure):
    configure(ENQUEUE_INLINE_LIMIT=1)
    campaign = a_campaign(account)
    assert send_campaign(asking(), campaign.id, [1, 2, 3]) == SentView(
        campaign_id=campaign.id, messages_queued=3, status="preparing"
    )
    assert counts(campaign.id) == {"total": 3, "pending": 3}


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"customer_ids": []}, EmptyCustomerIds),
        ({"customer_ids": [1, 999]}, CustomerNotFound),
        ({"customer_ids": [2**70]}, CustomerNotFound),
        ({"template": " "}, NoMessageText),
        ({"credits": 1}, InsufficientCredits),
        ({"status": "completed"}, AlreadySending),
        ({"status": "cancelled"}, InvalidStatus),
        ({"status": "sending"}, AlreadySending),
    ],
)
def test_an_invalid_send_changes_nothing(account, given, refusal):
    campaign = a_campaign(account, customer_ids=[4], template=given.get("template", "Hi"))
    arrange_state(campaign.id, given.get("status", "draft"))
    if "credits" in given:
        rows("UPDATE account SET credits_available = 1")
    before = stored_rows()
    with pytest.raises(refusal):
        send_campaign(asking(), campaign.id, given.get("customer_ids", [1, 2]))
    assert stored_rows() == before


def test_another_accounts_customers_and_campaigns_do_not_exist(account):
    other = an_account()
    theirs = customers(other, 1)
    campaign = a_campaign(account)
    before = stored_rows()
    with pytest.raises(CustomerNotFound):
        send_campaign(asking(account.id), campaign.id, [1, *theirs])
    with pytest.raises(CampaignNotFound):
        send_campaign(asking(other.id), campaign.id, theirs)
    assert stored_rows() == before


def test_without_redis_a_draft_stays_as_it_is_and_a_scheduled_campaign_is_queued(account, monkeypatch):
    draft, scheduled = a_campaign(account), a_campaign(account, scheduled_at=LATER)
    monkeypatch.setattr("dispatch.queues.problem_with", lambda _: "Redis does not answer.")
    before = stored_rows()
    with pytest.raises(QueueUnavailable):
        send_campaign(asking(), draft.id, [1])
    assert stored_rows() == before
    assert send_campaign(asking(), scheduled.id, [1]).status == "scheduled"


@pytest.mark.parametrize("turn", range(5))
def test_a_simultaneous_send_and_start_lose_no_one(account, turn):
    campaign = a_campaign(account, customer_ids=[5], scheduled_at=LATER)
    send_campaign(asking(), campaign.id, [1])
    sent, started = race(lambda: send_campaign(asking(), campaign.id, [2, 3]), lambda: start(campaign))
    assert started == "sending"
    expected = [0, 4] if sent == "ALREADY_SENDING" else [0, 1, 2, 4]
    assert recipients_of(campaign.id) == [phones_of(account)[n] for n in expected]
    assert len(rows("SELECT 1 FROM credit_entry WHERE kind = 'hold'")) == 1
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize("turn", range(5))
def test_two_simultaneous_first_sends_keep_each_others_customers(account, turn):
    campaign = a_campaign(account, scheduled_at=LATER)
    sends = race(
        lambda: send_campaign(asking(), campaign.id, [1, 2]), lambda: send_campaign(asking(), campaign.id, [2, 3])
    )
    assert sorted(sent.messages_queued for sent in sends) == [1, 2]
    assert counts(campaign.id) == {"total": 3, "pending": 3}


def test_a_draft_sent_twice_simultaneously_starts_once(account):
    campaign = a_campaign(account)
    answers = race(
        lambda: send_campaign(asking(), campaign.id, [1]).status,
        lambda: send_campaign(asking(), campaign.id, [2]).status,
    )
    assert sorted(answers) == ["ALREADY_SENDING", "sending"]
    assert len(recipients_of(campaign.id)) == 1


def test_a_cancelled_campaign_shows_nothing_as_pending(account):
    campaign = a_campaign(account, scheduled_at=LATER)
    send_campaign(asking(), campaign.id, [1, 2])
    cancel_campaign(asking(), campaign.id)
    assert counts(campaign.id) == {}
