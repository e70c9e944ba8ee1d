"""Credits over HTTP: the balance, every movement, and for operators the top-up."""

from typing import Any

from api.http.auth import caller
from api.http.inputs import Organization, Page
from api.http.pages import page_of
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.schemas_accounts import Ledger, TopUp
from dispatch.accounts import credits
from dispatch.accounts.accounts import BalanceView

routes = Routes("credits", __name__, url_prefix="/api/credits")


@routes.get("", summary="Read the balance", answers={200: BalanceView}, scope="read")
def read(query: Organization) -> BalanceView:
    """One credit pays for one segment of one message."""
    return credits.balance(caller())


@routes.get("/ledger", summary="List every movement, newest first", answers={200: Ledger}, scope="read")
def ledger(query: Page) -> dict[str, Any]:
    """Top-ups, holds at the start of a campaign, and what was captured and released at its end."""
    return page_of(credits.ledger(caller(), page=query.page, page_size=query.page_size), query)


@routes.post(
    "/topup",
    summary="Add credits",
    answers={200: BalanceView},
    body=True,
    scope="admin",
    operators_only=True,
    idempotency=ONE_TRANSACTION,
)
def topup(query: Organization, body: TopUp) -> BalanceView:
    """For operators. Campaigns that waited for credits are looked at by the next sweep."""
    return credits.top_up(caller(), body.amount)
