"""Preparations whose worker is killed, or whose job is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from config.settings import settings
from dispatch.queues import HOUSE, PREPARE
from dispatch.start.preparation import RECIPIENTS_PER_CHUNK
from models.database import rows
from tests.factories import a_campaign, an_account
from tests.faults.campaigns import judge, row_of, start
from tests.processes import end_by_force
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

REACHABLE = 300


@pytest.fixture
def large_campaign(deployment):
    """A due campaign of two chunks, slow to prepare but quick to send, because most recipients have opted out."""
    recipients = RECIPIENTS_PER_CHUNK + 500
    account = an_account(credits=REACHABLE)
    campaign = a_campaign(account, recipients=recipients, due=True)
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id %% %s > 0", [recipients // REACHABLE + 1])
    return campaign


@contextmanager
def held_in_its_second_chunk(campaign: dict[str, Any]) -> Iterator[None]:
    """Keeps the process that prepares the campaign waiting in its second chunk until the end of the block."""
    second, url = RECIPIENTS_PER_CHUNK // settings().batch_size, settings().database_url
    assert url
    with psycopg.connect(url.get_secret_value()) as blocker:
        blocker.execute(
            "INSERT INTO batch (campaign_id, number, first_n, size, pending) VALUES (%s, %s, %s, 1, 1)",
            [campaign.id, second, RECIPIENTS_PER_CHUNK],
        )
        yield
        blocker.rollback()


def wait_until_half_prepared(campaign: dict[str, Any]) -> None:
    wait_until(lambda: row_of(campaign).recipients == RECIPIENTS_PER_CHUNK, "the first chunk is written")
    assert row_of(campaign).status == "preparing"


def test_a_preparation_whose_worker_is_killed_is_taken_over_and_no_one_is_written_twice(
    deployment, configure, large_campaign
):
    configure(ENQUEUE_INLINE_LIMIT=0)
    with held_in_its_second_chunk(large_campaign):
        deployment.start()
        wait_until_half_prepared(large_campaign)
        [victim] = deployment.workers(PREPARE)
        end_by_force(victim)
    judge(deployment, large_campaign)


def test_a_sweep_killed_in_mid_preparation_is_taken_over(deployment, large_campaign):
    with held_in_its_second_chunk(large_campaign):
        deployment.start()
        wait_until_half_prepared(large_campaign)
        [victim] = deployment.workers(HOUSE)
        end_by_force(victim)
    judge(deployment, large_campaign)


def test_a_flush_in_mid_preparation_loses_nothing(deployment, configure, redis, large_campaign):
    configure(ENQUEUE_INLINE_LIMIT=0)
    with held_in_its_second_chunk(large_campaign):
        deployment.start()
        wait_until_half_prepared(large_campaign)
        redis.flushall()
    judge(deployment, large_campaign)


def test_a_preparation_whose_job_redis_forgot_is_taken_over(deployment, configure, redis, large_campaign):
    configure(ENQUEUE_INLINE_LIMIT=0)
    start(large_campaign)
    redis.flushall()
    deployment.start()
    judge(deployment, large_campaign)
