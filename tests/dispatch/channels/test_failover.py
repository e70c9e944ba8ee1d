"""Routes of several providers: only what was certainly not taken goes to the next, and shares are kept."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.channels import routes
from dispatch.channels.circuit import ERRORS, PAUSE_SEC, WITHIN_SEC, Circuit
from dispatch.channels.routes import set_route
from dispatch.channels.switch import Stop, Switch
from dispatch.providers import Answer, Outgoing
from models.database import rows
from tests.dispatch.channels.arranging import a_route
from tests.dispatch.channels.serving import a_provider_at, serving
from tests.dispatch.providers.dialects import DIALECTS
from tests.dispatch.providers.misbehaving import answers
from tests.factories import an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import campaign_row, states

TWILIO, VONAGE = DIALECTS["twilio"], DIALECTS["vonage"]
MESSAGE = Outgoing("sms", None, "+306912345678", "Hi", reference="7-0", token="t")
ACCEPTED = Answer("accepted", provider_id="a")
REFUSED = Answer("deferred", error_code="connect_failed")
BUSY = Answer("deferred", error_code="http_429", retry_after=30)
NOT_TAKEN = [REFUSED, BUSY, Answer("retryable", error_code="busy"), Answer("halted", error_code="http_401")]
FINAL = [ACCEPTED, Answer("rejected", error_code="nope"), Answer("unknown", error_code="timeout")]


class Named(ScriptedProvider):
    """A scripted provider with a name of its own, which answers everything alike."""

    def __init__(self, name, *told):
        super().__init__({MESSAGE.phone: list(told) * 1000})
        self.name = name


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def account(db, redis):
    return an_account(credits=100_000)


def switch(*providers, weights=None, clock=None):
    stops = [
        Stop(provider, Circuit(provider.name, **({"clock": clock} if clock else {})), weight)
        for provider, weight in zip(providers, weights or [None] * len(providers), strict=True)
    ]
    return Switch(stops)


def sent(through, times=1):
    async def run():
        return [await through.send(MESSAGE) for _ in range(times)]

    return asyncio.run(run())


@pytest.mark.parametrize("answer", NOT_TAKEN, ids=lambda answer: answer.error_code)
def test_what_was_certainly_not_taken_goes_to_the_next_provider(answer):
    first, second = Named("first", answer), Named("second", ACCEPTED)
    assert sent(switch(first, second)) == [ACCEPTED._replace(provider="second")]
    assert (len(first.calls), len(second.calls)) == (1, 1)


@pytest.mark.parametrize("answer", FINAL, ids=lambda answer: answer.outcome)
def test_whatever_may_have_left_or_is_about_the_message_stays_with_the_provider_that_was_called(answer):
    first, second = Named("first", answer), Named("second", ACCEPTED)
    assert sent(switch(first, second)) == [answer._replace(provider="first")]
    assert second.calls == []


def test_a_provider_that_fails_by_itself_may_have_sent():
    first, second = Named("first", RuntimeError("a fault of ours")), Named("second", ACCEPTED)
    assert sent(switch(first, second)) == [Answer("unknown", error_code="provider_error", provider="first")]
    assert second.calls == []


@given(st.lists(st.sampled_from(NOT_TAKEN + FINAL), min_size=1, max_size=5))
def test_no_message_is_taken_twice_whatever_the_providers_answer(told):
    providers = [Named(f"p{n}", answer) for n, answer in enumerate(told)]
    [answer] = sent(switch(*providers))
    called = [answer for provider, answer in zip(providers, told, strict=True) if provider.calls]
    # Each provider before the last one that was called has certainly not taken it.
    assert all(each in NOT_TAKEN for each in called[:-1])
    assert called == told[: len(called)]
    taken = [each for each in called if each in FINAL]
    assert [answer._replace(provider=None)] == taken if taken else answer.outcome in ("deferred", "retryable", "halted")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([BUSY, BUSY._replace(retry_after=3)], BUSY._replace(retry_after=3)),
        ([NOT_TAKEN[3], BUSY], BUSY),
        ([BUSY, NOT_TAKEN[2]], NOT_TAKEN[2]),
        ([NOT_TAKEN[3], NOT_TAKEN[3]], NOT_TAKEN[3]),
    ],
)
def test_if_no_one_takes_it_the_message_waits_for_the_one_that_may_soonest(told, expected):
    [answer] = sent(switch(*(Named(f"p{n}", each) for n, each in enumerate(told))))
    assert answer._replace(provider=None) == expected


def test_shares_are_kept_and_nothing_is_lost_when_one_of_them_fails():
    first, second = Named("first", ACCEPTED), Named("second", ACCEPTED)
    sent(switch(first, second, weights=(70, 30)), times=1000)
    assert 600 < len(first.calls) < 800
    failing, third = Named("failing", REFUSED), Named("third", ACCEPTED)
    found = sent(switch(failing, third, weights=(999, 1)), times=20)
    assert {answer.outcome for answer in found} == {"accepted"}


# The circuit.


def noted(circuit, *told, refusals=False):
    for answer in told:
        circuit.note(answer, counts_refusals=refusals)


def test_a_circuit_opens_after_fifty_errors_in_a_minute_and_one_message_tries_it_after_a_pause():
    circuit = Circuit("p", clock=(clock := Clock()))
    noted(circuit, *[REFUSED] * (ERRORS - 1), Answer("unknown"))
    assert not circuit.may_call()
    clock.now += PAUSE_SEC
    assert [circuit.may_call() for _ in range(3)] == [True, False, False]
    noted(circuit, REFUSED)
    assert not circuit.may_call()
    clock.now += PAUSE_SEC
    assert circuit.may_call()
    noted(circuit, ACCEPTED)
    assert all(circuit.may_call() for _ in range(3))
    noted(circuit, *[REFUSED] * (ERRORS - 1))
    assert circuit.may_call()


def test_errors_of_more_than_a_minute_and_answers_that_are_none_open_no_circuit():
    circuit = Circuit("p", clock=(clock := Clock()))
    for _ in range(10 * ERRORS):
        noted(circuit, REFUSED)
        clock.now += WITHIN_SEC / (ERRORS - 2)
    assert circuit.may_call()
    noted(circuit, *[BUSY, Answer("rejected"), Answer("retryable"), NOT_TAKEN[3]] * ERRORS)
    assert circuit.may_call()


def test_a_refusal_of_our_account_is_an_error_only_where_another_provider_can_be_called():
    alone, together = Circuit("a"), Circuit("b")
    noted(alone, *[NOT_TAKEN[3]] * ERRORS)
    noted(together, *[NOT_TAKEN[3]] * ERRORS, refusals=True)
    assert (alone.may_call(), together.may_call()) == (True, False)


def test_a_provider_that_is_down_is_called_fifty_times_and_then_every_ten_seconds():
    down, up, clock = Named("down", REFUSED), Named("up", ACCEPTED), Clock()
    through = switch(down, up, clock=clock)
    sent(through, times=200)
    assert (len(down.calls), len(up.calls)) == (ERRORS, 200)
    clock.now += PAUSE_SEC
    sent(through, times=20)
    assert len(down.calls) == ERRORS + 1
    [answer] = sent(switch(down, clock=clock))
    assert answer == REFUSED._replace(provider="down")


# The whole way.


def who_has(campaign_id):
    found = rows("SELECT provider, count(*) AS n FROM message WHERE campaign_id = %s GROUP BY 1", [campaign_id])
    return {each["provider"]: each["n"] for each in found}


def test_a_campaign_goes_on_through_the_second_provider_and_each_message_names_the_one_that_has_it(account):
    unwell = answers("401 Unauthorized", b"{}")
    with serving(TWILIO.accepts, TWILIO.accepts, unwell) as one, serving(VONAGE.accepts) as two:
        first = a_provider_at(one.url, account, TWILIO, "first")
        second = a_provider_at(two.url, account, VONAGE, "second")
        a_route(account, "first", "second")
        campaign = started(account, recipients=30)
        deliver(ScriptedProvider(), campaign)
        assert two.requests == 28
    assert states(campaign) == {"sent": 30}
    assert who_has(campaign) == {f"twilio:{first.id}": 2, f"vonage:{second.id}": 28}


def test_answers_that_are_unclear_do_not_fail_over(account):
    with serving(answers("500 Internal Server Error")) as one, serving(VONAGE.accepts) as two:
        a_provider_at(one.url, account, TWILIO, "first")
        a_provider_at(two.url, account, VONAGE, "second")
        a_route(account, "first", "second")
        campaign = started(account, recipients=20)
        deliver(ScriptedProvider(), campaign)
        assert (one.requests, two.requests) == (20, 0)
    assert states(campaign) == {"unknown": 20}


def test_a_campaign_is_sent_in_the_shares_of_its_route(account):
    with serving(TWILIO.accepts) as one, serving(VONAGE.accepts) as two:
        a_provider_at(one.url, account, TWILIO, "first")
        a_provider_at(two.url, account, VONAGE, "second")
        set_route(asking(account.id), "sms", [routes.Stop("first", 70), routes.Stop("second", 30)])
        campaign = started(account, recipients=300)
        deliver(ScriptedProvider(), campaign)
        assert one.requests + two.requests == 300
        assert 150 < one.requests < 270
    assert states(campaign) == {"sent": 300}


def test_a_campaign_pauses_only_when_every_provider_refuses_the_account(account):
    unwell = answers("403 Forbidden", b"{}")
    with serving(unwell) as one, serving(unwell) as two:
        a_provider_at(one.url, account, TWILIO, "first")
        a_provider_at(two.url, account, VONAGE, "second")
        a_route(account, "first", "second")
        campaign = started(account, recipients=5)
        deliver(ScriptedProvider(), campaign)
    assert states(campaign) == {"pending": 5}
    assert campaign_row(campaign)["status"] == "paused"


def test_a_trial_that_was_cancelled_lets_another_be_made():
    held, clock = ScriptedProvider(), Clock()
    circuit = Circuit("p", clock=clock)
    noted(circuit, *[REFUSED] * ERRORS)
    clock.now += PAUSE_SEC
    held.hold()

    async def cancelled():
        trial = asyncio.create_task(Switch([Stop(held, circuit, None)]).send(MESSAGE))
        while not held.in_flight:
            await asyncio.sleep(0)
        trial.cancel()
        await asyncio.wait([trial])
        assert trial.cancelled()

    asyncio.run(cancelled())
    assert circuit.may_call()
