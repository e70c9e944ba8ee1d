"""What the send job of a small campaign costs, in statements: a thousand of them may be due in the same second."""

import pytest

from tests.factories import an_account
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, started
from tests.statements import statements_of_all_threads
from tests.stored import campaign_row

pytestmark = pytest.mark.usefixtures("db", "redis")


def test_a_small_campaign_is_sent_and_closed_with_few_statements():
    account = an_account(credits=1000)
    campaigns = [started(account, recipients=10) for _ in range(2)]
    with courier(ScriptedProvider()) as worker:
        worker.deliver(campaigns[0], 0)
        with statements_of_all_threads() as ran:
            worker.deliver(campaigns[1], 0)
    assert campaign_row(campaigns[1])["status"] == "completed"
    assert len(ran) <= 20, ran
