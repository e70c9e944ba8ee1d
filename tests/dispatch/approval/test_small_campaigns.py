"""Small campaigns need no approval, but those of a day are counted together, whatever starts them."""

import pytest

from dispatch.campaigns.writing import duplicate_campaign
from dispatch.customers.list_members import add_members
from dispatch.errors import ApprovalRequired
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed, send_test, send_to_rest
from dispatch.start.sweep import sweep_due
from dispatch.start.to_customers import send_campaign
from models.database import row, rows
from tests.dispatch.approval.approving import approve, swept, written
from tests.factories import a_campaign, a_list, an_account, asking, customers
from tests.racing import race
from tests.sending import start_and_deliver
from tests.stored import phones_of

pytestmark = pytest.mark.usefixtures("redis")

STRANGERS = [f"+3069100000{place:02}" for place in range(10)]


@pytest.fixture
def account(db):
    """An account that requires an approval above 10 recipients."""
    return an_account(approval_above=10)


def small(account, recipients=10):
    return a_campaign(account, recipients=recipients)


def started_people():
    return row("SELECT count(*) AS people FROM message")["people"]


def test_six_campaigns_of_ten_are_one_of_sixty(account):
    enqueue_campaign(asking(), small(account).id)
    for _ in range(5):
        with pytest.raises(ApprovalRequired, match="gone to 10"):
            enqueue_campaign(asking(), small(account).id)
    assert started_people() == 10


def test_as_many_as_the_limit_start_in_parts(account):
    for recipients in (4, 4, 2):
        enqueue_campaign(asking(), small(account, recipients).id)
    with pytest.raises(ApprovalRequired):
        enqueue_campaign(asking(), small(account, 1).id)


def test_another_day_counts_for_itself(account):
    enqueue_campaign(asking(), small(account).id)
    rows("UPDATE campaign SET started_at = started_at - interval '24 hours'")
    enqueue_campaign(asking(), small(account).id)
    assert started_people() == 20


def test_another_account_counts_for_itself(account):
    other = an_account(approval_above=10)
    enqueue_campaign(asking(), small(account).id)
    enqueue_campaign(asking(), small(other).id)


def test_an_approved_campaign_starts_beside_them_and_does_not_count(account, writer, second):
    large, small_one = small(account, 30), small(account)
    approve(second, large)
    enqueue_campaign(writer, large.id)
    enqueue_campaign(asking(), small_one.id)
    another = small(account)
    approve(second, another)
    enqueue_campaign(writer, another.id)
    assert started_people() == 50


def test_one_that_waits_starts_once_it_is_approved(account, second):
    enqueue_campaign(asking(), small(account).id)
    waiting = small(account)
    assert swept(waiting).blocked_reason == "APPROVAL_REQUIRED"
    approve(second, waiting)
    assert swept(waiting).status == "sending"


def test_one_that_could_not_be_paid_for_does_not_count(account):
    rows("UPDATE account SET credits_available = 10")
    for template in ("x" * 161, "x"):
        campaign = a_campaign(account, recipients=10, template=template)
        if len(template) > 1:
            with pytest.raises(Exception, match="credits"):
                enqueue_campaign(asking(), campaign.id)
        else:
            assert enqueue_campaign(asking(), campaign.id).status == "sending"


@pytest.mark.parametrize(
    "start",
    [
        lambda account, people: send_campaign(asking(), small_draft(account).id, people),
        lambda account, people: send_test(asking(), small_draft(account).id, STRANGERS),
    ],
    ids=["send", "test-send"],
)
def test_whatever_starts_them(account, start):
    people = customers(account, 10)
    start(account, people)
    with pytest.raises(ApprovalRequired, match="gone to 10"):
        start(account, people)


def small_draft(account):
    return a_campaign(account)


def test_a_refused_test_says_that_it_cannot_be_approved(account):
    campaign = small_draft(account)
    send_test(asking(), campaign.id, STRANGERS)
    with pytest.raises(ApprovalRequired, match="A test cannot be approved"):
        send_test(asking(), campaign.id, STRANGERS[:1])
    assert row("SELECT count(*) AS tests FROM campaign WHERE kind = 'test'") == {"tests": 1}


def test_the_sweep_counts_them_too(account):
    for _ in range(3):
        a_campaign(account, recipients=10, due=True)
    report = sweep_due(asking())
    assert len(report.campaigns) == 1
    assert [problem.error for problem in report.errors] == ["APPROVAL_REQUIRED"] * 2


def test_those_who_joined_a_small_campaign_count_with_it(account):
    campaign = start_and_deliver(a_campaign(account, list_id=a_list(account, 10)))
    add_members(asking(), 1, customers(account, 1))
    with pytest.raises(ApprovalRequired, match="A rest cannot be approved"):
        send_to_rest(asking(), campaign.id)


def test_a_retry_of_what_was_approved_does_not_count(account, writer, second):
    campaign = small(account, 12)
    approve(second, campaign)
    start_and_deliver(campaign, reject=phones_of(account))
    assert retry_failed(writer, campaign.id).queued == 12
    enqueue_campaign(asking(), small(account).id)


def test_a_retry_of_what_was_not_approved_counts(account):
    campaign = small(account, 6)
    start_and_deliver(campaign, reject=phones_of(account))
    with pytest.raises(ApprovalRequired, match="A retry cannot be approved"):
        retry_failed(asking(), campaign.id)


def test_an_approval_that_the_parent_started_without_is_not_inherited(account, writer, second):
    campaign = small(account, 6)
    approve(second, campaign)
    rows("UPDATE account SET sender = 'Other'")
    start_and_deliver(campaign, reject=phones_of(account))
    with pytest.raises(ApprovalRequired, match="A retry cannot be approved"):
        retry_failed(writer, campaign.id)


def test_who_joins_an_approved_audience_counts_with_the_others(account, writer, second):
    customers(account, 20)
    campaigns = [written(writer, everyone=True) for _ in range(2)]
    for campaign in campaigns:
        approve(second, campaign)
    customers(account, 6)
    enqueue_campaign(writer, campaigns[0].id)
    with pytest.raises(ApprovalRequired, match="approved for 20 recipients and has 26"):
        enqueue_campaign(writer, campaigns[1].id)


def test_of_several_at_once_no_more_start_than_may(account):
    campaigns = [small(account, 4) for _ in range(6)]
    outcomes = race(*[lambda campaign=campaign: enqueue_campaign(asking(), campaign.id) for campaign in campaigns])
    assert outcomes.count("APPROVAL_REQUIRED") == 4
    assert started_people() == 8


def test_sends_and_starts_of_the_same_campaign_at_once_do_not_wait_for_each_other_for_ever(account):
    people = customers(account, 2)
    for _ in range(5):
        campaign = a_campaign(account, customer_ids=people)
        outcomes = race(
            lambda campaign=campaign: send_campaign(asking(), campaign.id, people),
            lambda campaign=campaign: enqueue_campaign(asking(), campaign.id),
        )
        assert sum(not isinstance(outcome, str) for outcome in outcomes) == 1
        rows("UPDATE campaign SET started_at = started_at - interval '1 day'")


def test_without_a_limit_nothing_is_counted(db):
    account = an_account()
    for _ in range(3):
        enqueue_campaign(asking(), small(account).id)
    assert row("SELECT count(unapproved_recipients) AS counted FROM campaign") == {"counted": 0}


def test_a_copy_is_counted_as_any_other(account):
    campaign = small(account)
    enqueue_campaign(asking(), campaign.id)
    with pytest.raises(ApprovalRequired):
        enqueue_campaign(asking(), duplicate_campaign(asking(), campaign.id).id)
