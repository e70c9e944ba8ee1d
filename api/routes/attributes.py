"""Attributes of customers over HTTP: which there are, for texts and segments."""

from api.http.auth import caller
from api.http.inputs import Page
from api.http.pages import Paged, paged
from api.http.routes import Routes
from dispatch.customers.attributes import AttributeView, list_attributes

routes = Routes("attributes", __name__, url_prefix="/api/attributes", tag="customers")


class Attributes(Paged[AttributeView]):
    """One page, in the order of names."""


@routes.get("", summary="List the attributes of customers", answers={200: Attributes}, scope="read")
def index(query: Page) -> Paged[AttributeView]:
    """Returns name, types and number of customers of each; no values. Of a large account the numbers are estimates."""
    return paged(list_attributes(caller(), page=query.page, page_size=query.page_size), query)
