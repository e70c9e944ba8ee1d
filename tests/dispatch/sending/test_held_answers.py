"""A provider takes every call and answers none for a while: what is claimed meanwhile, and how the job ends."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign
from dispatch.recovery import recover
from models.database import db as database
from models.database import scalar
from tests.dispatch.channels.arranging import a_route
from tests.dispatch.channels.serving import a_provider_at, serving
from tests.dispatch.providers.dialects import DIALECTS
from tests.factories import an_account, asking
from tests.pacing import most_in_a_second
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, started
from tests.stored import states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

WINDOW, RECIPIENTS, RATE = 40, 200, 20
# The bucket holds half a second of the rate, and one exchange takes no more than that.
BURST = RATE // 2
TWILIO, VONAGE = DIALECTS["twilio"], DIALECTS["vonage"]
RATES = pytest.mark.parametrize("rate", [None, RATE], ids=["without a rate", "with a rate"])
ENDS = pytest.mark.parametrize("ends", ["paused", "cancelled", "stopped"])


@pytest.fixture(autouse=True)
def _patient(configure):
    configure(SEND_WINDOW=WINDOW, BATCH_SIZE=50, PROVIDER_TIMEOUT_SEC=60, LEASE_SEC=180, STOP_WITHIN_SEC=70)


def claimed(campaign_id):
    return scalar("SELECT sum(cardinality(in_flight))::int FROM batch WHERE campaign_id = %s", [campaign_id])


def end(how, campaign_id, worker):
    match how:
        case "paused":
            pause_campaign(asking(), campaign_id)
        case "cancelled":
            cancel_campaign(asking(), campaign_id)
        case "stopped":
            worker.stop()


@contextmanager
def delivering(provider, campaign_id, release):
    """Runs a worker on the campaign in a thread, and ends the wait for answers whatever happens in the block."""

    def work():
        with database.connection_context():
            return worker.deliver(campaign_id, 0)

    with courier(provider) as worker, ThreadPoolExecutor(1) as pool:
        job = pool.submit(work)
        try:
            yield worker, job
        finally:
            release()


def judge(how, campaign_id, release, provider=None):
    """Claims go on while nothing is answered; after the end there are none, and every answer is recorded."""
    with delivering(provider or ScriptedProvider(), campaign_id, release) as (worker, job):
        # More than a first burst: the job does not wait for answers before it claims at the rate.
        wait_until(lambda: claimed(campaign_id) > 2 * BURST, "it claims more than a burst without an answer")
        end(how, campaign_id, worker)
        before = claimed(campaign_id)
        release()
        most = job.result(timeout=60)
    # An exchange that had begun before the end may still claim.
    assert before <= most <= min(WINDOW, before + BURST)
    recover()
    rest = "cancelled" if how == "cancelled" else "pending"
    assert states(campaign_id) == {"sent": most, rest: RECIPIENTS - most}


@RATES
@ENDS
def test_a_campaign_that_ends_while_no_call_is_answered_claims_no_more_and_records_every_answer(configure, rate, ends):
    if rate:
        configure(SENDER_RATE=rate)
    provider, times = ScriptedProvider(), []
    provider.on_call(lambda message: times.append(time.monotonic()))
    provider.hold()
    judge(ends, started(recipients=RECIPIENTS), provider.release, provider)
    assert set(provider.calls_per_phone().values()) == {1}
    assert rate is None or most_in_a_second(times) <= 2 * rate


@RATES
@ENDS
def test_the_same_on_a_route_of_two_providers(rate, ends):
    answered = threading.Event()
    account = an_account(credits=1000)
    with serving(TWILIO.accepts, held=answered) as one, serving(VONAGE.accepts, held=answered) as two:
        a_provider_at(one.url, account, TWILIO, "first", rate=rate)
        a_provider_at(two.url, account, VONAGE, "second", rate=rate)
        a_route(account, "first", "second")
        judge(ends, started(account, recipients=RECIPIENTS), answered.set)
        assert two.requests == 0


def test_a_slow_provider_is_called_at_the_rate_of_its_sender(configure):
    """Without an answer the window fills at the rate, and no faster."""
    configure(SENDER_RATE=RATE)
    campaign = started(recipients=RECIPIENTS)
    provider, times = ScriptedProvider(), []
    provider.on_call(lambda message: times.append(time.monotonic()))
    provider.hold()
    with delivering(provider, campaign, provider.release) as (worker, _):
        wait_until(lambda: provider.in_flight == WINDOW, "the window is full")
        assert claimed(campaign) == WINDOW
        worker.stop()
    assert most_in_a_second(times) <= 2 * RATE
