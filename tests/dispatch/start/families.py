"""What happens to a family of campaigns between two follow-ups, and whom it reached twice."""

from collections.abc import Callable, Sequence

from dispatch.accounts.accounts import AccountView
from dispatch.campaigns.view import CampaignView
from dispatch.customers.customers import create_customer, delete_customer, edit_customer, read_customer
from dispatch.start.preparation import continue_preparation
from dispatch.start.started import EnqueueResult
from models.database import rows
from tests.factories import a_campaign, asking, customers
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import campaign_row

ELSEWHERE = "+306999999999"


def a_sent_campaign(account: AccountView) -> CampaignView:
    """Sends a campaign to everyone, which is one new customer."""
    customers(account, 1)
    return start_and_deliver(a_campaign(account, everyone=True))


def delivered(follow_up: Callable[[], EnqueueResult], **answers: Sequence[str]) -> int:
    """Starts a follow-up, sends it to a provider `answering` like this, and returns its id."""
    started = follow_up()
    deliver(answering(**answers), started.campaign_id)
    return started.campaign_id


def prepare(campaign_id: int) -> None:
    """Does the job that writes the campaign's messages."""
    continue_preparation(campaign_id, campaign_row(campaign_id)["prep_token"])


def added_again(account: AccountView, customer_id: int) -> int:
    """Deletes a customer, adds the same number again, and returns the new customer's id."""
    phone = read_customer(asking(account.id), customer_id).phone
    delete_customer(asking(account.id), customer_id)
    return create_customer(asking(account.id), phone=phone).id


def moved(account: AccountView, customer_id: int, phone: str) -> None:
    """Gives a customer another number."""
    edit_customer(asking(account.id), customer_id, phone=phone)


def accepted_twice() -> list[str]:
    """Returns the numbers that the provider accepted more than once for one family."""
    found = rows(
        """SELECT m.phone FROM message m JOIN campaign c ON c.id = m.campaign_id WHERE m.state = 'sent'
           GROUP BY coalesce(c.root_id, c.id), m.phone HAVING count(*) > 1"""
    )
    return [each["phone"] for each in found]
