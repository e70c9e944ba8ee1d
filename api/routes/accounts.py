"""Accounts over HTTP: one's own, and for operators all of them."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api.http import request_id
from api.http.auth import SCHEME, caller, needs, operators
from api.http.errors import refusals
from api.http.pages import page_of
from api.routes.schemas import Organization, Page
from api.routes.schemas_accounts import Account, AccountChanges, Accounts, NewAccount, NewSubscription, Subscription
from dispatch.accounts import accounts

blueprint = APIBlueprint(
    "accounts",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="accounts")],
    abp_security=[{SCHEME: []}],
)

Shown = dict[str, Any]


@blueprint.post("/accounts", summary="Make an account", responses={201: Account, **refusals("DUPLICATE", body=True)})
@operators
@needs("admin")
def create(query: Organization, body: NewAccount) -> tuple[Shown, int]:
    """For operators. It has no credits and no keys yet."""
    made = accounts.create_account(**body.model_dump(), **_asked())
    return accounts.read_account(made["id"]), 201


@blueprint.get("/accounts", summary="List accounts, newest first", responses={200: Accounts, **refusals()})
@operators
def index(query: Page) -> Shown:
    """For operators."""
    return page_of(accounts.list_accounts(page=query.page, page_size=query.page_size), query)


@blueprint.get("/account", summary="Read one's account", responses={200: Account, **refusals()})
def read(query: Organization) -> Shown:
    """With its subscription and its credits."""
    return accounts.read_account(caller().one_account())


@blueprint.patch("/account", summary="Change one's account", responses={200: Account, **refusals(body=True)})
@needs("admin")
def change(query: Organization, body: AccountChanges) -> Shown:
    """With `approval_above`, larger campaigns start only once a second key approved them."""
    return accounts.change_account(caller().one_account(), body.model_dump(exclude_unset=True), **_asked())


@blueprint.get("/subscription", summary="Read one's subscription", responses={200: Subscription, **refusals()})
def subscription(query: Organization) -> Shown:
    """Campaigns start while its status is active and its period has not ended."""
    return accounts.read_subscription(caller().one_account())


@blueprint.put("/subscription", summary="Set a subscription", responses={200: Subscription, **refusals(body=True)})
@operators
@needs("admin")
def subscribe(query: Organization, body: NewSubscription) -> Shown:
    """For operators. Campaigns that waited for it are looked at by the next sweep."""
    return accounts.change_subscription(caller().one_account(), **body.model_dump(), **_asked())


def _asked() -> dict[str, Any]:
    return {"actor": caller().actor, "request_id": request_id.current()}
