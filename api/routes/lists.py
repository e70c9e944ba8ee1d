"""Lists of customers over HTTP."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, PathId, WholeNumber, storable
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.customers import Customers
from dispatch.customers import list_members, lists
from dispatch.customers.customers import CustomerView
from dispatch.customers.list_members import AddedMembersView, RemovedMembersView
from dispatch.customers.lists import CustomerListView

routes = Routes("lists", __name__, url_prefix="/api/lists")


class ListPath(Given):
    list_id: PathId


class ListQuery(Page):
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="words of the name, in any case")


class NamedList(Given):
    name: str = Field(description="1 to 200 characters, not that of another list of the account")


class ChosenCustomers(Given):
    customer_ids: list[WholeNumber] = Field(description="at least one")


class CustomerLists(Paged[CustomerListView]):
    """One page, newest first."""


@routes.post(
    "",
    summary="Make a list",
    answers={201: CustomerListView},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NamedList) -> tuple[CustomerListView, int]:
    """The list is empty; add customers by id or by an import."""
    return lists.create_list(caller(), name=body.name), 201


@routes.get("", summary="List the lists, newest first", answers={200: CustomerLists}, scope="read")
def index(query: ListQuery) -> Paged[CustomerListView]:
    """`q` searches names."""
    return paged(lists.list_lists(caller(), page=query.page, page_size=query.page_size, q=query.q), query)


@routes.get(
    "/<list_id>", summary="Read a list", answers={200: CustomerListView}, refuses=("RESOURCE_NOT_FOUND",), scope="read"
)
def read(path: ListPath) -> CustomerListView:
    """Includes the number of customers on it."""
    return lists.read_list(caller(), path.list_id)


@routes.patch(
    "/<list_id>",
    summary="Rename a list",
    answers={200: CustomerListView},
    refuses=("RESOURCE_NOT_FOUND", "DUPLICATE"),
    body=True,
    scope="write",
)
def rename(path: ListPath, body: NamedList) -> CustomerListView:
    """Campaigns and imports refer to it by its id and are not affected."""
    return lists.rename_list(caller(), path.list_id, name=body.name)


@routes.delete(
    "/<list_id>",
    summary="Delete a list",
    answers={204: None},
    refuses=("RESOURCE_NOT_FOUND", "INVALID_STATUS"),
    scope="write",
)
def delete(path: ListPath) -> tuple[str, int]:
    """Its customers are not deleted. Refused while a campaign names it, because its audience stays on record."""
    lists.delete_list(caller(), path.list_id)
    return "", 204


@routes.get(
    "/<list_id>/members",
    summary="Who is on a list, newest customers first",
    answers={200: Customers},
    refuses=("RESOURCE_NOT_FOUND",),
    scope="read",
)
def members(path: ListPath, query: Page) -> Paged[CustomerView]:
    """Each customer as `GET /api/customers` returns it."""
    return paged(list_members.list_members(caller(), path.list_id, page=query.page, page_size=query.page_size), query)


@routes.post(
    "/<list_id>/members",
    summary="Put customers on a list",
    answers={200: AddedMembersView},
    refuses=("RESOURCE_NOT_FOUND", "CUSTOMER_NOT_FOUND", "QUOTA_EXCEEDED"),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def add(path: ListPath, body: ChosenCustomers) -> AddedMembersView:
    """Adds all of them or, if one is unknown, none; those already on the list stay on it once."""
    return list_members.add_members(caller(), path.list_id, body.customer_ids)


@routes.post(
    "/<list_id>/members/remove",
    summary="Take customers off a list",
    answers={200: RemovedMembersView},
    refuses=("RESOURCE_NOT_FOUND",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def remove(path: ListPath, body: ChosenCustomers) -> RemovedMembersView:
    """The customers are not deleted; ids that are not on the list change nothing."""
    return list_members.remove_members(caller(), path.list_id, body.customer_ids)
