"""Lists of customers over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, PathId, WholeNumber, storable
from api.http.pages import Paged, Pagination, page_of, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.customers import Customers
from dispatch.customers import list_members, lists
from dispatch.customers.customers import CustomerView

routes = Routes("lists", __name__, url_prefix="/api/lists")


class ListPath(Given):
    list_id: PathId


class ListQuery(Page):
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="part of a name")


class NamedList(Given):
    name: str = Field(description="1 to 200 characters, not that of another list of the account")


class ChosenCustomers(Given):
    customer_ids: list[WholeNumber] = Field(description="at least one")


class CustomerList(BaseModel):
    """A list as shown; `customers` is how many are on it."""

    id: int
    account_id: UUID
    name: str
    created_at: datetime
    customers: int


class CustomerLists(BaseModel):
    """One page, newest first."""

    data: list[CustomerList]
    pagination: Pagination


class AddedMembers(BaseModel):
    """How many are new on the list, and how many are on it now."""

    added: int
    customers: int


class RemovedMembers(BaseModel):
    """How many were taken off the list, and how many are on it now."""

    removed: int
    customers: int


@routes.post(
    "",
    summary="Make a list",
    answers={201: CustomerList},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NamedList) -> tuple[dict[str, Any], int]:
    """It is empty; customers come by an import or one by one."""
    return lists.create_list(caller(), name=body.name), 201


@routes.get("", summary="List the lists, newest first", answers={200: CustomerLists}, scope="read")
def index(query: ListQuery) -> dict[str, Any]:
    """Searched by name with `q`."""
    found = lists.list_lists(caller(), page=query.page, page_size=query.page_size, q=query.q)
    return page_of(found, query)


@routes.get(
    "/<list_id>", summary="Read a list", answers={200: CustomerList}, refuses=("RESOURCE_NOT_FOUND",), scope="read"
)
def read(path: ListPath) -> dict[str, Any]:
    """With how many customers are on it."""
    return lists.read_list(caller(), path.list_id)


@routes.patch(
    "/<list_id>",
    summary="Rename a list",
    answers={200: CustomerList},
    refuses=("RESOURCE_NOT_FOUND", "DUPLICATE"),
    body=True,
    scope="write",
)
def rename(path: ListPath, body: NamedList) -> dict[str, Any]:
    """Campaigns and imports know it by its id, and notice nothing."""
    return lists.rename_list(caller(), path.list_id, name=body.name)


@routes.delete(
    "/<list_id>",
    summary="Delete a list",
    answers={204: None},
    refuses=("RESOURCE_NOT_FOUND", "INVALID_STATUS"),
    scope="write",
)
def delete(path: ListPath) -> tuple[str, int]:
    """Its customers stay. Refused while a campaign names it, since what it was sent to stays known."""
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
    """Each as `GET /api/customers` returns it."""
    return paged(list_members.list_members(caller(), path.list_id, page=query.page, page_size=query.page_size), query)


@routes.post(
    "/<list_id>/members",
    summary="Put customers on a list",
    answers={200: AddedMembers},
    refuses=("RESOURCE_NOT_FOUND", "CUSTOMER_NOT_FOUND"),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def add(path: ListPath, body: ChosenCustomers) -> dict[str, Any]:
    """All of them or, when one is unknown, none; those on it already stay on it once."""
    return list_members.add_members(caller(), path.list_id, body.customer_ids)


@routes.post(
    "/<list_id>/members/remove",
    summary="Take customers off a list",
    answers={200: RemovedMembers},
    refuses=("RESOURCE_NOT_FOUND",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def remove(path: ListPath, body: ChosenCustomers) -> dict[str, Any]:
    """The customers stay; ids that are not on the list change nothing."""
    return list_members.remove_members(caller(), path.list_id, body.customer_ids)
