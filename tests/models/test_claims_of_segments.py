"""A claim for a sender with a rate takes whole messages, in their order, while their segments fit."""

import pytest

from config.settings import settings
from dispatch.sending.exchange import Exchange
from models.campaigns.sending import to_send
from models.database import db as database
from models.messages import batch, claiming
from tests.sending import started
from tests.statements import statements
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")

THREE_SEGMENTS = "x" * 400


@pytest.mark.parametrize(("segments", "claimed", "next_takes"), [(7, 2, 3), (6, 2, 3), (2, 0, 3), (60, 5, None)])
def test_a_claim_takes_whole_messages_within_its_segments(segments, claimed, next_takes):
    campaign = started(recipients=5, template=THREE_SEGMENTS)
    with database.atomic():
        entered = batch.take(campaign, token=1, number=0)
        with database.connection().cursor() as cursor:
            claiming.claim(cursor, campaign, entered, want=8, token=1, lease_sec=30, caps=None, segments=segments)
            taken = claiming.taken(cursor, token=1)
    assert ([each.n for each in taken.messages], taken.segments) == (list(range(claimed)), 3 * claimed)
    assert (taken.next_takes, taken.rows) == (next_takes, 5)
    assert states(campaign).get("sending", 0) == claimed


def test_an_exchange_goes_on_in_the_next_batch_and_stops_at_its_segments(configure):
    configure(BATCH_SIZE=2)
    campaign = started(recipients=5, template=THREE_SEGMENTS)
    exchange = an_exchange(campaign)
    assert [each.n for each in exchange.record_and_claim([], 64, 10)] == [0, 1, 2]
    assert (exchange.segments, exchange.next_takes, exchange.ran_dry) == (9, 3, False)
    assert [each.n for each in exchange.record_and_claim([], 64, 64)] == [3, 4]
    assert (exchange.segments, exchange.next_takes, exchange.ran_dry) == (6, None, True)


@pytest.mark.parametrize("segments", [None, 60])
def test_an_exchange_with_and_without_a_rate_runs_the_same_statements(segments):
    exchange = an_exchange(started(recipients=100))
    exchange.record_and_claim([], 5, segments)
    with statements() as ran:
        assert len(exchange.record_and_claim([], 5, segments)) == 5
    assert ran == ["BEGIN", "SELECT 1", "SELECT 5", "COMMIT"]


def an_exchange(campaign_id):
    return Exchange(to_send(campaign_id), 0, provider="scripted", settings=settings(), caps=None)
