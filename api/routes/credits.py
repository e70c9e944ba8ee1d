"""Credits over HTTP: the balance, every movement, and for operators the top-up."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api.http import request_id
from api.http.auth import SCHEME, caller, needs, operators
from api.http.errors import refusals
from api.http.pages import page_of
from api.routes.schemas import Organization, Page
from api.routes.schemas_accounts import Balance, Ledger, TopUp
from dispatch.accounts import credits

blueprint = APIBlueprint(
    "credits",
    __name__,
    url_prefix="/api/credits",
    abp_tags=[Tag(name="credits")],
    abp_security=[{SCHEME: []}],
)


@blueprint.get("", summary="Read the balance", responses={200: Balance, **refusals()})
def read(query: Organization) -> dict[str, int]:
    """One credit pays for one segment of one message."""
    return credits.balance(caller().one_account())


@blueprint.get("/ledger", summary="List every movement, newest first", responses={200: Ledger, **refusals()})
def ledger(query: Page) -> dict[str, Any]:
    """Top-ups, holds at the start of a campaign, and what was captured and released at its end."""
    return page_of(credits.ledger(caller().one_account(), page=query.page, page_size=query.page_size), query)


@blueprint.post("/topup", summary="Add credits", responses={200: Balance, **refusals(body=True)})
@operators
@needs("admin")
def topup(query: Organization, body: TopUp) -> dict[str, int]:
    """For operators. Campaigns that waited for credits are looked at by the next sweep."""
    return credits.top_up(caller().one_account(), body.amount, actor=caller().actor, request_id=request_id.current())
