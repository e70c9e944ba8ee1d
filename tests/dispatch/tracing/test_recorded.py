"""With the extra `otel` spans are recorded and sent; without a recorder nothing is added to a call."""

import asyncio

import pytest

from config.settings import settings
from dispatch.providers import Answer, Outgoing
from dispatch.receipts.applying import apply_receipts
from dispatch.sending import recorded
from dispatch.sending.calls import Calls
from dispatch.sending.recorded import send_of
from dispatch.start.enqueue import enqueue_campaign
from dispatch.tracing.current import here, working_in
from dispatch.tracing.place import Place
from dispatch.tracing.spans import NOTHING, record_with, request_to, span, trace_of_work
from models.campaigns.sending import to_send
from tests.dispatch.receipts.saying import a_webhook_provider, said, say, sent
from tests.dispatch.tracing.collecting import collecting
from tests.dispatch.tracing.hearing import hearing, send
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, started
from tests.stored import campaign_row

CALLER = Place("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", True)
UNSAMPLED = Place("5bf92f3577b34da6a3ce929d0e0e4736", "10f067aa0ba902b7", False)
MESSAGE = Outgoing("sms", None, "+306912345678", "Hi", reference="7-0", token="t")


@pytest.fixture
def record(configure):
    """Lets spans of this process be recorded with these settings; call the result to have everything sent."""
    pytest.importorskip("opentelemetry.sdk")
    from dispatch.tracing.otel import OtelRecorder

    made = []

    def begin(url, **variables):
        configure(OTEL_EXPORTER_OTLP_ENDPOINT=url, **variables)
        made.append(OtelRecorder.of(settings(), "test"))
        record_with(made[-1])
        return made[-1].flush

    yield begin
    record_with(None)
    for each in made:
        each.flush()


@pytest.fixture
def account(db, redis):
    return an_account(credits=100_000)


def test_without_a_recorder_a_call_is_the_providers_own():
    provider = ScriptedProvider()
    with working_in(CALLER):
        assert send_of(provider) == provider.send


def test_without_a_recorder_a_job_makes_no_span_for_any_message(account, monkeypatch):
    begun = []
    monkeypatch.setattr(recorded, "span", lambda *_, **__: begun.append(1))
    with working_in(CALLER):
        campaign_id = started(account, recipients=300)
    deliver(answering(), campaign_id)
    assert campaign_row(campaign_id)["status"] == "completed"
    assert begun == []


def test_a_call_in_a_trace_that_no_one_records_is_the_providers_own_too(account, record):
    provider = ScriptedProvider()
    with collecting() as collector:
        record(collector.url)
        with working_in(UNSAMPLED):
            campaign = to_send(started(account, recipients=1))
            calls = Calls(campaign, provider, settings(), places=1)
            assert calls._send == provider.send
        with working_in(CALLER):
            assert send_of(provider) != provider.send


def test_one_trace_leads_from_the_start_to_each_call_of_the_provider(account, record, configure):
    with hearing() as provider, collecting() as collector:
        configure(SIMULATOR_URL=provider.url)
        flush = record(collector.url)
        with working_in(CALLER):
            campaign = a_campaign(account, recipients=3)
            enqueue_campaign(asking(), campaign.id)
        send(campaign.id)
        flush()
        of_trace = {each.span_id: each for each in collector.of_trace(CALLER.trace_id)}
        [enqueue], [job] = collector.named("enqueue campaign"), collector.named("send batch")
        calls = collector.named("POST")
        assert (enqueue.parent_id, enqueue.kind) == (CALLER.span_id, "producer")
        assert (job.parent_id, job.kind) == (enqueue.span_id, "consumer")
        assert job.attributes["campaign_dispatch.claimed"] == 3
        assert {each.kind for each in calls} == {"client"}
        messages = [of_trace[each.parent_id] for each in calls]
        assert {each.attributes["campaign_dispatch.message"] for each in messages} == {
            f"{campaign.id}-{n}" for n in range(3)
        }
        assert {each.parent_id for each in messages} == {job.span_id}
        assert {each.parent_id for each in collector.named("exchange")} == {job.span_id}
        # What the provider hears of is the span that was recorded.
        assert {place.span_id for place in provider.places} == {each.span_id for each in calls}
        assert all(place.sampled for place in provider.places)


def test_no_span_has_a_phone_number_or_a_text(account, record, configure):
    with hearing() as provider, collecting() as collector:
        configure(SIMULATOR_URL=provider.url)
        flush = record(collector.url)
        with working_in(CALLER):
            campaign = a_campaign(account, recipients=1, template="Hello secret {first_name}")
            enqueue_campaign(asking(), campaign.id)
        send(campaign.id)
        flush()
        values = {str(value) for each in collector.spans for value in each.attributes.values()}
        assert values
        assert not any("+30" in value or "secret" in value for value in values)


@pytest.mark.parametrize("answer", [Answer("rejected", error_code="21211"), Answer("unknown", error_code="timeout")])
def test_a_call_that_was_not_accepted_is_a_span_that_failed(record, answer):
    provider = ScriptedProvider({MESSAGE.phone: [answer]})
    with collecting() as collector:
        flush = record(collector.url)
        with working_in(CALLER):
            assert asyncio.run(send_of(provider)(MESSAGE)) == answer
        flush()
        [one] = collector.named("send message")
        assert one.failed
        assert one.attributes["error.type"] == answer.error_code
        assert one.attributes["campaign_dispatch.outcome"] == answer.outcome


def test_work_that_raised_is_a_span_that_failed(record):
    with collecting() as collector:
        flush = record(collector.url)
        with pytest.raises(LookupError), trace_of_work("work"):
            raise LookupError
        flush()
        [one] = collector.named("work")
        assert (one.failed, one.attributes["error.type"], one.parent_id) == (True, "LookupError", "")


@pytest.mark.parametrize(
    ("sampler", "ratio", "kept", "of_unsampled"),
    [
        ("parentbased_always_on", "1", True, False),
        ("parentbased_always_off", "1", False, False),
        ("parentbased_traceidratio", "0", False, False),
        ("parentbased_traceidratio", "1", True, False),
        ("always_on", "1", True, True),
        ("always_off", "1", False, False),
        ("traceidratio", "1", True, True),
    ],
)
def test_the_sampler_decides_for_new_traces_and_the_caller_for_theirs(record, sampler, ratio, kept, of_unsampled):
    with collecting() as collector:
        flush = record(collector.url, OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=ratio)
        with trace_of_work("new"):
            assert here().sampled == kept
        with working_in(UNSAMPLED), span("of a caller who records nothing"):
            assert here().trace_id == UNSAMPLED.trace_id
        with working_in(CALLER), span("of a caller"):
            assert here().trace_id == CALLER.trace_id
        flush()
        assert bool(collector.named("new")) == kept
        assert bool(collector.named("of a caller who records nothing")) == of_unsampled
        assert bool(collector.named("of a caller")) == (sampler.startswith("parentbased") or kept)


def test_a_pass_over_receipts_is_linked_to_the_traces_of_their_campaigns(account, record):
    provider = a_webhook_provider(account)
    with working_in(CALLER):
        campaign_id = sent(account, provider)
    with collecting() as collector:
        flush = record(collector.url)
        say(provider, said(f"{campaign_id}-0", "delivered"))
        apply_receipts()
        flush()
        [one] = collector.named("apply receipts")
        assert one.links == [CALLER.trace_id]
        assert one.trace_id != CALLER.trace_id
        assert one.attributes["campaign_dispatch.receipts"] == 1


def test_a_collector_that_is_away_changes_nothing(account, record):
    flush = record("http://127.0.0.1:9")
    with working_in(CALLER):
        campaign_id = started(account, recipients=3)
    deliver(answering(), campaign_id)
    flush()
    assert campaign_row(campaign_id)["status"] == "completed"


def test_without_a_recorder_work_has_no_span_and_a_request_still_names_its_trace():
    with working_in(CALLER), span("work") as begun, request_to("example.com", "POST") as (request, headers):
        assert begun is request is NOTHING
        assert headers["traceparent"].startswith(f"00-{CALLER.trace_id}-")
        assert CALLER.span_id not in headers["traceparent"]
