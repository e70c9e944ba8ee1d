"""How many messages are claimed at a time: a window, and two of a provider that answers a whole one at once."""

import asyncio

import pytest

from dispatch.sending import calls
from dispatch.sending.exchange import Exchange
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")

WINDOW = 8


class CountingProvider(ScriptedProvider):
    """Takes so long for each call, and counts how many it is asked at a time."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.open, self.most_open = seconds, 0, 0

    async def send(self, message):
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        self.open -= 1
        return await super().send(message)


@pytest.fixture
def claims(configure, monkeypatch):
    """How many messages were claimed and not recorded yet after each exchange."""
    configure(SEND_WINDOW=WINDOW, BATCH_SIZE=100)
    found = []
    exchange = Exchange.record_and_claim

    def counted(self, *args, **options):
        claimed = exchange(self, *args, **options)
        found.append(len(self._claimed))
        return claimed

    monkeypatch.setattr(Exchange, "record_and_claim", counted)
    return found


def test_of_a_provider_that_answers_at_once_two_windows_are_claimed_and_never_more(claims, monkeypatch):
    monkeypatch.setattr(calls, "AT_ONCE_SEC", 60.0)  # however busy the machine is
    provider, campaign_id = CountingProvider(0), started(recipients=400)
    deliver(provider, campaign_id)
    assert states(campaign_id) == {"sent": 400}
    assert (claims[0], max(claims)) == (WINDOW, 2 * WINDOW)
    assert provider.most_open <= WINDOW


def test_of_one_that_takes_longer_no_more_than_a_window_is_claimed(claims):
    provider, campaign_id = CountingProvider(2 * calls.AT_ONCE_SEC), started(recipients=100)
    deliver(provider, campaign_id)
    assert states(campaign_id) == {"sent": 100}
    assert (max(claims), provider.most_open) == (WINDOW, WINDOW)


def test_what_was_not_answered_as_a_whole_is_not_claimed_twice_as_wide(claims, monkeypatch):
    """One number that does not answer holds its place; the others' answers are no whole window."""
    monkeypatch.setattr(calls, "AT_ONCE_SEC", 60.0)
    provider, campaign_id = ScriptedProvider(), started(recipients=60)
    provider.hold()
    then = {2: provider.hold_no_more, 60: provider.release}
    provider.on_call(lambda message: then.get(len(provider.calls), lambda: None)())
    deliver(provider, campaign_id)
    assert states(campaign_id) == {"sent": 60}
    assert max(claims) == WINDOW
