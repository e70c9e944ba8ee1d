"""A small account to try things with: ten customers and three draft campaigns, created once."""

from typing import Any

from dispatch.accounts.accounts import AccountView, account_named, create_account, lock_account, read_account
from dispatch.accounts.credits import top_up
from dispatch.caller import Caller
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.reading import list_campaigns
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.customers import create_customer
from dispatch.errors import Duplicate
from models.database import db

ACCOUNT = "sample"
CREDITS = 1000

# Numbers that are reserved for fiction, so that no real person ever gets a message.
_PHONE = "+1202555010{}"
_CUSTOMERS = (
    ("John", "Doe", "Nairobi", "Running Shoes"),
    ("Jane", "Smith", "Mombasa", "Wireless Headphones"),
    ("Alice", "Johnson", "Nairobi", "Premium Package"),
    ("Bob", "Williams", None, "Coffee Maker"),
    ("Carol", "Brown", "Kisumu", None),
    ("David", "Jones", "Nakuru", "Yoga Mat"),
    ("Eve", "Garcia", None, None),
    ("Frank", "Miller", "Eldoret", "Backpack"),
    ("Grace", "Davis", "Thika", None),
    ("Henry", "Wilson", None, "Smart Watch"),
)
_CAMPAIGNS = (
    ("Welcome Campaign", "sms", "Hello {first_name}!"),
    ("Product Promotion", "whatsapp", 'Hi {{ first_name }}, {{ prefered_product|fallback("everything") }} is 20% off.'),
    ("Location Offer", "sms", 'Hi {{ first_name }}, a special offer in {{ location|fallback("your town") }}!'),
)


def seed_sample(caller: Caller) -> dict[str, Any]:
    """Creates what is missing of the sample; returns the account and how many customers and campaigns it created."""
    with db.atomic():
        account = _account(caller)
        owner = caller.within(account.id)
        # A second seed at the same time waits here, and then finds that everything exists.
        lock_account(owner)
        customers = sum(_add_customer(owner, _PHONE.format(n), values) for n, values in enumerate(_CUSTOMERS))
        campaigns = sum(_add_campaign(owner, *campaign) for campaign in _CAMPAIGNS)
    return {"id": str(account.id), "account": account.name, "customers": customers, "campaigns": campaigns}


def _account(caller: Caller) -> AccountView:
    try:
        made = create_account(caller, ACCOUNT, country="US")
    except Duplicate:
        return read_account(caller.within(account_named(ACCOUNT).id))
    top_up(caller.within(made.id), CREDITS)
    return made


def _add_customer(caller: Caller, phone: str, values: tuple[str | None, ...]) -> bool:
    fields: dict[str, Any] = dict(zip(("first_name", "last_name", "location", "prefered_product"), values, strict=True))
    try:
        create_customer(caller, phone=phone, **fields)
    except Duplicate:
        return False
    return True


def _add_campaign(caller: Caller, name: str, channel: str, template: str) -> bool:
    similar = list_campaigns(caller, q=name, page_size=100).rows
    if any(campaign.name == name for campaign in similar):
        return False
    create_campaign(caller, CampaignDraft(name=name, channel=channel, template=template, everyone=True))
    return True
