"""Which batch a worker takes when no queue says so."""

from uuid import uuid4

import pytest

from dispatch.campaigns.lifecycle import pause_campaign
from models.database import changed, rows
from models.messages.due import another_waits, take_next
from models.turns import Turns
from tests.factories import an_account, asking
from tests.racing import race
from tests.sending import started

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture(autouse=True)
def small_batches(configure):
    configure(BATCH_SIZE=2)


def taken(turns=None):
    found = take_next(turns or Turns())
    return (found.campaign_id, found.number) if found else None


def an_hour(column: str, sign: str, campaign_id: int) -> None:
    changed(f"UPDATE batch SET {column} = now() {sign} interval '1 hour' WHERE campaign_id = %s", [campaign_id])


def test_each_batch_is_taken_once_and_in_order():
    campaign = started(recipients=6)
    assert [taken() for _ in range(4)] == [(campaign, 0), (campaign, 1), (campaign, 2), None]


def test_whether_a_batch_has_a_job_does_not_matter():
    campaign = started(recipients=2)
    for pushed_at in ("now()", "NULL"):
        rows(f"UPDATE batch SET pushed_at = {pushed_at}, touched_at = NULL")
        assert taken() == (campaign, 0)


def test_an_account_that_had_fewer_turns_is_first():
    busy, idle = an_account(credits=100), an_account(credits=100)
    first, second = started(busy, recipients=4), started(idle, recipients=4)
    turns = Turns()
    turns.took(busy.id, 5)
    assert taken(turns) == (second, 0)
    turns.took(idle.id, 20)
    turns.took(uuid4(), 1)
    assert taken(turns) == (first, 0)


def test_of_an_accounts_campaigns_the_one_that_waited_longest_is_next():
    account = an_account(credits=100)
    campaigns = [started(account, recipients=4) for _ in range(3)]
    assert [taken() for _ in range(6)] == [(campaign, number) for number in range(2) for campaign in campaigns]


@pytest.mark.parametrize(
    "stop",
    [
        lambda campaign: pause_campaign(asking(), campaign),
        lambda campaign: an_hour("next_due_at", "+", campaign),
        lambda campaign: changed("UPDATE batch SET touched_at = now() WHERE campaign_id = %s", [campaign]),
    ],
    ids=["paused", "waiting for its hours", "with a worker"],
)
def test_what_may_not_be_sent_now_is_left(stop):
    stopped, other = started(recipients=2), started(recipients=2)
    assert another_waits(other)
    stop(stopped)
    assert not another_waits(other)
    assert [taken(), taken()] == [(other, 0), None]


def test_what_a_dead_worker_left_and_what_has_come_due_is_taken():
    left, due = started(recipients=2), started(recipients=2)
    an_hour("touched_at", "-", left)
    changed("UPDATE batch SET touched_at = now(), next_due_at = now() WHERE campaign_id = %s", [due])
    assert {taken(), taken()} == {(left, 0), (due, 0)}


def test_workers_that_look_at_the_same_moment_take_different_batches():
    campaigns = [started(recipients=2) for _ in range(8)]
    found = race(*[taken] * 8)
    mine = [each for each in found if each]
    assert len(mine) == len(set(mine)), "no batch was taken twice"
    while each := taken():
        mine.append(each)
    assert sorted(mine) == [(campaign, 0) for campaign in campaigns]
