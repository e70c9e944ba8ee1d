"""Accounts, their settings and subscriptions; every change leaves an audit event in its own transaction."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from pydantic import Field, WithJsonSchema

from dispatch.accounts.settings import checked_settings
from dispatch.accounts.windows import check_windows
from dispatch.caller import Caller
from dispatch.errors import Duplicate, Forbidden, InvalidRequest, NotFound
from dispatch.formats.checks import checked_name, checked_time
from dispatch.formats.phones import check_country
from dispatch.formats.view import Time, View
from models.account import OVER_CAP, SUBSCRIPTION_STATES, Account
from models.api_key import ApiKey
from models.campaigns import blocking
from models.customers.phone_types import LEFT_OUT
from models.database import db
from models.page import Page
from models.tenancy import ALL_ACCOUNTS

OverCap = Annotated[str, WithJsonSchema({"type": "string", "enum": list(OVER_CAP)})]
TextTo = Annotated[str, WithJsonSchema({"type": "string", "enum": list(LEFT_OUT)})]
SubscriptionState = Annotated[str, WithJsonSchema({"type": "string", "enum": list(SUBSCRIPTION_STATES)})]


class SubscriptionView(View):
    """The plan, its status, and when the paid period ends."""

    plan: str
    status: SubscriptionState
    ends_at: Time | None

    @classmethod
    def of(cls, account: Account) -> "SubscriptionView":
        """Returns the account's subscription."""
        return cls(
            plan=account.subscription_plan, status=account.subscription_status, ends_at=account.subscription_ends_at
        )


class BalanceView(View):
    """Credits that may be spent, and those held for campaigns under way."""

    available: int
    held: int

    @classmethod
    def of(cls, account: Account) -> "BalanceView":
        """Returns the account's credits."""
        return cls(available=account.credits_available, held=account.credits_held)


class AccountView(View):
    """An account with its subscription and its credits."""

    id: UUID
    name: str
    country: str | None
    zone: str = Field(description="of people whose own zone is not known, and of times in the reports")
    approval_above: int | None
    quiet_hours: str = Field(description='"off", "default" (those of each person\'s country) or like "22:00-09:00"')
    cap_per_day: int | None = Field(description="marketing messages one person gets in 24 hours, at most")
    cap_per_week: int | None = Field(description="marketing messages one person gets in 7 days, at most")
    over_cap: OverCap = Field(description="what becomes of a message above a cap")
    text_to: list[TextTo] = Field(description="kinds of numbers that get texts although they are usually left out")
    link_url: str | None = Field(description="what the short links in its texts begin with; null: PUBLIC_URL")
    business_id: str | None = Field(description="the account in user-service and business-service")
    subscription: SubscriptionView
    credits: BalanceView
    created_at: Time

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        """Returns the view of the row."""
        return cls(
            id=account.id,
            name=account.name,
            country=account.country,
            zone=account.zone,
            approval_above=account.approval_above,
            quiet_hours=account.quiet_hours,
            cap_per_day=account.cap_per_day,
            cap_per_week=account.cap_per_week,
            over_cap=account.over_cap,
            text_to=account.text_to,
            link_url=account.link_url,
            business_id=account.business_id,
            subscription=SubscriptionView.of(account),
            credits=BalanceView.of(account),
            created_at=account.created_at,
        )


def create_account(
    caller: Caller,
    name: str,
    *,
    subscribed: bool = True,
    country: str | None = None,
    business_id: str | None = None,
) -> AccountView:
    """Creates an account and returns it; Duplicate when the name or the business is another account's.

    `country` is where phone numbers without a country code are read; `business_id` is the account in the remote
    services (docs/remote.md).
    """
    name = checked_name(name)
    country = check_country(country) if country else None
    business_id = checked_name(business_id, field="business_id") if business_id else None
    with db.atomic():
        made = Account.add(name, subscribed=subscribed, country=country, business_id=business_id)
        if made is None:
            if Account.find_named(name) is None:
                raise _business_taken()
            raise _taken(name)
        caller.note("account.created", made.id, account_id=made.id, name=name)
    return AccountView.of(made)


def account_named(name: str) -> Account:
    """Returns the account with this name or, if there is none, with this id; NotFound when there is neither."""
    found = Account.find_named(name.strip()) if "\0" not in name else None
    if found is None:
        with suppress(ValueError):
            found = Account.find(UUID(name.strip()))
    if found is None:
        raise NotFound(f"There is no account called {name.strip()[:200]!r}.")
    return found


def account_with_id(account_id: UUID) -> Account:
    """Returns the account with this id; NotFound when there is none."""
    return _found(Account.find(account_id))


def country_of(caller: Caller) -> str | None:
    """Returns the country (two letters) whose numbers the caller writes; None if it is not known."""
    return None if caller.account is ALL_ACCOUNTS else account_with_id(caller.account).country


def lock_account(caller: Caller) -> None:
    """Makes other transactions that lock the account wait until this one ends."""
    Account.lock(caller.one_account())


def read_account(caller: Caller) -> AccountView:
    """Returns the caller's account."""
    return AccountView.of(account_with_id(caller.one_account()))


def list_accounts(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[AccountView]:
    """Returns one page of the accounts that the caller sees, newest first."""
    return Account.page(caller.account, page=page, page_size=page_size).map(AccountView.of)


def change_account(caller: Caller, changes: Mapping[str, Any]) -> AccountView:
    """Changes the settings that are given, some of SETTINGS, and returns the account; Duplicate if a name is taken.

    Campaigns with more recipients than `approval_above` start only once a second person has approved them; with None,
    none needs an approval. A key of the account can only lower it, and anything else is Forbidden: whoever wants to
    send alone would otherwise decide that they may. Quiet hours and caps count for what is prepared from now on, and
    again when it is sent; `link_url` counts for what is prepared from now on. InvalidStatus names the campaigns that
    have not started, and of which quiet hours, or those of another country, would let nothing be sent.
    """
    account_id = caller.one_account()
    of_account = ApiKey.is_of_account(caller.actor)
    values = checked_settings(changes, by_operator=not of_account)
    if not values:
        return read_account(caller)
    try:
        with db.atomic():
            changed = Account.edit(account_id, values, only_stricter=of_account)
            if changed is None:
                account_with_id(account_id)
                raise Forbidden(
                    "A key of the account can only lower approval_above; ask an operator to raise it or to remove it.",
                    field="approval_above",
                )
            if {"quiet_hours", "country"} & values.keys():
                check_windows(changed)
            if "approval_above" in values:
                blocking.unblock(account_id, "APPROVAL_REQUIRED")
            if "link_url" in values:
                blocking.unblock(account_id, "LINKS_NOT_CONFIGURED")
            caller.note("account.changed", account_id, account_id=account_id, **values)
    except UniqueViolation:
        raise _taken(values["name"]) from None
    return AccountView.of(changed)


def change_business(caller: Caller, business_id: str | None) -> AccountView:
    """Says which business the account is in the remote services, or none, and returns the account.

    Duplicate when it is another account's. It decides whose users the account reaches, so it is for operators.
    """
    account_id = caller.one_account()
    business_id = checked_name(business_id, field="business_id") if business_id is not None else None
    try:
        with db.atomic():
            changed = _found(Account.edit(account_id, {"business_id": business_id}))
            blocking.unblock(account_id, "REMOTE_NOT_CONFIGURED")
            caller.note("account.changed", account_id, account_id=account_id, business_id=business_id)
    except UniqueViolation:
        raise _business_taken() from None
    return AccountView.of(changed)


def read_subscription(caller: Caller) -> SubscriptionView:
    """Returns the account's subscription."""
    return SubscriptionView.of(account_with_id(caller.one_account()))


def change_subscription(caller: Caller, *, plan: str, status: str, ends_at: datetime | None = None) -> SubscriptionView:
    """Replaces the subscription and returns it; the next sweep checks the campaigns that waited for one."""
    account_id = caller.one_account()
    if status not in SUBSCRIPTION_STATES:
        raise InvalidRequest(f"status is one of {', '.join(SUBSCRIPTION_STATES)}.", field="status")
    plan = checked_name(plan, field="plan")
    ends_at = checked_time(ends_at, field="ends_at")
    with db.atomic():
        subscription = SubscriptionView.of(
            _found(Account.subscribe(account_id, plan=plan, status=status, ends_at=ends_at))
        )
        blocking.unblock(account_id, "SUBSCRIPTION_REQUIRED")
        details = subscription.model_dump(mode="json")
        caller.note("subscription.changed", account_id, account_id=account_id, **details)
    return subscription


def _taken(name: str) -> Duplicate:
    return Duplicate(f"There is already an account called {name}; choose another name.", field="name")


def _business_taken() -> Duplicate:
    return Duplicate("Another account has this business id; each business has one account.", field="business_id")


def _found(account: Account | None) -> Account:
    if account is None:
        raise NotFound("There is no such account.")
    return account
