"""What the send job of a small campaign costs, in statements: a thousand of them may be due in the same second."""

import pytest

from dispatch.sending.calls import Calls
from dispatch.sending.time_box import Others
from tests.factories import an_account
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, started
from tests.statements import statements_of_all_threads
from tests.stored import campaign_row
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")


def test_a_small_campaign_is_sent_and_closed_with_few_statements():
    account = an_account(credits=1000)
    campaigns = [started(account, recipients=10) for _ in range(2)]
    with courier(ScriptedProvider()) as worker:
        worker.deliver(campaigns[0], 0)
        with statements_of_all_threads() as ran:
            worker.deliver(campaigns[1], 0)
    assert campaign_row(campaigns[1])["status"] == "completed"
    assert len(ran) <= 18, ran


def test_a_job_that_leaves_its_last_calls_behind_looks_once_for_what_to_push():
    campaign, provider = started(recipients=10), ScriptedProvider()
    with courier(provider) as worker, statements_of_all_threads() as ran:
        provider.hold()
        assert worker.deliver(campaign, 0, others=Others(lambda: True)) == 10
        wait_until(lambda: looks(ran), "it is pushed beside the next job")
        provider.release()
        wait_until(lambda: campaign_row(campaign)["status"] == "completed", "the last calls are recorded and close it")
    assert len(looks(ran)) == 1


def test_a_small_campaign_has_no_more_callers_than_messages(monkeypatch):
    campaign, began = started(recipients=10), []
    monkeypatch.setattr(Calls, "_call_messages", counting(Calls._call_messages, began))
    with courier(ScriptedProvider()) as worker:
        assert worker.deliver(campaign, 0) == 10
    assert len(began) == 10


def counting(function, calls):
    def count(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return count


def looks(ran):
    return [each for each in ran if "UPDATE batch SET pushed_at = now()" in each]
