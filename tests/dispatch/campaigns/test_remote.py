"""Campaigns whose audience user-service knows: created, edited, copied, previewed, before any of it is fetched."""

import pytest

from dispatch.audience.conditions import read_conditions
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.plans import plan_campaign
from dispatch.campaigns.previews import preview_audience, preview_messages
from dispatch.campaigns.writing import duplicate_campaign
from dispatch.errors import InvalidRequest, InvalidStatus
from models.campaigns.remote_fetch import RemoteFetch
from models.database import rows
from tests.factories import a_campaign, an_account, asking

pytestmark = pytest.mark.usefixtures("db")

ATHENS = [{"field": "city", "operator": "EQUALS", "value": "Athens"}]


def conditions(value):
    return read_conditions({"conditions": [{"field": "city", "operator": "EQUALS", "value": value}]})


@pytest.fixture
def campaign():
    return a_campaign(an_account(), remote=ATHENS)


@pytest.fixture
def fetched(campaign):
    """The campaign, as if a start had begun to fetch its users and was then put back."""
    rows(
        """INSERT INTO remote_fetch (account_id, campaign_id, business_id, epoch)
           SELECT account_id, id, 'b-1', 1 FROM campaign"""
    )
    return campaign


def test_a_campaign_keeps_its_conditions(campaign):
    assert campaign.audience.model_dump() == {"kind": "remote", "conditions": ATHENS, "fetch": None}
    assert rows("SELECT remote_filter FROM campaign") == [{"remote_filter": {"conditions": ATHENS}}]


def test_a_campaign_has_one_audience(campaign):
    with pytest.raises(InvalidRequest, match="given: everyone, remote"):
        edit_campaign(asking(), campaign.id, {"everyone": True, "remote": conditions("Patras")})


def test_other_conditions_are_another_revision_and_are_fetched_anew(fetched):
    edited = edit_campaign(asking(), fetched.id, {"remote": conditions("Patras")})
    assert (edited.audience.conditions[0]["value"], edited.audience.fetch) == ("Patras", None)
    assert edited.revision == fetched.revision + 1


def test_another_channel_is_fetched_anew(fetched):
    assert edit_campaign(asking(), fetched.id, {"channel": "whatsapp"}).audience.fetch is None


def test_another_text_needs_no_other_users(fetched):
    edit_campaign(asking(), fetched.id, {"template": "Hi"})
    assert RemoteFetch.of([fetched.id])


def test_another_audience_forgets_the_conditions(fetched):
    edited = edit_campaign(asking(), fetched.id, {"everyone": True})
    assert edited.audience.model_dump() == {"kind": "everyone"}
    assert RemoteFetch.of([fetched.id]) == {}


def test_a_copy_has_the_conditions_and_fetches_for_itself(fetched):
    copy = duplicate_campaign(asking(), fetched.id)
    assert copy.audience.model_dump() == {"kind": "remote", "conditions": ATHENS, "fetch": None}


@pytest.mark.parametrize("preview", [preview_audience, preview_messages, plan_campaign])
def test_a_preview_before_the_fetch_is_refused_and_says_why(campaign, preview):
    with pytest.raises(InvalidStatus, match="is fetched when it starts"):
        preview(asking(), campaign.id)
