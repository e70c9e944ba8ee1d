"""Accounts over HTTP: one's own, and for operators all of them."""

from typing import Any

from api.http.auth import caller
from api.http.inputs import Organization, Page
from api.http.pages import page_of
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.schemas_accounts import Account, AccountChanges, Accounts, NewAccount, NewSubscription, Subscription
from dispatch.accounts import accounts

routes = Routes("accounts", __name__, url_prefix="/api")

Shown = dict[str, Any]


@routes.post(
    "/accounts",
    summary="Make an account",
    answers={201: Account},
    refuses=("DUPLICATE",),
    body=True,
    scope="admin",
    operators_only=True,
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewAccount) -> tuple[Shown, int]:
    """For operators. It has no credits and no keys yet."""
    made = accounts.create_account(caller(), **body.model_dump())
    return accounts.read_account(caller().within(made["id"])), 201


@routes.get(
    "/accounts", summary="List accounts, newest first", answers={200: Accounts}, scope="read", operators_only=True
)
def index(query: Page) -> Shown:
    """For operators."""
    return page_of(accounts.list_accounts(caller(), page=query.page, page_size=query.page_size), query)


@routes.get("/account", summary="Read one's account", answers={200: Account}, scope="read")
def read(query: Organization) -> Shown:
    """With its subscription and its credits."""
    return accounts.read_account(caller())


@routes.patch("/account", summary="Change one's account", answers={200: Account}, body=True, scope="admin")
def change(query: Organization, body: AccountChanges) -> Shown:
    """With `approval_above`, larger campaigns start only once a second key approved them."""
    return accounts.change_account(caller(), body.model_dump(exclude_unset=True))


@routes.get("/subscription", summary="Read one's subscription", answers={200: Subscription}, scope="read")
def subscription(query: Organization) -> Shown:
    """Campaigns start while its status is active and its period has not ended."""
    return accounts.read_subscription(caller())


@routes.put(
    "/subscription",
    summary="Set a subscription",
    answers={200: Subscription},
    body=True,
    scope="admin",
    operators_only=True,
)
def subscribe(query: Organization, body: NewSubscription) -> Shown:
    """For operators. Campaigns that waited for it are looked at by the next sweep."""
    return accounts.change_subscription(caller(), **body.model_dump())
