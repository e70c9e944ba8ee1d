"""A small account to try things with: ten customers and three draft campaigns, made once however often it is asked."""

from typing import Any

from dispatch.accounts.accounts import account_named, create_account
from dispatch.accounts.credits import top_up
from dispatch.caller import Caller
from dispatch.campaigns.lifecycle import create_campaign
from dispatch.customers.customers import create_customer
from dispatch.errors import Duplicate
from models.database import db, row, rows

ACCOUNT = "sample"
CREDITS = 1000

# Numbers that are kept free for fiction, so that no real person ever gets a sample.
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
    """Makes what is missing of the sample and gives the account and how many customers and campaigns were made."""
    with db.atomic():
        account = _account(caller)
        # A second seed at the same time waits here, and then finds everything made.
        rows("SELECT 1 FROM account WHERE id = %s FOR UPDATE", [account["id"]])
        owner = caller.within(account["id"])
        customers = sum(_add_customer(owner, _PHONE.format(n), values) for n, values in enumerate(_CUSTOMERS))
        campaigns = sum(_add_campaign(owner, *campaign) for campaign in _CAMPAIGNS)
    return {"id": str(account["id"]), "account": account["name"], "customers": customers, "campaigns": campaigns}


def _account(caller: Caller) -> dict[str, Any]:
    try:
        made = create_account(caller, ACCOUNT, country="US")
    except Duplicate:
        return account_named(ACCOUNT)
    top_up(caller.within(made["id"]), CREDITS)
    return made


def _add_customer(caller: Caller, phone: str, values: tuple[str | None, ...]) -> bool:
    fields: dict[str, Any] = dict(zip(("first_name", "last_name", "location", "prefered_product"), values, strict=True))
    try:
        create_customer(caller, phone=phone, **fields)
    except Duplicate:
        return False
    return True


def _add_campaign(caller: Caller, name: str, channel: str, template: str) -> bool:
    known = "SELECT 1 FROM campaign WHERE account_id = %s AND name = %s"
    if row(known, [caller.one_account(), name]) is not None:
        return False
    create_campaign(caller, name=name, channel=channel, template=template, everyone=True)
    return True
