"""Accounts over HTTP: the caller's own, or for operators all of them."""

from typing import Annotated

from pydantic import Field, Strict

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, Time, WholeNumber
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from dispatch.accounts import accounts, quotas
from dispatch.accounts.accounts import AccountView, OverCap, SubscriptionState, SubscriptionView, TextTo
from dispatch.accounts.quotas import QuotasView

routes = Routes("accounts", __name__, url_prefix="/api")


class Accounts(Paged[AccountView]):
    """One page, newest first."""


class NewAccount(Given):
    name: str = Field(description="1 to 200 characters, not that of another account")
    country: str | None = Field(None, description="two letters: where numbers without a country code are read")
    subscribed: Annotated[bool, Strict()] = True
    business_id: str | None = Field(None, description="the account in user-service and business-service; unique")


class AccountChanges(Given):
    """Fields that are left out stay as they are."""

    name: str = Field("", description="1 to 200 characters, not that of another account")
    country: str | None = Field(None, description="two letters: where numbers without a country code are read")
    approval_above: WholeNumber | None = Field(
        None, description="campaigns with more recipients need a second person's approval; null: none does"
    )
    zone: str = Field("", description="IANA time zone, such as Europe/Athens")
    quiet_hours: str = Field(
        "", description='no marketing then, by each person\'s clock: "off", "default" or like "22:00-09:00"'
    )
    cap_per_day: WholeNumber | None = Field(
        None, description="marketing messages one person gets in 24 hours, at most; null: any number"
    )
    cap_per_week: WholeNumber | None = Field(
        None, description="marketing messages one person gets in 7 days, at most; null: any number"
    )
    over_cap: OverCap = Field("skip", description="what becomes of a message above a cap")
    text_to: list[TextTo] = Field(
        [], description="kinds of numbers that get texts although they are usually left out", max_length=10
    )
    link_url: str | None = Field(
        None, description="what the short links in its texts begin with, like https://go.example.com; null: PUBLIC_URL"
    )


class Business(Given):
    business_id: str | None = Field(description="1 to 200 characters, not that of another account; null: none")


class QuotaChanges(Given):
    """Fields that are left out stay as they are; null: any number."""

    open_imports: WholeNumber | None = Field(None, description="imports of customers that have not ended")
    scheduled_campaigns: WholeNumber | None = Field(None, description="campaigns that are scheduled or recurring")
    stored_rows: WholeNumber | None = Field(None, description="customers and places on lists")
    messages_per_day: WholeNumber | None = Field(None, description="messages of the campaigns of one day of UTC")
    credits_per_day: WholeNumber | None = Field(None, description="credits that those campaigns hold")
    countries: list[str] | None = Field(
        None, description="two letters each: to whose numbers the account may send", max_length=300
    )


class NewSubscription(Given):
    """A subscription, which replaces the previous one."""

    plan: str = Field("standard", description="1 to 200 characters")
    status: SubscriptionState
    ends_at: Time | None = Field(None, description="when the paid period ends, with its zone; null: it does not")


@routes.post(
    "/accounts",
    summary="Make an account",
    answers={201: AccountView},
    refuses=("DUPLICATE",),
    body=True,
    scope="admin",
    operators_only=True,
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewAccount) -> tuple[AccountView, int]:
    """For operators. The new account has no credits and no keys."""
    return accounts.create_account(caller(), **body.model_dump()), 201


@routes.get(
    "/accounts", summary="List accounts, newest first", answers={200: Accounts}, scope="read", operators_only=True
)
def index(query: Page) -> Paged[AccountView]:
    """For operators."""
    return paged(accounts.list_accounts(caller(), page=query.page, page_size=query.page_size), query)


@routes.get("/account", summary="Read one's account", answers={200: AccountView}, scope="read")
def read(query: Organization) -> AccountView:
    """Includes its subscription and its credits."""
    return accounts.read_account(caller())


@routes.patch(
    "/account",
    summary="Change one's account",
    answers={200: AccountView},
    refuses=("INVALID_STATUS",),
    body=True,
    scope="admin",
)
def change(query: Organization, body: AccountChanges) -> AccountView:
    """With `approval_above`, larger campaigns start only once a second person has approved them.

    A key of the account can only lower it; operators raise and remove it.
    """
    return accounts.change_account(caller(), body.model_dump(exclude_unset=True))


@routes.put(
    "/account/business",
    summary="Say which business an account is",
    answers={200: AccountView},
    refuses=("DUPLICATE",),
    body=True,
    scope="admin",
    operators_only=True,
)
def business(query: Organization, body: Business) -> AccountView:
    """For operators, because it decides whose users the account reaches through user-service."""
    return accounts.change_business(caller(), body.business_id)


@routes.get("/account/quotas", summary="Read one's quotas", answers={200: QuotasView}, scope="read")
def read_quotas(query: Organization) -> QuotasView:
    """What an operator limits of the account, and how much of it is used."""
    return quotas.read_quotas(caller())


@routes.patch(
    "/account/quotas",
    summary="Set an account's quotas",
    answers={200: QuotasView},
    body=True,
    scope="admin",
    operators_only=True,
)
def change_quotas(query: Organization, body: QuotaChanges) -> QuotasView:
    """For operators. A lower limit takes nothing away; it keeps more from being added."""
    return quotas.change_quotas(caller(), body.model_dump(exclude_unset=True))


@routes.get("/subscription", summary="Read one's subscription", answers={200: SubscriptionView}, scope="read")
def subscription(query: Organization) -> SubscriptionView:
    """Campaigns start while its status is active and its period has not ended."""
    return accounts.read_subscription(caller())


@routes.put(
    "/subscription",
    summary="Set a subscription",
    answers={200: SubscriptionView},
    body=True,
    scope="admin",
    operators_only=True,
)
def subscribe(query: Organization, body: NewSubscription) -> SubscriptionView:
    """For operators. The next sweep checks the campaigns that waited for it."""
    return accounts.change_subscription(caller(), **body.model_dump())
