"""The story of one message says everything that rows keep of it, in order, to whoever may see it."""

import pytest

from dispatch.caller import system_caller
from dispatch.customers.suppressions import add_suppression
from dispatch.errors import NotFound
from dispatch.providers import Answer
from dispatch.receipts.applying import apply_receipts
from dispatch.start.follow_ups import retry_failed
from dispatch.start.sweep import sweep_due
from dispatch.traces.trace import trace_message
from dispatch.tracing.current import working_in
from dispatch.tracing.place import Place
from models.database import rows
from models.messages.story import MOST
from tests.dispatch.receipts.saying import a_webhook_provider, said, say, sends_as, sent
from tests.factories import a_campaign, an_account, asking
from tests.sending import REJECTED, answering, claimed_by_no_one_left, deliver, started

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account(credits=1000)


def told(account, reference):
    return trace_message(asking(account.id), reference)


def events(account, reference):
    return [step.event for step in told(account, reference).steps]


def text_of(account, reference, event):
    return next(step.text for step in told(account, reference).steps if step.event == event)


def test_a_message_that_was_sent_has_a_beginning_a_middle_and_an_end(account):
    provider = a_webhook_provider(account)
    campaign_id = sent(account, provider, recipients=2)
    say(provider, said(f"{campaign_id}-0", "delivered"))
    apply_receipts()
    say(provider, said(f"{campaign_id}-0", "sent"))
    apply_receipts()
    trace = told(account, f"{campaign_id}-0")
    assert (trace.id, trace.state, trace.request_id) == (f"{campaign_id}-0", "delivered", "test")
    found = [step.event for step in trace.steps]
    wanted = ["campaign.created", "campaign.started", "message.written", "batch.pushed", "message.called"]
    assert sorted(found, key=[*wanted, "message.sent", "receipt.received"].index) == found
    assert set(wanted) <= set(found)
    [took] = [step for step in trace.steps if step.event == "message.sent"]
    assert (took.by, "p-1" in took.text) == (f"webhook:{provider.id}", True)
    first, second = [step for step in trace.steps if step.event == "receipt.received"]
    assert "said delivered" in first.text
    assert "it was applied" in first.text
    assert "nothing new" in second.text
    assert {step.by for step in trace.steps if step.event.startswith("campaign.")} == {"test"}
    assert "receipt.received" not in events(account, f"{campaign_id}-1")


def test_times_only_grow(account):
    campaign_id = sent(account, a_webhook_provider(account))
    times = [step.at for step in told(account, f"{campaign_id}-0").steps if step.at]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("answers", "event", "says"),
    [
        ([REJECTED], "message.failed", "rejected, no_such_number"),
        ([Answer("unknown", error_code="timeout")], "message.unknown", "no_answer, timeout"),
        ([Answer("deferred", error_code="http_429", retry_after=30)], "message.waits", "It waits until"),
    ],
)
def test_what_went_wrong_is_said_with_its_reason(account, answers, event, says):
    campaign_id = sent(account, a_webhook_provider(account), _0=answers)
    assert says in text_of(account, f"{campaign_id}-0", event)
    assert "message.sent" not in events(account, f"{campaign_id}-0")


def test_a_message_in_flight_is_said_to_be_called_now(account):
    campaign_id = started(account, recipients=2)
    assert "message.claimed" not in events(account, f"{campaign_id}-0")
    claimed_by_no_one_left(campaign_id, 1)
    assert "message.claimed" in events(account, f"{campaign_id}-0")
    assert "message.claimed" not in events(account, f"{campaign_id}-1")


def test_a_batch_without_a_job_is_told_while_the_message_waits_and_not_after_it_was_sent(account):
    campaign_id = started(account, recipients=1)
    reference = f"{campaign_id}-0"
    rows("UPDATE batch SET pushed_at = NULL")
    assert "no job is queued" in text_of(account, reference, "batch.waits")
    deliver(answering(), campaign_id)
    rows("UPDATE batch SET pushed_at = NULL")
    assert "message.sent" in events(account, reference)
    assert not {"batch.waits", "batch.pushed"} & set(events(account, reference))


def test_a_message_that_is_not_sent_says_why(account):
    campaign_id = started(account, recipients=1)
    add_suppression(asking(account.id), phone=rows("SELECT phone FROM message")[0]["phone"])
    deliver(answering(), campaign_id)
    assert "opted_out" in text_of(account, f"{campaign_id}-0", "message.skipped")
    assert "message.called" not in events(account, f"{campaign_id}-0")


def test_replies_clicks_and_the_number_being_suppressed_are_part_of_it(account):
    campaign_id = sent(account, a_webhook_provider(account))
    rows(
        """INSERT INTO reply (account_id, provider_id, key, phone, text, keyword, campaign_id, n)
           SELECT %s, 1, 'k', phone, 'secret words', 'stop', campaign_id, n FROM message""",
        [account.id],
    )
    rows("INSERT INTO campaign_link (campaign_id, number, target) VALUES (%s, 1, 'https://a.example/')", [campaign_id])
    rows("INSERT INTO link_click (campaign_id, n, number, by_bot) VALUES (%s, 0, 1, false)", [campaign_id])
    add_suppression(asking(account.id), phone=rows("SELECT phone FROM message")[0]["phone"], reason="complaint")
    reference = f"{campaign_id}-0"
    assert "means stop" in text_of(account, reference, "reply.received")
    assert "https://a.example/" in text_of(account, reference, "link.opened")
    assert "complaint" in text_of(account, reference, "number.suppressed")
    assert "secret words" not in told(account, reference).model_dump_json()


def test_a_retry_and_the_message_before_it_name_each_other(account):
    provider = a_webhook_provider(account)
    campaign_id = sent(account, provider, recipients=2, _0=[REJECTED])
    child = retry_failed(asking(account.id), campaign_id).campaign_id
    deliver(sends_as(provider), child)
    assert f"{child}-0, which is sent" in text_of(account, f"{campaign_id}-0", "message.tried_again")
    assert f"{campaign_id}-0, which is failed" in text_of(account, f"{child}-0", "message.tried_before")
    assert "message.tried_again" not in events(account, f"{campaign_id}-1")


def test_what_another_account_did_or_has_is_not_told(account):
    campaign_id = sent(account, a_webhook_provider(account))
    other = an_account()
    with pytest.raises(NotFound):
        told(other, f"{campaign_id}-0")


@pytest.mark.parametrize(
    "reference", ["", "1", "1-", "-1", "1-2-3", "a-b", "9" * 19 + "-0", "1-" + "9" * 10, "١-٠", "1-0 "]
)
def test_what_is_no_message_is_not_found(account, reference):
    with pytest.raises(NotFound, match="There is no such message"):
        told(account, reference)


def test_a_message_with_very_many_receipts_is_told_with_the_first_of_them(account):
    provider = a_webhook_provider(account)
    campaign_id = sent(account, provider)
    rows(
        """INSERT INTO receipt (provider_id, key, state, campaign_id, n)
           SELECT %s, 'k' || i, 'sent', %s, 0 FROM generate_series(1, %s) AS i""",
        [provider.id, campaign_id, MOST + 50],
    )
    assert events(account, f"{campaign_id}-0").count("receipt.received") == MOST


@pytest.mark.parametrize(("table", "index"), [("receipt", "receipt_campaign_id_n"), ("reply", "reply_campaign_id")])
def test_receipts_and_replies_of_one_message_are_found_by_an_index(db, table, index):
    with db.atomic():
        rows("SET LOCAL enable_seqscan = off")
        plan = rows(f"EXPLAIN SELECT * FROM {table} WHERE campaign_id = 1 AND n = 1")
    assert index in str(plan)


def test_what_started_by_itself_was_started_by_the_sweeper(account):
    campaign = a_campaign(account, recipients=1, due=True)
    sweep_due(system_caller())
    started_by = [step.by for step in told(account, f"{campaign.id}-0").steps if step.event == "campaign.started"]
    assert started_by == ["sweeper"]


def test_it_names_the_trace_that_its_start_belongs_to(account):
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    with working_in(Place(trace_id, "00f067aa0ba902b7", True)):
        campaign_id = started(account, recipients=1)
    assert told(account, f"{campaign_id}-0").trace_id == trace_id
    rows("UPDATE campaign SET traceparent = NULL")
    assert told(account, f"{campaign_id}-0").trace_id is None
