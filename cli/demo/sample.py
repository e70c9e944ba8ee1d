"""A small account to try things with: ten customers and three draft campaigns, made once however often it is asked."""

from typing import Any
from uuid import UUID

from dispatch.accounts.accounts import account_named, create_account
from dispatch.accounts.credits import top_up
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


def seed_sample(*, actor: str = "operator", request_id: str | None = None) -> dict[str, Any]:
    """Makes what is missing of the sample and gives the account and how many customers and campaigns were made."""
    asked: dict[str, Any] = {"actor": actor, "request_id": request_id}
    with db.atomic():
        account = _account(**asked)
        # A second seed at the same time waits here, and then finds everything made.
        rows("SELECT 1 FROM account WHERE id = %s FOR UPDATE", [account["id"]])
        customers = sum(
            _add_customer(account["id"], phone=_PHONE.format(n), values=values, **asked)
            for n, values in enumerate(_CUSTOMERS)
        )
        campaigns = sum(
            _add_campaign(account["id"], name=name, channel=channel, template=template, **asked)
            for name, channel, template in _CAMPAIGNS
        )
    return {"id": str(account["id"]), "account": account["name"], "customers": customers, "campaigns": campaigns}


def _account(**asked: Any) -> dict[str, Any]:
    try:
        made = create_account(ACCOUNT, country="US", **asked)
    except Duplicate:
        return account_named(ACCOUNT)
    top_up(made["id"], CREDITS, **asked)
    return made


def _add_customer(account_id: UUID, *, phone: str, values: tuple[str | None, ...], **asked: Any) -> bool:
    fields: dict[str, Any] = dict(zip(("first_name", "last_name", "location", "prefered_product"), values, strict=True))
    try:
        create_customer(account_id, phone=phone, **fields, **asked)
    except Duplicate:
        return False
    return True


def _add_campaign(account_id: UUID, *, name: str, **fields: Any) -> bool:
    if row("SELECT 1 FROM campaign WHERE account_id = %s AND name = %s", [account_id, name]) is not None:
        return False
    create_campaign(account_id, name=name, everyone=True, **fields)
    return True
