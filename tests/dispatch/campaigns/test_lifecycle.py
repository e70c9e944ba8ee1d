"""Campaigns created, scheduled, paused, resumed and cancelled; a refusal leaves the rows as they were."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.accounts.accounts import BalanceView
from dispatch.accounts.credits import balance, top_up
from dispatch.accounts.keys import issue_key, revoke_key
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign, resume_campaign, schedule_campaign
from dispatch.campaigns.reading import list_campaigns, read_campaign
from dispatch.campaigns.view import AudienceView
from dispatch.campaigns.writing import create_campaign
from dispatch.errors import (
    CampaignNotFound,
    CustomerNotFound,
    DispatchError,
    EmptyCustomerIds,
    InvalidRequest,
    InvalidStatus,
    InvalidTemplate,
    NotFound,
)
from dispatch.start.enqueue import enqueue_campaign
from models.api_key import ApiKey
from models.database import rows
from models.page import Page
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_list, an_account, asking, customers

LATER = datetime.now(UTC) + timedelta(days=1)


def counted(table: str) -> int:
    return rows(f"SELECT count(*) AS n FROM {table}")[0]["n"]


def test_a_campaign_without_a_time_is_a_draft(db):
    campaign = a_campaign(an_account(), recipients=3)
    assert campaign.status == "draft"
    assert campaign.stats.total == 0
    assert campaign.audience.kind == "list"


def test_a_campaign_with_a_time_is_scheduled(db):
    campaign = a_campaign(an_account(), recipients=3, scheduled_at=LATER)
    assert campaign.status == "scheduled"
    assert campaign.scheduled_at == LATER


def test_chosen_customers_count_once(db):
    account = an_account()
    first, second = customers(account, 2)
    campaign = a_campaign(account, customer_ids=[first, second, first])
    assert campaign.audience == AudienceView(kind="customers", customers=2)


@pytest.mark.parametrize(
    ("given", "refusal", "says"),
    [
        ({"name": "  "}, InvalidRequest, "1 to 200"),
        ({"name": "x" * 10_000}, InvalidRequest, "1 to 200"),
        ({"name": "a\0b"}, InvalidRequest, "control character"),
        ({"channel": "fax"}, InvalidRequest, "sms, whatsapp"),
        ({"template": "Hi {first_nme}"}, InvalidTemplate, "first_nme"),
        ({"template": "{{ ''.__class__ }}"}, InvalidTemplate, "placeholder"),
        ({"scheduled_at": LATER.replace(tzinfo=None)}, InvalidRequest, "no time zone"),
        ({"scheduled_at": LATER - timedelta(days=2)}, InvalidRequest, "in the future"),
        ({"scheduled_at": datetime.max.replace(tzinfo=UTC)}, InvalidRequest, "years away"),
        ({"expires_at": LATER - timedelta(days=2)}, InvalidRequest, "in the future"),
        ({"scheduled_at": LATER, "expires_at": LATER}, InvalidRequest, "after scheduled_at"),
        ({"everyone": True, "list_id": 1}, InvalidRequest, "one audience"),
        ({"customer_ids": []}, EmptyCustomerIds, "empty"),
        ({"customer_ids": [2**70]}, CustomerNotFound, str(2**70)),
        ({"list_id": 2**70}, NotFound, "no such list"),
    ],
)
def test_an_invalid_campaign_is_refused_and_leaves_nothing(db, given, refusal, says):
    account = an_account()
    with pytest.raises(refusal, match=says):
        create_campaign(asking(account.id), CampaignDraft(**{"name": "Sale", "template": "Hi", **given}))
    assert counted("campaign") == 0


def test_another_accounts_customers_and_lists_do_not_exist(db):
    account, other = an_account(), an_account()
    mine, theirs = customers(account, 1), customers(other, 12)
    with pytest.raises(CustomerNotFound, match="and 2 more") as refused:
        create_campaign(asking(account.id), CampaignDraft(name="Sale", template="Hi", customer_ids=mine + theirs))
    assert refused.value.details["customer_ids"] == theirs[:10]
    with pytest.raises(NotFound):
        create_campaign(asking(account.id), CampaignDraft(name="Sale", template="Hi", list_id=a_list(other, 1)))
    assert counted("campaign") == counted("campaign_customer") == 0


@pytest.mark.parametrize("verb", [read_campaign, pause_campaign, resume_campaign, cancel_campaign])
def test_another_accounts_campaign_is_not_found_exactly_like_a_missing_one(db, verb):
    account, other = an_account(), an_account()
    campaign = a_campaign(other, recipients=1, scheduled_at=LATER)
    with pytest.raises(CampaignNotFound) as foreign:
        verb(asking(account.id), campaign.id)
    with pytest.raises(CampaignNotFound) as missing:
        verb(asking(account.id), 999_999)
    assert foreign.value.message == missing.value.message
    assert read_campaign(asking(), campaign.id) == campaign


def test_a_schedule_can_be_moved_but_not_into_the_past(db):
    campaign = a_campaign(an_account(), recipients=1)
    assert schedule_campaign(asking(), campaign.id, LATER).status == "scheduled"
    moved = schedule_campaign(asking(), campaign.id, LATER + timedelta(hours=1))
    with pytest.raises(InvalidRequest, match="in the future"):
        schedule_campaign(asking(), campaign.id, LATER - timedelta(days=2))
    assert read_campaign(asking(), campaign.id) == moved


def test_a_schedule_after_the_campaigns_expiry_is_refused(db):
    campaign = a_campaign(an_account(), recipients=1, expires_at=LATER)
    with pytest.raises(InvalidRequest, match="before the campaign's expires_at"):
        schedule_campaign(asking(), campaign.id, LATER + timedelta(seconds=1))
    assert read_campaign(asking(), campaign.id).status == "draft"


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("draft", [pause_campaign, resume_campaign]),
        ("scheduled", [resume_campaign]),
        ("paused", [pause_campaign]),
        ("cancelled", [pause_campaign, resume_campaign, cancel_campaign]),
    ],
)
def test_a_wrong_state_is_named_and_nothing_changes(db, status, refused):
    campaign = a_campaign(an_account(), recipients=1, scheduled_at=None if status == "draft" else LATER)
    if status == "paused":
        pause_campaign(asking(), campaign.id)
    if status == "cancelled":
        cancel_campaign(asking(), campaign.id)
    before = read_campaign(asking(), campaign.id)
    for verb in refused:
        with pytest.raises(InvalidStatus, match=f"is {status} cannot"):
            verb(asking(), campaign.id)
    assert read_campaign(asking(), campaign.id) == before


def test_a_sending_campaign_paused_and_resumed_has_its_jobs_again(db, redis):
    account = an_account()
    campaign = a_campaign(account, recipients=5)
    enqueue_campaign(asking(account.id, request_id="t"), campaign.id)
    assert pause_campaign(asking(), campaign.id).status == "paused"
    redis.flushdb()
    assert resume_campaign(asking(), campaign.id).status == "sending"
    assert redis.llen("rq:queue:send") == 1


def test_a_preparation_paused_and_resumed_continues_with_a_new_token(db, redis, configure):
    configure(ENQUEUE_INLINE_LIMIT=0)
    campaign = a_campaign(an_account(), recipients=5)
    enqueue_campaign(asking(ALL_ACCOUNTS, request_id="t"), campaign.id)
    (old,) = rows("SELECT prep_token FROM campaign")
    pause_campaign(asking(), campaign.id)
    assert resume_campaign(asking(), campaign.id).status == "preparing"
    (new,) = rows("SELECT prep_token FROM campaign")
    assert new["prep_token"] not in (None, old["prep_token"])
    assert redis.llen("rq:queue:prepare") == 2


def test_a_page_is_newest_first_and_of_one_account_only(db):
    account, other = an_account(), an_account()
    made = [a_campaign(account, recipients=1).id for _ in range(3)]
    a_campaign(other, recipients=1)
    page = list_campaigns(asking(account.id), page=1, page_size=2)
    assert [campaign.id for campaign in page.rows] == [made[2], made[1]]
    assert page.total == 3
    assert list_campaigns(asking()).total == 4
    assert list_campaigns(asking(account.id), status="cancelled") == Page([], 0)
    with pytest.raises(InvalidRequest):
        list_campaigns(asking(account.id), status="gone")


def test_a_top_up_unblocks_the_campaigns_that_waited_for_it(db):
    account = an_account(credits=0)
    campaign = a_campaign(account, recipients=1, due=True)
    rows("UPDATE campaign SET blocked_reason = 'INSUFFICIENT_CREDITS', next_check_at = now() + interval '1 hour'")
    assert top_up(asking(account.id), 5) == BalanceView(available=5, held=0) == balance(asking(account.id))
    assert read_campaign(asking(), campaign.id).next_check_at is None


@pytest.mark.parametrize("amount", [0, -1, 10**13])
def test_an_invalid_top_up_is_refused(db, amount):
    account = an_account(credits=0)
    with pytest.raises(InvalidRequest):
        top_up(asking(account.id), amount)
    assert balance(asking(account.id)) == BalanceView(available=0, held=0)


def test_every_change_is_in_the_audit_trail_and_a_refused_one_is_not(db):
    account = an_account(credits=0)
    key = issue_key(asking(account.id, actor="op", request_id="r1"))
    revoke_key(asking(ALL_ACCOUNTS, actor="op", request_id="r2"), key.id)
    campaign = a_campaign(account, recipients=1, scheduled_at=LATER)
    pause_campaign(asking(ALL_ACCOUNTS, actor="me", request_id="r3"), campaign.id)
    with pytest.raises(DispatchError):
        pause_campaign(asking(ALL_ACCOUNTS, actor="me", request_id="r4"), campaign.id)
    trail = rows("SELECT action, actor, request_id FROM audit_event WHERE account_id = %s ORDER BY id", [account.id])
    assert [event["action"] for event in trail] == [
        "account.created", "key.created", "key.revoked", "campaign.created", "campaign.paused",
    ]  # fmt: skip
    assert trail[-1] == {"action": "campaign.paused", "actor": "me", "request_id": "r3"}


def test_a_revoked_key_opens_nothing(db):
    key = issue_key(asking(an_account().id))
    assert ApiKey.holder(key.key)
    revoke_key(asking(), key.id)
    assert ApiKey.holder(key.key) is None
    with pytest.raises(NotFound):
        revoke_key(asking(), key.id)
