"""Customers over HTTP."""

from typing import Annotated, Any

from flask import Response
from pydantic import BeforeValidator, Field, Strict

from api.http.auth import caller
from api.http.csv_answer import csv_answer, csv_response
from api.http.inputs import Given, Organization, Page, PathId, storable
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from dispatch.customers import customers
from dispatch.customers.customers import CustomerView
from dispatch.customers.export import export_customers
from models.customers.customer import Consent

routes = Routes("customers", __name__, url_prefix="/api/customers")


class CustomerPath(Given):
    customer_id: PathId


class CustomerQuery(Page):
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="parts of names or of a phone")


class _Details(Given):
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    location: str | None = None
    prefered_product: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    zone: str | None = Field(None, description="time zone, such as Europe/Athens")


class NewCustomer(_Details):
    """A person to message."""

    phone: str = Field(description="as people write it; without a country code, one of the account's country")


class EditedCustomer(_Details):
    """Only the fields that are named change; attributes change as a whole."""

    consent: Consent = "subscribed"
    remove_opt_out: Annotated[bool, Strict()] = Field(
        False, description="with consent subscribed: also lifts the suppression that an opt-out left"
    )


class Customers(Paged[CustomerView]):
    """One page, newest first."""


@routes.post(
    "",
    summary="Add a customer",
    answers={201: CustomerView},
    refuses=("DUPLICATE", "QUOTA_EXCEEDED"),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewCustomer) -> tuple[CustomerView, int]:
    """The phone is parsed once, here, and stored in E.164."""
    return customers.create_customer(caller(), **body.model_dump()), 201


@routes.get("", summary="List customers, newest first", answers={200: Customers}, scope="read")
def index(query: CustomerQuery) -> Paged[CustomerView]:
    """`q` searches names in any order, and phones as people write them: `0030 693` or `693 000 0010`.

    Neither case nor accents matter: `ΜΑΡΙΑ` finds Μαρία.
    """
    return paged(customers.list_customers(caller(), page=query.page, page_size=query.page_size, q=query.q), query)


@routes.get(
    "/export",
    summary="Download all customers",
    answers={200: csv_response("phone, names, location, prefered_product, and a column for each attribute")},
    refuses=("STREAMS_BUSY",),
    scope="read",
)
def export(query: Organization) -> Response:
    """Can be imported again. Cells that a spreadsheet would run as formulas, phones too, begin with an apostrophe."""
    return csv_answer(export_customers(caller()), "customers.csv")


@routes.get(
    "/<customer_id>",
    summary="Read a customer",
    answers={200: CustomerView},
    refuses=("CUSTOMER_NOT_FOUND",),
    scope="read",
)
def read(path: CustomerPath) -> CustomerView:
    """`suppressed` says whether the phone must not be messaged."""
    return customers.read_customer(caller(), path.customer_id)


@routes.patch(
    "/<customer_id>",
    summary="Change a customer",
    answers={200: CustomerView},
    refuses=("CUSTOMER_NOT_FOUND", "DUPLICATE"),
    body=True,
    scope="write",
)
def edit(path: CustomerPath, body: EditedCustomer) -> CustomerView:
    """Only the fields sent change. Unsubscribing also suppresses the phone; subscribing lifts that on request.

    When the phone changes and the old one is suppressed, the new one is too.
    """
    changes = body.model_dump(exclude_unset=True, exclude={"remove_opt_out"})
    return customers.edit_customer(caller(), path.customer_id, remove_opt_out=body.remove_opt_out, **changes)


@routes.delete(
    "/<customer_id>", summary="Delete a customer", answers={204: None}, refuses=("CUSTOMER_NOT_FOUND",), scope="write"
)
def delete(path: CustomerPath) -> tuple[str, int]:
    """Messages that have been written stay as they are, and an opt-out remains in force."""
    customers.delete_customer(caller(), path.customer_id)
    return "", 204
