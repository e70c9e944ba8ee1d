"""An answer that comes after its lease ran out still counts, and what was not sent waits again."""

from contextlib import contextmanager

import pytest
from psycopg import OperationalError

from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign
from dispatch.providers import Answer
from dispatch.recovery import recover
from dispatch.sending.kept_answers import keep_answers
from models.connection import BoundedConnection
from models.database import db, row, rows
from models.messages import recording
from models.messages.message import Outcome
from tests.factories import asking
from tests.scripted_provider import ACCEPTED, ScriptedProvider
from tests.sending import claimed_by_no_one_left, deliver, delivering, end_leases, started
from tests.stored import campaign_row, money, states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

NOT_SENT = {
    "a deferral": Answer("deferred"),
    "a refusal that may be tried again": Answer("retryable"),
    "a refusal of our account": Answer("halted"),
}


@pytest.fixture(autouse=True)
def _quick_retries(configure):
    configure(RETRY_BASE_SEC=0.01, BATCH_SIZE=20)


def expire_leases(campaign_id: int) -> None:
    end_leases()
    recover()
    assert "unknown" in states(campaign_id)


def long_ago() -> None:
    """Lets the moment pass in which a campaign waits for late answers."""
    rows("UPDATE batch SET expired_at = expired_at - interval '1 minute'")


def answered_late(answer: Answer, *, meanwhile=lambda campaign_id: None) -> tuple[int, ScriptedProvider]:
    """A campaign of one message whose only call was answered like this after its lease had run out."""
    campaign_id = started(recipients=1)
    provider = ScriptedProvider()
    provider.hold()
    with delivering(provider, campaign_id):
        wait_until(lambda: provider.in_flight == 1, "a call")
        expire_leases(campaign_id)
        assert campaign_row(campaign_id)["status"] == "sending", "it waits a moment for late answers"
        meanwhile(campaign_id)
        provider.release(answer)
    return campaign_id, provider


def completes(campaign_id: int) -> None:
    long_ago()
    assert recover() == {"closed": 1}


@pytest.mark.parametrize(
    ("answer", "becomes", "costs"),
    [
        (ACCEPTED, "sent", (1, 1, 0)),
        (Answer("rejected"), "failed", (1, 0, 1)),
        (Answer("unknown"), "unknown", (1, 0, 0)),
    ],
)
def test_a_final_answer_counts_however_late_and_the_campaign_closes(answer, becomes, costs):
    campaign_id, provider = answered_late(answer)
    long_ago()
    recover()
    assert (states(campaign_id), len(provider.calls)) == ({becomes: 1}, 1)
    assert (campaign_row(campaign_id)["status"], money(campaign_id)) == ("completed", costs)


@pytest.mark.parametrize("answer", NOT_SENT.values(), ids=NOT_SENT)
def test_what_was_not_sent_is_sent_after_all(answer):
    campaign_id, provider = answered_late(answer)
    if campaign_row(campaign_id)["status"] == "paused":  # our account was refused
        rows("UPDATE campaign SET status = 'sending', paused_from = NULL")
    deliver(provider, campaign_id)
    assert (states(campaign_id), len(provider.calls)) == ({"sent": 1}, 2)
    assert (campaign_row(campaign_id)["status"], money(campaign_id)) == ("completed", (1, 1, 0))


@pytest.mark.parametrize("answer", NOT_SENT.values(), ids=NOT_SENT)
def test_of_a_campaign_that_has_completed_it_has_failed_with_the_reason_and_can_be_retried(answer):
    campaign_id, _ = answered_late(answer, meanwhile=completes)
    recover()
    assert states(campaign_id) == {"failed": 1}
    assert row("SELECT reason, not_before FROM message") == {"reason": "not_sent", "not_before": None}
    assert (campaign_row(campaign_id)["status"], money(campaign_id)) == ("completed", (1, 0, 1))
    assert row("SELECT settled_at IS NOT NULL AS settled FROM campaign") == {"settled": True}


def test_of_a_paused_campaign_it_waits_for_the_campaign():
    campaign_id, provider = answered_late(
        Answer("deferred"), meanwhile=lambda campaign_id: pause_campaign(asking(), campaign_id)
    )
    assert recover() == {}
    deliver(provider, campaign_id)
    assert (states(campaign_id), len(provider.calls)) == ({"pending": 1}, 1)


def test_of_a_cancelled_campaign_it_is_cancelled_and_its_credits_are_released():
    campaign_id, _ = answered_late(
        Answer("deferred"), meanwhile=lambda campaign_id: cancel_campaign(asking(), campaign_id)
    )
    recover()
    assert (states(campaign_id), money(campaign_id)) == ({"cancelled": 1}, (1, 0, 1))


def test_an_answer_of_a_claim_before_the_last_changes_nothing():
    campaign_id = started(recipients=1)
    provider = ScriptedProvider()
    provider.hold()
    with delivering(provider, campaign_id):
        wait_until(lambda: provider.in_flight == 1, "a call")
        expire_leases(campaign_id)
        rows("UPDATE message SET token = token + 1")
        provider.release(Answer("deferred"))
    assert states(campaign_id) == {"unknown": 1}


def test_the_same_late_answer_twice_counts_once():
    campaign_id, provider = answered_late(Answer("deferred"))
    [last] = rows("SELECT n, token, deferrals FROM message")
    outcome = Outcome(last["n"], last["token"], "pending", wait_sec=0.0, counted=False)
    for _ in range(2):
        keep_answers(campaign_id, [outcome], provider="scripted", batch_size=20)
        recover()
        assert row("SELECT deferrals FROM message") == {"deferrals": 1}
        deliver(provider, campaign_id)
    assert (states(campaign_id), len(provider.calls)) == ({"sent": 1}, 2)


def lose_first_commit(monkeypatch, then) -> None:
    """Lets the first exchange commit, do `then`, and not learn that it committed."""
    real, lost = BoundedConnection.pipeline, iter([True])

    @contextmanager
    def pipeline(connection):
        with real(connection) as inner:
            yield inner
        if next(lost, False):
            then()
            raise OperationalError("the answer to COMMIT was lost")

    monkeypatch.setattr(BoundedConnection, "pipeline", pipeline)


def _leases_run_out() -> None:
    end_leases()
    recover()


@pytest.mark.parametrize("then", [lambda: None, _leases_run_out], ids=["at once", "after its lease"])
def test_a_claim_whose_commit_was_not_confirmed_is_undone(monkeypatch, then):
    campaign_id = started(recipients=15)
    provider = ScriptedProvider()
    lose_first_commit(monkeypatch, then)
    deliver(provider, campaign_id)
    deliver(provider, campaign_id)  # a worker that has lost its batch ends its job
    assert set(provider.calls_per_phone().values()) == {1}
    assert states(campaign_id) == {"sent": 15}
    assert row("SELECT max(attempts)::int AS attempts FROM message") == {"attempts": 1}


def test_an_undone_claim_of_a_campaign_that_has_ended_meanwhile_has_failed(monkeypatch):
    campaign_id = started(recipients=5)

    def ends():
        _leases_run_out()
        long_ago()
        recover()

    lose_first_commit(monkeypatch, ends)
    provider = ScriptedProvider()
    deliver(provider, campaign_id)
    recover()
    assert provider.calls == []
    assert (states(campaign_id), money(campaign_id)) == ({"failed": 5}, (5, 0, 5))


def test_an_answer_that_is_recorded_twice_says_nothing_of_the_next_call():
    campaign_id = started(recipients=1)
    [claimed] = claimed_by_no_one_left(campaign_id, 1)
    expire_leases(campaign_id)
    not_sent = recording.answers(
        campaign_id,
        [Outcome(claimed.n, claimed.token, "pending", counted=False)],
        token=claimed.token,
        provider="scripted",
        batch_size=20,
        current=None,
    )
    assert record_late(not_sent) == 1
    deliver(ScriptedProvider({claimed.phone: [Answer("unknown")]}), campaign_id)
    assert states(campaign_id) == {"unknown": 1}
    assert record_late(not_sent) == 0
    assert states(campaign_id) == {"unknown": 1}


def record_late(given: recording.Answers) -> int:
    with db.atomic():
        return recording.record_late(given)
