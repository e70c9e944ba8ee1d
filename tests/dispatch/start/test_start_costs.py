"""What the start of a small campaign costs, in statements: a thousand of them may be due in the same second."""

import pytest

from dispatch.start.sweep import start_due
from models.campaigns.due import DueCampaign
from tests.factories import a_campaign, an_account, asking
from tests.statements import statements
from tests.stored import campaign_row

pytestmark = pytest.mark.usefixtures("db", "redis")


def statements_of_a_start(account):
    """Returns the statements of the start of a due campaign to ten people."""
    campaign = a_campaign(account, recipients=10, due=True)
    found = DueCampaign.find(campaign.id, account.id)
    with statements() as ran:
        start_due(asking(), found)
    assert campaign_row(campaign.id)["status"] == "sending"
    return ran


def test_a_small_campaign_starts_with_few_statements():
    account = an_account(credits=1000)
    statements_of_a_start(account)
    ran = statements_of_a_start(account)
    assert len(ran) <= 20
    # The messages, and the hold with the start; the claim and the mark of what is pushed are one statement each.
    assert ran.count("COMMIT") == 2
