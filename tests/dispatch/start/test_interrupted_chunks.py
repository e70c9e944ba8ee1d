"""What interrupts a chunk between two groups of its messages leaves it whole or not written at all."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from config.settings import settings
from dispatch.audience import members
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.start import chunk, preparation
from dispatch.start.lost import PreparationLost
from models.campaigns.preparation import Preparation, held_by, take_over
from models.database import db, rows
from models.failures import DATABASE_ERRORS
from tests.factories import a_campaign, an_account, asking
from tests.sending import start_claim
from tests.stored import campaign_row
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

RECIPIENTS, CHUNK, GROUP = 25, 10, 3
# Groups of the first chunk, and two of the second.
IN_THE_SECOND_CHUNK = 4 + 2


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", CHUNK)
    monkeypatch.setattr(chunk, "RENDERED_TOGETHER", GROUP)


@pytest.fixture
def campaign():
    draft = a_campaign(an_account(), recipients=RECIPIENTS)
    return start_claim(draft.id, batch_size=5, recipients=RECIPIENTS)


@pytest.fixture
def in_the_second_chunk(monkeypatch):
    """Returns a function that has something done once, between two groups of the second chunk."""
    groups, todo = [], []

    def count():
        groups.append(1)
        if len(groups) == IN_THE_SECOND_CHUNK:
            for act in todo:
                act()

    monkeypatch.setattr(chunk, "let_others_run", count)
    return todo.append


def written():
    """Returns how many messages and batches there are, and the recipients that the campaign counts."""
    [found] = rows(
        """SELECT (SELECT count(*) FROM message) AS messages, (SELECT count(DISTINCT phone) FROM message) AS phones,
                  (SELECT count(*) FROM batch) AS batches, recipients, prep_price AS price FROM campaign"""
    )
    return tuple(found.values())


def assert_first_chunk_alone():
    assert written() == (CHUNK, CHUNK, 2, CHUNK, CHUNK)


def assert_whole():
    assert written() == (RECIPIENTS, RECIPIENTS, 5, RECIPIENTS, RECIPIENTS)


def continue_it(campaign):
    held = held_by(campaign.id, campaign_row(campaign.id)["prep_token"])
    assert held
    assert preparation.prepare(held)


def test_an_error_between_two_groups_takes_the_chunk_back_and_the_connection_is_used_again(
    campaign, in_the_second_chunk
):
    def fail():
        raise RuntimeError("stopped")

    in_the_second_chunk(fail)
    with pytest.raises(RuntimeError, match="stopped"):
        preparation.prepare(campaign)
    assert_first_chunk_alone()
    continue_it(campaign)
    assert_whole()


def test_a_connection_that_is_lost_between_two_groups_leaves_nothing_of_the_chunk(campaign, in_the_second_chunk):
    url = settings().database_url
    assert url
    pid = db.connection().info.backend_pid

    def terminate():
        with psycopg.connect(url.get_secret_value(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    in_the_second_chunk(terminate)
    with pytest.raises(DATABASE_ERRORS):
        preparation.prepare(campaign)
    db.close()
    db.connect(reuse_if_open=True)
    assert_first_chunk_alone()
    continue_it(campaign)
    assert_whole()


def take_it_over(campaign):
    mine = Preparation(
        campaign_id=campaign.id, account_id=campaign.account_id, token=campaign.prep_token, takeovers=0, error=None
    )
    return take_over(mine, most=5)


def cancel_it(campaign):
    return cancel_campaign(asking(), campaign.id)


@pytest.mark.parametrize("act", [take_it_over, cancel_it])
def test_whoever_wants_the_campaign_meanwhile_waits_for_the_chunk_and_the_holder_stops_after_it(
    campaign, in_the_second_chunk, monkeypatch, act
):
    url, tuples_of, moved = settings().database_url, members.tuples_of, []
    assert url

    def other():
        with db.connection_context():
            return act(campaign)

    with ThreadPoolExecutor(1) as pool, psycopg.connect(url.get_secret_value(), autocommit=True) as watch:

        def begin():
            moved.append(pool.submit(other))
            waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            wait_until(lambda: watch.execute(waits).fetchone(), "the other one waits for the chunk")

        def read(*args, **options):
            # Otherwise the holder may lock the row for its next chunk before the one who waits for it.
            assert all(each.result(timeout=60) for each in moved)
            return tuples_of(*args, **options)

        in_the_second_chunk(begin)
        monkeypatch.setattr(members, "tuples_of", read)
        with pytest.raises(PreparationLost):
            preparation.prepare(campaign)
    assert written() == (2 * CHUNK, 2 * CHUNK, 4, 2 * CHUNK, 2 * CHUNK)
    if act is take_it_over:
        continue_it(campaign)
        assert_whole()
