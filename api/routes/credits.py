"""Credits over HTTP: the balance, every movement and, for operators, the top-up."""

from pydantic import Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, WholeNumber
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from dispatch.accounts import credits
from dispatch.accounts.accounts import BalanceView
from dispatch.accounts.credits import LedgerEntryView

routes = Routes("credits", __name__, url_prefix="/api/credits")


class Ledger(Paged[LedgerEntryView]):
    """One page, newest first."""


class TopUp(Given):
    amount: WholeNumber = Field(description="how many credits to add")


@routes.get("", summary="Read the balance", answers={200: BalanceView}, scope="read")
def read(query: Organization) -> BalanceView:
    """One credit pays for one segment of one message."""
    return credits.balance(caller())


@routes.get("/ledger", summary="List every movement, newest first", answers={200: Ledger}, scope="read")
def ledger(query: Page) -> Paged[LedgerEntryView]:
    """Top-ups, holds at the start of a campaign, and what was captured and released at its end."""
    return paged(credits.ledger(caller(), page=query.page, page_size=query.page_size), query)


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
    """For operators. The next sweep checks the campaigns that waited for credits."""
    return credits.top_up(caller(), body.amount)
