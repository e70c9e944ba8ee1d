"""Why a campaign whose text has short links has not begun to send."""

from dispatch.start.sweep import sweep_due
from tests.factories import a_campaign, an_account, asking


def test_a_text_with_links_says_that_a_setting_for_them_is_missing(said):
    campaign = a_campaign(an_account(), due=True, recipients=1, template="{unsubscribe_link}")
    sweep_due(asking())
    assert "PUBLIC_URL or LINK_KEY is not set" in said(campaign.id)["links"]
