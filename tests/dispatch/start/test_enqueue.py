"""Starting a campaign: what it writes, what it refuses, and that it happens once."""

from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq.job import Job
from rq.serializers import JSONSerializer

from dispatch import queues
from dispatch.accounts.accounts import BalanceView
from dispatch.accounts.credits import balance
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.errors import (
    AlreadySending,
    CampaignNotFound,
    EnqueueFailed,
    InsufficientCredits,
    InvalidStatus,
    NoMessageText,
    NoRecipients,
    NoTargetAudience,
    QueueUnavailable,
    SubscriptionRequired,
)
from dispatch.start import ending, enqueue, preparation
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.started import EnqueueResult
from models.campaigns.preparation import held_by
from models.database import rows
from models.messages import batch
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_list, an_account, arrange_state, asking, customers
from tests.racing import race
from tests.stored import campaign_row, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


def start(campaign: dict, **options) -> EnqueueResult:
    return enqueue_campaign(asking(ALL_ACCOUNTS, request_id="c-1"), campaign.id, **options)


def test_a_start_writes_a_frozen_message_for_every_recipient_and_holds_its_price():
    account = an_account(credits=10)
    campaign = a_campaign(account, recipients=3, template="Hi {first_name} ✓")
    result = start(campaign)
    assert result == EnqueueResult(campaign.id, "sending", queued=3, enqueued_jobs=1, queue="send")
    rows("UPDATE customer SET first_name = 'changed'")
    messages = rows("SELECT n, state, body, encoding, segments FROM message ORDER BY n")
    assert [m["body"] for m in messages] == ["Hi First0 ✓", "Hi First1 ✓", "Hi First2 ✓"]
    assert {(m["state"], m["encoding"], m["segments"]) for m in messages} == {("pending", "ucs2", 1)}
    assert balance(asking(account.id)) == BalanceView(available=7, held=3)
    assert campaign_row(campaign.id)["correlation_id"] == "c-1"
    assert campaign_row(campaign.id)["scheduled_at"] is None


def test_every_batch_becomes_one_json_job_named_after_it(configure, redis):
    configure(BATCH_SIZE=4)
    campaign = a_campaign(an_account(), recipients=10)
    assert start(campaign).enqueued_jobs == 3
    parts = rows("SELECT number, first_n, size, pending FROM batch ORDER BY number")
    assert [tuple(part.values()) for part in parts] == [(0, 0, 4, 4), (1, 4, 4, 4), (2, 8, 2, 2)]
    jobs = [Job.fetch(job_id, connection=redis, serializer=JSONSerializer) for job_id in queues.queue("send").job_ids]
    assert [(job.id.rpartition("-")[0], job.func_name, list(job.args)) for job in jobs] == [
        (f"b-{campaign.id}-{number}-{campaign.account_id.hex}", queues.SEND_JOB, [campaign.id, number])
        for number in range(3)
    ]


def test_people_who_opted_out_get_a_skipped_message_that_costs_nothing():
    account = an_account()
    ids = customers(account, 4)
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [ids[0]])
    rows("INSERT INTO suppression SELECT account_id, phone FROM customer WHERE id = %s", [ids[1]])
    campaign = a_campaign(account, customer_ids=ids)
    assert start(campaign).queued == 2
    assert [m["state"] for m in rows("SELECT state FROM message ORDER BY n")] == ["skipped"] * 2 + ["pending"] * 2
    assert campaign_row(campaign.id)["held"] == 2
    counts = batch.stats([campaign.id])[campaign.id]
    assert (counts.total, counts.skipped, counts.pending) == (4, 2, 2)


def test_everyone_means_everyone_subscribed_of_this_account_only():
    account, other = an_account(), an_account()
    ids = customers(account, 3)
    customers(other, 5)
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [ids[0]])
    campaign = a_campaign(account, everyone=True)
    assert start(campaign).queued == 2
    assert {m["customer_id"] for m in rows("SELECT customer_id FROM message")} == set(ids[1:])


def test_a_long_text_costs_every_segment_and_whatsapp_only_one():
    account = an_account(credits=100)
    ids = customers(account, 2)
    start(a_campaign(account, customer_ids=ids, template="x" * 161))
    start(a_campaign(account, customer_ids=ids, template="x" * 161, channel="whatsapp"))
    assert [c["held"] for c in rows("SELECT held FROM campaign ORDER BY id")] == [4, 2]


def _paused(campaign: dict) -> None:
    arrange_state(campaign.id, "paused", paused_from="sending")


@pytest.mark.parametrize(
    ("refusal", "spoil"),
    [
        (NoMessageText, lambda c: rows("UPDATE campaign SET template = ' '")),
        (NoTargetAudience, lambda c: rows("UPDATE campaign SET audience_kind = NULL")),
        (NoRecipients, lambda c: rows("DELETE FROM list_member")),
        (NoRecipients, lambda c: rows("UPDATE customer SET consent = 'unsubscribed'")),
        (SubscriptionRequired, lambda c: rows("UPDATE account SET subscription_status = 'cancelled'")),
        (SubscriptionRequired, lambda c: rows("UPDATE account SET subscription_ends_at = now()")),
        (InsufficientCredits, lambda c: rows("UPDATE account SET credits_available = 2")),
        (InvalidStatus, _paused),
        (InvalidStatus, lambda c: cancel_campaign(asking(), c.id)),
        (AlreadySending, start),
    ],
)
def test_a_campaign_that_cannot_start_is_refused_and_changes_nothing(refusal, spoil):
    campaign = a_campaign(an_account(credits=20), recipients=3)
    spoil(campaign)
    before = stored_rows()
    with pytest.raises(refusal):
        start(campaign)
    assert stored_rows() == before


def test_another_accounts_campaign_does_not_exist():
    campaign = a_campaign(an_account(), recipients=1)
    with pytest.raises(CampaignNotFound):
        enqueue_campaign(asking(an_account().id, actor="x", request_id="c"), campaign.id)


def test_a_price_that_turns_out_too_high_puts_the_campaign_back():
    account = an_account(credits=5)
    later = datetime.now(UTC) + timedelta(days=2)
    campaign = a_campaign(account, recipients=3, template="x" * 200, scheduled_at=later)
    was, before = campaign_row(campaign.id), stored_rows(besides=["campaign"])
    with pytest.raises(InsufficientCredits) as refused:
        start(campaign)
    assert refused.value.details["needed"] == 6
    assert stored_rows(besides=["campaign"]) == before
    put_back = campaign_row(campaign.id)
    for column in ("status", "held", "recipients", "scheduled_at", "expires_at"):
        assert put_back[column] == was[column]
    assert put_back["blocked_reason"] == "INSUFFICIENT_CREDITS"


def test_a_failing_database_puts_the_campaign_back():
    campaign = a_campaign(an_account(), recipients=3)
    # A message row with the same key makes the real COPY fail.
    rows("INSERT INTO message (campaign_id, n, phone) VALUES (%s, 2, '+306999999999')", [campaign.id])
    with pytest.raises(EnqueueFailed):
        start(campaign)
    assert campaign_row(campaign.id)["status"] == "draft"
    assert rows("SELECT * FROM batch") == []
    assert start(campaign).queued == 3


def test_starting_a_scheduled_campaign_by_hand_starts_it_now():
    later = datetime.now(UTC) + timedelta(days=2)
    campaign = a_campaign(an_account(), recipients=1, scheduled_at=later)
    assert start(campaign).status == "sending"
    started = campaign_row(campaign.id)
    assert started["scheduled_at"] == started["started_at"]
    assert started["actor"] == "test"


def test_the_sweep_leaves_a_campaign_that_was_rescheduled_in_the_meantime():
    later = datetime.now(UTC) + timedelta(days=2)
    campaign = a_campaign(an_account(), recipients=1, scheduled_at=later)
    with pytest.raises(InvalidStatus, match="rescheduled"):
        start(campaign, only_if_due=True)
    assert campaign_row(campaign.id)["status"] == "scheduled"


def _unreachable(monkeypatch) -> None:
    nowhere = redis_py.Redis(port=1, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(queues, "connection", lambda: nowhere)


def test_without_redis_before_the_claim_nothing_changes(monkeypatch):
    campaign = a_campaign(an_account(), recipients=1)
    before = stored_rows()
    _unreachable(monkeypatch)
    with pytest.raises(QueueUnavailable):
        start(campaign)
    assert stored_rows() == before


def test_redis_lost_after_the_commit_loses_nothing(monkeypatch):
    campaign = a_campaign(an_account(), recipients=3)
    finish = ending.finish

    def finish_then_lose_redis(*args):
        begun = finish(*args)
        _unreachable(monkeypatch)
        return begun

    monkeypatch.setattr(enqueue.ending, "finish", finish_then_lose_redis)
    result = start(campaign)
    assert (result.status, result.queued, result.enqueued_jobs) == ("sending", 3, 0)
    assert [part["pushed_at"] for part in rows("SELECT pushed_at FROM batch")] == [None]


def test_a_large_audience_is_prepared_by_jobs_and_the_call_answers_at_once(configure):
    configure(ENQUEUE_INLINE_LIMIT=5)
    account = an_account()
    campaign = a_campaign(account, recipients=6)
    assert start(campaign) == EnqueueResult(campaign.id, "preparing", queued=6, enqueued_jobs=0, queue="send")
    assert rows("SELECT 1 FROM message") == []
    token = campaign_row(campaign.id)["prep_token"]
    preparation.continue_preparation(campaign.id, token)
    assert campaign_row(campaign.id)["status"] == "sending"
    assert len(rows("SELECT 1 FROM message")) == 6


def test_a_preparation_continues_at_its_cursor_and_writes_no_one_twice(configure, monkeypatch):
    configure(ENQUEUE_INLINE_LIMIT=0)
    configure(BATCH_SIZE=4)
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 4)
    campaign = a_campaign(an_account(), recipients=10)
    start(campaign)
    prepared = held_by(campaign.id, campaign_row(campaign.id)["prep_token"])
    assert prepared is not None
    turns = iter([False, False, True])
    assert preparation.prepare(prepared, until=lambda: next(turns)) is False
    assert campaign_row(campaign.id)["recipients"] == 8
    # A second job with an outdated cursor stops at its first chunk.
    with pytest.raises(preparation.PreparationLost):
        preparation.prepare(prepared)
    preparation.continue_preparation(campaign.id, prepared.prep_token)
    assert len(rows("SELECT DISTINCT phone FROM message")) == 10
    assert len(rows("SELECT 1 FROM batch")) == 3


def test_a_job_with_an_old_token_does_nothing(configure):
    configure(ENQUEUE_INLINE_LIMIT=0)
    campaign = a_campaign(an_account(), recipients=2)
    start(campaign)
    old = campaign_row(campaign.id)["prep_token"]
    rows("UPDATE campaign SET prep_token = gen_random_uuid()")
    preparation.continue_preparation(campaign.id, old)
    assert rows("SELECT 1 FROM message") == []


def test_twenty_callers_who_start_one_campaign_get_one_start_and_one_hold():
    campaign = a_campaign(an_account(credits=1000), recipients=20)
    results = race(*[lambda: start(campaign).status] * 20)
    assert sorted(results) == ["ALREADY_SENDING"] * 19 + ["sending"]
    assert len(rows("SELECT 1 FROM credit_entry WHERE kind = 'hold'")) == 1
    assert len(rows("SELECT 1 FROM message")) == 20


def test_of_twenty_campaigns_racing_for_the_credits_of_seven_exactly_seven_start():
    account = an_account(credits=7 * 3 + 2)
    list_id = a_list(account, 3)
    campaigns = [a_campaign(account, list_id=list_id) for _ in range(20)]
    results = race(*[lambda campaign=campaign: start(campaign).status for campaign in campaigns])
    assert sorted(results) == ["INSUFFICIENT_CREDITS"] * 13 + ["sending"] * 7
    assert balance(asking(account.id)) == BalanceView(available=2, held=21)
    states = rows("SELECT status, count(*) AS campaigns FROM campaign GROUP BY status ORDER BY status")
    assert [(s["status"], s["campaigns"]) for s in states] == [("draft", 13), ("sending", 7)]
    assert len(rows("SELECT 1 FROM message")) == 21
