"""`run-due`: due campaigns through jobs or in place, what it answers, and its exit status."""

import pytest

from dispatch import queues
from dispatch.providers.messaging_service import idempotency_key
from jobs.process import process_campaign
from models.database import rows
from tests.doubles.serving import cut, status
from tests.doubles.users import a_user
from tests.factories import a_campaign
from tests.remote import a_business, a_remote_campaign
from tests.stored import campaign_row, states


@pytest.fixture
def account(cli, remote, configure):
    configure(RETRY_BASE_SEC="0.05")
    return a_business()


def once_each(users):
    return {a_user(n)["phone"]: 1 for n in users}


def test_with_nothing_due_it_says_so(cli, account):
    assert cli("run-due", "--json").json == {"processed": 0, "campaigns": [], "errors": []}
    assert cli("run-due", "--once").stdout == "no campaign is due\n"


def test_once_sends_to_everyone_and_answers_when_all_is_done(cli, remote, account):
    campaign = a_remote_campaign(remote, account, users=30, due=True)
    answer = cli("run-due", "--once", "--json")
    assert (answer.status, answer.stderr) == (0, "")
    [shown] = answer.json["campaigns"]
    assert (answer.json["processed"], answer.json["errors"]) == (1, [])
    assert (shown["campaign_id"], shown["name"], shown["status"]) == (campaign.id, campaign.name, "completed")
    assert shown["organization_id"] == str(account.id)
    assert (shown["stats"]["total"], shown["stats"]["sent"]) == (30, 30)
    assert remote.messaging.phones() == once_each(range(30))
    assert {taken["from"] for taken in remote.messaging.taken} == {"House"}


def test_once_runs_campaigns_of_every_kind(cli, remote, account):
    local = a_campaign(account, recipients=3, due=True)
    far = a_remote_campaign(remote, account, users=10, due=True)
    later = a_remote_campaign(remote, account)
    cli("run-due", "--once")
    assert [campaign_row(each.id)["status"] for each in (local, far, later)] == ["completed", "completed", "draft"]


def test_faults_that_pass_cost_time_and_no_one_a_message(cli, remote, account):
    remote.users.fail(status(500), cut, status(429, Retry_After="0"))
    remote.tokens.fail(status(503))
    remote.businesses.fail(status(502))
    remote.messaging.fail(*[status(429, Retry_After="0")] * 5)
    remote.users.repeats = {1}
    a_remote_campaign(remote, account, users=12, due=True)
    assert cli("run-due", "--once").status == 0
    assert remote.messaging.phones() == once_each(range(12))


def test_a_token_that_expires_in_the_middle_is_replaced(cli, remote, account, configure):
    configure(SEND_WINDOW=2)
    a_remote_campaign(remote, account, users=12, due=True)

    def answer(app):
        return app.make_response(app.view_functions["schedule"]())

    def expire_and_answer(app):
        remote.tokens.expire()
        return answer(app)

    remote.messaging.fail(*[answer] * 5, expire_and_answer)
    assert cli("run-due", "--once").status == 0
    assert len(remote.tokens.issued) >= 3  # one to fetch, one to send, one after the expiry
    assert remote.messaging.phones() == once_each(range(12))


def test_refused_messages_are_counted_and_fail_no_campaign(cli, remote, account):
    campaign = a_remote_campaign(remote, account, users=5, due=True)
    remote.messaging.refused = {a_user(2)["phone"]}
    answer = cli("run-due", "--once", "--json")
    assert (answer.status, answer.json["campaigns"][0]["stats"]["failed"]) == (0, 1)
    assert states(campaign.id) == {"sent": 4, "failed": 1}


def test_a_retry_reaches_those_who_were_refused_with_a_key_of_its_own(cli, remote, account):
    campaign = a_remote_campaign(remote, account, users=3, due=True)
    phone = a_user(2)["phone"]
    remote.messaging.refused = {phone}
    cli("run-due", "--once")
    remote.messaging.refused = set()
    child = cli("campaign", "retry-failed", campaign.id, "--json").json["id"]
    # The child is sending: a run finishes it too.
    assert [each["campaign_id"] for each in cli("run-due", "--once", "--json").json["campaigns"]] == [child]
    assert remote.messaging.taken[-1]["key"] == idempotency_key(str(child), phone)
    assert remote.messaging.phones() == once_each(range(3))


def test_a_campaign_that_has_to_wait_long_is_left_to_a_later_run(cli, remote, account):
    campaign = a_remote_campaign(remote, account, users=1, due=True)
    remote.messaging.fail(status(429, Retry_After="3600"))
    answer = cli("run-due", "--once", "--json")
    [shown] = answer.json["campaigns"]
    assert (answer.status, answer.json["errors"], shown["status"]) == (0, [], "sending")
    assert shown["waits_until"] is not None
    rows("UPDATE message SET not_before = NULL")
    rows("UPDATE batch SET next_due_at = NULL")
    cli("run-due", "--once")
    assert campaign_row(campaign.id)["status"] == "completed"
    assert remote.messaging.phones() == once_each([0])


def test_a_campaign_that_comes_too_late_is_status_1_and_waits_for_a_person(cli, remote, account):
    campaign = a_remote_campaign(remote, account, users=1, due=True)
    rows("UPDATE campaign SET scheduled_at = now() - interval '3 days'")
    answer = cli("run-due", "--json")
    assert (answer.status, answer.json["errors"][0]["error"]) == (1, "TOO_LATE")
    assert campaign_row(campaign.id)["blocked_reason"] == "TOO_LATE"
    assert queues.queued_processes() == set()


def test_without_once_a_due_campaign_gets_one_job(cli, remote, account):
    campaign = a_remote_campaign(remote, account, users=3, due=True)
    for _ in range(2):
        answer = cli("run-due", "--json")
        assert (answer.status, answer.json["processed"]) == (0, 1)
        assert answer.json["campaigns"][0]["status"] == "scheduled"
    assert queues.queued_processes() == {campaign.id}
    assert len(queues.queue(queues.PREPARE).job_ids) == 1
    process_campaign(campaign.id)
    assert campaign_row(campaign.id)["status"] == "preparing"
    assert remote.users.requests == []


def test_one_campaign_runs_whether_it_is_due_or_not(cli, remote, account):
    draft, other = a_remote_campaign(remote, account, users=3), a_remote_campaign(remote, account, due=True)
    assert cli("run-due", "--once", "--campaign", draft.id, "--json").json["campaigns"][0]["status"] == "completed"
    assert campaign_row(other.id)["status"] == "scheduled"
    assert cli("run-due", "--campaign", other.id, "--json").json["campaigns"][0]["status"] == "preparing"
    again = cli("run-due", "--once", "--campaign", draft.id, "--json")
    assert (again.status, again.error["code"]) == (1, "ALREADY_SENDING")
    assert cli("run-due", "--once", "--campaign", 99, "--json").error["code"] == "CAMPAIGN_NOT_FOUND"


def test_the_keys_are_those_of_campaign_and_phone(cli, remote, account):
    campaign = a_remote_campaign(remote, account, users=4, due=True)
    cli("run-due", "--once")
    assert set(remote.messaging.scheduled) == {idempotency_key(str(campaign.id), a_user(n)["phone"]) for n in range(4)}
