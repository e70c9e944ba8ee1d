"""`run-due --once` is killed in the middle and run again, or run twice at once: everyone gets one message at most."""

import json

import pytest

from dispatch.providers.messaging_service import idempotency_key
from models.database import rows
from tests.doubles.serving import never
from tests.doubles.users import a_user
from tests.processes import running
from tests.remote import a_business, a_remote_campaign, chosen, fetch_of
from tests.stored import campaign_row, states
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db", "redis")]

WINDOW = 4
# What a dead process held is given up soon.
HURRIED = {
    "SEND_WINDOW": str(WINDOW),
    "PROVIDER_TIMEOUT_SEC": "5",
    "LEASE_SEC": "10",
    "STALE_PREPARE_SEC": "2",
    "RECOVER_INTERVAL_MS": "200",
    "RETRY_BASE_SEC": "0.1",
}


@pytest.fixture
def run(tmp_path):
    """Runs `run-due --once` until the end of the block."""
    numbers = iter(range(100))
    return lambda: running("cli", "run-due", "--once", "--json", log=tmp_path / f"{next(numbers)}.log", **HURRIED)


@pytest.fixture
def account(remote):
    return a_business()


def phones(count):
    return {a_user(n)["phone"] for n in range(count)}


def test_killed_in_the_middle_of_paging_it_continues_at_the_committed_page(remote, account, run):
    campaign = a_remote_campaign(remote, account, users=22, due=True)

    def answer(app):
        return app.view_functions["page"]()

    remote.users.fail(answer, answer, never(remote.users))
    with run() as first:
        wait_until(lambda: len(remote.users.requests) == 3, "the third page was asked for")
        wait_until(lambda: fetch_of(campaign.id).pages == 2, "the second page was committed")
        first.kill()
    assert (campaign_row(campaign.id)["status"], len(chosen(campaign.id))) == ("preparing", 8)
    with run() as second:
        assert second.wait() == 0, second.log
    assert [query.get("cursor") for query in remote.users.asked] == [None, "4", "8", "12", "16", "20"]
    assert len(remote.businesses.requests) == 1
    assert remote.messaging.phones() == dict.fromkeys(phones(22), 1)
    assert campaign_row(campaign.id)["status"] == "completed"


def test_killed_in_the_middle_of_sending_no_one_gets_two_and_only_calls_in_flight_stay_unknown(remote, account, run):
    campaign = a_remote_campaign(remote, account, users=40, due=True)

    def answer(app):
        return app.make_response(app.view_functions["schedule"]())

    def take_and_never_answer(app):
        answer(app)
        return never(remote.messaging)(app)

    hangs = [never(remote.messaging), take_and_never_answer] * (WINDOW // 2)
    remote.messaging.fail(*[answer] * 20, *hangs)
    with run() as first:
        wait_until(lambda: len(remote.messaging.requests) == 20 + WINDOW, "the whole window waits for answers")
        first.kill()
    with run() as second:
        assert second.wait() == 0, second.log
    assert states(campaign.id) == {"sent": 40 - WINDOW, "unknown": WINDOW}
    # Of the four in flight the service took two; it was asked for none of them again.
    assert len(remote.messaging.requests) == 40
    assert set(remote.messaging.phones().values()) == {1}
    assert len(remote.messaging.scheduled) == 38
    sent = {each["phone"] for each in rows("SELECT phone FROM message WHERE state = 'sent'")}
    assert sent <= remote.messaging.phones().keys() <= phones(40)
    expected = {idempotency_key(str(campaign.id), phone) for phone in phones(40)}
    assert remote.messaging.scheduled.keys() <= expected


def test_two_runs_at_once_share_the_work_and_reach_everyone_once(remote, account, run):
    campaigns = [a_remote_campaign(remote, account, users=60, due=True) for _ in range(2)]
    with run() as first, run() as second:
        assert (first.wait(), second.wait()) == (0, 0), first.log + second.log
    assert remote.messaging.phones() == dict.fromkeys(phones(60), 2)
    assert len(remote.messaging.taken) == 120
    assert [campaign_row(campaign.id)["status"] for campaign in campaigns] == ["completed", "completed"]


def test_stopped_by_a_signal_it_finishes_what_is_in_flight(remote, account, run):
    campaign = a_remote_campaign(remote, account, users=300, due=True)
    with run() as first:
        remote.messaging.wait_for(20)
        assert first.stop() == 1, first.log
    counts = states(campaign.id)
    assert counts.keys() <= {"sent", "pending"}
    assert counts["sent"] == len(remote.messaging.taken)
    with run() as second:
        assert second.wait() == 0, json.dumps(counts)
    assert remote.messaging.phones() == dict.fromkeys(phones(300), 1)
