"""A remote audience is fetched once per start, page by page, whatever its users look like and whoever dies."""

import pytest

from dispatch.accounts.accounts import change_business
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.errors import (
    InsufficientCredits,
    NoRecipients,
    RemoteFailed,
)
from dispatch.start import remote_audience
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.preparation import continue_preparation
from models.database import db, rows
from tests.doubles.businesses import BUSINESS_ID
from tests.doubles.serving import cut, status
from tests.doubles.users import a_user
from tests.factories import asking
from tests.racing import race
from tests.remote import a_business, a_remote_campaign, chosen, fetch_of, start
from tests.stored import campaign_row, recipients_of, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(remote):
    return a_business()


def test_everyone_is_fetched_becomes_a_customer_and_gets_the_text(remote, account):
    campaign = a_remote_campaign(remote, account, users=10)
    assert start(campaign).queued == 10
    assert len(remote.users.asked) == 3
    assert remote.users.conditions() == campaign.audience.conditions
    assert chosen(campaign.id) == sorted(f"u-{n}" for n in range(10))
    assert rows("SELECT body FROM message ORDER BY n")[3] == {"body": "Hello First3"}
    fetch = read_campaign(asking(), campaign.id).audience.fetch
    assert (fetch.state, fetch.users_seen, fetch.users_kept, fetch.rejected) == ("done", 10, 10, {})


def test_the_capacity_caps_the_recipients(remote, account):
    remote.businesses.capacities[BUSINESS_ID]["sms"] = 6
    campaign = a_remote_campaign(remote, account, users=20)
    assert start(campaign).queued == 6
    fetch = fetch_of(campaign.id)
    assert (fetch.capacity, fetch.users_kept, fetch.rejected) == (6, 6, {"over_capacity": 2})
    assert len(remote.users.asked) == 2


def test_without_capacity_no_one_is_asked_for(remote, account):
    remote.businesses.capacities[BUSINESS_ID]["sms"] = 0
    campaign = a_remote_campaign(remote, account, users=5)
    with pytest.raises(NoRecipients):
        start(campaign)
    assert (campaign_row(campaign.id)["status"], remote.users.asked) == ("draft", [])


def test_pages_that_overlap_change_nothing(remote, account):
    remote.users.repeats = {1, 2}
    campaign = a_remote_campaign(remote, account, users=11)
    assert start(campaign).queued == 11
    assert fetch_of(campaign.id).rejected["repeated"] > 0


def test_half_a_page_is_read_again(remote, account):
    remote.users.fail(cut, status(500), status(429, Retry_After="0"))
    campaign = a_remote_campaign(remote, account, users=9)
    assert start(campaign).queued == 9
    assert fetch_of(campaign.id).rejected == {}


def test_a_service_that_fails_puts_the_campaign_back_and_the_next_start_continues(remote, account):
    campaign = a_remote_campaign(remote, account, users=10)
    remote.businesses.fail()
    remote.users.faults.extend([lambda app: app.view_functions["page"](), status(400)])
    with pytest.raises(RemoteFailed):
        start(campaign)
    fetch = fetch_of(campaign.id)
    assert (fetch.state, fetch.pages, fetch.error) == ("failed", 1, "user-service answered 400.")
    stored = campaign_row(campaign.id)
    assert (stored["status"], stored["blocked_reason"]) == ("draft", "REMOTE_FAILED")
    assert start(campaign).queued == 10
    assert [query.get("cursor") for query in remote.users.asked] == [None, "4", "8"]
    assert len(remote.businesses.requests) == 1


@pytest.fixture
def three_empty_pages(monkeypatch):
    """A fetch ends after three empty pages in a row."""
    monkeypatch.setattr(remote_audience, "MAX_EMPTY_PAGES", 3)


def test_a_service_that_answers_only_with_empty_pages_ends_the_fetch(remote, account, three_empty_pages):
    campaign = a_remote_campaign(remote, account, users=5)
    remote.users.empty_pages = 1_000_000
    with pytest.raises(RemoteFailed, match="user-service answered with 3 empty pages in a row"):
        start(campaign)
    assert len(remote.users.asked) == 3
    stored = campaign_row(campaign.id)
    assert (stored["status"], stored["blocked_reason"]) == ("draft", "REMOTE_FAILED")


def test_the_start_after_too_many_empty_pages_continues_behind_them(remote, account, three_empty_pages):
    campaign = a_remote_campaign(remote, account, users=5)
    remote.users.empty_pages = 5
    with pytest.raises(RemoteFailed):
        start(campaign)
    assert start(campaign).queued == 5
    assert [query.get("cursor") for query in remote.users.asked] == [None, "-4", "-3", "-2", "-1", "0", "4"]


def test_fewer_empty_pages_in_a_row_are_read_past(remote, account, three_empty_pages):
    campaign = a_remote_campaign(remote, account, users=5)
    remote.users.empty_pages = 2
    assert start(campaign).queued == 5
    assert fetch_of(campaign.id).empty_pages == 0


def test_empty_pages_are_counted_across_the_jobs_of_one_preparation(remote, account, three_empty_pages):
    campaign = a_remote_campaign(remote, account, users=5)
    remote.users.empty_pages = 1_000_000
    enqueue_campaign(asking(), campaign.id)
    token = campaign_row(campaign.id)["prep_token"]
    for _ in range(3):
        continue_preparation(campaign.id, token, seconds=-1)
    assert (campaign_row(campaign.id)["blocked_reason"], len(remote.users.asked)) == ("REMOTE_FAILED", 3)


def a_fetch_put_back(remote, account, *, minutes):
    """A campaign that fetched its audience so long ago and was then put back, because it could not be paid."""
    campaign = a_remote_campaign(remote, account, users=5)
    with pytest.raises(InsufficientCredits):
        start(campaign)
    rows("UPDATE remote_fetch SET touched_at = now() - make_interval(mins => %s)", [minutes])
    rows("UPDATE account SET credits_available = 100")
    remote.users.users = [a_user(n) for n in range(3, 8)]
    return campaign


@pytest.mark.parametrize(("minutes", "reached"), [(59, range(5)), (61, range(3, 8))])
def test_a_fetch_is_reused_for_an_hour_and_then_made_anew(remote, minutes, reached):
    campaign = a_fetch_put_back(remote, a_business(credits=1), minutes=minutes)
    assert start(campaign).queued == 5
    assert chosen(campaign.id) == sorted(f"u-{n}" for n in reached)


def test_a_fetch_for_another_business_is_never_reused(remote):
    account = a_business(credits=1)
    campaign = a_fetch_put_back(remote, account, minutes=0)
    remote.businesses.capacities["b-2"] = {}
    change_business(asking(account.id), "b-2")
    start(campaign)
    assert chosen(campaign.id) == [f"u-{n}" for n in range(3, 8)]
    assert {query["businessId"] for query in remote.users.asked[-2:]} == {"b-2"}


def test_two_campaigns_that_fetch_the_same_new_users_at_once_both_reach_everyone(remote, account):
    first, second = (a_remote_campaign(remote, account, users=60) for _ in range(2))
    race(lambda: start(first), lambda: start(second))
    assert len(recipients_of(first.id)) == len(recipients_of(second.id)) == 60
    assert rows("SELECT count(*)::int AS customers FROM customer") == [{"customers": 60}]


def test_a_preparation_does_not_begin_anew_in_its_middle(remote, account):
    campaign = a_remote_campaign(remote, account, users=5)
    enqueue_campaign(asking(), campaign.id)
    token = campaign_row(campaign.id)["prep_token"]
    continue_preparation(campaign.id, token, seconds=-1)
    assert (fetch_of(campaign.id).state, fetch_of(campaign.id).pages) == ("fetching", 1)
    rows("UPDATE remote_fetch SET touched_at = now() - interval '2 hours'")
    continue_preparation(campaign.id, token)
    assert len(recipients_of(campaign.id)) == 5
    assert [query.get("cursor") for query in remote.users.asked] == [None, "4"]


def in_the_middle_of_a_page(remote, act):
    """Answers the next page only after `act` has been done on a connection of its own."""

    def answer(app):
        with db.connection_context():
            act()
        return app.view_functions["page"]()

    remote.users.fail(answer)


def test_a_fetch_whose_campaign_is_cancelled_meanwhile_keeps_nothing_more(remote, account):
    campaign = a_remote_campaign(remote, account, users=10)
    enqueue_campaign(asking(), campaign.id)
    in_the_middle_of_a_page(remote, lambda: cancel_campaign(asking(), campaign.id))
    continue_preparation(campaign.id, campaign_row(campaign.id)["prep_token"])
    assert (campaign_row(campaign.id)["status"], chosen(campaign.id)) == ("cancelled", [])
    assert rows("SELECT 1 FROM customer") == []


def test_an_old_token_fetches_nothing(remote, account):
    campaign = a_remote_campaign(remote, account, users=10)
    enqueue_campaign(asking(), campaign.id)
    token = campaign_row(campaign.id)["prep_token"]
    rows("UPDATE campaign SET prep_token = gen_random_uuid()")
    before = stored_rows()
    continue_preparation(campaign.id, token)
    assert (stored_rows(), remote.users.requests) == (before, [])


def test_two_holders_of_one_token_keep_each_page_once(remote, account):
    campaign = a_remote_campaign(remote, account, users=10)
    enqueue_campaign(asking(), campaign.id)
    token = campaign_row(campaign.id)["prep_token"]
    in_the_middle_of_a_page(remote, lambda: continue_preparation(campaign.id, token))
    continue_preparation(campaign.id, token)
    assert (fetch_of(campaign.id).users_seen, len(recipients_of(campaign.id))) == (10, 10)
