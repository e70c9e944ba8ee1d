"""Notes that nobody minds losing are committed without waiting for the disk, and nothing else."""

import pytest

from models.database import changed, db, scalar
from models.messages import batch
from models.messages.pushing import mark_pushed
from tests.sending import started

pytestmark = pytest.mark.usefixtures("db", "redis")

TOKEN = 5


@pytest.fixture
def campaign():
    """A campaign whose batch is marked as pushed and has no worker."""
    return started(recipients=3)


def waits_in(act) -> str:
    """Returns whether the commit of what this does is waited for, as its transaction says at its end."""
    with db.atomic():
        act()
        return scalar("SHOW synchronous_commit")


def test_taking_a_batch_and_letting_it_wait_are_not_waited_for(campaign):
    taken = []
    assert waits_in(lambda: taken.append(batch.take(campaign, token=TOKEN, number=0))) == "off"
    assert waits_in(lambda: batch.let_wait(campaign, taken[0], token=TOKEN)) == "off"


def test_nor_is_a_mark(campaign):
    changed("UPDATE batch SET pushed_at = NULL")
    assert waits_in(lambda: mark_pushed(campaign, queue="send", rate=None, tiered_rate=1)) == "off"


def test_the_next_transaction_of_the_connection_is_waited_for(campaign):
    assert batch.take(campaign, token=TOKEN, number=0)
    assert waits_in(lambda: None) == "on"
