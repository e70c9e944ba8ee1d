"""Accounts, their settings and subscriptions; every change leaves an audit event in its own transaction.

Keys are `keys.py`, credits are `credits.py`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.caller import Caller
from dispatch.errors import Duplicate, InvalidRequest, NotFound
from dispatch.formats.checks import checked_name, checked_time
from dispatch.formats.json_row import plain
from dispatch.formats.phones import check_country
from models.account import SUBSCRIPTION_STATES, Account
from models.campaign import Campaign
from models.database import db, row, rows

# What an account may send without an approval is counted in recipients.
MOST_RECIPIENTS = 2_000_000_000


def create_account(caller: Caller, name: str, *, subscribed: bool = True, country: str | None = None) -> dict[str, Any]:
    """Makes an account and gives its id and name; Duplicate when the name is taken.

    `country` is where phone numbers without a country code are read.
    """
    name = checked_name(name)
    country = check_country(country) if country else None
    with db.atomic():
        made = Account.add(name, subscribed=subscribed, country=country)
        if made is None:
            raise Duplicate(f"There is already an account called {name}.", field="name")
        caller.note("account.created", made["id"], account_id=made["id"], name=name)
    return {"id": made["id"], "name": made["name"]}


def account_named(name: str) -> dict[str, Any]:
    """The account's row by its name; NotFound when there is none."""
    found = row("SELECT * FROM account WHERE name = %s", [name.strip()]) if "\0" not in name else None
    if found is None:
        raise NotFound(f"There is no account called {name.strip()[:200]!r}.")
    return found


def account_with_id(account_id: UUID) -> dict[str, Any]:
    """The account's row by its id; NotFound when there is none."""
    found = row("SELECT * FROM account WHERE id = %s", [account_id])
    if found is None:
        raise NotFound("There is no such account.")
    return found


def lock_account(caller: Caller) -> None:
    """Makes other transactions that lock the account wait until this one ends."""
    rows("SELECT 1 FROM account WHERE id = %s FOR UPDATE", [caller.one_account()])


def read_account(caller: Caller) -> dict[str, Any]:
    """The account as shown."""
    return _shown(account_with_id(caller.one_account()))


def list_accounts(caller: Caller, *, page: int = 1, page_size: int = 20) -> tuple[list[dict[str, Any]], int]:
    """One page of accounts as shown, newest first, and how many there are in all."""
    found = rows(
        "SELECT * FROM account ORDER BY created_at DESC, id LIMIT %s OFFSET %s", [page_size, (page - 1) * page_size]
    )
    total = row("SELECT count(*) AS total FROM account")
    assert total is not None
    return [_shown(account) for account in found], total["total"]


def change_account(caller: Caller, changes: dict[str, Any]) -> dict[str, Any]:
    """Changes the settings that are given, `country` and `approval_above`, and gives the account as shown.

    With `approval_above`, campaigns with more recipients start only once a second person approved them; None: all do.
    """
    account_id = caller.one_account()
    values = dict(changes)
    if values.get("country") is not None:
        values["country"] = check_country(values["country"])
    above = values.get("approval_above")
    if above is not None and not 0 <= above <= MOST_RECIPIENTS:
        raise InvalidRequest(
            f"approval_above is a whole number from 0 to {MOST_RECIPIENTS}, or null.", field="approval_above"
        )
    if not values:
        return read_account(caller)
    with db.atomic():
        changed = Account.settle_on(account_id, values)
        if changed is None:
            raise NotFound("There is no such account.")
        if "approval_above" in values:
            Campaign.unblock(account_id, "APPROVAL_REQUIRED")
        caller.note("account.changed", account_id, account_id=account_id, **values)
    return _shown(changed)


def read_subscription(caller: Caller) -> dict[str, Any]:
    """The account's plan, its status, and when the paid period ends."""
    return _shown(account_with_id(caller.one_account()))["subscription"]


def change_subscription(caller: Caller, *, plan: str, status: str, ends_at: datetime | None = None) -> dict[str, Any]:
    """Replaces the subscription and gives it as shown; campaigns that waited for one are looked at again."""
    account_id = caller.one_account()
    if status not in SUBSCRIPTION_STATES:
        raise InvalidRequest(f"status is one of {', '.join(SUBSCRIPTION_STATES)}.", field="status")
    plan = checked_name(plan, field="plan")
    ends_at = checked_time(ends_at, field="ends_at")
    with db.atomic():
        changed = Account.subscribe(account_id, plan=plan, status=status, ends_at=ends_at)
        if changed is None:
            raise NotFound("There is no such account.")
        Campaign.unblock(account_id, "SUBSCRIPTION_REQUIRED")
        subscription = _shown(changed)["subscription"]
        caller.note("subscription.changed", account_id, account_id=account_id, **subscription)
    return subscription


def _shown(account: dict[str, Any]) -> dict[str, Any]:
    values = plain(account)
    return {
        "id": values["id"],
        "name": values["name"],
        "country": values["country"],
        "approval_above": values["approval_above"],
        "subscription": {
            "plan": values["subscription_plan"],
            "status": values["subscription_status"],
            "ends_at": values["subscription_ends_at"],
        },
        "credits": {"available": values["credits_available"], "held": values["credits_held"]},
        "created_at": values["created_at"],
    }
