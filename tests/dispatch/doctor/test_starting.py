"""Why a campaign has not begun to send, each time brought about by what really refuses or delays it."""

from datetime import UTC, datetime, timedelta

import pytest

from config.settings import settings
from dispatch import queues
from dispatch.accounts.accounts import change_account, change_subscription
from dispatch.accounts.quotas import change_quotas
from dispatch.caller import system_caller
from dispatch.customers.open_imports import LocalFile, seen_by_all
from dispatch.doctor.codes import OF_CAMPAIGNS
from dispatch.errors import DispatchError
from dispatch.process.lock import campaign_lock
from dispatch.recovery import recover
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed
from dispatch.start.preparation import continue_preparation
from dispatch.start.sweep import sweep_due
from models.campaigns import preparation
from models.customers.suppression import Suppression
from models.database import rows
from models.heartbeat import Heartbeat
from tests.dispatch.doctor.looking import redis_away
from tests.factories import a_campaign, a_list, an_account, asking
from tests.remote import ATHENS, a_business
from tests.sending import start_and_deliver, start_claim
from tests.stored import campaign_row, phones_of


def swept(account, **options):
    """Returns a due campaign of the account that a sweep has tried to start."""
    campaign = a_campaign(account, due=True, **{"recipients": 3, **options})
    sweep_due(system_caller())
    return campaign.id


def test_a_campaign_whose_time_has_not_come_says_when_it_starts_on_its_own_clock(ask, said):
    account = an_account(credits=10)
    change_account(asking(account.id), {"zone": "Europe/Athens"})
    campaign = a_campaign(account, recipients=1, scheduled_at=datetime(2090, 1, 31, 7, tzinfo=UTC))
    assert said(campaign.id) == {"not_yet": "It starts at 2090-01-31 09:00 (Europe/Athens)."}
    assert ask(campaign.id).ends_at is None


def test_a_due_campaign_waits_for_the_next_sweep(said):
    assert "a sweep starts it" in said(a_campaign(an_account(), recipients=1, due=True).id)["due"]


def test_too_few_credits_say_what_to_do_and_when_it_is_tried_again(said):
    campaign_id = swept(an_account(credits=1))
    assert "Top up" in said(campaign_id)["credits"]
    assert "It is tried again by itself at" in said(campaign_id)["credits"]


def test_an_account_without_a_subscription_is_told_so(said):
    account = an_account(credits=10)
    change_subscription(asking(account.id), plan="standard", status="past_due", ends_at=None)
    assert "Renew" in said(swept(account))["subscription"]


def test_a_campaign_that_needs_an_approval_says_so(said):
    assert "second person" in said(swept(an_account(credits=10, approval_above=1)))["approval"]


def test_a_campaign_whose_list_is_still_importing_says_so_and_needs_nobody(said):
    account = an_account(credits=10)
    list_id = a_list(account, 3, name="spring")
    with seen_by_all(asking(account.id), LocalFile("spring.csv", 100, None), list_name="spring"):
        campaign_id = swept(account, list_id=list_id, recipients=None)
        assert "import" in said(campaign_id)["importing"]
        Heartbeat.end("worker-prepare")
        assert "queue prepare" in said(campaign_id)["no_worker"], "the import waits for it"
    assert not OF_CAMPAIGNS["importing"].needs_person


def test_a_daily_limit_says_who_can_raise_it(said):
    account = an_account(credits=10)
    change_quotas(asking(account.id), {"messages_per_day": 2})
    assert "operator" in said(swept(account))["quota"]


def test_a_campaign_that_missed_its_time_asks_for_a_decision(said):
    campaign = a_campaign(an_account(credits=10), recipients=1, due=True)
    rows("UPDATE campaign SET scheduled_at = now() - interval '1 day' WHERE id = %s", [campaign.id])
    sweep_due(system_caller())
    assert said(campaign.id)["too_late"].endswith("give it another time or a longer grace, or cancel it.")


def test_an_audience_in_which_nobody_can_be_messaged_says_so(said):
    account = an_account(credits=10)
    list_id = a_list(account, 1)
    for phone in phones_of(account):
        Suppression.add(account.id, phone, reason="opted_out", source="test")
    assert "Nobody" in said(swept(account, list_id=list_id, recipients=None))["incomplete"]


def test_an_audience_that_a_remote_service_knows_says_that_the_service_is_not_set_up(said):
    campaign_id = swept(a_business(), recipients=None, remote=ATHENS)
    assert "not set up" in said(campaign_id)["remote"]


def test_a_start_that_another_process_holds_says_so(said):
    campaign = a_campaign(an_account(credits=10), recipients=1, due=True)
    lock = campaign_lock(queues.connection(), campaign.id, seconds=settings().enqueue_lock_ttl_sec)
    assert lock.acquire()
    assert "another process" in said(campaign.id)["starting"]
    lock.release()
    assert "due" in said(campaign.id)


def test_a_start_that_was_left_to_a_job_waits_for_a_worker_or_says_that_there_is_none(said):
    account = an_account(credits=10)
    campaign = a_campaign(account, recipients=1, due=True)
    queues.push_process(campaign.id, account.id)
    assert said(campaign.id).keys() == {"queue"}
    Heartbeat.end("worker-prepare")
    assert "queue prepare" in said(campaign.id)["no_worker"]


@pytest.mark.parametrize(
    ("gone", "codes"), [(["worker-house"], {"no_worker"}), (["sweeper"], {"no_sweeper"}), ([], {"due"})]
)
def test_a_due_campaign_that_nobody_will_start_names_who_is_missing(said, gone, codes):
    for name in gone:
        Heartbeat.end(name)
    assert said(a_campaign(an_account(), recipients=1, due=True).id).keys() == codes


def test_a_due_campaign_says_that_redis_is_away(said, configure):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    with redis_away(configure):
        assert "Redis does not answer" in said(campaign.id)["redis_away"]


def test_a_draft_whose_preparation_was_refused_after_the_start_says_why(said, configure):
    configure(ENQUEUE_INLINE_LIMIT=0)
    account = an_account(credits=3)
    campaign = a_campaign(account, recipients=3, template="x" * 200)
    enqueue_campaign(asking(), campaign.id)
    continue_preparation(campaign.id, campaign_row(campaign.id)["prep_token"])
    assert said(campaign.id)["credits"].endswith("Then start it again.")


def test_a_draft_that_nobody_has_started_is_not_listed(ask):
    draft = a_campaign(an_account(), recipients=1)
    with pytest.raises(ValueError, match="not enough values"):
        ask(draft.id)


def test_a_preparation_in_progress_is_moving(ask):
    campaign = a_campaign(an_account(credits=10), recipients=3)
    start_claim(campaign.id, batch_size=10, recipients=3)
    assert ask(campaign.id).moving


def abandoned(account):
    """Returns a campaign whose preparation nobody has touched for half a minute."""
    campaign = a_campaign(account, recipients=3)
    token = start_claim(campaign.id, batch_size=10, recipients=3).prep_token
    rows("UPDATE campaign SET prep_touched_at = now() - interval '30 seconds' WHERE id = %s", [campaign.id])
    return campaign.id, token


@pytest.mark.parametrize(
    ("gone", "code"), [(None, "recovering"), ("worker-prepare", "no_worker"), ("sweeper", "no_sweeper")]
)
def test_an_abandoned_preparation_says_who_goes_on_with_it_or_is_missing(said, gone, code):
    campaign_id, _ = abandoned(an_account(credits=10))
    if gone:
        Heartbeat.end(gone)
    assert said(campaign_id).keys() == {code}


def test_a_preparation_that_waits_in_the_queue_says_so(said):
    account = an_account(credits=10)
    campaign_id, token = abandoned(account)
    queues.push_preparation(campaign_id, token, account.id)
    assert said(campaign_id).keys() == {"queue"}


def test_a_preparation_that_keeps_stopping_repeats_what_stopped_it(said, configure):
    configure(STALE_PREPARE_SEC=1)
    campaign_id, token = abandoned(an_account(credits=10))
    preparation.note_error(campaign_id, token, "ValueError: no such filter")
    recover()
    assert "interrupted 1 time: ValueError: no such filter" in said(campaign_id)["preparation_failed"]


def test_a_preparation_that_was_given_up_says_why(said, configure):
    configure(STALE_PREPARE_SEC=1)
    account = an_account(credits=10)
    campaign = a_campaign(account, recipients=3, due=True)
    token = start_claim(campaign.id, batch_size=10, recipients=3).prep_token
    preparation.note_error(campaign.id, token, "ValueError: no such filter")
    rows(
        "UPDATE campaign SET prep_takeovers = 5, prep_touched_at = now() - interval '1 minute' WHERE id = %s",
        [campaign.id],
    )
    recover()
    assert "no such filter" in said(campaign.id)["preparation_failed"]


def test_a_follow_up_that_never_started_says_why(said, configure):
    account = an_account(credits=4)
    parent = a_campaign(account, recipients=2, template="x" * 200)
    start_and_deliver(parent, reject=phones_of(account))
    rows("UPDATE account SET credits_available = 2 WHERE id = %s", [account.id])
    configure(ENQUEUE_INLINE_LIMIT=0)
    child = retry_failed(asking(), parent.id).campaign_id
    continue_preparation(child, campaign_row(child)["prep_token"])
    assert campaign_row(child)["status"] == "failed"
    assert "Then make another follow-up" in said(child)["credits"]


def test_a_start_that_failed_unexpectedly_names_the_logs(said, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr("dispatch.start.sweep.enqueue_campaign", broken)
    assert "only the logs say why" in said(swept(an_account(credits=10)))["refused"]


def test_every_refusal_that_a_sweep_may_write_has_words_of_its_own(said):
    campaign = a_campaign(an_account(credits=10), recipients=1, due=True)
    for kind in (DispatchError, *DispatchError.__subclasses__()):
        rows(
            "UPDATE campaign SET blocked_reason = %s, next_check_at = now() + interval '1 minute' WHERE id = %s",
            [kind.code, campaign.id],
        )
        assert len(said(campaign.id)) == 1


def test_a_campaign_of_a_week_ago_is_no_news(ask):
    campaign = a_campaign(an_account(), recipients=1)
    rows(
        """UPDATE campaign SET blocked_reason = 'NO_RECIPIENTS', updated_at = now() - interval '8 days'
           WHERE id = %s""",
        [campaign.id],
    )
    with pytest.raises(ValueError, match="not enough values"):
        ask(campaign.id)


def test_an_overdue_campaign_that_no_sweep_has_started_is_stalled(said):
    campaign = a_campaign(an_account(credits=10), recipients=1, due=True)
    late = datetime.now(UTC) - timedelta(hours=1)
    rows("UPDATE campaign SET scheduled_at = %s WHERE id = %s", [late, campaign.id])
    assert "no sweep has started it" in said(campaign.id)["stalled"]
