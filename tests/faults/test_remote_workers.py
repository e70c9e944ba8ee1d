"""Workers and a sweeper run a remote campaign that `run-due` or nobody has started, and survive losing one of them."""

import pytest

from dispatch.runs.push import push_due
from models.database import rows
from tests.doubles.serving import never
from tests.doubles.users import a_user
from tests.factories import asking
from tests.processes import end_by_force, running
from tests.remote import a_business, a_remote_campaign, fetch_of
from tests.stored import campaign_row
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db", "redis")]

HURRIED = {"STALE_PREPARE_SEC": "2", "RECOVER_INTERVAL_MS": "200", "SCHEDULE_SWEEP_INTERVAL_MS": "1000"}


@pytest.fixture
def account(remote):
    return a_business()


def completed(campaign):
    return campaign_row(campaign.id)["status"] == "completed"


def everyone_once(remote, count):
    return remote.messaging.phones() == {a_user(n)["phone"]: 1 for n in range(count)}


def test_workers_run_what_run_due_has_pushed(remote, account, tmp_path):
    campaign = a_remote_campaign(remote, account, users=30, due=True)
    push_due(asking())
    with running("jobs", "--no-sweeper", log=tmp_path / "jobs.log", **HURRIED):
        wait_until(lambda: completed(campaign), "the campaign is completed")
    assert everyone_once(remote, 30)


def test_the_sweeper_starts_it_and_a_killed_prepare_worker_is_taken_over(remote, account, tmp_path):
    campaign = a_remote_campaign(remote, account, users=30, due=True)
    remote.users.fail(lambda app: app.view_functions["page"](), never(remote.users))
    with running("jobs", log=tmp_path / "jobs.log", **HURRIED) as jobs:
        wait_until(lambda: len(remote.users.requests) == 2, "the second page was asked for")
        [worker] = [pid for pid, words in jobs.children().items() if "jobs.worker" in words and "prepare" in words]
        end_by_force(worker)
        wait_until(lambda: completed(campaign), "the campaign is completed")
    asked = [query.get("cursor") for query in remote.users.asked]
    # A page that took longer than STALE_PREPARE_SEC is asked for again.
    assert list(dict.fromkeys(asked)) == [None, *map(str, range(4, 30, 4))]
    assert fetch_of(campaign.id).users_kept == 30
    assert everyone_once(remote, 30)
    assert rows("SELECT count(*)::int AS customers FROM customer") == [{"customers": 30}]
