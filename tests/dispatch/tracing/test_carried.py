"""The trace of a request goes with what it starts, through every wave, to the calls of providers and webhooks."""

from datetime import UTC, datetime

import pytest
import structlog
from flask import request
from structlog.testing import capture_logs

from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import schedule_campaign
from dispatch.providers.simulator.phones import Behaviour, Phones
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_test
from dispatch.start.occurrences import execute
from dispatch.start.sweep import sweep_due
from dispatch.tracing.current import here, working_in
from dispatch.tracing.place import Place, parse
from dispatch.tracing.spans import request_to
from models.database import rows
from scheduling.registry import Job
from tests.dispatch.tracing.hearing import hearing, send
from tests.doubles.serving import status
from tests.factories import a_campaign, an_account, asking, fallen_due
from tests.recurring import a_pattern, deliver_all, occurrences_of
from tests.remote import a_business, a_remote_campaign, start
from tests.simulator import lines, simulator_beside
from tests.stored import campaign_row, states

REQUEST = Place("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", True)
EARLIER = Place("11111111111111111111111111111111", "2222222222222222", False)


@pytest.fixture
def account(db, redis):
    return an_account()


@pytest.fixture
def provider(configure):
    with hearing() as found:
        configure(SIMULATOR_URL=found.url)
        yield found


def trace_of(campaign_id):
    return parse(campaign_row(campaign_id)["traceparent"])


def test_each_call_of_a_provider_is_a_span_of_its_own_in_the_trace_of_the_start(account, provider):
    with working_in(EARLIER):
        campaign = a_campaign(account, recipients=5)
    with working_in(REQUEST):
        enqueue_campaign(asking(), campaign.id)
    send(campaign.id)
    assert provider.traces == {REQUEST.trace_id}
    assert len({place.span_id for place in provider.places} | {REQUEST.span_id}) == 6
    assert all(place.sampled for place in provider.places)


def test_third_parties_get_neither_tracestate_nor_baggage(account, provider):
    with working_in(REQUEST):
        campaign = a_campaign(account, recipients=1)
        enqueue_campaign(asking(), campaign.id)
    send(campaign.id)
    assert not {"tracestate", "baggage", "x-request-id"} & provider.headers[0].keys()


def test_what_is_started_outside_of_any_trace_begins_one(account, provider):
    campaigns = [a_campaign(account, recipients=1) for _ in range(2)]
    for campaign in campaigns:
        enqueue_campaign(asking(), campaign.id)
        send(campaign.id)
    assert len(provider.traces) == 2
    assert None not in provider.traces


def test_a_later_wave_goes_on_in_the_same_trace(account, provider):
    with working_in(REQUEST):
        campaign = a_campaign(account, recipients=3)
        enqueue_campaign(asking(), campaign.id)
    provider.fail(status(429, Retry_After="3600"))
    send(campaign.id)
    assert states(campaign.id) == {"sent": 2, "pending": 1}
    rows("UPDATE message SET not_before = now() WHERE state = 'pending'")
    rows("UPDATE batch SET next_due_at = now()")
    with working_in(EARLIER):  # whatever the worker did before
        send(campaign.id)
    assert states(campaign.id) == {"sent": 3}
    assert len(provider.places) == 3
    assert provider.traces == {REQUEST.trace_id}


@pytest.mark.parametrize("schedules", ["created with a time", "scheduled", "edited to have one"])
def test_what_the_sweep_starts_belongs_to_the_request_that_scheduled_it(account, provider, schedules):
    soon = datetime(2099, 1, 1, 9, tzinfo=UTC)
    with working_in(REQUEST if schedules.startswith("created") else EARLIER):
        campaign = a_campaign(account, recipients=2, **({"scheduled_at": soon} if "created" in schedules else {}))
    with working_in(REQUEST):
        caller = asking(request_id="scheduled-it")
        if schedules == "scheduled":
            schedule_campaign(caller, campaign.id, soon)
        elif schedules.startswith("edited"):
            edit_campaign(caller, campaign.id, {"scheduled_at": soon})
    fallen_due(campaign)
    with working_in(EARLIER):
        sweep_due(asking())
    send(campaign.id)
    assert provider.traces == {REQUEST.trace_id}
    if not schedules.startswith("created"):
        assert campaign_row(campaign.id)["correlation_id"] == "scheduled-it"


def test_a_scheduled_campaign_from_before_traces_begins_one_when_it_starts(account, provider):
    campaign = a_campaign(account, recipients=2, scheduled_at=datetime(2099, 1, 1, 9, tzinfo=UTC))
    rows("UPDATE campaign SET traceparent = NULL")
    fallen_due(campaign)
    sweep_due(asking())
    send(campaign.id)
    assert provider.traces == {trace_of(campaign.id).trace_id}


def test_one_that_was_sending_before_traces_goes_on_without(account, provider):
    campaign = a_campaign(account, recipients=2)
    enqueue_campaign(asking(), campaign.id)
    rows("UPDATE campaign SET traceparent = NULL")
    send(campaign.id)
    assert provider.traces == {None}


def test_each_occurrence_of_a_recurring_campaign_has_a_trace_of_its_own(account):
    with working_in(REQUEST):
        pattern = a_pattern(account, recipients=1)
    schedule_id = campaign_row(pattern.id)["schedule_id"]
    [times] = [rows("SELECT now() - interval '2 minutes' AS a, now() - interval '1 minute' AS b")]
    for at in (times[0]["a"], times[0]["b"]):
        job = Job(account.id, {"campaign_id": pattern.id}, schedule_id, at, 1)
        execute(job)
        deliver_all(pattern.id)
    traces = {trace_of(each.id).trace_id for each in occurrences_of(pattern.id)}
    assert len(traces) == 2
    assert REQUEST.trace_id not in traces


def test_a_test_belongs_to_the_request_that_sends_it(account, provider):
    campaign = a_campaign(account, recipients=1)
    with working_in(REQUEST):
        test = send_test(asking(), campaign.id, ["+306912345678"])
    send(test.campaign_id)
    assert provider.traces == {REQUEST.trace_id}


def test_log_lines_of_a_worker_name_the_trace(account, provider):
    with working_in(REQUEST):
        campaign = a_campaign(account, recipients=1)
        enqueue_campaign(asking(), campaign.id)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        send(campaign.id)
    worked = [line for line in logged if line["event"] == "batch.worked"]
    assert [line["trace_id"] for line in worked] == [REQUEST.trace_id]
    assert here() is None


def headers():
    with request_to("example.com", "POST") as (_, found):
        return found


def test_outside_of_any_trace_no_header_is_sent():
    assert headers() == {}
    with working_in(REQUEST):
        assert parse(headers()["traceparent"]).trace_id == REQUEST.trace_id
    assert headers() == {}


def test_user_service_is_asked_in_the_trace_of_the_start(db, redis, remote):
    heard = []
    remote.users.app.before_request(lambda: heard.append(parse(request.headers.get("traceparent"))))
    with working_in(REQUEST):
        start(a_remote_campaign(remote, a_business(), users=3))
    assert {place.trace_id for place in heard} == {REQUEST.trace_id}


def test_the_log_of_a_simulator_names_the_trace_of_each_message(account, configure, tmp_path):
    behaviour = Behaviour(Phones(), seed=1)
    with simulator_beside(tmp_path / "accepted.log", behaviour=behaviour) as url:
        configure(SIMULATOR_URL=url)
        with working_in(REQUEST):
            campaign = a_campaign(account, recipients=3)
            enqueue_campaign(asking(), campaign.id)
        send(campaign.id)
    assert [each["trace_id"] for each in lines(tmp_path / "accepted.log")] == [REQUEST.trace_id] * 3
