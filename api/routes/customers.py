"""Customers over HTTP."""

from typing import Any

from flask import Response

from api.http.auth import caller
from api.http.csv_answer import csv_answer, csv_response
from api.http.inputs import Organization
from api.http.pages import page_of
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.schemas import Customer, CustomerPath, CustomerQuery, Customers, EditedCustomer, NewCustomer
from dispatch.customers import customers
from dispatch.customers.export import export_customers

routes = Routes("customers", __name__, url_prefix="/api/customers")


@routes.post(
    "",
    summary="Add a customer",
    answers={201: Customer},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewCustomer) -> tuple[dict[str, Any], int]:
    """The phone is read once, here, and kept in E.164."""
    return customers.create_customer(caller(), **body.model_dump()), 201


@routes.get("", summary="List customers, newest first", answers={200: Customers}, scope="read")
def index(query: CustomerQuery) -> dict[str, Any]:
    """Searched by name or phone with `q`."""
    found = customers.list_customers(caller(), page=query.page, page_size=query.page_size, q=query.q)
    return page_of(found, query)


@routes.get(
    "/export",
    summary="Download all customers",
    answers={200: csv_response("phone, names, location, prefered_product, and a column for each attribute")},
    scope="read",
)
def export(query: Organization) -> Response:
    """As the import takes it back. Cells that a spreadsheet would run begin with an apostrophe, phones too."""
    return csv_answer(export_customers(caller()), "customers.csv")


@routes.get(
    "/<customer_id>", summary="Read a customer", answers={200: Customer}, refuses=("CUSTOMER_NOT_FOUND",), scope="read"
)
def read(path: CustomerPath) -> dict[str, Any]:
    """`suppressed` says whether anything may be sent to the phone."""
    return customers.read_customer(caller(), path.customer_id)


@routes.patch(
    "/<customer_id>",
    summary="Change a customer",
    answers={200: Customer},
    refuses=("CUSTOMER_NOT_FOUND", "DUPLICATE"),
    body=True,
    scope="write",
)
def edit(path: CustomerPath, body: EditedCustomer) -> dict[str, Any]:
    """Only what is named changes. To unsubscribe suppresses the phone too; to subscribe again lifts that on request."""
    changes = body.model_dump(exclude_unset=True, exclude={"remove_opt_out"})
    return customers.edit_customer(caller(), path.customer_id, changes, remove_opt_out=body.remove_opt_out)


@routes.delete(
    "/<customer_id>", summary="Delete a customer", answers={204: None}, refuses=("CUSTOMER_NOT_FOUND",), scope="write"
)
def delete(path: CustomerPath) -> tuple[str, int]:
    """Messages that were written stay as they are, and so does an opt-out."""
    customers.delete_customer(caller(), path.customer_id)
    return "", 204
