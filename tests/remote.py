"""Arranges campaigns whose users, business and messages are with the doubles of the remote services."""

from typing import Any

from dispatch.accounts.accounts import AccountView, change_business, create_account
from dispatch.accounts.credits import top_up
from dispatch.campaigns.view import CampaignView
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.started import EnqueueResult
from models.campaigns.remote_fetch import RemoteFetch
from models.database import rows
from tests.doubles.businesses import BUSINESS_ID
from tests.doubles.remote import Remote
from tests.doubles.users import a_user
from tests.factories import a_campaign, asking

ATHENS = [{"field": "city", "operator": "EQUALS", "value": "Athens"}]


def a_business(*, credits: int = 10_000, name: str = "Acme") -> AccountView:
    """Creates the account of the business that the doubles know."""
    account = create_account(asking(), name, country="GR")
    if credits:
        top_up(asking(account.id), credits)
    return change_business(asking(account.id), BUSINESS_ID)


def a_remote_campaign(
    remote: Remote, account: AccountView, *, users: int | None = None, **options: Any
) -> CampaignView:
    """Creates a campaign for users of user-service, which then has so many."""
    if users is not None:
        remote.users.users = [a_user(n) for n in range(users)]
    return a_campaign(account, remote=ATHENS, **options)


def start(campaign: CampaignView) -> EnqueueResult:
    """Starts the campaign and prepares it in this process."""
    return enqueue_campaign(asking(), campaign.id, in_place=True)


def fetch_of(campaign_id: int) -> RemoteFetch:
    """Returns how far the campaign's fetch is."""
    return RemoteFetch.of([campaign_id])[campaign_id]


def chosen(campaign_id: int) -> list[str]:
    """Returns the external ids of the customers that were fetched for the campaign, in order."""
    found = rows(
        """SELECT external_id FROM campaign_customer m JOIN customer cu ON cu.id = m.customer_id
           WHERE m.campaign_id = %s ORDER BY external_id""",
        [campaign_id],
    )
    return [customer["external_id"] for customer in found]
