"""run-automation: what an external scheduler calls, and the documented shape of its answer."""

import os
import socket
from datetime import datetime
from uuid import UUID

import pytest

from config.settings import settings
from dispatch.process.lock import campaign_lock
from models.database import row, rows
from tests.factories import a_campaign, an_account
from tests.racing import race

RUN = "/api/campaigns/run-automation"


def test_due_campaigns_start_and_are_reported_in_the_documented_shape(as_account):
    account = an_account()
    due = a_campaign(account, recipients=3, due=True, name="Autumn")
    broke = a_campaign(account, due=True)
    a_campaign(account, recipients=1)
    answer = as_account(account)("POST", RUN)
    assert answer.status_code == 200
    assert answer.json == {
        "processed_count": 2,
        "campaigns": [
            {
                "campaign_id": str(due.id),
                "organization_id": str(account.id),
                "name": "Autumn",
                "previous_status": "scheduled",
                "new_status": "sending",
                "recipients_generated": True,
                "recipient_count": 3,
            }
        ],
        "errors": [{"campaign_id": str(broke.id), "error": "NO_TARGET_AUDIENCE"}],
    }


def test_what_another_process_is_starting_is_skipped_and_reported_with_that_process(as_account, redis):
    account = an_account()
    due = a_campaign(account, recipients=3, due=True, name="Autumn")
    theirs = campaign_lock(redis, due.id, seconds=60)
    theirs.acquire()
    answer = as_account(account)("POST", RUN).json
    theirs.release()
    [locked] = answer.pop("locked")
    assert answer == {"processed_count": 0, "campaigns": [], "errors": []}
    assert datetime.fromisoformat(locked.pop("since")).tzinfo
    assert locked == {
        "campaign_id": str(due.id),
        "organization_id": str(account.id),
        "name": "Autumn",
        "holder": f"process {os.getpid()} on {socket.gethostname()}",
    }


def test_running_it_again_starts_nothing_twice(as_account):
    account = an_account()
    a_campaign(account, recipients=3, due=True)
    call = as_account(account)
    assert [call("POST", RUN).json["processed_count"] for _ in range(3)] == [1, 0, 0]
    assert len(rows("SELECT 1 FROM credit_entry WHERE kind = 'hold'")) == 1


def test_five_at_once_start_each_due_campaign_once(as_account):
    account = an_account()
    campaigns = [a_campaign(account, recipients=2, due=True) for _ in range(6)]
    call = as_account(account)
    reports = race(*[lambda: call("POST", RUN).json["campaigns"]] * 5)
    started = [campaign["campaign_id"] for report in reports for campaign in report]
    assert sorted(started) == sorted(str(campaign.id) for campaign in campaigns)


def test_the_system_user_is_the_actor(as_account, configure):
    configure(SYSTEM_USER_ID=UUID(int=7))
    account = an_account()
    a_campaign(account, recipients=1, due=True)
    as_account(account)("POST", RUN)
    assert row("SELECT actor FROM campaign") == {"actor": str(settings().system_user_id)} == {"actor": str(UUID(int=7))}
    assert row("SELECT actor FROM audit_event WHERE action = 'campaign.started'") == {"actor": str(UUID(int=7))}


def test_an_account_starts_its_own_campaigns_and_an_operator_all_or_one_accounts(as_account):
    ours, theirs, others = (an_account() for _ in range(3))
    for account in (ours, theirs, others):
        a_campaign(account, recipients=1, due=True)

    def started(call, query: str = "") -> set[str]:
        return {each["organization_id"] for each in call("POST", f"{RUN}{query}").json["campaigns"]}

    assert as_account(ours)("POST", f"{RUN}?organization_id={theirs.id}").status_code == 404
    assert started(as_account(ours)) == {str(ours.id)}
    assert started(as_account(None), f"?organization_id={theirs.id}") == {str(theirs.id)}
    assert started(as_account(None)) == {str(others.id)}


@pytest.mark.parametrize("form", ["json", "data"])
def test_a_body_that_names_an_account_is_refused_because_it_would_start_more_than_was_meant(as_account, form):
    theirs = an_account()
    a_campaign(theirs, recipients=1, due=True)
    answer = as_account(None)("POST", RUN, **{form: {"organization_id": str(theirs.id)}})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert "?organization_id=" in answer.json["error"]["message"]
    assert row("SELECT status FROM campaign") == {"status": "scheduled"}


def test_it_requires_the_scope_send(as_account):
    answer = as_account(an_account(), scopes=("read", "write", "admin"))("POST", RUN)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "FORBIDDEN")


def test_under_an_idempotency_key_the_report_is_repeated(as_account):
    account = an_account()
    a_campaign(account, recipients=3, due=True)
    call = as_account(account)
    first, again = (call("POST", RUN, headers={"Idempotency-Key": "minute-1"}) for _ in range(2))
    assert first.json["processed_count"] == 1
    assert again.data == first.data
