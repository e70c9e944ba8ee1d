"""What starts by itself keeps a text and an audience, however it is changed; a draft may lose both."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, schedule_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.errors import DispatchError, NoMessageText, NoTargetAudience
from tests.factories import a_campaign, an_account, asking, customers
from tests.racing import race
from tests.recurring import a_pattern
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("redis")

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def account(db):
    return an_account()


def a_paused_pattern(account):
    return pause_campaign(asking(), a_pattern(account).id)


KINDS = {
    "scheduled": lambda account: a_campaign(account, everyone=True, scheduled_at=LATER),
    "recurring": a_pattern,
    "paused": a_paused_pattern,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("changes", "refusal", "says"),
    [
        ({"template": ""}, NoMessageText, "needs a text"),
        ({"template": " \n"}, NoMessageText, "needs a text"),
        ({"template": "", "name": "New", "expires_at": None}, NoMessageText, "needs a text"),
        ({"everyone": False}, NoTargetAudience, "needs an audience"),
        ({"list_id": None}, NoTargetAudience, "needs an audience"),
    ],
)
def test_what_starts_by_itself_keeps_its_text_and_its_audience(account, kind, changes, refusal, says):
    campaign = KINDS[kind](account)
    before = stored_rows()
    with pytest.raises(refusal, match=says):
        edit_campaign(asking(), campaign.id, changes)
    assert stored_rows() == before


@pytest.mark.parametrize("kind", KINDS)
def test_it_may_get_others(account, kind):
    campaign, [customer] = KINDS[kind](account), customers(account, 1)
    edited = edit_campaign(asking(), campaign.id, {"template": "New", "customer_ids": [customer]})
    assert (edited.base_template, edited.audience.kind) == ("New", "customers")


def test_a_draft_may_lose_both_and_so_may_a_campaign_that_becomes_one(account):
    draft = a_campaign(account, everyone=True)
    scheduled = a_campaign(account, everyone=True, scheduled_at=LATER)
    for campaign, change in ((draft, {}), (scheduled, {"scheduled_at": None})):
        edited = edit_campaign(asking(), campaign.id, {"template": "", "everyone": False, **change})
        assert (edited.status, edited.base_template, edited.audience) == ("draft", "", None)


@pytest.mark.parametrize("changes", [{}, {"template": " "}])
def test_a_draft_without_a_text_is_not_scheduled_by_an_edit_either(account, changes):
    campaign = a_campaign(account, everyone=True, template="" if not changes else "Hi")
    with pytest.raises(NoMessageText, match="scheduled campaign needs a text"):
        edit_campaign(asking(), campaign.id, {"scheduled_at": LATER, **changes})
    assert edit_campaign(asking(), campaign.id, {"scheduled_at": LATER, "template": "Hi"}).status == "scheduled"


def test_a_scheduled_campaign_may_wait_without_an_audience_for_the_customers_of_a_send(account):
    campaign = a_campaign(account, scheduled_at=LATER)
    edited = edit_campaign(asking(), campaign.id, {"name": "New", "everyone": False})
    assert (edited.status, edited.audience) == ("scheduled", None)


def test_of_an_emptying_and_a_schedule_at_once_the_campaign_never_gets_both(account):
    def attempt(act):
        try:
            act()
        except DispatchError as refusal:
            return refusal.code
        return None

    for _ in range(5):
        campaign = a_campaign(account, everyone=True)
        codes = race(
            lambda id=campaign.id: attempt(lambda: edit_campaign(asking(), id, {"template": ""})),
            lambda id=campaign.id: attempt(lambda: schedule_campaign(asking(), id, LATER)),
        )
        assert sorted(filter(None, codes)) == ["NO_MESSAGE_TEXT"]
        left = read_campaign(asking(), campaign.id)
        assert (left.status, bool(left.base_template)) in [("scheduled", True), ("draft", False)]
