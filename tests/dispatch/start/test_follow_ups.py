"""Retries, rests and tests: who gets another message, who never does, and what is left when no one does."""

import pytest

from dispatch.audit import audit
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import AudienceView
from dispatch.errors import (
    ApprovalRequired,
    CampaignNotFound,
    InsufficientCredits,
    InvalidRequest,
    InvalidStatus,
    NoRecipients,
    NoTargetAudience,
    QueueUnavailable,
)
from dispatch.providers import Answer
from dispatch.recovery import recover
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed, send_test, send_to_rest
from dispatch.start.preparation import continue_preparation
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_list, an_account, arrange_state, asking, customers
from tests.moves import arranging
from tests.racing import race
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, start_and_deliver, undelivered
from tests.stored import campaign_row, campaigns, phones_of, recipients_of, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account()


def test_a_retry_goes_to_everyone_not_reached_and_to_no_one_who_may_have_been(account):
    campaign = a_campaign(account, recipients=6)
    phones = phones_of(account)
    parent = start_and_deliver(campaign, reject=phones[:2], lose=phones[2:3])
    undelivered(campaign.id, phones[3])
    before = read_campaign(asking(), campaign.id)
    started = retry_failed(asking(), campaign.id)
    assert (started.queued, started.status) == (3, "sending")
    assert recipients_of(started.campaign_id) == [phones[0], phones[1], phones[3]]
    child = read_campaign(asking(), started.campaign_id)
    assert (child.parent_id, child.kind, child.credits.held) == (parent.id, "retry", 3)
    assert child.base_template == parent.base_template
    assert read_campaign(asking(), campaign.id) == before
    deliver(answering(), started.campaign_id)
    assert read_campaign(asking(), started.campaign_id).status == "completed"
    assert audit(ALL_ACCOUNTS) == []


def test_a_retry_may_be_for_one_reason_or_one_code_of_it(account):
    campaign = a_campaign(account, recipients=5)
    phones = phones_of(account)
    codes = {phones[0]: "no_such_number", phones[1]: "blocked", phones[2]: None}
    provider = ScriptedProvider({phone: [Answer("rejected", error_code=code)] for phone, code in codes.items()})
    enqueue_campaign(asking(), campaign.id)
    deliver(provider, campaign.id)
    undelivered(campaign.id, phones[3])
    with pytest.raises(NoRecipients, match="another reason"):
        retry_failed(asking(), campaign.id, reason="no_answer")
    with pytest.raises(NoRecipients):
        retry_failed(asking(), campaign.id, reason="number_does_not_exist", error_code="blocked")
    for chosen, expected in (
        ({"reason": "rejected", "error_code": "blocked"}, [phones[1]]),
        ({"reason": "rejected", "error_code": ""}, [phones[2]]),
        ({"reason": "rejected"}, [phones[0]]),
        ({}, [phones[3]]),
    ):
        assert recipients_of(retry_failed(asking(), campaign.id, **chosen).campaign_id) == expected
    assert audit(ALL_ACCOUNTS) == []


def test_a_retry_has_the_text_of_its_own_customer(account):
    campaign = a_campaign(account, recipients=3, template="Hi {first_name} {phone}")
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones[1:2])
    started = retry_failed(asking(), campaign.id)
    message = row("SELECT body, customer_id FROM message WHERE campaign_id = %s", [started.campaign_id])
    assert message == {"body": f"Hi First1 {phones[1]}", "customer_id": 2}


def test_a_person_in_a_retry_is_not_retried_again_until_that_failed_too(account):
    campaign = a_campaign(account, recipients=3)
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones)
    first = retry_failed(asking(), campaign.id)
    with pytest.raises(NoRecipients):
        retry_failed(asking(), campaign.id)
    deliver(answering(reject=phones[:1]), first.campaign_id)
    second = retry_failed(asking(), campaign.id)
    assert recipients_of(second.campaign_id) == phones[:1]
    with pytest.raises(NoRecipients):
        retry_failed(asking(), first.campaign_id)
    deliver(answering(), second.campaign_id)
    for campaign_id in (campaign.id, first.campaign_id, second.campaign_id):
        with pytest.raises(NoRecipients):
            retry_failed(asking(), campaign_id)
    assert audit(ALL_ACCOUNTS) == []


def test_a_retry_of_a_retry_counts_for_the_first_campaign(account):
    campaign = a_campaign(account, recipients=2)
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones)
    first = retry_failed(asking(), campaign.id)
    deliver(answering(reject=phones), first.campaign_id)
    second = retry_failed(asking(), first.campaign_id)
    assert read_campaign(asking(), second.campaign_id).parent_id == first.campaign_id
    with pytest.raises(NoRecipients):
        retry_failed(asking(), campaign.id)


def test_what_a_cancelled_retry_did_not_send_can_be_retried(account):
    campaign = a_campaign(account, recipients=3)
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones)
    first = retry_failed(asking(), campaign.id)
    cancel_campaign(asking(), first.campaign_id)
    with pytest.raises(NoRecipients):
        retry_failed(asking(), campaign.id)  # its messages may still be in a worker's window
    recover()
    assert recipients_of(retry_failed(asking(), campaign.id).campaign_id) == phones
    assert audit(ALL_ACCOUNTS) == []


def test_a_corrected_number_is_tried_unless_someone_was_reached_there(account):
    campaign = a_campaign(account, recipients=3)
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones[:2])
    rows("DELETE FROM customer WHERE id = 3")
    rows("UPDATE customer SET phone = %s WHERE id = 2", [phones[2]])
    rows("UPDATE customer SET phone = '+306999999999' WHERE id = 1")
    assert recipients_of(retry_failed(asking(), campaign.id).campaign_id) == ["+306999999999"]


def test_people_deleted_or_opted_out_since_get_nothing(account):
    campaign = a_campaign(account, recipients=3)
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones)
    rows("DELETE FROM customer WHERE id = 1")
    rows("INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE id = 2")
    started = retry_failed(asking(), campaign.id)
    assert started.queued == 1
    assert rows("SELECT phone, state, reason FROM message WHERE campaign_id = 2 ORDER BY phone") == [
        {"phone": phones[1], "state": "skipped", "reason": "opted_out"},
        {"phone": phones[2], "state": "pending", "reason": None},
    ]


def test_a_retry_of_an_approved_campaign_needs_no_new_approval_and_a_large_rest_does(account):
    customers(account, 3)
    campaign = a_campaign(account, everyone=True)
    rows("UPDATE account SET approval_above = 2")
    with pytest.raises(ApprovalRequired):
        start_and_deliver(campaign)
    approve_campaign(asking(ALL_ACCOUNTS, actor="another"), campaign.id, revision=campaign.revision)
    start_and_deliver(campaign, reject=phones_of(account))
    assert retry_failed(asking(), campaign.id).queued == 3
    customers(account, 3)
    before = stored_rows()
    with pytest.raises(ApprovalRequired):
        send_to_rest(asking(), campaign.id)
    assert stored_rows() == before


def test_of_four_simultaneous_retries_one_starts(account):
    campaign = a_campaign(account, recipients=20)
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones)
    answers = race(*[lambda: retry_failed(asking(), campaign.id).queued] * 4)
    assert sorted(answers, key=str) == [20, *["NO_RECIPIENTS"] * 3]
    children = [one for one in campaigns() if one["parent_id"] == campaign.id]
    assert len(children) == 1
    assert recipients_of(children[0]["id"]) == phones
    assert len(rows("SELECT 1 FROM credit_entry WHERE kind = 'hold'")) == 2


@pytest.mark.parametrize("state", ["draft", "scheduled", "paused", "failed"])
def test_a_campaign_that_neither_sends_nor_has_ended_is_not_followed_up(account, state):
    campaign = a_campaign(account, recipients=1, due=state == "scheduled")
    if state == "paused":
        enqueue_campaign(asking(ALL_ACCOUNTS, request_id="t"), campaign.id)
        pause_campaign(asking(), campaign.id)
    arrange_state(campaign.id, state)
    before = stored_rows()
    for follow_up in (retry_failed, send_to_rest):
        with pytest.raises(InvalidStatus, match=f"is {state} cannot"):
            follow_up(asking(), campaign.id)
    assert stored_rows() == before


def test_a_child_that_cannot_be_paid_for_leaves_nothing(account):
    campaign = a_campaign(account, recipients=3)
    start_and_deliver(campaign, reject=phones_of(account))
    rows("UPDATE account SET credits_available = 2")
    before = stored_rows()
    with pytest.raises(InsufficientCredits):
        retry_failed(asking(), campaign.id)
    assert stored_rows() == before


def test_a_child_whose_price_turns_out_too_high_is_deleted(account):
    campaign = a_campaign(account, recipients=2, template="x" * 200)
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones)
    rows("UPDATE account SET credits_available = 3")
    with pytest.raises(InsufficientCredits):
        retry_failed(asking(), campaign.id)
    assert [one["id"] for one in campaigns()] == [campaign.id]
    assert rows("SELECT 1 FROM campaign_number") == []
    rows("UPDATE account SET credits_available = 1000")
    assert retry_failed(asking(), campaign.id).queued == 2


def test_a_retry_that_a_job_refuses_fails_visibly_and_the_next_one_includes_its_people(account, configure):
    campaign = a_campaign(account, recipients=2, template="x" * 200)
    start_and_deliver(campaign, reject=phones_of(account))
    configure(ENQUEUE_INLINE_LIMIT=1)
    rows("UPDATE account SET credits_available = 3")
    refused = retry_failed(asking(), campaign.id).campaign_id
    continue_preparation(refused, campaign_row(refused)["prep_token"])
    child = campaign_row(refused)
    assert (child["status"], child["blocked_reason"], child["held"]) == ("failed", "INSUFFICIENT_CREDITS", 0)
    assert rows("SELECT 1 FROM message WHERE campaign_id = %s", [refused]) == []
    rows("UPDATE account SET credits_available = 1000")
    again = retry_failed(asking(), campaign.id).campaign_id
    continue_preparation(again, campaign_row(again)["prep_token"])
    assert campaign_row(again)["status"] == "sending"
    assert recipients_of(again) == phones_of(account)


def test_without_redis_nothing_is_written(account, monkeypatch):
    campaign = a_campaign(account, recipients=1)
    start_and_deliver(campaign, reject=phones_of(account))
    before = stored_rows()
    monkeypatch.setattr("dispatch.queues.problem_with", lambda _: "Redis does not answer.")
    for follow_up in (retry_failed, lambda caller, id: send_test(caller, id, ["+306912345678"])):
        with pytest.raises(QueueUnavailable):
            follow_up(asking(), campaign.id)
    assert stored_rows() == before


def test_a_child_whose_start_crashed_after_the_claim_is_continued(account, monkeypatch):
    campaign = a_campaign(account, recipients=2)
    start_and_deliver(campaign, reject=phones_of(account))

    def die(*_, **__):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr("dispatch.start.enqueue.preparation.prepare", die)
        with pytest.raises(SystemExit):
            retry_failed(asking(), campaign.id)
    assert campaigns()[-1]["status"] == "preparing"
    rows("UPDATE campaign SET prep_touched_at = now() - interval '1 hour' WHERE status = 'preparing'")
    assert recover()["preparations_taken_over"] == 1
    with pytest.raises(NoRecipients):
        retry_failed(asking(), campaign.id)


def _join(list_id: int, *customer_ids: int) -> None:
    rows(
        """INSERT INTO list_member (account_id, list_id, customer_id)
           SELECT account_id, %s, id FROM customer WHERE id = ANY(%s)""",
        [list_id, list(customer_ids)],
    )


def test_the_rest_are_those_who_joined_since(account):
    list_id = a_list(account, 2)
    campaign = a_campaign(account, list_id=list_id)
    start_and_deliver(campaign)
    with pytest.raises(NoRecipients):
        send_to_rest(asking(), campaign.id)
    joined = customers(account, 3)
    _join(list_id, *joined[:2])
    started = send_to_rest(asking(), campaign.id)
    assert recipients_of(started.campaign_id) == phones_of(account)[2:4]
    assert read_campaign(asking(), started.campaign_id).kind == "rest"
    _join(list_id, joined[2])
    # Even for the child, the audience is that of the first campaign.
    deliver(answering(), started.campaign_id)
    again = send_to_rest(asking(), started.campaign_id)
    assert recipients_of(again.campaign_id) == phones_of(account)[4:]
    assert audit(ALL_ACCOUNTS) == []


def test_a_person_who_got_it_at_another_number_is_not_in_the_rest(account):
    customers(account, 2)
    campaign = a_campaign(account, everyone=True)
    start_and_deliver(campaign)
    rows("UPDATE customer SET phone = '+306999999999' WHERE id = 1")
    with pytest.raises(NoRecipients):
        send_to_rest(asking(), campaign.id)


def test_the_rest_of_everyone_excludes_people_who_opted_out(account):
    customers(account, 1)
    campaign = a_campaign(account, everyone=True)
    start_and_deliver(campaign)
    joined = customers(account, 3)
    rows("INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE id = %s", joined[:1])
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", joined[1:2])
    assert recipients_of(send_to_rest(asking(), campaign.id).campaign_id) == phones_of(account)[3:]


def test_two_simultaneous_sends_to_the_rest_message_no_one_twice(account):
    customers(account, 1)
    campaign = a_campaign(account, everyone=True)
    start_and_deliver(campaign)
    customers(account, 10)
    answers = race(*[lambda: send_to_rest(asking(), campaign.id).queued] * 3)
    assert sorted(answers, key=str) == [10, "NO_RECIPIENTS", "NO_RECIPIENTS"]


def test_a_retry_has_no_rest(account):
    campaign = a_campaign(account, recipients=1)
    start_and_deliver(campaign, reject=phones_of(account))
    retry = retry_failed(asking(), campaign.id)
    with pytest.raises(InvalidRequest, match="no audience of its own"):
        send_to_rest(asking(), retry.campaign_id)


def test_a_test_goes_to_the_numbers_and_leaves_the_draft_a_draft(db):
    account = an_account(country="GR")
    (customer_id,) = customers(account, 1, first_phone="+306911111111")
    campaign = a_campaign(account, template="Hi {first_name} in {location}, {phone}")
    before = read_campaign(asking(), campaign.id)
    started = send_test(asking(), campaign.id, ["691 111 1111", "+30 691 222 2222", "+306912222222"])
    assert started.queued == 2
    assert rows("SELECT phone, body, customer_id FROM message ORDER BY n") == [
        {"phone": "+306911111111", "body": "Hi First0 in Athens, +306911111111", "customer_id": customer_id},
        {"phone": "+306912222222", "body": "Hi Maria in Athens, +306912222222", "customer_id": None},
    ]
    child = read_campaign(asking(), started.campaign_id)
    assert (child.kind, child.parent_id, child.audience) == ("test", campaign.id, AudienceView(kind="numbers"))
    assert read_campaign(asking(), campaign.id) == before
    deliver(answering(), started.campaign_id)
    assert read_campaign(asking(), started.campaign_id).status == "completed"
    assert send_test(asking(), campaign.id, ["+306912222222"]).queued == 1
    assert audit(ALL_ACCOUNTS) == []


def test_a_suppressed_number_is_skipped_in_a_test_and_refused_alone(account):
    campaign = a_campaign(account)
    rows("INSERT INTO suppression (account_id, phone) VALUES (%s, '+306912222222')", [account.id])
    assert send_test(asking(), campaign.id, ["+306912222222", "+306933333333"]).queued == 1
    before = stored_rows()
    with pytest.raises(NoRecipients):
        send_test(asking(), campaign.id, ["+306912222222"])
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("numbers", "field"),
    [([], "numbers"), (["+306912222222"] * 11, "numbers"), (["+306912222222", "call me"], "numbers.1")],
)
def test_invalid_numbers_are_named_by_their_position(account, numbers, field):
    campaign = a_campaign(account)
    before = stored_rows()
    with pytest.raises(InvalidRequest) as refused:
        send_test(asking(), campaign.id, numbers)
    assert refused.value.details["field"] == field
    assert stored_rows() == before


def test_a_test_is_not_followed_up(account):
    test = send_test(asking(), a_campaign(account).id, ["+306912222222"])
    deliver(answering(reject=["+306912222222"]), test.campaign_id)
    for follow_up in (retry_failed, send_to_rest):
        with pytest.raises(InvalidRequest, match="A test"):
            follow_up(asking(), test.campaign_id)


def test_another_accounts_campaign_is_not_followed_up(account):
    theirs = a_campaign(an_account(), recipients=1)
    before = stored_rows()
    for follow_up in (retry_failed, send_to_rest, lambda caller, id: send_test(caller, id, ["+306912222222"])):
        with pytest.raises(CampaignNotFound):
            follow_up(asking(account.id), theirs.id)
    assert stored_rows() == before


def test_a_cancelled_campaign_that_never_had_an_audience_has_no_rest(db):
    account = an_account()
    campaign = a_campaign(account)
    cancel_campaign(asking(account.id), campaign.id)
    with pytest.raises(NoTargetAudience):
        send_to_rest(asking(account.id), campaign.id)


def _said(follow_up, campaign_id: int, **options: str) -> str:
    with pytest.raises(NoRecipients) as refused:
        follow_up(asking(), campaign_id, **options)
    return refused.value.message


def test_a_campaign_that_reached_everyone_has_no_one_to_retry():
    campaign = start_and_deliver(a_campaign(an_account(), recipients=2))
    assert _said(retry_failed, campaign.id) == (
        "There is no one to retry: none of the campaign's messages failed or was undelivered."
    )


@pytest.mark.parametrize("follow_up", [retry_failed, send_to_rest])
def test_a_cancelled_campaign_says_how_many_were_not_sent_and_how_to_send_to_them(follow_up):
    campaign_id = a_campaign(an_account(), recipients=3).id
    enqueue_campaign(asking(), campaign_id)
    cancel_campaign(asking(), campaign_id)
    before = _said(follow_up, campaign_id)
    recover()
    assert _said(follow_up, campaign_id) == before
    assert "3 messages were cancelled and will not be sent" in before
    assert f"campaign duplicate {campaign_id}`" in before
    assert f"POST /api/campaigns/{campaign_id}/duplicate" in before
    assert "reached since" not in before


@pytest.mark.parametrize("follow_up", [retry_failed, send_to_rest])
def test_a_campaign_with_unknown_messages_says_that_a_person_decides_about_them(follow_up):
    account = an_account()
    campaign = a_campaign(account, recipients=3)
    start_and_deliver(campaign, lose=phones_of(account)[:1])
    said = _said(follow_up, campaign.id)
    assert "1 message may have arrived (is unknown)" in said
    assert f"unknown list {campaign.id}`" in said
    assert f"POST /api/campaigns/{campaign.id}/unknown/accept" in said
    assert "cancelled" not in said


def test_a_campaign_that_is_still_sending_says_how_many_messages_wait():
    campaign = a_campaign(an_account(), recipients=2)
    enqueue_campaign(asking(), campaign.id)
    assert "2 messages are still to be sent." in _said(retry_failed, campaign.id)


def test_people_who_failed_and_were_reached_since_are_named_as_such():
    account = an_account()
    campaign = a_campaign(account, recipients=2)
    start_and_deliver(campaign, reject=phones_of(account)[:1])
    assert "or the message failed for another reason." in _said(retry_failed, campaign.id, reason="no_answer")
    deliver(answering(), retry_failed(asking(), campaign.id).campaign_id)
    said = _said(retry_failed, campaign.id)
    assert said.startswith("There is no one to retry: 1 message failed or was undelivered, but each of these people ")
    assert "another reason" not in said


def test_messages_that_were_skipped_or_are_unconfirmed_are_told_as_such():
    account = an_account()
    campaign = a_campaign(account, recipients=4)
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE phone = %s", [phones_of(account)[0]])
    start_and_deliver(campaign, lose=phones_of(account)[2:])
    with arranging():
        rows("UPDATE message SET state = 'unconfirmed' WHERE state = 'unknown'")
        rows("UPDATE batch SET unconfirmed = unknown, unknown = 0")
    said = _said(retry_failed, campaign.id)
    assert "2 messages may have arrived (are unconfirmed)" in said
    assert f"1 message was skipped: `campaign messages {campaign.id} --state skipped`" in said
    assert "unknown" not in said
