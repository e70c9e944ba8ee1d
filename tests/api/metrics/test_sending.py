"""What is counted of calls, outcomes, circuits and receipts."""

import asyncio

import pytest

from config.settings import settings
from dispatch.channels.circuit import Circuit
from dispatch.channels.shared_circuits import ERRORS, News, SharedCircuits
from dispatch.channels.switch import Stop, Switch
from dispatch.metrics.calls import call_times
from dispatch.metrics.counted import OWN, BatchHistogram
from dispatch.metrics.tally import kind_of
from dispatch.providers import Answer, Outgoing
from dispatch.receipts.applying import apply_receipts
from dispatch.recovery import recover
from dispatch.sending.answers import send_answers
from models.database import rows
from tests.dispatch.receipts.answering import a_provider_at, writes
from tests.dispatch.receipts.saying import a_webhook_provider, said, say, sent
from tests.dispatch.tracing.hearing import hearing
from tests.factories import an_account
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, claimed_by_no_one_left, deliver, end_leases, started

CALLS = "provider_call_duration_seconds_count"
MESSAGE = Outgoing("sms", None, "+306912345678", "Hi", reference="7-0", token="t")


@pytest.fixture
def more(values):
    """Returns how much a sample has grown since the beginning; processes count on from one test to the next."""
    before = values()

    def grown(name: str, **labels: str) -> float:
        return (values()(name, **labels) or 0) - (before(name, **labels) or 0)

    return grown


def phones_of(campaign_id: int) -> list[str]:
    return [
        each["phone"] for each in rows("SELECT phone FROM message WHERE campaign_id = %s ORDER BY n", [campaign_id])
    ]


def test_every_call_is_timed_and_every_outcome_counted_by_provider(more):
    campaign_id = started(recipients=6)
    first, second, third, *_ = phones_of(campaign_id)
    script = {first: [Answer("rejected", error_code="x")], second: [Answer("unknown")], third: [Answer("retryable")]}
    provider = ScriptedProvider(script)
    provider.name = "twilio:3"
    deliver(provider, campaign_id)
    expected = {"accepted": 4, "rejected": 1, "unknown": 1, "retryable": 1}
    assert {outcome: more(CALLS, provider="twilio", outcome=outcome) for outcome in expected} == expected
    expected = {"sent": 4, "failed": 1, "unknown": 1, "retried": 1}
    assert {outcome: more("messages_total", provider="twilio", outcome=outcome) for outcome in expected} == expected


def test_a_call_that_raised_is_timed_too(more):
    campaign_id = started(recipients=1)
    deliver(ScriptedProvider({phones_of(campaign_id)[0]: [ValueError("broken")]}), campaign_id)
    assert more(CALLS, provider="other", outcome="unknown") == 1


def test_each_call_of_a_route_is_timed_for_the_provider_that_was_called(more):
    providers = [ScriptedProvider({MESSAGE.phone: [Answer("deferred", error_code="http_429")]}), ScriptedProvider()]
    providers[0].name, providers[1].name = "twilio:3", "vonage:4"
    route = Switch([Stop(provider, Circuit(provider.name), None) for provider in providers])
    asyncio.run(route.send(MESSAGE))
    call_times.count()
    assert more(CALLS, provider="twilio", outcome="deferred") == 1
    assert more(CALLS, provider="vonage", outcome="accepted") == 1


def test_an_open_circuit_is_seen_once_however_many_workers_know_of_it(values, redis):
    workers = [SharedCircuits(settings()) for _ in range(2)]
    for worker in workers:
        for number in (1, 2):
            worker.tell(f"vonage:{number}", News(errors=ERRORS))
    assert values()("provider_circuits_open", provider="vonage") == 2
    workers[1].tell("vonage:1", News(said="answered"))
    assert values()("provider_circuits_open", provider="vonage") == 1


def test_receipts_are_timed_from_the_record_to_their_coming_and_to_their_effect(more):
    account = an_account()
    provider = a_webhook_provider(account)
    campaign_id = sent(account, provider, recipients=2)
    rows("UPDATE message SET sent_at = sent_at - interval '50 seconds'")
    say(provider, said(f"{campaign_id}-0", "delivered"), said(f"{campaign_id}-1", "undelivered"))
    say(provider, said(f"{campaign_id}-7", "delivered"))
    rows("UPDATE receipt SET received_at = received_at - interval '20 seconds'")
    apply_receipts()
    assert more("receipts_total", outcome="applied") == 2
    assert more("receipts_total", outcome="unknown_message") == 1
    assert more("messages_total", provider="webhook", outcome="delivered") == 1
    assert more("messages_total", provider="webhook", outcome="undelivered") == 1
    assert more("receipt_delay_seconds_bucket", provider="webhook", state="delivered", le="10.0") == 0
    assert more("receipt_delay_seconds_bucket", provider="webhook", state="delivered", le="60.0") == 1
    assert more("receipt_apply_wait_seconds_bucket", provider="webhook", le="10.0") == 0
    assert more("receipt_apply_wait_seconds_count", provider="webhook") == 2


def test_receipts_that_wait_are_seen_before_a_pass_and_not_after(values):
    account = an_account()
    provider = a_webhook_provider(account)
    campaign_id = sent(account, provider)
    say(provider, said(f"{campaign_id}-0", "delivered"))
    rows("UPDATE receipt SET due_at = due_at - interval '20 seconds'")
    told = values()
    assert told("waiting_receipts") == 1
    assert 20 <= told("oldest_receipt_seconds") < 3600
    apply_receipts()
    assert values()("waiting_receipts") == 0


def test_leases_that_ran_out_are_counted_when_recovery_finds_them(values):
    claimed_by_no_one_left(started(recipients=3), 2)
    end_leases()
    recover()
    told = values()
    assert told("leases_expired_total") == 2
    assert told("messages_total", provider="other", outcome="unknown") == 2
    assert told("overdue_leases") == 0
    assert told("open_messages", state="unknown") == 2


def test_many_observations_at_once_are_the_same_as_one_after_the_other():
    amounts = [0.0, 0.005, 0.0051, 0.3, 59.0, 1e9]
    shown = []
    for act in ("observe", "observe_all"):
        histogram = BatchHistogram("some_seconds", "Some.", registry=None, buckets=(0.005, 1, 60))
        if act == "observe":
            for amount in amounts:
                histogram.observe(amount)
        else:
            histogram.observe_all(amounts[:3])
            histogram.observe_all([])
            histogram.observe_all(amounts[3:])
        [family] = histogram.collect()
        shown.append({(s.name, s.labels.get("le")): s.value for s in family.samples if "created" not in s.name})
    assert shown[0] == shown[1]
    assert shown[0]["some_seconds_count", None] == 6


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("twilio:3", "twilio"),
        ("simulated:0", "simulated"),
        ("messaging-service", "messaging_service"),
        ("scripted", "other"),
        ("", "other"),
        (None, "other"),
        ("+306912345678", "other"),
    ],
)
def test_a_provider_is_named_by_a_kind_that_we_know(label, kind):
    assert kind_of(label) == kind


def test_a_message_is_counted_once_however_many_jobs_its_campaign_had(more):
    campaign_id = started(recipients=4)
    deliver(answering(), campaign_id)
    deliver(answering(), campaign_id)
    assert more("messages_total", provider="other", outcome="sent") == 4


def test_what_a_process_counts_is_in_one_registry_with_our_prefix():
    assert all(family.name.startswith("campaign_dispatch_") for family in OWN.collect())


def test_calls_that_answer_replies_are_timed_too(db, redis, more):
    account = an_account()
    with hearing() as server:
        writes(a_provider_at(f"{server.url}/messages", account), "HELP")
        assert send_answers() == 1
    assert more(CALLS, provider="webhook", outcome="accepted") == 1
