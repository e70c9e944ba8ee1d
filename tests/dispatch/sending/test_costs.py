"""What sending costs, in figures that no machine changes: statements, commits, and how often a message is written."""

import pytest

from config.settings import settings
from dispatch.sending.exchange import Exchange
from models.campaigns.sending import to_send
from models.database import row, rows
from models.messages.message import Outcome
from tests.sending import started
from tests.statements import statements
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")

MESSAGES, WINDOW = 1000, 64
TEMPLATE = "Hi {first_name}, everything is 20% off until Sunday. Show this text in our shop. STOP ends these."


@pytest.fixture(autouse=True)
def _batches(configure):
    configure(BATCH_SIZE=500)


def send_all(campaign_id):
    """Claims and records in whole windows until nothing is left, as a worker whose provider answers at once."""
    exchange = Exchange(to_send(campaign_id), 0, provider="scripted", settings=settings(), caps=None)
    outcomes = []
    while claimed := exchange.record_and_claim(outcomes, WINDOW):
        outcomes = [Outcome(each.n, each.token, "sent", provider_id=f"p-{each.n}") for each in claimed]
    exchange.close()


def test_a_window_is_one_transaction_of_two_statements():
    campaign_id = started(recipients=MESSAGES, template=TEMPLATE)
    with statements() as ran:
        send_all(campaign_id)
    assert states(campaign_id) == {"sent": MESSAGES}
    # Eight windows for each batch of 500 (the last one is not filled from the next batch), and one that only records.
    assert ran.count("BEGIN") == ran.count("COMMIT") == 17
    # Four for each exchange; beside them the campaign is read, two batches are taken, and no third is found.
    assert len(ran) <= 4 * 17 + 5


def test_a_message_is_written_once_and_no_index_with_it():
    campaign_id = started(recipients=MESSAGES, template=TEMPLATE)
    before = written()
    send_all(campaign_id)
    after = written()
    updates, in_place = (after[each] - before[each] for each in ("updates", "in_place"))
    assert updates == MESSAGES
    assert in_place >= 0.99 * MESSAGES


def written():
    """Returns how many message rows were updated so far, and how many of those without a new entry in an index."""
    rows("SELECT pg_stat_force_next_flush()")
    return row(
        "SELECT n_tup_upd AS updates, n_tup_hot_upd AS in_place FROM pg_stat_user_tables WHERE relname = 'message'"
    )
