"""A number that does not answer holds a place in a window, and neither a worker nor another account's campaign."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.providers import Answer
from dispatch.queues import SEND
from dispatch.recovery import recover
from dispatch.sending.courier import Courier
from dispatch.sending.time_box import Others
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from models.messages.batch import stats
from tests.factories import a_campaign, an_account, asking
from tests.processes import running
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, started
from tests.stored import campaign_row, states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

SILENT = "+15005550004"


@pytest.fixture(autouse=True)
def _small_windows(configure):
    configure(SEND_WINDOW=4, RETRY_BASE_SEC=0.01, BATCH_SIZE=20)


@contextmanager
def silent_then_quick() -> Iterator[tuple[Courier, ScriptedProvider, Callable[[int], int]]]:
    """A courier, its provider, and what delivers a campaign to silence while another campaign's job waits."""
    provider = ScriptedProvider()
    with courier(provider) as made:

        def to_silence(campaign_id: int) -> int:
            provider.hold()
            claimed = made.deliver(campaign_id, 0, others=Others(lambda: True))
            provider.hold_no_more()
            return claimed

        try:
            yield made, provider, to_silence
        finally:
            provider.release()


def is_pushed(campaign_id: int) -> bool:
    return bool(rows("SELECT 1 FROM batch WHERE campaign_id = %s AND pushed_at IS NOT NULL", [campaign_id]))


def test_a_job_ends_before_its_last_call_when_another_campaign_waits():
    first, second = started(recipients=1), started(recipients=3)
    with silent_then_quick() as (worker, provider, to_silence):
        assert to_silence(first) == 1
        assert worker.deliver(second, 0) == 3
        assert (states(first), states(second)) == ({"sending": 1}, {"sent": 3})
        assert campaign_row(second)["status"] == "completed"
        provider.release()
        wait_until(lambda: campaign_row(first)["status"] == "completed", "the last call is recorded and closes it")
    assert states(first) == {"sent": 1}
    assert len({call.reference for call in provider.calls}) == len(provider.calls) == 4


def test_without_another_campaign_a_job_waits_for_its_last_call():
    campaign_id = started(recipients=3)
    with silent_then_quick() as (worker, provider, _):
        provider.on_call(lambda call: call.reference.endswith("-2") and provider.hold())
        others = iter([False, False, True])
        assert worker.deliver(campaign_id, 0, others=Others(lambda: next(others, True))) == 3
        assert states(campaign_id) == {"sent": 2, "sending": 1}
        assert next(others, None) is None, "it looked until another campaign waited"


def test_twenty_campaigns_of_silent_numbers_do_not_keep_another_accounts_campaign_waiting():
    evil = an_account()
    silent = [started(evil, recipients=1) for _ in range(20)]
    quick = started(recipients=3)
    with silent_then_quick() as (worker, provider, to_silence):
        claimed = [to_silence(campaign_id) for campaign_id in silent]
        # No more than the window: the others wait for a place, and not for a worker.
        assert claimed == [1] * 4 + [0] * 16
        assert worker.deliver(quick, 0) == 3
        assert states(quick) == {"sent": 3}
        assert provider.in_flight == 4
        assert not any(is_pushed(campaign_id) for campaign_id in silent[4:])
        provider.release()
        wait_until(lambda: not worker._free_places(evil.id) < 4, "the places are free again")
        recover()
        assert any(is_pushed(campaign_id) for campaign_id in silent[4:])


def test_silent_numbers_of_many_accounts_hold_two_windows_at_most():
    silent = [started(recipients=4) for _ in range(3)]
    with silent_then_quick() as (_, provider, to_silence):
        assert [to_silence(campaign_id) for campaign_id in silent] == [4, 4, 0]
        assert provider.in_flight == 8


def test_a_campaign_for_which_others_left_no_place_is_pushed_when_their_calls_end():
    evil = [started(recipients=4) for _ in range(2)]
    quick = started(recipients=3)
    with silent_then_quick() as (worker, provider, to_silence):
        assert [to_silence(campaign_id) for campaign_id in evil] == [4, 4]
        assert worker.deliver(quick, 0) == 0
        assert not is_pushed(quick)
        provider.release()
        wait_until(lambda: is_pushed(quick), "it is pushed, and not by recovery")
        assert worker.deliver(quick, 0) == 3


def test_a_campaign_with_more_silent_numbers_than_places_leaves_the_rest_to_other_workers():
    campaign_id = started(recipients=30)
    with silent_then_quick() as (_, provider, to_silence):
        assert to_silence(campaign_id) == 4
        assert rows("SELECT 1 FROM batch WHERE touched_at IS NOT NULL AND pending > 0") == []
        assert is_pushed(campaign_id)
        with courier(provider) as another:
            assert another.deliver(campaign_id, 0) == 26
        assert states(campaign_id) == {"sending": 4, "sent": 26}
    assert states(campaign_id) == {"sent": 30}


@pytest.mark.parametrize(
    ("answer", "becomes"),
    [(Answer("unknown"), {"unknown": 1}), (Answer("rejected"), {"failed": 1}), (Answer("retryable"), {"pending": 1})],
)
def test_what_a_last_call_answers_counts_as_ever(answer, becomes):
    first = started(recipients=1)
    with silent_then_quick() as (_, provider, to_silence):
        to_silence(first)
        provider.release(answer)
    assert states(first) == becomes


def test_a_campaign_cancelled_while_its_last_call_is_out_is_settled_for_it():
    campaign_id = started(recipients=6)
    with silent_then_quick() as (_, _, to_silence):
        to_silence(campaign_id)
        cancel_campaign(asking(), campaign_id)
    recover()
    assert states(campaign_id) == {"sent": 4, "cancelled": 2}
    assert campaign_row(campaign_id)["settled_at"] is not None


@pytest.mark.processes
def test_a_worker_sends_other_campaigns_meanwhile_and_stops_without_losing_the_last_call(tmp_path):
    account = an_account()
    rows("INSERT INTO customer (account_id, phone) VALUES (%s, %s)", [account.id, SILENT])
    silent = a_campaign(account, everyone=True)
    others = [a_campaign(an_account(), recipients=3) for _ in range(3)]
    for campaign in (silent, *others):
        enqueue_campaign(asking(), campaign.id)
    patient = {"PROVIDER_TIMEOUT_SEC": "8", "SIMULATOR_FAILURE_RATE": "0"}
    with running("jobs.worker", SEND, log=tmp_path / "log", **patient) as worker:
        wait_until(lambda: all(campaign_row(each.id)["status"] == "completed" for each in others), "the others end")
        assert stats([silent.id])[silent.id].sending == 1
        assert worker.stop(seconds=15) == 0, worker.log
    assert states(silent.id) == {"unknown": 1}
