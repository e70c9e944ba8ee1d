"""One trace, from a request to web to the calls that workers make: real processes, a real collector."""

import pytest

from tests.dispatch.tracing.collecting import collecting
from tests.dispatch.tracing.hearing import hearing
from tests.factories import a_campaign, a_key, an_account
from tests.processes import running
from tests.stored import campaign_row
from tests.waiting import wait_until
from tests.web import running_web

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"
WAY = [
    ("worker-send", "POST"),
    ("worker-send", "send message"),
    ("worker-send", "send batch"),
    ("web", "enqueue campaign"),
    ("web", "POST /api/campaigns/<campaign_id>/enqueue"),
    "00f067aa0ba902b7",
]


@pytest.mark.processes
def test_a_request_and_the_calls_that_follow_from_it_are_one_trace(db, redis, tmp_path):
    pytest.importorskip("opentelemetry.sdk")
    account = an_account()
    campaign, key = a_campaign(account, recipients=5), a_key(account)
    with hearing() as provider, collecting() as collector:
        environment = {
            "SIMULATOR_URL": provider.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "SEND_WORKERS": "1",
        }
        with (
            running_web(tmp_path, **environment) as web,
            running("jobs", log=tmp_path / "jobs.log", **environment),
        ):
            path = f"/api/campaigns/{campaign.id}/enqueue"
            headers = {"traceparent": CALLER, "tracestate": "vendor=1", "baggage": "user=7"}
            answer = web.ask("POST", path, key=key, headers=headers)
            assert answer.status in (200, 202)
            assert answer.headers["traceparent"].split("-")[1] == TRACE
            wait_until(lambda: campaign_row(campaign.id)["status"] == "completed", "everything is sent")
            wait_until(lambda: len(collector.named("POST")) == 5, "every call is collected")
            wait_until(lambda: collector.named("send batch"), "the job is collected")
        assert '"trace_id": "' + TRACE in (tmp_path / "jobs.log").read_text()
    assert not {"tracestate", "baggage"} & {name for headers in provider.headers for name in headers}
    assert len(provider.places) == 5
    assert all(_way(collector, place) == WAY for place in provider.places)


def _way(collector, place):
    """Returns the processes and spans from the call at this place up to the caller."""
    spans, way, at = {each.span_id: each for each in collector.of_trace(TRACE)}, [], place.span_id
    while span := spans.get(at):
        way.append((span.process, span.name))
        at = span.parent_id
    return [*way, at]
